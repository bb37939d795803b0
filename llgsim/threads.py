"""How many threads share a grid, and the threading layer that runs them."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numba
import numpy as np

from llgsim.grid import Grid

CELLS_PER_THREAD = 128 * 128  # below this the threads wait for each other longer than they compute


def default_threads(grid: Grid) -> int:
    """As many threads as numba offers, as long as each has `CELLS_PER_THREAD` cells."""
    return max(1, min(int(numba.get_num_threads()), grid.nx * grid.ny // CELLS_PER_THREAD, grid.ny))


def checked_threads(threads: int, grid: Grid) -> int:
    """`threads` as a whole number, at most one per row of the grid."""
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 1:
        raise ValueError(f"Simulation: threads = {threads!r} must be a whole number, at least 1")
    return min(int(threads), grid.ny)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run parallel kernels with `count` threads inside the with block; fewer where numba has not as many."""
    choose_layer()
    before = numba.get_num_threads()
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    try:
        yield
    finally:
        numba.set_num_threads(before)


@cache
def choose_layer() -> None:
    """Ask numba for OpenMP, whose threads are ready at once, unless the user has chosen a threading layer."""
    if numba.config.THREADING_LAYER != "default":
        return
    # A thread that waits for another spins no longer than some microseconds: where other programs want the processors,
    # one that spins keeps from running the one it waits for. Read by the library when it is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    try:
        importlib.import_module("numba.np.ufunc.omppool")
    except ImportError:
        warnings.warn(
            "the OpenMP library of GCC was not found (libgomp; on Debian and Ubuntu the package libgomp1): threads run "
            "by numba's own layer, which is slower to start them",
            RuntimeWarning,
            stacklevel=4,
        )
    else:
        numba.config.THREADING_LAYER = "omp"
