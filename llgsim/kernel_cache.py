"""Compiled kernels on disk: generated modules under a name that is a hash of everything they are made of.

Numba's own cache is not used. It knows the text of the function's own file only, so that it runs old code after an edit
of a callee, and it keeps an index beside its data: processes that write at once can leave an index that points at
another signature's code, and a file that was cut short ends every later run in a traceback. Here every function,
signature and processor has a file of its own, written whole or not at all, which begins with a digest of the rest;
whatever cannot be read or written is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import itertools
import os
import pickle
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import llvmlite  # type: ignore[import-untyped]
import numba
import numpy as np
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import FunctionCache, NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from llgsim.percell import per_cell

DIGEST = hashlib.sha256
DIGEST_BYTES = 32
FORGOTTEN = 3600.0  # s: a file that was not finished for so long never will be
# Settings of numba that change what it compiles.
FLAGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "USING_SVML", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "DISABLE_JIT")
# Packages whose versions are hashed in place of their sources.
VERSIONED = frozenset({"numba", "llvmlite", "numpy", *sys.stdlib_module_names})


def _start_symbols() -> None:
    """Let numba number the functions of this process from a random start.

    The number is the only part of a symbol that tells functions of one name apart (two that close over different
    numbers, say). Numbered from 1, as numba does, the code of two processes has the same symbols for different
    functions, and a process that loads both from disk calls one in place of the other.
    """
    FunctionIdentity._unique_ids = itertools.count(secrets.randbits(60))


_start_symbols()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_symbols)


# -- folder ------------------------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where compiled kernels live: $LLGSIM_CACHE_DIR, or the user's cache folder.

    Its files are programs: use a folder that only you, or those whom you trust, can write to.
    """
    if chosen := os.environ.get("LLGSIM_CACHE_DIR"):
        return Path(chosen)
    try:
        home = Path.home()
    except RuntimeError:  # an account without a home; kernels are then compiled by every process
        home = Path(os.devnull)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return base / "llgsim" / "kernels"


def check_writable() -> None:
    """Raise OSError if kernels cannot be kept in the cache folder."""
    path = cache_folder() / f"{secrets.token_hex(8)}.tmp"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(b"x")  # a full disk takes the name, but not the content
    finally:
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    """The content of a file; nothing if it is not there or not readable."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes) -> bool:
    """Write a file so that no process ever sees a part of it; False where that is not possible."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError:
        return False
    with contextlib.suppress(OSError):  # another process may be tidying up as well
        for leftover in path.parent.glob("*.tmp"):  # of processes that were killed
            if time.time() - leftover.stat().st_mtime > FORGOTTEN:
                leftover.unlink()
    return True


class _CodeOnDisk(NullCache):
    """What numba asks when a function is to be compiled: its code on disk, a file for each signature and processor.

    `prefix` gives the files' path without the part that tells these apart; None if nothing may be kept.
    """

    def __init__(self, prefix: Callable[[], Path | None]) -> None:
        self.prefix = prefix

    def _path(self, signature: Any, target: Any) -> Path | None:
        prefix = self.prefix()
        key = _hash([repr((signature, target.codegen().magic_tuple()))])
        return prefix and prefix.with_name(f"{prefix.name}.{key}.code")

    def load_overload(self, signature: Any, target: Any) -> Any:
        target.refresh()
        path = self._path(signature, target)
        content = _read(path) if path else b""
        digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if DIGEST(code).digest() != digest:
            return None  # compiled again, and written again
        try:
            return CompileResult._rebuild(target, *pickle.loads(code))
        except Exception:  # it is whole, but refers to something that is no more
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        path = self._path(signature, result.target_context)
        if path and not result.lifted and not result.library.has_dynamic_globals:  # addresses of this process
            code = dumps(result._reduce())
            _write(path, DIGEST(code).digest() + code)


def _hash(texts: Iterable[str]) -> str:
    return DIGEST("\0".join(texts).encode()).hexdigest()[:20]


# -- what a kernel is made of ------------------------------------------------------------------------------------------


def _ingredients(parts: Iterable[Any]) -> tuple[list[str], list[Any]]:
    """What functions and those that they refer to are made of, and all of them; OSError if a source is unknown."""
    found = list(parts)
    numbers = {part: number for number, part in reversed(list(enumerate(found)))}
    texts = [str([numbers[part] for part in found])]
    for part in found:  # and those that are appended while the loop runs
        text, references = _made_of(part)
        for reference in references:
            if reference not in numbers:
                numbers[reference] = len(found)
                found.append(reference)
        texts.append(f"{text} {[numbers[reference] for reference in references]}")
    return texts, found


@cache
def _made_of(part: Any) -> tuple[str, list[Any]]:
    """A text that stands for a function, compiled or not, or a class, and the others that it refers to, in order.

    As it was when it was first met: that is what numba compiles, even if a constant changes later.
    """
    references: list[Any] = []
    if _is_versioned(part.__module__):
        return f"{part.__module__}.{part.__qualname__}", references
    if not inspect.isfunction(part) and hasattr(part, "__wrapped__"):  # what numba.njit and intrinsic return
        options = [getattr(part, name, None) for name in ("targetoptions", "locals")]
        return _described((options, part.__wrapped__), references), references
    file = getattr(sys.modules.get(part.__module__), "__file__", None)
    if not inspect.isfunction(part):
        return _source(file), references
    # a function of generated text counts as of the file of its module, which generates it
    file = file if part.__code__.co_filename.startswith("<") else part.__code__.co_filename
    # The code as well as the text: the file may have been edited since it was imported. The text as well as the code:
    # it holds what no reference shows, such as the options of a decorator.
    described = [_source(file), _described(part.__code__, references), *_values(part, references)]
    return "\n".join(described), references


