from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_bvp

from llgsim import Coefficients, MicroscopicTorque, SpinOrbitTorque, ZhangLi
from llgsim.analysis import gradient, thiele, topological_charge
from llgsim.analysis.thiele import angle_between, drive_direction
from llgsim.grid import Grid
from llgsim.torques import Torque

nm = 1e-9
Build = Callable[..., np.ndarray]
REFERENCE = json.loads((Path(__file__).parents[2] / "data" / "thiele_skyrmion.json").read_text())
MATERIAL = REFERENCE["material"]


@dataclass
class SpinTransfer(Torque):
    """ξ0 (v·∇)m + m×[diag(ξ)(v·∇)m], projected; v a pair or a function of t; 0 before `steady_after`."""

    v: Any
    xi0: Any
    xi_parallel: Any
    xi_perpendicular: Any
    steady_after: float = 1e-9
    name = "spin transfer"

    def drift_velocity_at(self, t):
        return np.array(self.v(t) if callable(self.v) else self.v, dtype=float) * (t >= self.steady_after)

    def evaluate(self, m, ddx, ddy, grid, Ms, gamma, t):
        v = self.drift_velocity_at(t)
        g = v[0] * ddx + v[1] * ddy
        g = g - m * (m * g).sum(axis=0)
        xi0, par, perp = (f(m[2]) if callable(f) else f for f in (self.xi0, self.xi_parallel, self.xi_perpendicular))
        scaled = np.array([par * g[0], par * g[1], perp * g[2]])
        return xi0 * g + np.cross(m, scaled, axis=0), xi0, par, perp


@dataclass
class SpinOrbit(Torque):
    """a m×p + b m×(m×p), rates in 1/s."""

    p: tuple[float, float, float]
    a: float = 0.0
    b: float = 0.0
    direction: tuple[float, float] | None = None
    name = "spin orbit"

    def evaluate(self, m, ddx, ddy, grid, Ms, gamma, t):
        mp = np.cross(m, np.array(self.p)[:, None, None], axis=0)
        return self.a * mp + self.b * np.cross(m, mp, axis=0), 0.0, 0.0, 0.0

    def electric_direction(self, t):
        return None if self.direction is None else np.array(self.direction)


def simulation(m: np.ndarray, grid: Grid, *torques: Any, damping: float = 0.0, t: float = 0.0) -> SimpleNamespace:
    gamma, Ms = MATERIAL["gamma_rad_per_sT"], MATERIAL["Ms_A_per_m"]
    return SimpleNamespace(m=m, grid=grid, t=t, Ms=Ms, gamma=gamma, damping=damping, torques=torques)


def film(size: float, h: float) -> Grid:
    n = round(size / h)
    return Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=(True, True))


def coefficients(name: str) -> dict[str, Any]:
    c = REFERENCE["sets"][name]
    return {
        "xi0": lambda m_z: c["x0"] * (1 + c["c0"] * (1 - m_z**2) / (1 + m_z**2)),
        "xi_parallel": lambda m_z: c["xp"] * (1 + 2 * c["c1"] / (1 + m_z**2)),
        "xi_perpendicular": lambda m_z: c["xq"] * (1 + c["c2"] * m_z**2) / (1 + m_z**2),
    }


# ---- skyrmions


