"""How the per-cell functions of terms and torques are compiled.

A per-cell function is ordinary Python arithmetic on the components of one cell. Called from Python it works on whole
NumPy arrays as well (which is how the analysis evaluates a torque); called from a composed kernel it is compiled and
inlined. Two rules keep it fast: no branches, and no numeric literals, because a literal turns float32 into float64.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from numba.extending import register_jitable

# 'nnan' and 'ninf' stay off, so that NaN is still NaN and a run that blows up is seen to do so.
FASTMATH = {"contract", "reassoc", "arcp", "nsz"}
# The NumPy error model has no branch for a division by zero, which would keep a loop from being vectorised.
COMPILE_OPTIONS: dict[str, object] = {"fastmath": FASTMATH, "error_model": "numpy", "nogil": True}

Function = TypeVar("Function", bound=Callable[..., object])


def per_cell(function: Function) -> Function:
    """Mark a plain function as callable from composed kernels; it stays a plain function in Python.

    The `field`, `energy` and `angular_velocity` of a term or torque need no mark, but functions that they call do.

    Examples
    --------
    >>> @per_cell
    ... def squared(m):
    ...     return m[0] * m[0] + m[1] * m[1] + m[2] * m[2]
    >>> squared((0.6, 0.0, 0.8))
    1.0
    """
    # inlined by force: one call left in the loop over a row, and it is not vectorised
    marked = register_jitable(fastmath=FASTMATH, error_model="numpy", forceinline=True)(function)
    marked.is_per_cell = True
    return marked


def kernel_function(part: Any, name: str) -> Any:
    """A term's or torque's function as a kernel can call it: marked, or compiled by its author with numba.njit."""
    function = getattr(part, name)
    if hasattr(function, "py_func") or getattr(function, "is_per_cell", False):
        return function
    if not inspect.isfunction(function):
        raise ValueError(f"{type(part).__name__}.{name} = {function!r} must be a plain function (a @staticmethod)")
    return per_cell(function)


@per_cell
def cross(a, b):  # type: ignore[no-untyped-def]
    """a × b of two triples."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@per_cell
def dot(a, b):  # type: ignore[no-untyped-def]
    """a · b of two triples."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@per_cell
def step(neighbour, m, one):  # type: ignore[no-untyped-def]
    """neighbour − m, zero if there is no neighbour."""
    there = one if dot(neighbour, neighbour) > one - one else one - one
    return (neighbour[0] - there * m[0], neighbour[1] - there * m[1], neighbour[2] - there * m[2])
