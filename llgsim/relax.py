"""Minimisation of the energy on the sphere."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from llgsim.engine import Engine
from llgsim.kernel_cache import kept
from llgsim.percell import COMPILE_OPTIONS

LARGEST_TURN = 0.15  # rad per iteration; a metastable skyrmion must not be stepped over
MEMORY = 10  # energies that the non-monotone line search remembers


@dataclass(frozen=True)
class Relaxation:
    """How a minimisation ended.

    `iterations`; `largest_torque`, the largest |m×B| of any cell in tesla; whether that is within the tolerance.
    """

    iterations: int
    largest_torque: float
    converged: bool


@kept
@njit(**COMPILE_OPTIONS)
def project(m, h, direction):  # type: ignore[no-untyped-def]
    """direction = h − m (m·h), zero outside the magnet; returns the sum of its squares and the largest square."""
    total = 0.0
    largest = 0.0
    for j in range(h.shape[1]):
        for i in range(h.shape[2]):
            x, y, z = m[0, j, i], m[1, j, i], m[2, j, i]
            along = h[0, j, i] * x + h[1, j, i] * y + h[2, j, i] * z
            inside = x * x + y * y + z * z > 0
            dx = h[0, j, i] - along * x if inside else 0.0
            dy = h[1, j, i] - along * y if inside else 0.0
            dz = h[2, j, i] - along * z if inside else 0.0
            direction[0, j, i], direction[1, j, i], direction[2, j, i] = dx, dy, dz
            squared = dx * dx + dy * dy + dz * dz
            total += squared
            if not squared <= largest:  # true for NaN too
                largest = squared
    return total, largest


@kept
@njit(**COMPILE_OPTIONS)
def move(m, direction, step, trial):  # type: ignore[no-untyped-def]
    """trial = (m + step·direction)/|m + step·direction|."""
    for j in range(direction.shape[1]):
        for i in range(direction.shape[2]):
            x = m[0, j, i] + step * direction[0, j, i]
            y = m[1, j, i] + step * direction[1, j, i]
            z = m[2, j, i] + step * direction[2, j, i]
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0:
                trial[0, j, i], trial[1, j, i], trial[2, j, i] = x / length, y / length, z / length


@kept
@njit(**COMPILE_OPTIONS)
def barzilai_borwein(m, trial, direction, new_direction):  # type: ignore[no-untyped-def]
    """s·s, s·y and y·y with s the change of m and y the change of the gradient (minus the direction)."""
    ss = sy = yy = 0.0
    for c in range(3):
        for j in range(direction.shape[1]):
            for i in range(direction.shape[2]):
                s = trial[c, j, i] - m[c, j, i]
                y = direction[c, j, i] - new_direction[c, j, i]
                ss += s * s
                sy += s * y
                yy += y * y
    return ss, sy, yy


def descend(
    engine: Engine,
    state: NDArray[np.float64],
    trial: NDArray[np.float64],
    parameters: NDArray[np.float64],
    energy: Callable[[NDArray[np.float64]], tuple[float, float]],
    *,
    tolerance: float,
    first_step: float,
    most: int,
) -> tuple[int, float]:
    """Steepest descent with Barzilai-Borwein steps and a non-monotone line search (Grippo, Lampariello, Lucidi 1986).

    m′ = (m + τ d)/|m + τ d| along d = h − m (m·h), h = Ms B; τ alternates between the two Barzilai-Borwein quotients
    s·s/s·y and s·y/y·y. In place on `state`.

    Parameters
    ----------
    engine : Engine
        In float64; gives Ms B.
    state, trial : states of the engine
        Where to start, and work space, zero outside the magnet.
    parameters : array
        The kernel's numbers.
    energy : state ↦ (E, scale)
        Sum of the energy densities, and the sum of their magnitudes as the scale of its rounding (J/m³).
    tolerance : float
        Stop when no cell has |d| above this (J/m³).
    first_step : float
        First τ (m³/J).
    most : int
        Largest number of iterations.

    Returns
    -------
    iterations and the largest |d| (J/m³).
    """
    m, moved = engine.cells(state), engine.cells(trial)
    h, direction, new_direction = np.zeros(m.shape), np.zeros(m.shape), np.zeros(m.shape)
    engine.field(state, parameters, h)
    total, largest = project(m, h, direction)
    value, scale = energy(state)
    remembered = [value]
    step = first_step
    for iteration in range(most):
        if not math.isfinite(largest):
            raise FloatingPointError(f"relax met a field that is not finite at iteration {iteration}")
        if largest <= tolerance**2:
            return iteration, math.sqrt(largest)
        step = min(step, LARGEST_TURN / math.sqrt(largest))
        # 1e-13: the rounding of a sum of energies, below which the line search cannot judge
        bound = max(remembered) + 1e-13 * scale
        while True:
            move(m, direction, step, moved)
            engine.close(trial)
            value, scale = energy(trial)
            if value <= bound - 1e-4 * step * total + 1e-13 * scale:
                break
            step /= 2
        remembered = [*remembered[1 - MEMORY :], value]
        engine.field(trial, parameters, h)
        total, largest = project(moved, h, new_direction)
        ss, sy, yy = barzilai_borwein(m, moved, direction, new_direction)
        state[:] = trial
        direction, new_direction = new_direction, direction
        # along negative curvature keep walking downhill with a growing step
        step = 2 * step if sy <= 0 else (ss / sy if iteration % 2 else sy / yy)
    return most, math.sqrt(largest)
