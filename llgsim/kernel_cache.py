"""Compiled kernels on disk: generated modules under a name that is a hash of everything they are made of."""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np

from llgsim import integrators
from llgsim.percell import COMPILE_OPTIONS, cross


def cache_folder() -> Path:
    """Where generated kernels live: $LLGSIM_CACHE_DIR, or the user's cache folder."""
    if chosen := os.environ.get("LLGSIM_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "llgsim" / "kernels"


def _ingredients(functions: Sequence[Callable[..., Any]]) -> list[str] | None:
    """What the functions and their callees are compiled from: the text of their files and the constants they refer to.

    None if one of them has no file. A function of generated text counts as of the file of its module, which generates
    it; Torque.key in the kernel's own source tells such functions apart.
    """
    files: dict[str, str] = {}
    constants: list[str] = []
    seen: set[int] = set()
    queue: list[Any] = list(functions)
    while queue:
        function = queue.pop()
        function = getattr(function, "py_func", function)
        if not inspect.isfunction(function) or id(function) in seen:
            continue
        seen.add(id(function))
        name = function.__code__.co_filename
        if name.startswith("<"):
            name = getattr(sys.modules.get(function.__module__), "__file__", None) or name
        try:
            files[name] = Path(name).read_text(encoding="utf-8")
        except OSError:
            return None
        for label, value in _references(function):
            queue.append(value)
            if isinstance(value, bool | int | float | complex | str | tuple | np.generic):
                constants.append(f"{function.__qualname__} {label} = {value!r}")
            elif isinstance(value, np.ndarray):
                digest = hashlib.sha256(value.tobytes()).hexdigest()
                constants.append(f"{function.__qualname__} {label} = {value.dtype} {value.shape} {digest}")
    return [files[name] for name in sorted(files)] + sorted(constants)


def _references(function: Any) -> list[tuple[str, Any]]:
    """Globals, attributes of modules, variables of an enclosing function and defaults that a function may use."""
    names = function.__code__.co_names
    found = [(name, function.__globals__[name]) for name in names if name in function.__globals__]
    for module in [value for _, value in found if inspect.ismodule(value)]:
        found += [(f"{module.__name__}.{name}", getattr(module, name)) for name in names if hasattr(module, name)]
    found += inspect.getclosurevars(function).nonlocals.items()
    return found + [(f"default {index}", value) for index, value in enumerate(function.__defaults__ or ())]


@lru_cache(maxsize=64)
def load(text: str, names: tuple[str, ...], functions: tuple[Callable[..., Any], ...]) -> ModuleType:
    """The module of this kernel text, with `functions` in it under `names`; compiled code is kept on disk."""
    ingredients = _ingredients([*functions, integrators.fill_ghosts, cross])
    options = repr(sorted((key, sorted(v) if isinstance(v, set) else v) for key, v in COMPILE_OPTIONS.items()))
    recipe = "\0".join([text, numba.__version__, np.__version__, options, *(ingredients or [])])
    name = f"kernel_{hashlib.sha256(recipe.encode()).hexdigest()[:20]}"
    # a function typed at a prompt has no source to hash, and a folder may be read-only: then compile for this process
    path = None if ingredients is None else _store(name, text)
    module = sys.modules[name] = ModuleType(name)  # numba imports it by name when it reads its cache
    vars(module).update(zip(names, functions, strict=True), CACHED=path is not None)
    exec(compile(text, str(path) if path else f"<{name}>", "exec"), vars(module))
    return module


def _store(name: str, text: str) -> Path | None:
    """Write the kernel's text once, atomically; None where the folder cannot be written."""
    folder = cache_folder()
    path = folder / f"{name}.py"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8") as file:
            file.write(text)
        os.replace(file.name, path)
    except OSError:
        return None
    return path
