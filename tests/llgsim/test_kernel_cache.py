"""Kernels are compiled once per composition and found again, and never when anything they are made of has changed."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numba
import numpy as np
import pytest
from numba import njit

from llgsim import Grid, Simulation, ThinFilmDemag, Zeeman, textures
from llgsim.compose import compose
from llgsim.kernel_cache import cache_folder, check_writable, counts, load
from llgsim.percell import cross, per_cell
from llgsim.torques import Torque
from tests import oracle
from tests.compositions import GAMMA, MS, rough, smooth
from tests.conftest import make_grid

GRID = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel cache of its own, empty."""
    monkeypatch.setenv("LLGSIM_CACHE_DIR", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


TERM = """
from dataclasses import dataclass
{imports}
from llgsim.percell import per_cell

CONSTANT = 2.0

{helper}

@dataclass(frozen=True)
class Mine:
    stencil = "cell"

    def parameters(self, grid, Ms, gamma, t):
        return (3.0,)

    def field_bound(self, grid, Ms):
        return 1.0

    @staticmethod
    @per_cell
    def field(m, strength):
        return (strength * {factor}, strength - strength, strength - strength)

    @staticmethod
    @per_cell
    def energy(m, strength):
        return -strength * m[0]
"""


def written(path: Path, **parts: str) -> ModuleType:
    """A module with a term of its own, written to a file and imported."""
    path.write_text(TERM.format(**({"imports": "", "helper": "", "factor": "CONSTANT"} | parts)))
    return imported(path)


def imported(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def name_of(*terms: Any) -> str:
    return compose(terms, [], GRID, MS, GAMMA).module.__name__


def simulation(*terms: Any) -> Simulation:
    return Simulation(GRID, Ms=1.0, terms=terms, damping=0.1, m=textures.uniform(GRID, (1, 0, 0)))


def field_of(*terms: Any) -> float:
    return float(simulation(*terms).effective_field()[0, 0, 0])


# -- names


def test_the_same_text_is_the_same_file(folder: Path) -> None:
    first, second = scaled(2.0), scaled(2.0)  # new functions: nothing of the process's memory is met
    assert name_of(first) == name_of(second)
    assert [path.name for path in folder.iterdir() if path.is_file()] == [f"{name_of(first)}.py"]
    assert name_of(Zeeman(B=(0, 0, 1))) == name_of(Zeeman(B=(1, 0, 0))) != name_of(ThinFilmDemag())


def test_an_edited_term_is_another_file_and_is_what_runs(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "edited_term.py"
    module = written(path)
    first = name_of(module.Mine())
    assert field_of(module.Mine()) == 6.0
    assert name_of(imported(path).Mine()) == first
    module = written(path, factor="(CONSTANT + CONSTANT)")
    assert name_of(module.Mine()) != first
    assert field_of(module.Mine()) == 12.0


@pytest.mark.parametrize(
    ("imports", "factor"),
    [
        ("from callee_{} import twice", "twice(CONSTANT)"),
        ("import callee_{} as callee", "callee.twice(CONSTANT)"),
        ("from callee_{} import compiled", "compiled(CONSTANT)"),
        ("from callee_{} import cached", "cached(CONSTANT)"),
        ("from callee_{} import generated", "generated(CONSTANT)"),
        ("from callee_{} import VALUE", "VALUE"),
        ("import callee_{} as callee", "callee.VALUE"),
        ("from callee_{} import ARRAY", "ARRAY[0]"),
    ],
    ids=[
        "function",
        "function of a module",
        "njit",
        "cached",
        "intrinsic",
        "constant",
        "constant of a module",
        "array",
    ],
)
def test_an_edited_callee_or_constant_is_noticed(
    imports: str, factor: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> None:
    """Numba's own cache notices none of these: it would run the old code."""
    monkeypatch.syspath_prepend(tmp_path)
    number = request.node.callspec.id.replace(" ", "_")
    callee = """
import numpy as np
from llgsim.percell import per_cell
from numba import njit, types
from numba.extending import intrinsic
from innermost_{number} import emitted, twice

VALUE = {value}
ARRAY = np.array([VALUE, 0.0])

@njit
def compiled(x):
    return twice(x)

@njit(cache=True)
def cached(x):
    return twice(x)

@intrinsic
def generated(typing_context, x):
    def generate(context, builder, signature, arguments):
        return emitted(builder, arguments[0])
    return types.float64(types.float64), generate
"""
    innermost = """
from llgsim.percell import per_cell

@per_cell
def twice(x):
    return {expression}

def emitted(builder, x):
    return builder.{operation}(builder.{operation}(x, x), x)
"""
    fields, names = [], []
    for value, expression, operation in (("4.0", "x + x + x", "fadd"), ("5.0", "x * x * x", "fmul")):
        (tmp_path / f"innermost_{number}.py").write_text(innermost.format(expression=expression, operation=operation))
        value = "4.0" if "CONSTANT" in factor else value  # an edit of the innermost file alone
        (tmp_path / f"callee_{number}.py").write_text(callee.format(value=value, number=number))
        imported(tmp_path / f"innermost_{number}.py")
        imported(tmp_path / f"callee_{number}.py")
        module = written(tmp_path / f"caller_{number}.py", imports=imports.format(number), factor=factor)
        names.append(name_of(module.Mine()))
        fields.append(field_of(module.Mine()))
    assert names[0] != names[1]
    assert fields == ([18.0, 24.0] if "CONSTANT" in factor else [12.0, 15.0])


def test_a_file_edited_after_its_import_does_not_lend_its_name_to_the_old_code(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "edited_late.py"
    module = written(path)
    path.write_text(path.read_text().replace("(strength * CONSTANT", "(strength * CONSTANT * CONSTANT"))
    assert field_of(module.Mine()) == 6.0
    assert field_of(imported(path).Mine()) == 12.0


def test_a_constant_changed_in_the_process_does_not_lend_its_name_to_the_old_code(tmp_path: Path, folder: Path) -> None:
    """Numba takes a constant as it is when it compiles a function, and compiles a callee once for all its callers."""
    path = tmp_path / "changed_constant.py"
    module = written(path)
    nothing = Zeeman(B=(0, 0, 0))
    assert field_of(module.Mine()) == 6.0
    module.CONSTANT = 7.0
    assert field_of(module.Mine(), nothing) == 6.0
    fresh = imported(path)  # as another process would have it
    fresh.CONSTANT = 7.0
    assert field_of(fresh.Mine(), nothing) == 21.0


def scaled(factor: float) -> Any:
    """A term whose per-cell function closes over a number."""

    @per_cell
    def field(m, strength):  # type: ignore[no-untyped-def]
        return (factor * strength, strength - strength, strength - strength)

    @per_cell
    def energy(m, strength):  # type: ignore[no-untyped-def]
        return -factor * strength * m[0]

    class Scaled:
        stencil = "cell"

        def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
            return (1.0,)

        def field_bound(self, grid: Grid, Ms: float) -> float:
            return 1.0

    Scaled.field, Scaled.energy = staticmethod(field), staticmethod(energy)  # type: ignore[attr-defined]
    return Scaled()


def test_functions_that_close_over_different_numbers_are_different_kernels(folder: Path) -> None:
    assert name_of(scaled(2.0)) != name_of(scaled(3.0))
    assert name_of(scaled(2.0)) == name_of(scaled(2.0))
    assert [field_of(scaled(2.0)), field_of(scaled(3.0))] == [2.0, 3.0]
    assert name_of(scaled(2.0), scaled(3.0)) != name_of(scaled(3.0), scaled(2.0))  # the same parts in another order


@pytest.mark.parametrize(("owner", "name"), [(numba, "__version__"), (numba.config, "BOUNDSCHECK")])
def test_another_compiler_has_kernels_of_its_own(
    owner: Any, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load.cache_clear()
    usual = name_of(Zeeman(B=(0, 0, 1)))
    load.cache_clear()
    assert name_of(Zeeman(B=(0, 0, 1))) == usual
    load.cache_clear()
    monkeypatch.setattr(owner, name, 99)
    assert name_of(Zeeman(B=(0, 0, 1))) != usual


LOOP = """
from numba import njit, prange

@njit(parallel={parallel})
def total(x):
    result = 0.0
    for i in prange(x.size):
        result += x[i]
    return result
"""


def test_a_parallel_function_is_found_again_and_is_not_the_serial_one(folder: Path) -> None:
    names = []
    for parallel in (False, True):
        for compiled in (1, 0):
            load.cache_clear()
            module = load(LOOP.format(parallel=parallel), (), ())
            assert module.total(np.arange(5.0)) == 10.0
            assert counts(module) == (compiled, 1 - compiled)
        names.append(module.__name__)
    assert names[0] != names[1]


KEPT = """
from numba import njit
from llgsim.kernel_cache import kept

@kept
@njit
def total(x):
    return added(x, OFFSET)

@njit
def added(x, y):
    return x {operation} y

OFFSET = 3.0
"""


def test_a_function_of_a_module_is_kept_with_what_it_refers_to(tmp_path: Path, folder: Path) -> None:
    """Also with what is defined below it."""
    path = tmp_path / "with_kept.py"
    for operation, expected in (("+", 8.0), ("*", 15.0)):
        path.write_text(KEPT.format(operation=operation))
        for compiled in (1, 0):
            total = imported(path).total
            assert total(5.0) == expected
            assert total.stats.cache_misses.total() == compiled
    assert len(list(folder.glob("with_kept.total_*.code"))) == 2


# -- folders


@pytest.mark.parametrize("variable", ["LLGSIM_CACHE_DIR", "XDG_CACHE_HOME"])
def test_cache_folder_follows_the_environment(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLGSIM_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == (tmp_path if variable == "LLGSIM_CACHE_DIR" else tmp_path / "llgsim" / "kernels")


def found_again() -> tuple[float, bool]:
    """What a later process would compute, and whether it would find all that it needs compiled."""
    load.cache_clear()
    sim = simulation(scaled(2.0))
    value = float(sim.effective_field()[0, 0, 0])
    compiled, found = counts(sim.kernel.module)
    assert compiled + found > 0
    return value, compiled == 0


def test_a_folder_that_cannot_be_written_only_costs_the_compilation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be: not writable for anyone, root included."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LLGSIM_CACHE_DIR", str(tmp_path / "file" / "kernels"))
    with pytest.raises(OSError, match="file"):
        check_writable()
    assert found_again() == (2.0, False)
    assert found_again() == (2.0, False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_has_become_read_only_is_still_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_again() == (2.0, False)
    files = sorted(folder.iterdir())

    def refuse(*arguments: Any) -> None:
        raise PermissionError(errno.EACCES, "read-only")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    assert found_again() == (2.0, True)
    assert simulation(scaled(2.0)).energy() == -2.0 * GRID.cell_volume  # compiled now, and not kept
    with pytest.raises(PermissionError):
        check_writable()
    assert sorted(folder.iterdir()) == files


def test_a_full_disk_leaves_no_files_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_bytes

    def half(path: Path, content: bytes) -> None:
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        assert found_again() == (2.0, False)
        with pytest.raises(OSError, match="No space"):
            check_writable()
    assert list(folder.iterdir()) == []
    assert found_again() == (2.0, False)
    assert found_again() == (2.0, True)


def replaced_by_a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "missing": lambda path: path.unlink(missing_ok=True),
    "empty": lambda path: path.write_bytes(b""),
    "cut in the digest": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut at the end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "one bit": lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\1" + path.read_bytes()[-8:]),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 99),
    "of another function": lambda path: path.write_bytes(b"0" * 32 + path.read_bytes()[32:]),
    "cannot be read or replaced": replaced_by_a_folder,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_compiled_and_written_again(kind: str, folder: Path) -> None:
    assert found_again() == (2.0, False)
    assert found_again() == (2.0, True)
    files = sorted(folder.iterdir())
    assert {path.suffix for path in files} == {".code", ".py"}
    for path in files:
        content = path.read_bytes()
        DAMAGE[kind](path)
        assert not path.is_file() or path.read_bytes() != content
        assert found_again()[0] == 2.0
        if path.is_dir():
            path.rmdir()
    for path in files:
        DAMAGE[kind](path)
    assert found_again() == (2.0, False)
    for path in files:
        if path.is_dir():
            path.rmdir()
    found_again()
    assert found_again() == (2.0, True)
    assert sorted(folder.iterdir()) == files


def test_a_file_that_refers_to_what_is_no_more_is_compiled_again(folder: Path) -> None:
    """As after an update of a package that the hash does not cover: whole, but not to be unpickled."""
    assert found_again() == (2.0, False)
    code = b"cllgsim.nowhere\nnothing\n."  # a pickle of llgsim.nowhere.nothing
    for path in folder.glob("*.code"):
        path.write_bytes(hashlib.sha256(code).digest() + code)
    assert found_again() == (2.0, False)
    assert found_again() == (2.0, True)


def test_files_of_killed_processes_are_removed_in_the_end(folder: Path) -> None:
    folder.mkdir()
    old, young = folder / "kernel.py.1.tmp", folder / "kernel.py.2.tmp"
    for path in (old, young):
        path.write_bytes(b"unfinished")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert found_again() == (2.0, False)
    assert not old.exists()
    assert young.exists()


def test_functions_without_a_source_file_are_compiled_for_the_process(folder: Path) -> None:
    """As typed at a prompt: there is nothing to hash, so nothing may be kept."""
    namespace: dict[str, Any] = {"__name__": "typed"}
    source = TERM.format(imports="", helper="", factor="CONSTANT").replace("@dataclass(frozen=True)", "")
    exec(compile(source, "<stdin>", "exec"), namespace)
    assert field_of(namespace["Mine"]()) == 6.0
    assert not folder.exists()


# -- processes

SCRIPT = """
from llgsim import Grid, Simulation, Zeeman, textures
from llgsim.kernel_cache import counts
grid = Grid(nx=3, ny=2, dx=1e-9, dy=1e-9, thickness=1e-9)
sim = Simulation(grid, Ms=1e6, terms=[Zeeman(B=(0, 0.5, 1))], damping=0.1, m=textures.random(grid, seed=1))
run = sim.run(1e-12, every=1e-12, progress=False)
print(counts(sim.kernel.module)[0], repr(sim.energy()), sim.m.tobytes().hex(), sep="\\n")
"""


def started(folder: Path, script: str = SCRIPT, *arguments: object, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        env=os.environ | {"LLGSIM_CACHE_DIR": str(folder)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """How many functions it compiled, and its results."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    compiled, *results = output.split()
    return int(compiled), results


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The results of a process that has a folder to itself."""
    compiled, results = finished(started(tmp_path_factory.mktemp("kernels")))
    assert compiled > 0
    return results


@pytest.mark.slow
def test_four_processes_at_once_and_a_fifth_that_compiles_nothing(tmp_path: Path, undisturbed: list[str]) -> None:
    processes = [started(tmp_path / "kernels") for _ in range(4)]
    for process in processes:
        assert finished(process)[1] == undisturbed
    assert finished(started(tmp_path / "kernels")) == (0, undisturbed)
    assert len(list((tmp_path / "kernels").glob("*.py"))) == 1
    assert not list((tmp_path / "kernels").glob("*.tmp"))


DIES = """
import os, pathlib, signal
calls, write, replace = [0], pathlib.Path.write_bytes, os.replace

def dying_write(path, content):
    calls[0] += 1
    if calls[0] == {number} and {halfway}:
        write(path, content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, content)

def dying_replace(source, target):
    if calls[0] == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

pathlib.Path.write_bytes, os.replace = dying_write, dying_replace
"""


@pytest.mark.slow
@pytest.mark.parametrize("halfway", [True, False], ids=["halfway", "before its name"])
@pytest.mark.parametrize("number", [1, 3])
def test_a_process_killed_while_it_writes(number: int, halfway: bool, tmp_path: Path, undisturbed: list[str]) -> None:
    """The n-th file is the kernel's text or the code of one of its functions."""
    process = started(tmp_path, DIES.format(number=number, halfway=halfway) + SCRIPT)
    process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.tmp"))) == 1
    assert len(list(tmp_path.iterdir())) == number
    compiled, results = finished(started(tmp_path))
    assert compiled > 0
    assert results == undisturbed
    assert finished(started(tmp_path)) == (0, undisturbed)


@pytest.mark.slow
def test_code_for_another_processor_is_not_run(tmp_path: Path, undisturbed: list[str]) -> None:
    """A home folder that machines share; with the same file they would end in an illegal instruction."""
    older = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    compiled, results = finished(started(tmp_path, SCRIPT))
    assert finished(started(tmp_path, SCRIPT, **older))[0] == compiled > 0
    assert finished(started(tmp_path, SCRIPT)) == (0, results)
    assert finished(started(tmp_path, SCRIPT, **older))[0] == 0


LARGE = """
import os, sys
from llgsim import Grid, Simulation, textures
from tests.llgsim.test_kernel_cache import large

def compute(factor):
    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    sim = Simulation(grid, Ms=1.0, terms=[large(float(factor))], damping=0.1, m=textures.uniform(grid))
    return sim.effective_field()[0, 0, 0]

_, how, *factors = sys.argv
if how == "fork":
    for factor in factors:
        if (child := os.fork()) == 0:
            compute(factor)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
else:
    print(0, *[compute(factor) for factor in factors])
"""


def large(factor: float) -> Any:
    """A term whose function the compiler calls rather than inlines."""
    steps = "".join(f"\n    if m[2] > {k + 2}:\n        s += (m[1] + {k}.5) ** 1.5 / (m[0] + {k})" for k in range(40))
    namespace: dict[str, Any] = {"__name__": __name__, "factor": factor}
    text = f"def field(m, strength):\n    s = factor * strength{steps}\n    return (s, 0.0 * s, s * s * s)"
    exec(compile(text + "\n\ndef energy(m, strength):\n    return strength", "<large>", "exec"), namespace)

    class Large:
        stencil = "cell"
        field = staticmethod(njit(namespace["field"]))
        energy = staticmethod(njit(namespace["energy"]))

        def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
            return (1.0,)

        def field_bound(self, grid: Grid, Ms: float) -> float:
            return 1.0

    return Large()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["processes", "fork"])
def test_code_of_two_processes_is_told_apart_by_a_third(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Functions of one name, module and signature: numbered alike, the one that is loaded first is called for both."""
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # the same sequence of compilations in each
    if how == "fork":
        process = started(tmp_path, LARGE, how, 2, 3)
        assert process.communicate(timeout=300) == ("", "")
    else:
        assert [finished(started(tmp_path, LARGE, how, factor))[1] for factor in (2, 3)] == [["2.0"], ["3.0"]]
    assert len(list(tmp_path.glob("*.py"))) == 2
    assert finished(started(tmp_path, LARGE, "processes", 2, 3))[1] == ["2.0", "3.0"]
    assert finished(started(tmp_path, LARGE, "processes", 3, 2))[1] == ["3.0", "2.0"]


def test_import_is_light() -> None:
    """What draws, stores or validates is imported when it is used."""
    heavy = ["xarray", "zarr", "pydantic", "matplotlib", "pyvista", "tqdm"]
    for package in ("llgsim", "coefficients"):
        script = f"import sys, {package}; print([name for name in {heavy} if name in sys.modules])"
        result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        assert result.stdout.strip() == "[]", package


# -- terms and torques of one's own


@dataclass(frozen=True)
class Sixth:
    """An easy plane of sixth order, w = K m_z⁶."""

    K: float
    stencil: ClassVar[str] = "cell"

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (self.K, 6 * self.K)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        return 30 * abs(self.K) / Ms

    @staticmethod
    @per_cell
    def field(m, K, six_K):  # type: ignore[no-untyped-def]
        zero = K - K
        return (zero, zero, -six_K * m[2] * m[2] * m[2] * m[2] * m[2])

    @staticmethod
    @per_cell
    def energy(m, K, six_K):  # type: ignore[no-untyped-def]
        return K * m[2] ** 6


class DampingLike(Torque):
    """R = −rate m×(m×p), towards p: Ω = rate m×p."""

    derivative_order = 0

    def __init__(self, rate: float, p: tuple[float, float, float]) -> None:
        self.strength, self.p = rate, p

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (self.strength, *self.p)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return self.strength * float(np.linalg.norm(self.p))

    @staticmethod
    @per_cell
    def angular_velocity(m, ddx, ddy, strength, px, py, pz):  # type: ignore[no-untyped-def]
        turned = cross(m, (px, py, pz))
        return (strength * turned[0], strength * turned[1], strength * turned[2])


class Advection(Torque):
    """R = −u ∂x m without its part along m, Ω = −u m×∂x m, with the derivative of fourth order."""

    derivative_order = 4

    def __init__(self, u: float) -> None:
        self.u = u

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (self.u,)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return abs(self.u) * 1.5 / grid.dx

    @staticmethod
    @per_cell
    def angular_velocity(m, ddx, ddy, u):  # type: ignore[no-untyped-def]
        turned = cross(ddx, m)
        return (u * turned[0], u * turned[1], u * turned[2])


@njit
def sixth_field(m, K, six_K):  # type: ignore[no-untyped-def]
    zero = K - K
    return (zero, zero, -six_K * m[2] * m[2] * m[2] * m[2] * m[2])


@njit
def sixth_energy(m, K, six_K):  # type: ignore[no-untyped-def]
    return K * m[2] ** 6


# the same torque, with a part of Ω along m, which turns nothing
@njit
def damping_like(m, ddx, ddy, strength, px, py, pz):  # type: ignore[no-untyped-def]
    along = 1.0 + px * m[0]
    return (
        strength * (m[1] * pz - m[2] * py + along * m[0]),
        strength * (m[2] * px - m[0] * pz + along * m[1]),
        strength * (m[0] * py - m[1] * px + along * m[2]),
    )


@dataclass(frozen=True)
class CompiledSixth(Sixth):
    field: ClassVar[Callable[..., Any]] = staticmethod(sixth_field)
    energy: ClassVar[Callable[..., Any]] = staticmethod(sixth_energy)


class CompiledDampingLike(DampingLike):
    angular_velocity: ClassVar[Callable[..., Any]] = staticmethod(damping_like)


P = (0.6, 0.0, 0.8)


@pytest.mark.parametrize("compiled", [False, True], ids=["per_cell", "njit"])
def test_terms_and_torques_of_ones_own_work_like_built_in_ones(compiled: bool) -> None:
    term = CompiledSixth(2e5) if compiled else Sixth(2e5)
    torque = CompiledDampingLike(3e9, P) if compiled else DampingLike(3e9, P)
    grid = make_grid("disk")
    m = smooth(grid, 1)
    sim = Simulation(grid, Ms=MS, terms=[term, Zeeman(B=(0, 0.1, 0))], torques=[torque], damping=0.2, m=m)
    z, p = oracle.constant((0, 0, 1), m), oracle.constant(P, m)
    B = -6 * 2e5 / MS * m[2] ** 5 * z + oracle.constant((0, 0.1, 0), m)
    np.testing.assert_allclose(sim.effective_field(), B * grid.magnetic, rtol=0, atol=1e-14)
    R = -sim.gamma * oracle.cross(m, B) - 3e9 * oracle.cross(m, oracle.cross(m, p))
    alpha = np.full(grid.shape, 0.2)
    expected = oracle.implicit_rate(m, R, 0 * alpha, alpha, alpha) * grid.magnetic
    np.testing.assert_allclose(sim.rhs(), expected, rtol=0, atol=1e-13 * np.abs(expected).max())
    density = 2e5 * m[2] ** 6 - MS * 0.1 * m[1]
    assert sim.energy() == pytest.approx(density[grid.magnetic].sum() * grid.cell_volume, rel=1e-13)
    names = ["CompiledSixth" if compiled else "Sixth", "Zeeman"]
    assert list(sim.energies()) == names
    run = sim.run(2e-12, every=1e-12, progress=False)
    assert run.status == "finished"
    assert np.isfinite(run.table[f"energy_{names[0]}"].values).all()


def test_a_torque_of_ones_own_gets_its_derivative() -> None:
    grid = make_grid("open")
    m = rough(grid, 2)
    sim = Simulation(grid, Ms=MS, terms=[], torques=[Advection(70.0)], damping=0.0, m=m)
    along_x, _ = oracle.derivative_matrices(grid, 4)
    derivative = (along_x @ m.reshape(3, -1).T).T.reshape(m.shape)
    expected = -70.0 * (derivative - m * (m * derivative).sum(axis=0))
    np.testing.assert_allclose(sim.rhs(), expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_a_term_in_a_script_works_and_is_cached(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    body = TERM.format(imports="", helper="", factor="CONSTANT")
    script.write_text(
        body
        + textwrap.dedent("""
        from llgsim import Grid, Simulation, textures
        grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
        sim = Simulation(grid, Ms=1.0, terms=[Mine()], damping=0.1, m=textures.uniform(grid))
        print(sim.effective_field()[0, 0, 0], sum(sim.kernel.module.field.stats.cache_misses.values()))
        """)
    )
    environment = os.environ | {"LLGSIM_CACHE_DIR": str(tmp_path / "kernels")}
    outputs = [
        subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert [output.split() for output in outputs] == [["6.0", "1"], ["6.0", "0"]]