def _is_versioned(module: str | None) -> bool:
    return (module or "").partition(".")[0] in VERSIONED


def _source(file: str | None) -> str:
    if file is None:
        raise FileNotFoundError
    return DIGEST(Path(file).read_bytes()).hexdigest()


def _values(function: Callable[..., Any], references: list[Any]) -> list[str]:
    """The values of all names that a function may use; functions and classes among them are added to `references`."""
    names, codes = set(), [function.__code__]
    for code in codes:  # and the functions inside it, which are appended while the loop runs
        names |= set(code.co_names)
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    values = {name: function.__globals__[name] for name in names if name in function.__globals__}
    modules = [value for value in values.values() if inspect.ismodule(value)]
    for module in modules:
        if not _is_versioned(module.__name__):
            attributes = {f"{module.__name__}.{name}": getattr(module, name) for name in names if hasattr(module, name)}
            modules += [value for name, value in attributes.items() if inspect.ismodule(value) and name not in values]
            values |= attributes
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):  # not assigned yet
            values[f"closure {name}"] = cell.cell_contents
    values |= {"defaults": function.__defaults__, "keyword defaults": function.__kwdefaults__}
    return [f"{name} = {_described(values[name], references)}" for name in sorted(values)]


def _described(value: Any, references: list[Any]) -> str:
    """A value as a text that is the same in every process; functions and classes in it are added to `references`."""
    if isinstance(value, bool | int | float | complex | str | bytes | np.generic | np.dtype | numba.types.Type | None):
        return repr(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"array {value.dtype.str} {value.shape} {DIGEST(value.tobytes()).hexdigest()}"
    if isinstance(value, tuple | list):
        return f"({', '.join([_described(item, references) for item in value])})"
    if isinstance(value, set | frozenset):
        return f"set {_described(sorted(value, key=lambda item: _described(item, [])), references)}"
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: _described(pair[0], []))
        return f"dict {_described(pairs, references)}"
    if isinstance(value, CodeType):
        return _described((value.co_code, value.co_names, value.co_varnames, value.co_freevars, value.co_consts), [])
    if inspect.ismodule(value):
        return f"module {value.__name__}"
    known = inspect.isfunction(value) or inspect.isclass(value) or hasattr(value, "__wrapped__")
    references.append(value if known else type(value))
    return f"{references[-1].__module__}.{references[-1].__qualname__}"


# -- modules -----------------------------------------------------------------------------------------------------------


def _compiler() -> str:
    """Versions and settings that decide what numba makes of a function."""
    versions = numba.__version__, llvmlite.__version__, np.__version__, sys.implementation.cache_tag
    return repr((versions, [getattr(numba.config, flag, None) for flag in FLAGS]))


def kept(function: Any) -> Any:
    """Keep the code of a compiled function in the cache folder, as that of a kernel is; goes above `numba.njit`."""

    @cache
    def prefix() -> Path | None:
        try:
            recipe = [_compiler(), *_ingredients([function])[0]]
        except OSError:
            return None
        return cache_folder() / f"{function.__module__}.{function.__name__}_{_hash(recipe)}"

    function._cache = _CodeOnDisk(prefix)
    return function


@lru_cache(maxsize=64)
def load(text: str, names: tuple[str, ...], functions: tuple[Callable[..., Any], ...]) -> ModuleType:
    """The module of this kernel text, with `functions` in it under `names`; its compiled code is kept on disk.

    Its compiled functions are read from the cache folder when they are first called, if they were compiled before from
    the same text, callees, constants and flags with the same numba for the same processor and signature.
    """
    supplied = dict(zip(names, functions, strict=True))
    draft = _executed("kernel", "<kernel>", text, supplied)  # to see what it refers to, on which its name depends
    references: list[Any] = []
    recipe = [_compiler(), text, repr(names)]
    for function in _own_functions(draft):
        recipe += [_described(getattr(function, "targetoptions", None), references)]
        recipe += _values(getattr(function, "py_func", function), references)
    try:
        texts, parts = _ingredients([per_cell, *functions, *(part for part in references if not _is_own(part, draft))])
    except OSError:  # a function typed at a prompt has no source to hash: compile for this process alone
        recipe += [secrets.token_hex(16)]
        folder = None
    else:
        recipe += texts
        folder = cache_folder()
        for part in parts:
            if isinstance(getattr(part, "_cache", None), FunctionCache):  # old code after an edit of one of its callees
                part._cache = NullCache()
    name = f"kernel_{_hash(recipe)}"
    file, content = folder and folder / f"{name}.py", text.encode()
    readable = file and (_read(file) == content or _write(file, content))  # for tracebacks and for whoever wants to see
    module = _executed(name, str(file) if readable else f"<{name}>", text, supplied)
    sys.modules[name] = module  # numba imports it by name when it reads compiled code
    if folder:
        for function in _own_functions(module):
            function._cache = _CodeOnDisk(partial(Path, folder, f"{name}.{function.__name__}"))
    return module


def counts(module: ModuleType) -> tuple[int, int]:
    """How many functions of a kernel this process has compiled, and how many it has read from the cache folder."""
    stats = [function.stats for function in _own_functions(module) if hasattr(function, "stats")]
    return sum(s.cache_misses.total() for s in stats), sum(s.cache_hits.total() for s in stats)


def _executed(name: str, file: str, text: str, supplied: dict[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(supplied)
    exec(compile(text, file, "exec"), vars(module))
    return module


def _own_functions(module: ModuleType) -> list[Any]:
    """The functions that the module's text defines."""
    return [value for value in vars(module).values() if _is_own(value, module)]


def _is_own(value: Any, module: ModuleType) -> bool:
    return getattr(getattr(value, "py_func", value), "__globals__", None) is vars(module)