@pytest.mark.parametrize("core", [-1, 1])
def test_integrals_of_an_analytic_skyrmion(skyrmion: Build, core: int) -> None:
    grid, xi, xi0, damping = film(160 * nm, 1.25 * nm), 0.1, -0.15, 0.03
    center = (71.3 * nm, 85.1 * nm)
    m = skyrmion(grid, center, core=core)
    result = thiele(simulation(m, grid, SpinTransfer((80.0, 0.0), xi0, xi, xi), damping=damping))
    assert topological_charge(m, grid) == pytest.approx(core)
    # the profile's tail is cut at 75 nm, sin θ = e^-13 there
    assert result.G + result.Gx == pytest.approx(4 * math.pi * core, rel=1e-6)
    assert result.Gx == pytest.approx(xi0 * 4 * math.pi * core, rel=1e-6)

    # ∫|∂_x m|² = π ∫(θ'² + sin²θ/r²) r dr, from the profile itself (lengths in nm)
    def density(r: float) -> float:
        s, c = math.sinh(r / 5), math.sinh(7.5 / 5)
        slope = -2 * c * math.cosh(r / 5) / 5 / (s * s + c * c)
        sine = 2 * c * s / (s * s + c * c)
        return math.pi * (slope**2 + (sine / r) ** 2) * r

    shape = quad(density, 1e-12, 75, epsabs=1e-12, limit=200)[0]
    np.testing.assert_allclose(result.D_stt, xi * shape * np.eye(2), atol=1e-6 * xi * shape)
    np.testing.assert_allclose(result.D_gd, (xi + damping) * shape * np.eye(2), atol=1e-6 * shape)

    # Zhang-Li in a film, as complex numbers: ε is multiplication by −i
    gyro = 4 * math.pi * core
    exact = 80 * (xi * shape - 1j * xi0 * gyro) / ((xi + damping) * shape + 1j * (1 - xi0) * gyro)
    np.testing.assert_allclose(result.velocity, [exact.real, exact.imag], atol=2e-5)
    assert result.hall_angle == pytest.approx(math.degrees(np.angle(exact)), abs=1e-4)
    np.testing.assert_array_equal(result.drift_velocity, [80, 0])
    # force of the torque as the derivation writes it: F = (Gx ε + D^STT) v
    expected = np.array([result.D_stt[0, 0], result.D_stt[1, 0] - result.Gx]) * 80
    np.testing.assert_allclose(result.forces["spin transfer"], expected, rtol=1e-9)


@cache
def profile() -> Callable[[np.ndarray], np.ndarray]:
    """θ(r in nm) of the Néel skyrmion, core down, that minimises exchange + DMI + anisotropy."""
    width = math.sqrt(MATERIAL["A_J_per_m"] / MATERIAL["K_J_per_m3"]) * 1e9
    dmi = MATERIAL["D_J_per_m2"] / MATERIAL["A_J_per_m"] * 1e-9
    start, end = 0.01, 60.0

    def slopes(r: np.ndarray, y: np.ndarray) -> np.ndarray:
        theta, slope = y
        bend = np.sin(theta) * np.cos(theta) * (1 / r**2 + 1 / width**2) - dmi * np.sin(theta) ** 2 / r - slope / r
        return np.array([slope, bend])

    r = np.linspace(start, end, 1000)
    guess = 2 * np.arctan2(math.sinh(1.5), np.sinh(r / 5))
    solution = solve_bvp(
        slopes,
        lambda a, b: np.array([a[0] - math.pi - a[1] * start, b[0]]),
        r,
        [guess, np.gradient(guess, r)],
        tol=1e-9,
        max_nodes=100000,
    )
    assert solution.success
    return lambda r: np.where(r < end, solution.sol(np.clip(r, start, end))[0], 0.0)


def relaxed_skyrmion(grid: Grid, core: int) -> np.ndarray:
    x, y = grid.distance((60.3 * nm, 59.9 * nm))
    theta, phi = profile()(np.hypot(x, y) * 1e9), np.arctan2(y, x)
    return -core * np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])


@pytest.mark.parametrize("case", REFERENCE["continuum"], ids=lambda c: f"{c['set']}{c['core_m_z']:+d}")
def test_reference_skyrmions(case: dict) -> None:
    grid = film(120 * nm, 1.25 * nm)
    torque = SpinTransfer(case["drift_velocity_m_per_s"], **coefficients(case["set"]))
    damping = REFERENCE["sets"][case["set"]]["alpha0"]
    result = thiele(simulation(relaxed_skyrmion(grid, case["core_m_z"]), grid, torque, damping=damping))
    # the cells leave 1e-6 m/s here (2e-8 at h = 1 nm), the tolerance of the boundary-value solver less
    np.testing.assert_allclose(result.velocity, case["velocity_m_per_s"], atol=1e-5)


