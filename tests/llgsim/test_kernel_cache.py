"""Kernels are compiled once per composition and found again, and never when anything they are made of has changed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from numba import njit

from llgsim import Grid, Simulation, ThinFilmDemag, Zeeman, textures
from llgsim.compose import compose
from llgsim.kernel_cache import cache_folder
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


def field_of(*terms: Any) -> float:
    sim = Simulation(GRID, Ms=1.0, terms=terms, damping=0.1, m=textures.uniform(GRID))
    return float(sim.effective_field()[0, 0, 0])


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
        ("from callee_{} import VALUE", "VALUE"),
        ("import callee_{} as callee", "callee.VALUE"),
        ("from callee_{} import ARRAY", "ARRAY[0]"),
    ],
    ids=["function", "function of a module", "constant", "constant of a module", "array"],
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

VALUE = {value}
ARRAY = np.array([VALUE, 0.0])

@per_cell
def twice(x):
    return {expression}
"""
    fields, names = [], []
    for value, expression in (("4.0", "x + x"), ("5.0", "x * x * x")):
        (tmp_path / f"callee_{number}.py").write_text(callee.format(value=value, expression=expression))
        imported(tmp_path / f"callee_{number}.py")
        module = written(tmp_path / f"caller_{number}.py", imports=imports.format(number), factor=factor)
        names.append(name_of(module.Mine()))
        fields.append(field_of(module.Mine()))
    assert names[0] != names[1]
    assert fields == ([12.0, 24.0] if "twice" in factor else [12.0, 15.0])


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


# -- folders


@pytest.mark.parametrize("variable", ["LLGSIM_CACHE_DIR", "XDG_CACHE_HOME"])
def test_cache_folder_follows_the_environment(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLGSIM_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv(variable, str(tmp_path))
    assert cache_folder() == (tmp_path if variable == "LLGSIM_CACHE_DIR" else tmp_path / "llgsim" / "kernels")


def test_a_folder_that_cannot_be_written_only_costs_the_compilation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be: not writable for anyone, root included."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LLGSIM_CACHE_DIR", str(tmp_path / "file" / "kernels"))
    kernel = compose([scaled(5.0)], [], GRID, MS, GAMMA)
    assert kernel.module.CACHED is False
    assert field_of(scaled(5.0)) == 5.0


def test_functions_without_a_source_file_are_compiled_for_the_process(folder: Path) -> None:
    """As typed at a prompt: there is nothing to hash, so nothing may be kept."""
    namespace: dict[str, Any] = {"__name__": "typed"}
    source = TERM.format(imports="", helper="", factor="CONSTANT").replace("@dataclass(frozen=True)", "")
    exec(compile(source, "<stdin>", "exec"), namespace)
    assert compose([namespace["Mine"]()], [], GRID, MS, GAMMA).module.CACHED is False
    assert field_of(namespace["Mine"]()) == 6.0
    assert not folder.exists()


# -- processes

SCRIPT = """
from llgsim import Grid, Simulation, Zeeman, textures
grid = Grid(nx=3, ny=2, dx=1e-9, dy=1e-9, thickness=1e-9)
sim = Simulation(grid, Ms=1e6, terms=[Zeeman(B=(0, 0.5, 1))], damping=0.1, m=textures.random(grid, seed=1))
run = sim.run(4e-12, every=2e-12, progress=False)
rate = sim.rhs()
module = sim.kernel.module
misses = sum(sum(getattr(module, name).stats.cache_misses.values()) for name in ("rhs", "advance", "energies", "field"))
print(misses, repr(sim.energy()), rate.tobytes().hex(), sep="\\n")
"""


def started(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"LLGSIM_CACHE_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    misses, *results = output.split()
    return int(misses), results


def test_two_processes_at_once_and_a_third_that_compiles_nothing(tmp_path: Path) -> None:
    processes = [started(tmp_path), started(tmp_path)]
    outcomes = [finished(process) for process in processes]
    assert max(misses for misses, _ in outcomes) > 0
    misses, results = finished(started(tmp_path))
    assert misses == 0
    assert results == outcomes[0][1] == outcomes[1][1]
    assert not list(tmp_path.glob("*.tmp"))


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
    """R = −rate m×(m×p), towards p."""

    derivative_order = 0

    def __init__(self, rate: float, p: tuple[float, float, float]) -> None:
        self.strength, self.p = rate, p

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (self.strength, *self.p)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return self.strength * float(np.linalg.norm(self.p))

    @staticmethod
    @per_cell
    def rate(m, ddx, ddy, strength, px, py, pz):  # type: ignore[no-untyped-def]
        turned = cross(m, cross(m, (px, py, pz)))
        return (-strength * turned[0], -strength * turned[1], -strength * turned[2])


class Advection(Torque):
    """R = −u ∂x m, with the derivative of fourth order."""

    derivative_order = 4

    def __init__(self, u: float) -> None:
        self.u = u

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (self.u,)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return abs(self.u) * 1.5 / grid.dx

    @staticmethod
    @per_cell
    def rate(m, ddx, ddy, u):  # type: ignore[no-untyped-def]
        return (-u * ddx[0], -u * ddx[1], -u * ddx[2])


@njit
def sixth_field(m, K, six_K):  # type: ignore[no-untyped-def]
    zero = K - K
    return (zero, zero, -six_K * m[2] * m[2] * m[2] * m[2] * m[2])


@njit
def sixth_energy(m, K, six_K):  # type: ignore[no-untyped-def]
    return K * m[2] ** 6


# the same torque by m×(m×p) = m (m·p) − p, which does not vanish where there is no magnet
@njit
def damping_like(m, ddx, ddy, strength, px, py, pz):  # type: ignore[no-untyped-def]
    along = m[0] * px + m[1] * py + m[2] * pz
    return (strength * (px - along * m[0]), strength * (py - along * m[1]), strength * (pz - along * m[2]))


@dataclass(frozen=True)
class CompiledSixth(Sixth):
    field: ClassVar[Callable[..., Any]] = staticmethod(sixth_field)
    energy: ClassVar[Callable[..., Any]] = staticmethod(sixth_energy)


class CompiledDampingLike(DampingLike):
    rate: ClassVar[Callable[..., Any]] = staticmethod(damping_like)


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
    expected = -70.0 * (along_x @ m.reshape(3, -1).T).T.reshape(m.shape)
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
