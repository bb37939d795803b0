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
from llgsim.percell import COMPILE_OPTIONS


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


def _called_sources(functions: Sequence[Callable[..., Any]]) -> list[str] | None:
    """Text of every source file that the functions and their callees come from; None if one has no file."""
    files: dict[str, str] = {}
    seen: set[int] = set()
    queue: list[Any] = list(functions)
    while queue:
        function = queue.pop()
        function = getattr(function, "py_func", function)
        if not inspect.isfunction(function) or id(function) in seen:
            continue
        seen.add(id(function))
        name = function.__code__.co_filename
        # functions of generated text are named by Torque.key in the kernel's own source
        if not name.startswith("<") or name.startswith(("<stdin", "<ipython", "<string")):
            try:
                files[name] = Path(name).read_text(encoding="utf-8")
            except OSError:
                return None
        callees = [function.__globals__.get(called) for called in function.__code__.co_names]
        queue += [*callees, *(cell.cell_contents for cell in function.__closure__ or ())]
    return [files[name] for name in sorted(files)]


@lru_cache(maxsize=64)
def load(text: str, names: tuple[str, ...], functions: tuple[Callable[..., Any], ...]) -> ModuleType:
    sources = _called_sources([*functions, integrators.fill_ghosts])
    options = repr(sorted((key, sorted(v) if isinstance(v, set) else v) for key, v in COMPILE_OPTIONS.items()))
    recipe = "\0".join([text, numba.__version__, np.__version__, options, *(sources or [])])
    name = f"kernel_{hashlib.sha256(recipe.encode()).hexdigest()[:20]}"
    # a function typed at a prompt has no source to hash, and a folder may be read-only: then compile for this process
    path = None if sources is None else _store(name, text)
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