def test_reference_damping_like_torque() -> None:
    # reference at h = 2 and 1 nm from relaxed second-order cells: its limit by Richardson extrapolation
    coarse, fine = (np.array(case["velocity_m_per_s"]) for case in REFERENCE["cells"])
    case = REFERENCE["cells"][0]
    grid = film(120 * nm, 1.25 * nm)
    rate = MATERIAL["gamma_rad_per_sT"] * case["damping_like_T"]
    torque = SpinOrbit((*case["p"], 0.0), b=rate)
    result = thiele(simulation(relaxed_skyrmion(grid, case["core_m_z"]), grid, torque, damping=case["damping"]))
    limit = fine + (fine - coarse) / 3
    # what an extrapolation from h = 2 nm leaves is of fourth order, about a tenth of the last step
    np.testing.assert_allclose(result.velocity, limit, rtol=2e-3)


@settings(max_examples=20)
@given(angle=st.floats(-math.pi, math.pi), core=st.sampled_from([-1, 1]), helicity=st.floats(-3, 3))
def test_velocity_turns_with_the_drift(skyrmion: Build, angle: float, core: int, helicity: float) -> None:
    grid = film(80 * nm, 2.5 * nm)
    xi = coefficients("S1")
    m = skyrmion(grid, (41 * nm, 40 * nm), core=core, helicity=helicity)
    along = thiele(simulation(m, grid, SpinTransfer((100.0, 0.0), **xi), damping=0.02))
    turned = thiele(
        simulation(m, grid, SpinTransfer((100 * math.cos(angle), 100 * math.sin(angle)), **xi), damping=0.02)
    )
    c, s = math.cos(angle), math.sin(angle)
    # the square period and the cells break the rotation by the tail e^-6.5 squared and by the resolution
    np.testing.assert_allclose(turned.velocity, np.array([[c, -s], [s, c]]) @ along.velocity, atol=2e-3)
    assert turned.hall_angle == pytest.approx(along.hall_angle, abs=5e-3)


def test_spin_orbit_torques_and_reversal(skyrmion: Build) -> None:
    grid = film(120 * nm, 1.25 * nm)
    m = skyrmion(grid, (60 * nm, 60 * nm))

    def velocity(m: np.ndarray, **torque: Any) -> np.ndarray:
        return thiele(simulation(m, grid, SpinOrbit(**torque), damping=0.1)).velocity

    forward = velocity(m, p=(0.0, 1.0, 0.0), b=1e9)
    assert np.abs(forward).min() > 0.1
    # m → −m leaves F and D, turns G: the component along the force stays, the gyrotropic one turns
    np.testing.assert_allclose(velocity(-m, p=(0.0, 1.0, 0.0), b=1e9), forward * [1, -1], rtol=1e-9)
    # p and texture turned by −90°
    np.testing.assert_allclose(velocity(m, p=(1.0, 0.0, 0.0), b=1e9), [forward[1], -forward[0]], rtol=1e-6)
    # other helicity: a Bloch skyrmion moves at a right angle to the Néel one
    bloch = skyrmion(grid, (60 * nm, 60 * nm), helicity=math.pi / 2)
    np.testing.assert_allclose(velocity(bloch, p=(0.0, 1.0, 0.0), b=1e9), [forward[1], -forward[0]], rtol=1e-6)
    # a uniform field-like torque is a total derivative
    np.testing.assert_allclose(velocity(m, p=(0.3, 1.0, 0.5), a=1e9), 0, atol=1e-8)


def test_forces_by_name_add_up(skyrmion: Build) -> None:
    grid = film(80 * nm, 2 * nm)
    m = skyrmion(grid, (40 * nm, 40 * nm))
    transfer, orbit = SpinTransfer((50.0, 20.0), -0.15, 0.1, 0.05), SpinOrbit((0.0, 1.0, 0.0), b=1e9)
    result = thiele(simulation(m, grid, transfer, orbit, orbit, damping=0.05))
    assert list(result.forces) == ["spin transfer", "spin orbit", "spin orbit 2"]
    single = thiele(simulation(m, grid, orbit, damping=0.05))
    np.testing.assert_allclose(result.forces["spin orbit 2"], single.forces["spin orbit"], rtol=1e-12)
    matrix = np.array([[0, -result.G], [result.G, 0]]) + result.D_gd
    np.testing.assert_allclose(matrix @ result.velocity, sum(result.forces.values()), rtol=1e-9)
    assert not thiele(simulation(m, grid, damping=0.05)).velocity.any()


