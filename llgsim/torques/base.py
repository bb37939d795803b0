"""What every torque shares."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid

Field = NDArray[np.float64]
XI_SAMPLES = np.linspace(0.0, 1.0, 1001)  # m_z at which bounds on n_z-dependent coefficients are taken


class Torque:
    """Base of the torques: explicit rates R(m, ∂m) of the LLG and, for some, coefficients that renormalise ∂t m.

    The equation solved is (1 − Σξ0) ∂t m − m × (Λ ∂t m) = −γ m×B + ΣR with Λ = diag(α0 + Σξ∥, α0 + Σξ∥, α0 + Σξ⊥).

    A torque defines

    - `rate(m, ddx, ddy, *parameters)`, a per-cell function of three triples, m, ∂x m and ∂y m (1/m); it returns
      (R_x, R_y, R_z) in 1/s, followed by (ξ0, ξ∥, ξ⊥) if `renormalises` is True;
    - `parameters(grid, Ms, gamma, t)`, the numbers that `rate` takes;
    - `derivative_order`, the order (2, 4 or 6) of the central differences that make ∂x m and ∂y m, or 0 for none;
    - `rate_bound(grid, Ms, gamma, t)`, a bound (1/s) on how fast R turns m, for the time step;
    - `steady_after`, the time (s) after which the parameters no longer change;
    - `key`, a word that changes whenever the text of `rate` does (its name, for an ordinary function).
    """

    renormalises: ClassVar[bool] = False
    derivative_order: Any = 6
    steady_after: Any = 0.0
    rate: Any

    @property
    def name(self) -> str:
        """Name of the torque in tables and in `thiele(sim).forces`."""
        return type(self).__name__

    @property
    def key(self) -> str:
        return self.name

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        raise TypeError(f"{self.name} must define parameters(grid, Ms, gamma, t)")

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        raise TypeError(f"{self.name} must define rate_bound(grid, Ms, gamma, t)")

    def xi(self, grid: Grid, Ms: float, gamma: float, m_z: Field) -> tuple[Field, Field, Field]:
        """ξ0, ξ∥, ξ⊥ at m_z for this magnet; zero unless the torque renormalises ∂t m."""
        zero = np.zeros_like(m_z)
        return zero, zero, zero

    def drift_velocity_at(self, m: Field, t: float, ramp_finished: bool = True) -> Field:
        """Drift velocity of the electrons, (2,) in m/s; zero for a torque that has none."""
        return np.zeros(2)

    def electric_direction(self, t: float) -> Field | None:
        """Unit vector of the electron flow (against E or the current), or None."""
        return None

    def evaluate(
        self,
        m: Field,
        ddx: Field,
        ddy: Field,
        grid: Grid,
        Ms: float,
        gamma: float,
        t: float,
        ramp_finished: bool = True,
    ) -> tuple[Field, Field | float, Field | float, Field | float]:
        """R (3, ny, nx) in 1/s and ξ0, ξ∥, ξ⊥ for a whole field, from derivatives ∂x m, ∂y m given by the caller."""
        time = max(t, self.steady_after) if ramp_finished and math.isfinite(self.steady_after) else t
        values = self.rate(tuple(m), tuple(ddx), tuple(ddy), *self.parameters(grid, Ms, gamma, time))
        rate = np.stack([np.broadcast_to(component, m.shape[1:]) for component in values[:3]])
        if self.renormalises:
            return rate, values[3], values[4], values[5]
        return rate, 0.0, 0.0, 0.0


def advection_bound(grid: Grid, order: int) -> tuple[float, float]:
    """Row sums Σ|w| of the central difference of `order` along x and y (1/m); zero on an axis of one cell."""
    row_sum = {0: 0.0, 2: 1.0, 4: 3 / 2, 6: 11 / 6}[order]
    return (row_sum / grid.dx if grid.nx > 1 else 0.0), (row_sum / grid.dy if grid.ny > 1 else 0.0)
