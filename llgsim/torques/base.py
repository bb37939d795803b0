"""What every torque shares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid

Field = NDArray[np.float64]
XI_SAMPLES = np.linspace(0.0, 1.0, 1001)  # m_z at which bounds on n_z-dependent coefficients are taken


class Torque:
    """Base of the torques: rates R = Ω × m of the LLG and, for some, coefficients that renormalise ∂t m.

    The equation solved is (1 − Σξ0) ∂t m − m × (Λ ∂t m) = −γ m×B + ΣR with Λ = diag(α0 + Σξ∥, α0 + Σξ∥, α0 + Σξ⊥).
    Every torque turns m, R = Ω × m with an angular velocity Ω, as a field does with γB; a torque m × V has Ω = −V. A
    part of Ω along m does nothing.

    A torque defines

    - `angular_velocity(m, ddx, ddy, *parameters)`, from three triples in one cell, m, ∂x m and ∂y m (1/m); it returns
      (Ω_x, Ω_y, Ω_z) in rad/s. If `renormalises` is True, it returns seven numbers, (X Ω_x, X Ω_y, X Ω_z, X ξ0, X ξ∥,
      X ξ⊥, X), the ξ being functions of m_z and X > 0 a common denominator that need not be divided out. The
      finite differences ∂x m and ∂y m have a part along m, a large one in the last cell before an edge; it may change Ω
      along m only;
    - `parameters(grid, Ms, gamma, t)`, the numbers that it takes, always as many (A/m, rad/(s T), s);
    - `rate_bound(grid, Ms, gamma, t)`, a bound (1/s) on how fast R turns m, for the time step

    and may override

    - `renormalises`: True if `angular_velocity` returns ξ0, ξ∥, ξ⊥ as well (False);
    - `derivative_order`: order 2, 4 or 6 of the central differences that make ∂x m and ∂y m, 0 for none: m is then
      given in their place (6);
    - `derivative_axes`: the axes along which it needs derivatives, "x", "y", "xy" or ""; zeros are given along the
      others ("xy");
    - `steady_after`: the time (s) after which the parameters no longer change, math.inf for never (0.0);
    - `drift_velocity_at(t)`: drift velocity of the electrons, array (2,) in m/s (zero);
    - `spin_orbit_rate(m, grid, Ms, gamma, t)`: the part of R (3, ny, nx) that is spin-orbit torque (zero);
    - `electric_direction(t)`: unit vector (2,) along the electron flow, against E or the current, or None (None);
    - `xi(grid, Ms, gamma, m_z)`: ξ0, ξ∥, ξ⊥ as arrays (those of `angular_velocity`);
    - `name`, in tables and in `thiele(sim).forces` (the class name).

    `angular_velocity` is a static method, ordinary Python arithmetic on numbers or on whole arrays. It is compiled with
    the kernel; functions that it calls must be marked `@llgsim.percell.per_cell`. No branches and no numeric literals
    in them: a branch keeps a loop from being vectorised, and a literal turns float32 into float64 (pass it as a
    parameter). It must be finite for m = 0, the cells outside a mask.

    Examples
    --------
    The damping-like torque b m×(m×p), hence Ω = −b m×p, which for b < 0 turns m towards p: without field and damping
    ∂t (m·p) = −b (1 − (m·p)²), hence m·p = tanh(−b t) from m·p = 0 at t = 0.

    >>> import dataclasses
    >>> import math
    >>> from llgsim.torques import Torque
    >>> from llgsim import Grid, Simulation, textures
    >>> from llgsim.percell import cross
    >>> @dataclasses.dataclass(frozen=True)
    ... class DampingLike(Torque):
    ...     b: float                                       # 1/s
    ...     p: tuple[float, float, float]
    ...     derivative_order = 0
    ...     def parameters(self, grid, Ms, gamma, t):
    ...         return (self.b, *self.p)
    ...     def rate_bound(self, grid, Ms, gamma, t):
    ...         return abs(self.b)
    ...     @staticmethod
    ...     def angular_velocity(m, ddx, ddy, b, px, py, pz):
    ...         turn = cross((px, py, pz), m)
    ...         return (b * turn[0], b * turn[1], b * turn[2])
    >>> grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    >>> torque = DampingLike(b=-1e9, p=(0.0, 1.0, 0.0))
    >>> m = textures.uniform(grid, (1, 0, 0))
    >>> sim = Simulation(grid, Ms=8e5, terms=[], torques=[torque], damping=0.0, m=m)
    >>> run = sim.run(1e-9, every=1e-9, progress=False)
    >>> print(round(float(sim.m[1, 0, 0]), 6), round(math.tanh(1.0), 6))
    0.761594 0.761594
    """

    renormalises: Any = False
    derivative_order: Any = 6
    derivative_axes: Any = "xy"
    steady_after: Any = 0.0
    angular_velocity: Any

    @property
    def name(self) -> str:
        """Name of the torque in tables and in `thiele(sim).forces`."""
        return type(self).__name__

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        raise TypeError(f"{self.name} must define parameters(grid, Ms, gamma, t)")

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        raise TypeError(f"{self.name} must define rate_bound(grid, Ms, gamma, t)")

    def finished(self, t: float) -> float:
        """The time (s) at which to look at this torque with its ramp over: t, or `steady_after` if later and finite."""
        return max(t, self.steady_after) if math.isfinite(self.steady_after) else t

    def xi(self, grid: Grid, Ms: float, gamma: float, m_z: ArrayLike) -> tuple[Field, Field, Field]:
        """ξ0, ξ∥, ξ⊥ at m_z for this magnet, those of the kernel at t = 0; zero unless the torque renormalises ∂t m."""
        z = np.asarray(m_z, dtype=np.float64)
        zero = np.zeros_like(z)
        if not self.renormalises:
            return zero, zero, zero
        m, uniform = (np.sqrt(np.maximum(1 - z**2, 0)), zero, z), (zero, zero, zero)
        values = self.angular_velocity(m, uniform, uniform, *self.parameters(grid, Ms, gamma, 0.0))
        xi0, xi_parallel, xi_perpendicular = (zero + value / values[6] for value in values[3:6])
        return xi0, xi_parallel, xi_perpendicular

    def drift_velocity_at(self, t: float) -> Field:
        """Drift velocity of the electrons, (2,) in m/s; zero for a torque that has none."""
        return np.zeros(2)

    def electric_direction(self, t: float) -> Field | None:
        """Unit vector (2,) of the electron flow (against E or the current), or None."""
        return None

    def spin_orbit_rate(self, m: Field, grid: Grid, Ms: float, gamma: float, t: float) -> Field:
        """R (3, ny, nx) in 1/s of spin-orbit torque alone at the state m (3, ny, nx) and time t; zero without any."""
        return np.zeros(m.shape)

    def evaluate(
        self, m: Field, ddx: Field, ddy: Field, grid: Grid, Ms: float, gamma: float, t: float
    ) -> tuple[Field, Field | float, Field | float, Field | float]:
        """R (3, ny, nx) in 1/s and ξ0, ξ∥, ξ⊥ for a whole field, from derivatives ∂x m, ∂y m given by the caller."""
        values = self.angular_velocity(tuple(m), tuple(ddx), tuple(ddy), *self.parameters(grid, Ms, gamma, t))
        turning = np.stack([np.broadcast_to(component, m.shape[1:]) for component in values[:3]])
        rate = np.cross(turning, m, axis=0)
        if self.renormalises:
            X = values[6]
            return rate / X, values[3] / X, values[4] / X, values[5] / X
        return rate, 0.0, 0.0, 0.0


def advection_bound(grid: Grid, order: int) -> tuple[float, float]:
    """Row sums Σ|w| of the central difference of `order` along x and y (1/m); zero on an axis of one cell."""
    row_sum = {0: 0.0, 2: 1.0, 4: 3 / 2, 6: 11 / 6}[order]
    return (row_sum / grid.dx if grid.nx > 1 else 0.0), (row_sum / grid.dy if grid.ny > 1 else 0.0)