def test_spin_orbit_part_of_the_forces(skyrmion: Build) -> None:
    grid = film(80 * nm, 2 * nm)
    m = skyrmion(grid, (40 * nm, 41 * nm), helicity=0.3)
    given = {"a": lambda m_z: 1e5 * m_z**2, "b": 2e5, "c": -1e5, "d": lambda m_z: 1e5 * (1 - m_z**4)}
    coefficients = Coefficients(xi0=-0.15, xi_parallel=0.1, xi_perpendicular=0.05, **given)
    field, drift = (3e3, -2e3), np.array([20.0, 5.0])
    # ramps are taken as finished
    both = MicroscopicTorque(coefficients, E=field, drift_velocity=tuple(drift), ramp=1e-9)
    alone = SpinOrbitTorque(**given, E=field, ramp=1e-9)
    off = MicroscopicTorque(coefficients, E=field, drift_velocity=tuple(drift), spin_orbit=False)
    result = thiele(simulation(m, grid, both, alone, off, ZhangLi(u=(30.0, 0.0), beta=0.1), damping=0.1))
    names = ["MicroscopicTorque", "SpinOrbitTorque", "MicroscopicTorque 2", "ZhangLi"]
    assert list(result.forces) == list(result.spin_orbit_forces) == names
    forces, parts = list(result.forces.values()), list(result.spin_orbit_forces.values())
    scale = float(np.linalg.norm(forces[1]))
    assert scale > 1
    np.testing.assert_allclose(parts[1], forces[1], rtol=0, atol=1e-13 * scale)
    np.testing.assert_allclose(parts[0], forces[1], rtol=0, atol=1e-13 * scale)
    # what is left of the first is spin transfer, all that the third has
    np.testing.assert_allclose(forces[0] - parts[0], forces[2], rtol=0, atol=1e-13 * scale)
    assert not np.any(parts[2:])


def test_spin_orbit_force_of_a_damping_like_torque(skyrmion: Build) -> None:
    """R = b m×(m×p) with p = ẑ×E has F_i = b ∫∂_i m·(m×p)."""
    grid, b = film(80 * nm, 2 * nm), 2e5
    m = skyrmion(grid, (40 * nm, 41 * nm), helicity=0.3)
    result = thiele(simulation(m, grid, SpinOrbitTorque(b=b, E=(3e3, -2e3)), damping=0.1))
    turned = np.cross(m, np.reshape([2e3, 3e3, 0.0], (3, 1, 1)), axis=0)
    expected = [b * (derivative * turned).sum() * grid.dx * grid.dy for derivative in gradient(m, grid)]
    np.testing.assert_allclose(result.spin_orbit_forces["SpinOrbitTorque"], expected, rtol=1e-12)


def test_hall_angle_reference_directions(skyrmion: Build) -> None:
    grid = film(80 * nm, 2 * nm)
    m = skyrmion(grid, (40 * nm, 40 * nm))
    plain = SpinOrbit((0.0, 1.0, 0.0), b=1e9)
    assert math.isnan(thiele(simulation(m, grid, plain, damping=0.1)).hall_angle)
    electric = SpinOrbit((0.0, 1.0, 0.0), b=1e9, direction=(0.0, 1.0))
    result = thiele(simulation(m, grid, electric, damping=0.1))
    from_x = math.degrees(math.atan2(result.velocity[1], result.velocity[0]))
    assert result.hall_angle == pytest.approx((from_x - 90 + 180) % 360 - 180)
    # a drift velocity goes first
    both = thiele(simulation(m, grid, electric, SpinTransfer((-1e-9, 0.0), 0.0, 0.1, 0.1), damping=0.1))
    from_x = math.degrees(math.atan2(both.velocity[1], both.velocity[0]))
    assert both.hall_angle == pytest.approx((from_x - 180 + 180) % 360 - 180)


