"""Explicit Runge-Kutta methods as data, and the one loop that runs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from llgsim.percell import COMPILE_OPTIONS, per_cell


@dataclass(frozen=True, eq=False)
class ButcherTableau:
    """An explicit Runge-Kutta method: y + dt Σ b_i k_i with k_i = f(t + c_i dt, y + dt Σ_j a_ij k_j).

    `stability_limit` is |λ| dt on the imaginary axis up to which the method damps or keeps an oscillation.
    """

    name: str
    order: int
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    c: NDArray[np.float64]
    stability_limit: float


RK4 = ButcherTableau(
    name="classical Runge-Kutta",
    order=4,
    a=np.array([[0, 0, 0, 0], [1 / 2, 0, 0, 0], [0, 1 / 2, 0, 0], [0, 0, 1, 0]]),
    b=np.array([1 / 6, 1 / 3, 1 / 3, 1 / 6]),
    c=np.array([0, 1 / 2, 1 / 2, 1]),
    stability_limit=2 * np.sqrt(2),
)


@per_cell
def fill_ghosts(m, periodic_x, periodic_y):  # type: ignore[no-untyped-def]
    """Copy the other end of every periodic axis into the three ghost cells; those of open axes stay zero."""
    ny, nx = m.shape[1] - 6, m.shape[2] - 6
    for c in range(3):
        if periodic_x:
            for j in range(3, ny + 3):
                for g in range(3):
                    m[c, j, 2 - g] = m[c, j, 3 + (nx - 1 - g) % nx]
                    m[c, j, nx + 3 + g] = m[c, j, 3 + g % nx]
        if periodic_y:
            for g in range(3):
                below, above = 3 + (ny - 1 - g) % ny, 3 + g % ny
                for i in range(nx + 6):
                    m[c, 2 - g, i] = m[c, below, i]
                    m[c, ny + 3 + g, i] = m[c, above, i]


fill_ghosts_compiled = njit(cache=True, **COMPILE_OPTIONS)(fill_ghosts)  # for calls from Python


@per_cell
def stencil_along_x(m, j, indices, weights):  # type: ignore[no-untyped-def]
    """Σ_q weights[q] m[:, j, indices[q]]."""
    gx = gy = gz = weights[0] - weights[0]
    for q in range(weights.shape[0]):
        gx += weights[q] * m[0, j, indices[q]]
        gy += weights[q] * m[1, j, indices[q]]
        gz += weights[q] * m[2, j, indices[q]]
    return (gx, gy, gz)


@per_cell
def stencil_along_y(m, i, indices, weights):  # type: ignore[no-untyped-def]
    """Σ_q weights[q] m[:, indices[q], i]."""
    gx = gy = gz = weights[0] - weights[0]
    for q in range(weights.shape[0]):
        gx += weights[q] * m[0, indices[q], i]
        gy += weights[q] * m[1, indices[q], i]
        gz += weights[q] * m[2, indices[q], i]
    return (gx, gy, gz)


@per_cell
def normalise(m):  # type: ignore[no-untyped-def]
    """Scale every m of the grid to unit length; cells without magnet stay zero."""
    for j in range(3, m.shape[1] - 3):
        for i in range(3, m.shape[2] - 3):
            squared = m[0, j, i] * m[0, j, i] + m[1, j, i] * m[1, j, i] + m[2, j, i] * m[2, j, i]
            length = np.sqrt(squared)
            if length != 0:
                m[0, j, i] /= length
                m[1, j, i] /= length
                m[2, j, i] /= length


@per_cell
def combine(out, y, k, factor):  # type: ignore[no-untyped-def]
    """out = y + factor·k, row by row."""
    for c in range(3):
        for j in range(3, y.shape[1] - 3):
            for i in range(y.shape[2]):
                out[c, j, i] = y[c, j, i] + factor * k[c, j, i]


# The loop calls `rhs` of the module that it is written into (a compiled function given as an argument could not be
# cached on disk).
ADVANCE = '''
@njit
def advance(m, stage, k, steps, dt, p, a, b, periodic_x, periodic_y, cells, indices, weights):
    """`steps` steps of length dt of the explicit Runge-Kutta method (a, b), in place on m, each renormalised.

    m, stage (3, ny + 6, nx + 6); k (stages, 3, ny + 6, nx + 6), zero at the ghosts; p has one row of parameters that
    hold throughout, or one row per step and stage.
    """
    stages = b.shape[0]
    for step in range(steps):
        for q in range(stages):
            row = step * stages + q if p.shape[0] > 1 else 0
            if q == 0:
                integrators.fill_ghosts(m, periodic_x, periodic_y)
                rhs(m, k[0], p[row], cells, indices, weights)
                continue
            started = False
            for r in range(q):
                if a[q, r] != 0:
                    integrators.combine(stage, stage if started else m, k[r], dt * a[q, r])
                    started = True
            integrators.fill_ghosts(stage, periodic_x, periodic_y)
            rhs(stage, k[q], p[row], cells, indices, weights)
        for q in range(stages):
            integrators.combine(m, m, k[q], dt * b[q])
        integrators.normalise(m)
'''
