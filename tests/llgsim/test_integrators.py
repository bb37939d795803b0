"""The Runge-Kutta method: order, stability, and the closed solution of a macrospin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from llgsim import Grid, Simulation, Zeeman, textures
from llgsim.integrators import RK4, fill_ghosts_compiled
from tests.compositions import MS, all_terms, anisotropic, expected_rate, film, rough, smooth, zhang_li
from tests.conftest import make_grid

Tableau = type(RK4)


# -- the table


def growth(table: Any, z: complex) -> float:
    """|1 + z bᵀ(1 − z a)⁻¹ 1|, the factor by which one step multiplies a mode with λ dt = z."""
    n = len(table.b)
    return abs(1 + z * table.b @ np.linalg.solve(np.eye(n) - z * table.a, np.ones(n)))


def test_table_satisfies_the_conditions_of_fourth_order() -> None:
    a, b, c = RK4.a, RK4.b, RK4.c
    assert RK4.order == 4
    np.testing.assert_allclose(a.sum(1), c, atol=1e-16)
    assert np.all(np.triu(a) == 0)
    conditions = [
        (b.sum(), 1),
        (b @ c, 1 / 2),
        (b @ c**2, 1 / 3),
        (b @ a @ c, 1 / 6),
        (b @ c**3, 1 / 4),
        (b @ (c * (a @ c)), 1 / 8),
        (b @ a @ c**2, 1 / 12),
        (b @ a @ a @ c, 1 / 24),
    ]
    for found, expected in conditions:
        assert found == pytest.approx(expected, rel=1e-15)


def test_stability_limit_is_where_oscillations_begin_to_grow() -> None:
    limit = RK4.stability_limit
    for fraction in np.linspace(0.05, 0.999, 40):
        assert growth(RK4, 1j * fraction * limit) <= 1 + 1e-15
    assert growth(RK4, 1.001j * limit) > 1
    # damped modes, down to the angle of heavy damping: 80 % of the limit leaves room for α up to 1
    for alpha in (0.01, 0.1, 1.0):
        direction = (1j - alpha) / math.hypot(1, alpha)
        assert growth(RK4, 0.8 * limit * direction) < 1


def test_ghosts_repeat_the_other_end_of_periodic_axes_only() -> None:
    for nx, ny in ((5, 4), (2, 1), (1, 3)):
        for periodic in ((True, True), (True, False), (False, True), (False, False)):
            m = np.random.default_rng(1).standard_normal((3, ny, nx))
            padded = np.zeros((3, ny + 6, nx + 6))
            padded[:, 3:-3, 3:-3] = m
            fill_ghosts_compiled(padded, *periodic)
            x = [(3, 3) if periodic[0] else (0, 0), (3, 3) if periodic[1] else (0, 0)]
            expected = np.pad(m, ((0, 0), x[1], x[0]), mode="wrap")
            widths = [(0, 0) if p else (3, 3) for p in periodic]
            expected = np.pad(expected, ((0, 0), widths[1], widths[0]))
            np.testing.assert_array_equal(padded, expected)


# -- order


def reference(sim: Simulation, duration: float) -> np.ndarray:
    """The oracle's equation by an eighth-order method to rounding."""
    rate = expected_rate(sim)
    shape = sim.m.shape
    solution = solve_ivp(
        lambda s, y: rate(y.reshape(shape), s * duration).ravel() * duration,
        (0.0, 1.0),
        sim.m.ravel(),
        method="DOP853",
        rtol=1e-13,
        atol=1e-13,
    )
    return np.asarray(solution.y[:, -1].reshape(shape))


@pytest.mark.parametrize("drive", ["constant", "moving", "ramped, microscopic"])
def test_error_falls_with_the_fourth_power_of_the_step(drive: str) -> None:
    """Renormalised after every step, on a grid with edges, the drive constant or changing within a step."""
    duration = 0.24e-12
    torque = {
        "constant": zhang_li(6),
        "moving": zhang_li(6, u=lambda t: (3e3 * math.sin(2e13 * t), 2e3 * math.cos(1.3e13 * t))),
        "ramped, microscopic": anisotropic(drift_velocity=(4e3, -2e3), ramp=2 * duration),
    }[drive]
    grid = make_grid("4 x 5")
    start = smooth(grid, 1)
    make: dict[str, Any] = {"Ms": MS, "terms": all_terms(), "torques": [torque], "damping": 0.1, "m": start}
    expected = reference(Simulation(grid, **make), duration)
    errors = []
    for steps in (12, 24, 48):
        sim = Simulation(grid, **make)
        sim.run(duration, every=duration, dt=duration / steps, progress=False)
        errors.append(np.abs(sim.m - expected).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] > 1e-11  # far above the reference's error
    np.testing.assert_allclose(orders, 4, atol=0.2)


# -- a macrospin in closed form