def test_drive_at_the_time_of_the_simulation(skyrmion: Build) -> None:
    grid = film(80 * nm, 2 * nm)
    m = skyrmion(grid, (40 * nm, 40 * nm))
    xi = {"xi0": -0.15, "xi_parallel": 0.1, "xi_perpendicular": 0.1}
    steady = thiele(simulation(m, grid, SpinTransfer((30.0, 0.0), **xi)))
    pulsed = thiele(simulation(m, grid, SpinTransfer(lambda t: (1e10 * t, 0.0), **xi), t=3e-9))
    np.testing.assert_allclose(pulsed.velocity, steady.velocity, rtol=1e-12)
    # at the start of the ramp as at its end, and a drive without end as it is
    np.testing.assert_array_equal(thiele(simulation(m, grid, SpinTransfer((30.0, 0.0), **xi))).drift_velocity, [30, 0])
    np.testing.assert_allclose(pulsed.drift_velocity, [30, 0])
    early = SpinTransfer(lambda t: (1e10 * t, 0.0), **xi, steady_after=math.inf)
    assert not thiele(simulation(m, grid, early, t=3e-9)).drift_velocity.any()


def test_what_the_hall_angle_is_counted_from() -> None:
    ramped = MicroscopicTorque(Coefficients(xi0=0.0, xi_parallel=0.1, xi_perpendicular=0.1), E=(0.0, -2.0), ramp=1e-9)
    silent = ZhangLi(u=(0.0, 0.0), beta=0.1)
    np.testing.assert_allclose(drive_direction([silent, ramped], np.zeros(2), 0.0), [0, 1])
    np.testing.assert_array_equal(drive_direction([silent, ramped], np.array([3.0, 0.0]), 0.0), [3, 0])
    np.testing.assert_array_equal(drive_direction([silent], np.zeros(2), 0.0), [0, 0])


@pytest.mark.parametrize(
    ("start", "end", "angle"),
    [
        ((1, 0), (0, 2), 90.0),
        ((0, 3), (1, 0), -90.0),
        ((1, 1), (-1, -1), 180.0),
        ((1, 0), (-1, -0.0), 180.0),
        ((0, 0), (1, 0), math.nan),
        ((1, 0), (0, 0), math.nan),
        ((1, 0), (math.nan, 1), math.nan),
        ((math.nan, 1), (1, 0), math.nan),
    ],
)
def test_angle_between(start: tuple[float, float], end: tuple[float, float], angle: float) -> None:
    found = angle_between(np.array(start, dtype=float), np.array(end, dtype=float))
    assert found == pytest.approx(angle, nan_ok=True)


# ---- walls


