"""The velocity that the Thiele equation gives a rigid texture under the torques of a simulation.

The LLG equation, with R the sum of all current torque rates, Λ = diag(α0+ξ∥, α0+ξ∥, α0+ξ⊥) and ξ = Σ over torques,

    (1 − ξ0) ∂_t m − m×(Λ ∂_t m) = −γ m×B + R,

is multiplied by (m × ·), dotted with ∂_i m and integrated over the layer for a texture in rigid motion,
∂_t m = −V_j ∂_j m. With |m| = 1 (so m·∂_i m = 0), m×(m×a) = m(m·a) − a and
∂_i m·(m×∂_j m) = −m·(∂_i m×∂_j m) = −ε_ij q, where q = m·(∂_x m×∂_y m) and ε_xy = +1 = −ε_yx:

    first term    ∂_i m·[m×(1 − ξ0)∂_t m]        = −V_j (1 − ξ0) ∂_i m·(m×∂_j m)  = +(1 − ξ0) q ε_ij V_j
    second        −∂_i m·[m×(m×Λ∂_t m)]          = +∂_i m·Λ∂_t m                  = −∂_i m·Λ∂_j m V_j
    field         −γ ∂_i m·[m×(m×B)]             = +γ ∂_i m·B, a total derivative of the energy density: no net force
    torques       ∂_i m·(m×R)

    ⇒  (G ε − D^GD) V = Φ,      Φ_i = ∫ ∂_i m·(m×R),      i.e.  (−G ε + D^GD) V = F,   F = −Φ,
        G = ∫(1 − ξ0) q,   D^GD_ij = ∫ ∂_i m·Λ∂_j m.

The spin-transfer part R = ξ0 (v·∇)m + m×[diag(ξ∥, ξ∥, ξ⊥)(v·∇)m] of a torque with a uniform drift velocity v gives

    Φ_i = v_j ∫[ξ0 ∂_i m·(m×∂_j m) − ∂_i m·diag(ξ)∂_j m]   ⇒   F = (Gx ε + D^STT) v,
        Gx = ∫ξ0 q,   D^STT_ij = ∫ ∂_i m·diag(ξ∥, ξ∥, ξ⊥)∂_j m,   G + Gx = 4πQ.

Without lattice damping D^GD = D^STT and (−G ε + D^GD)(V − v) = 4πQ ε v: a wall (Q = 0) moves with the electrons,
V = v, a skyrmion does not. A damping-like torque R = b m×(m×p) has m×R = −b m×p: F_i = b ∫∂_i m·(m×p).
The equation of A. A. Thiele, Phys. Rev. Lett. 30, 230 (1973), in the tensor form that m_z-dependent ξ demand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.analysis.derivatives import checked_field, gradient
from llgsim.grid import Grid
from llgsim.torques import Torque

if TYPE_CHECKING:
    from llgsim.simulation import Simulation

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Thiele:
    """The Thiele equation (−G ε + D^GD) V = Σ F of a texture and its solution; integrals over the layer's area.

    Attributes
    ----------
    velocity : array (2,)
        V (m/s); nan along an axis on which the texture does not vary (y of a straight wall across x).
    hall_angle : float
        Angle of V from the drift velocity, counter-clockwise, in degrees, −180 < angle ≤ 180; from −E or −j where
        there is no drift velocity; nan without any of them or when V is undetermined or zero.
    G, Gx : float
        ∫(1 − ξ0) q and ∫ξ0 q, dimensionless.
    D_stt, D_gd : arrays (2, 2)
        Dissipation tensors with ξ, and with ξ + α0; dimensionless.
    forces : dict of name → array (2,)
        F_i = −∫∂_i m·(m×R) of each torque (m/s).
    spin_orbit_forces : dict of name → array (2,)
        The part of each entry of `forces` that is spin-orbit torque (m/s), zero for a torque without; −4π times the F
        of Ado, Tretiakov, Titov, Phys. Rev. B 95, 094401, Eqs. 22c, 26 and 28 (the last with its sign corrected).
    drift_velocity : array (2,)
        v_d (m/s), summed over torques.
    """

    velocity: Vector
    hall_angle: float
    G: float
    Gx: float
    D_stt: Vector
    D_gd: Vector
    forces: dict[str, Vector]
    spin_orbit_forces: dict[str, Vector]
    drift_velocity: Vector


def thiele(sim: Simulation) -> Thiele:
    """Velocity of the texture as it stands, moved rigidly by the torques of a simulation.

    Solves (−G ε + D^GD) V = Σ F (derived at the top of this module) with the texture sim.m, the drives at sim.t and
    ramps taken as finished. Derivatives are those of `gradient`, projected on the plane tangent to m, as the torques
    project theirs.

    What it does not know: forces from edges, gradients of the material or neighbours (in a track the edge takes up
    F_y and V_x tends to v_d instead), deformation by the drive, and a wall angle that is not pinned (above the Walker
    velocity see `wall_velocity`). Magnetisation that only cants at edges does not move with the texture: ∂_i m is
    dropped from an edge across axis i up to where |∂_i m| first stops falling on the way in.

    Parameters
    ----------
    sim : Simulation
        Of which m, t, grid, Ms, gamma, damping and torques are read; the terms play no part.

    Raises
    ------
    ValueError
        A uniform state; no dissipation and no topological charge, so that V is undetermined; m not finite.

    Examples
    --------
    A wall with ξ0 = −0.15, ξ∥ = ξ⊥ = 0.1, v_d = 60 m/s, whose lattice damping 0.1 halves its velocity:

    >>> from llgsim import Coefficients, MicroscopicTorque, Simulation
    >>> torque = MicroscopicTorque(Coefficients(xi0=-0.15, xi_parallel=0.1, xi_perpendicular=0.1),
    ...                            drift_velocity=(60.0, 0.0))
    >>> grid = Grid(nx=200, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    >>> u = grid.distance()[0] / 5e-9
    >>> m = np.array([1 / np.cosh(u), 0 * u, np.tanh(u)])
    >>> sim = Simulation(grid, Ms=580e3, terms=[], torques=[torque], damping=0.1, m=m)
    >>> thiele(sim).velocity.round(6).tolist()
    [30.0, nan]
    """
    grid = sim.grid
    m = checked_field(sim.m, grid)
    raw = gradient(m, grid)
    tangent = [d - m * (m * d).sum(axis=0) for d in raw]
    modes = np.array([tangent[0] * _moving(tangent[0], grid, 0), tangent[1] * _moving(tangent[1], grid, 1)])
    area = grid.dx * grid.dy
    if (modes**2).sum() * area < 1e-12:
        raise ValueError("the state is uniform apart from its edges: there is no texture to move")

    xi0, xi_parallel, xi_perpendicular = np.zeros(grid.shape), np.zeros(grid.shape), np.zeros(grid.shape)
    drift_velocity, forces, spin_orbit_forces = np.zeros(2), dict[str, Vector](), dict[str, Vector]()
    for torque in sim.torques:
        time = torque.finished(sim.t)
        rate, *xi = torque.evaluate(m, *raw, grid, sim.Ms, sim.gamma, time)
        xi0, xi_parallel, xi_perpendicular = (
            total + np.asarray(part, dtype=np.float64)
            for total, part in zip((xi0, xi_parallel, xi_perpendicular), xi, strict=True)
        )
        name = _free_name(torque.name, forces)
        forces[name] = _force(modes, m, rate, area)
        spin_orbit_rate = torque.spin_orbit_rate(m, grid, sim.Ms, sim.gamma, time)
        spin_orbit_forces[name] = _force(modes, m, spin_orbit_rate, area)
        drift_velocity += torque.drift_velocity_at(time)

    gyro = area * (m * np.cross(modes[0], modes[1], axis=0)).sum(axis=0)
    G, Gx = float(((1 - xi0) * gyro).sum()), float((xi0 * gyro).sum())
    xi_tensor = np.array([xi_parallel, xi_parallel, xi_perpendicular])
    D_stt = area * np.einsum("icyx,cyx,jcyx->ij", modes, xi_tensor, modes)
    D_gd = D_stt + sim.damping * area * np.einsum("icyx,jcyx->ij", modes, modes)
    velocity = _solve(np.array([[0.0, -G], [G, 0.0]]) + D_gd, sum(forces.values(), start=np.zeros(2)))
    return Thiele(
        velocity=velocity,
        hall_angle=angle_between(drive_direction(sim.torques, drift_velocity, sim.t), velocity),
        G=G,
        Gx=Gx,
        D_stt=D_stt,
        D_gd=D_gd,
        forces=forces,
        spin_orbit_forces=spin_orbit_forces,
        drift_velocity=drift_velocity,
    )


def _force(modes: Vector, m: Vector, rate: ArrayLike, area: float) -> Vector:
    """F_i = −∫∂_i m·(m×R) of a rate R (3, ny, nx) in 1/s."""
    force: Vector = -area * np.einsum("icyx,cyx->i", modes, np.cross(m, np.asarray(rate), axis=0))
    return force


def _moving(derivative: Vector, grid: Grid, axis: int) -> NDArray[np.bool_]:
    """(ny, nx): False where the derivative along an axis (0: x, 1: y) belongs to an edge rather than to the texture.

    From every edge inwards, cells are dropped while |∂_i m| still falls: canting decays from the edge, a texture
    towards it (and to zero slope at a free edge without canting, where nothing is dropped).
    """
    if grid.mask is None and grid.periodic[axis]:
        return np.ones(grid.shape, dtype=bool)
    size = (derivative**2).sum(axis=0)
    inside = grid.magnetic
    if axis == 0:
        size, inside = size.T, inside.T  # edges across the first index from here on
    n, periodic = inside.shape[0], grid.periodic[axis]
    dropped = np.zeros_like(inside)
    for step in (1, -1):
        before, after = np.roll(inside, step, axis=0), np.roll(inside, -step, axis=0)
        falls = np.roll(size, -step, axis=0) < size
        if not periodic:
            before[0 if step == 1 else -1] = False
            after[-1 if step == 1 else 0] = False
        starts, falls = inside & ~before, falls & inside & after
        reached = np.zeros(inside.shape[1], dtype=bool)
        order = range(n) if step == 1 else range(n - 1, -1, -1)
        for _ in range(2 if periodic else 1):  # the second round follows what crosses the boundary
            for k in order:
                reached = falls[k] & (starts[k] | reached)
                dropped[k] |= reached
    return ~dropped.T if axis == 0 else ~dropped


def _solve(matrix: Vector, force: Vector) -> Vector:
    """V of matrix·V = force; where one direction is undetermined, the motion normal to it, nan if that is an axis."""
    left, values, right = np.linalg.svd(matrix)
    if not values[0] > 0:
        raise ValueError(
            "nothing determines the velocity: damping and all xi are zero and so is the topological charge; "
            "set damping > 0"
        )
    if values[1] > 1e-6 * values[0]:
        return np.asarray(np.linalg.solve(matrix, force), dtype=np.float64)
    velocity = right[0] * (left[:, 0] @ force) / values[0]
    return np.where(np.abs(right[1]) > 1 - 1e-6, np.nan, velocity)


def drive_direction(torques: Sequence[Torque], drift_velocity: Vector, t: float) -> Vector:
    """What `Thiele.hall_angle` is counted from: the drift velocity, or the electron flow of the first torque with one.

    Parameters
    ----------
    torques : sequence of torques
        Asked for their `electric_direction`, with ramps taken as finished.
    drift_velocity : array (2,)
        v_d (m/s), summed over the torques.
    t : float
        Time (s).

    Returns
    -------
    array (2,)
        drift_velocity itself where it is not zero, otherwise a unit vector; zero if no torque has a direction.

    Examples
    --------
    >>> from llgsim import ZhangLi
    >>> drive_direction([ZhangLi(u=(0.0, 30.0), beta=0.1)], np.zeros(2), 0.0)
    array([0., 1.])
    """
    if drift_velocity.any():
        return drift_velocity
    directions = (torque.electric_direction(torque.finished(t)) for torque in torques)
    return next((direction for direction in directions if direction is not None), np.zeros(2))


def angle_between(start: Vector, end: Vector) -> float:
    """Counter-clockwise angle from `start` to `end`, arrays (2,), in degrees, −180 < angle ≤ 180.

    nan if one of them is zero or not determined (nan).

    Examples
    --------
    >>> angle_between(np.array([2.0, 0.0]), np.array([0.0, -1.0]))
    -90.0
    """
    if not start.any() or not end.any() or np.isnan(start).any() or np.isnan(end).any():
        return math.nan
    along, across = start @ end, start[0] * end[1] - start[1] * end[0]
    angle = math.degrees(math.atan2(across, along))
    return 180.0 if angle == -180 else angle


def _free_name(name: str, taken: dict[str, Vector]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name} {count}"
    return candidate