def test_macrospin_precesses_and_falls_as_the_closed_solution() -> None:
    """φ̇ = γB/(1+α²), tan(θ/2) ∝ exp(−αγBt/(1+α²))."""
    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    alpha, B, theta0 = 0.1, 1.5, 2.0
    start = textures.uniform(grid, (math.sin(theta0), 0.0, math.cos(theta0)))
    sim = Simulation(grid, Ms=8e5, terms=[Zeeman(B=(0, 0, B))], damping=alpha, m=start)
    rate = sim.gamma * B / (1 + alpha**2)
    run = sim.run(60e-12, every=20e-12, dt=0.02e-12, progress=False)
    for t, m in zip(run.t, run.snapshots):
        theta = 2 * math.atan(math.tan(theta0 / 2) * math.exp(-alpha * rate * t))
        expected = (math.sin(theta) * math.cos(rate * t), math.sin(theta) * math.sin(rate * t), math.cos(theta))
        # ω dt = 5e-3: (ω dt)⁴/120 per radian is 6e-12, and the run has 16 of them
        np.testing.assert_allclose(m[:, 0, 0], expected, rtol=0, atol=3e-10)


# -- the time step


def tangent_matrix(sim: Simulation) -> np.ndarray:
    """The linearised equation of motion in two directions per cell, by central differences of the right-hand side."""
    m = np.array(sim.m)
    cells = np.argwhere(sim.grid.magnetic)
    basis = []
    for j, i in cells:
        first = np.cross(m[:, j, i], (0.3, 0.5, -0.8))
        first /= np.linalg.norm(first)
        basis += [(j, i, first), (j, i, np.cross(m[:, j, i], first))]
    columns = []
    for j, i, direction in basis:
        rates = []
        for sign in (1, -1):
            state = m.copy()
            state[:, j, i] += sign * 1e-5 * direction
            sim.m = state
            rates.append(sim.rhs())
        change = (rates[0] - rates[1]) / 2e-5
        columns.append([change[:, row, column] @ other for row, column, other in basis])
    sim.m = m
    return np.array(columns).T


COMPOSITIONS: dict[str, dict[str, Any]] = {
    "no damping": {"terms": film(), "damping": 0.0},
    "heavy damping": {"terms": film(), "damping": 0.7},
    "all terms, Zhang-Li": {"terms": all_terms(), "torques": [zhang_li(6, u=(1500.0, -700.0))], "damping": 0.1},
    "all terms, microscopic": {"terms": all_terms(), "torques": [anisotropic(drift_velocity=(3e3, 1e3))]},
    "anisotropy leads": {"terms": film(A=1e-13, D=0.0, K=5e6), "damping": 0.05},
    "field leads": {"terms": film(A=1e-13, D=0.0, K=0.0, B=5.0), "damping": 0.05},
}


@pytest.mark.parametrize("periodic", [True, False], ids=["periodic", "open"])
@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_largest_rate_bounds_the_spectrum_closely(composition: str, periodic: bool) -> None:
    """Every eigenvalue, for states from uniform to random; within twice of it for the worst uniform state, more where
    the terms cannot all be at their largest in one mode."""
    grid = Grid(nx=6, ny=4, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(periodic, periodic))
    states = [textures.uniform(grid, direction) for direction in ((0, 0, 1), (1, 0.4, 0.3), (0, -1, 0))]
    radii = []
    for m in (*states, smooth(grid, 2), rough(grid, 3)):
        sim = Simulation(grid, Ms=MS, m=m, **COMPOSITIONS[composition])
        radii.append(np.abs(np.linalg.eigvals(tangent_matrix(sim))).max())
    assert max(radii) <= sim.largest_rate() * (1 + 1e-6)
    assert sim.largest_rate() < 2.2 * max(radii)


def test_time_step_of_exchange_and_anisotropy_is_the_closed_form() -> None:
    """2.83 (1−ξ0)/[γ(8A′/h² + K′ + μ0 Ms)] with A′ = 2A/Ms and K′ = 2K/Ms; 80 % of it is taken."""
    h, A, K = 2e-9, 15e-12, 0.8e6
    grid = Grid(nx=40, ny=40, dx=h, dy=h, thickness=0.6e-9, periodic=(True, True))
    sim = Simulation(grid, Ms=MS, terms=film(A=A, D=0.0, K=K), damping=0.0, m=textures.uniform(grid))
    largest = sim.gamma * (8 * 2 * A / MS / h**2 + 2 * K / MS + 4e-7 * math.pi * MS)
    assert sim.largest_rate() == pytest.approx(largest, rel=1e-14)
    assert sim.time_step() == pytest.approx(0.8 * 2 * math.sqrt(2) / largest, rel=1e-14)


@pytest.mark.parametrize(
    "options",
    [
        {"damping": 0.0},
        {"damping": 0.7},
        {"torques": [zhang_li(6, u=(300.0, -200.0))], "damping": 0.1},
        {"torques": [anisotropic(drift_velocity=(600.0, 200.0))]},
    ],
    ids=["no damping", "heavy damping", "Zhang-Li", "microscopic"],
)
def test_runs_at_the_full_time_step_are_stable(options: dict[str, Any]) -> None:
    """A random tilt holds every mode of the grid; an unstable one would grow out of it by orders of magnitude."""
    grid = Grid(nx=12, ny=10, dx=2e-9, dy=2e-9, thickness=1e-9)
    tilt = 1e-3 * np.random.default_rng(4).standard_normal((3, *grid.shape))
    sim = Simulation(grid, Ms=MS, terms=film(D=1e-3), m=textures.uniform(grid) + tilt, **options)
    before = sim.energy()
    duration = 400 * sim.time_step()
    sim.run(duration, every=duration, progress=False)
    # D cants the edges by D/(2√(AK)) = 0.17, and rings about it without damping: cos 0.4 = 0.92
    assert sim.m[2].min() > 0.9
    if "torques" not in options:
        assert sim.energy() < before