@pytest.mark.parametrize("polarity", [-1, 1])
@pytest.mark.parametrize("damping", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("rows", [1, 6])
def test_wall_velocity_below_breakdown(wall: Build, polarity: int, damping: float, rows: int) -> None:
    grid = Grid(nx=200, ny=rows, dx=nm, dy=nm, thickness=nm, periodic=(False, rows > 1))
    xi = coefficients("S1")
    m = wall(grid, 98.7 * nm, polarity=polarity, angle=0.4)
    result = thiele(simulation(m, grid, SpinTransfer((60.0, 0.0), **xi), damping=damping))
    theta = quad(lambda u: xi["xi_parallel"](u) * u * u + xi["xi_perpendicular"](u) * (1 - u * u), 0, 1)[0]
    assert result.velocity[0] == pytest.approx(60 * theta / (theta + damping), rel=1e-6)
    assert math.isnan(result.velocity[1])
    assert math.isnan(result.hall_angle)
    assert abs(result.G) < 1e-12
    # ∫sech²(x/Δ)/Δ² dx = 2/Δ, over the width of the wire
    assert result.D_gd[0, 0] - result.D_stt[0, 0] == pytest.approx(damping * 2 / 5 * rows, rel=1e-6)


def test_wall_along_the_other_axis(wall: Build) -> None:
    line = Grid(nx=200, ny=1, dx=nm, dy=nm, thickness=nm)
    column = Grid(nx=1, ny=200, dx=nm, dy=nm, thickness=nm)
    m = np.swapaxes(wall(line, 98.7 * nm), 1, 2)
    velocity = thiele(simulation(m, column, SpinTransfer((10.0, 60.0), -0.1, 0.1, 0.1), damping=0.1)).velocity
    assert math.isnan(velocity[0])
    assert velocity[1] == pytest.approx(30, rel=1e-9)


def test_oblique_wall_moves_along_its_normal() -> None:
    grid = film(128 * nm, nm)
    across = (grid.x + grid.y[:, None]) / (128 * nm)  # two oblique walls per period
    theta = 2 * np.pi * across
    m = np.array([np.sin(theta), 0 * theta, np.cos(theta)])
    result = thiele(simulation(m, grid, SpinTransfer((60.0, 0.0), -0.1, 0.1, 0.1)))
    np.testing.assert_allclose(result.velocity, [30, 30], rtol=1e-9)


def test_canted_ends_do_not_brake_a_wall(wall: Build) -> None:
    grid = Grid(nx=150, ny=1, dx=nm, dy=nm, thickness=nm)
    xi = {"xi0": -0.15, "xi_parallel": 0.3, "xi_perpendicular": 0.05}
    m = wall(grid, 70 * nm)
    # the exact edge state: part of a 360° wall profile, θ falling as 2 arctan(e^-d/Δ) from sin θ0 = 0.5
    for distance, sign in ((grid.x - nm / 2, -1), (150 * nm - nm / 2 - grid.x, 1)):
        theta = 2 * np.arctan(math.tan(math.pi / 12) * np.exp(-distance / (5 * nm)))
        edge = np.array([sign * np.sin(theta), 0 * theta, np.cos(theta)])
        near = distance < 35 * nm
        m[0, 0, near], m[2, 0, near] = edge[0, near], np.sign(m[2, 0, near]) * edge[2, near]
    damping, theta_average = 0.1, 0.3 / 3 + 0.05 * 2 / 3
    result = thiele(simulation(m, grid, SpinTransfer((60.0, 0.0), **xi), damping=damping))
    # canting and wall tails meet at e^-7, squared; counting the canting would change V by 5 %
    assert result.velocity[0] == pytest.approx(60 * theta_average / (theta_average + damping), rel=1e-4)


@pytest.mark.parametrize("shape", ["square", "disc", "disc in a periodic box"])
def test_canted_edges_do_not_brake_a_skyrmion(skyrmion: Build, shape: str) -> None:
    n, h = 50, 2 * nm
    boundless = film(n * h, h)
    periodic = (shape != "square",) * 2 if "box" in shape else (False, False)
    distance_x, distance_y = boundless.distance()
    r = np.hypot(distance_x, distance_y)
    mask = None if shape == "square" else r < 46 * nm
    grid = Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=periodic, mask=mask)
    m = skyrmion(grid, (50 * nm, 50 * nm))
    if shape == "square":
        for axis, d in ((0, distance_x), (1, distance_y)):
            m[axis] += 0.5 * (np.exp((d - 49 * nm) / (5 * nm)) - np.exp((-d - 49 * nm) / (5 * nm)))
    else:
        m[:2] += 0.5 * np.exp((r - 46 * nm) / (5 * nm)) * np.array([distance_x, distance_y]) / r
    m = m / np.sqrt((m**2).sum(axis=0)) * grid.magnetic

    torque = SpinTransfer((60.0, 0.0), -0.15, 0.3, 0.05)
    free = thiele(simulation(skyrmion(boundless, (50 * nm, 50 * nm)), boundless, torque, damping=0.05))
    canted = thiele(simulation(m, grid, torque, damping=0.05))
    # tails of the skyrmion and of the canting overlap at e^-3.5 each, squared; counting the edges adds 25 to 48 % to D
    np.testing.assert_allclose(canted.D_gd, free.D_gd, atol=0.02 * free.D_gd[0, 0])
    assert pytest.approx(free.G, rel=0.02) == canted.G
    np.testing.assert_allclose(canted.velocity, free.velocity, atol=0.02 * np.linalg.norm(free.velocity))


# ---- refusals


def test_nothing_to_move() -> None:
    grid = film(20 * nm, 2 * nm)
    m = np.zeros((3, 10, 10))
    m[2] = 1
    with pytest.raises(ValueError, match="uniform"):
        thiele(simulation(m, grid, damping=0.1))
    m[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        thiele(simulation(m, grid, damping=0.1))


def test_nothing_dissipates(wall: Build) -> None:
    grid = Grid(nx=100, ny=1, dx=nm, dy=nm, thickness=nm)
    with pytest.raises(ValueError, match="damping > 0"):
        thiele(simulation(wall(grid, 50 * nm), grid, SpinTransfer((60.0, 0.0), -0.1, 0.0, 0.0)))
