"""The Runge-Kutta method: order, stability, and the closed solution of a macrospin."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from llgsim import Grid, Simulation, Zeeman, textures
from llgsim.engine import Engine
from llgsim.integrators import RK4
from tests.compositions import (
    MS,
    all_terms,
    anisotropic,
    expected_rate,
    film,
    fourth_order_terms,
    rough,
    smooth,
    white_noise,
    zhang_li,
)
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


# -- the step


def plain_step(engine: Engine, y: np.ndarray, h: float, parameters: np.ndarray) -> np.ndarray:
    """The classical step by its table, every stage kept, normalised at the end."""
    rates: list[np.ndarray] = []
    for row in RK4.a:
        rate = engine.state()
        engine.rate(engine.state(y + h * sum(a * k for a, k in zip(row, rates))), parameters, rate)
        rates.append(engine.cells(rate).copy())
    y = y + h * sum(b * k for b, k in zip(RK4.b, rates))
    return y / np.sqrt((y**2).sum(0) + ~engine.grid.magnetic)


def test_fused_step_is_the_step_of_the_table(any_grid: Grid) -> None:
    """Stages that overwrite each other row by row leave the same state as arrays that are all kept."""
    sim = Simulation(any_grid, Ms=MS, terms=all_terms(), torques=[zhang_li(6)], damping=0.1, m=rough(any_grid, 7))
    engine, parameters, h = Engine(sim.kernel, any_grid, sim.dtype), sim._parameters(0.0), sim.time_step()
    y = np.array(sim.m)
    # rounding of stages that turn m by up to a radian; it grows with the number of steps
    for steps, tolerance in ((1, 2e-15), (19, 2e-13)):
        for _ in range(steps):
            y = plain_step(engine, y, h, parameters)
        sim.run(steps * h, every=steps * h, progress=False)
        np.testing.assert_allclose(sim.m, y, rtol=0, atol=tolerance)


# -- the order of the rows

IN_ROWS: dict[str, dict[str, Any]] = {
    "reach 0": {"terms": [Zeeman(B=(3.0, -2.0, 1.0))], "damping": 0.1},
    "reach 1": {"terms": all_terms(), "damping": 0.1},
    "reach 2, masked": {"terms": fourth_order_terms(), "damping": 0.1, "dtype": "float32"},
    "reach 3, open": {"terms": all_terms(), "torques": [zhang_li(6, u=lambda t: (3e16 * t, 1e3))], "damping": 0.1},
    "reach 3, periodic": {"terms": all_terms(), "torques": [zhang_li(6)], "damping": 0.1, "dtype": "float32"},
}
SIZES = [(1, 1), (7, 1), (1, 7), (2, 2), (3, 5), (17, 3), (65, 2), (4, 13), (13, 17), (5, 30)]


def advanced(sim: Simulation, blocks: int, band: int) -> bytes:
    """The cells after five steps in so many blocks and bands, one block after the other."""
    serial = SimpleNamespace(advance=sim.kernel.module.advance, advance_in_parallel=sim.kernel.module.advance)
    engine = Engine(replace(sim.kernel, module=serial), sim.grid, sim.dtype, blocks=blocks, band=band)
    state, h = engine.state(sim.m), 0.9 * sim.time_step()
    times = [h * (step + c) for step in range(5) for c in RK4.c] if sim._steady_after else [0.0]
    parameters = np.stack([sim._parameters(t) for t in times])
    engine.advance(state, engine.schedule.rings(), 5, h, parameters)
    cells = engine.cells(state)
    assert np.isfinite(cells).all()
    assert np.abs(cells - sim.m).max() > 1e-3
    return cells.tobytes()


def assert_same_bits_in_any_order(composition: str, options: dict[str, Any]) -> None:
    """On grids of many sizes, whose edges along x are as the name of the composition says, of either kind if not."""
    for nx, ny in SIZES:
        for periodic_y in (False, True):
            mask = None
            if "masked" in composition:
                mask = np.random.default_rng(nx).random((ny, nx)) < 0.7
                mask[0, 0], mask[-1, -1] = True, False
                if not mask[0, 0]:  # a single cell
                    continue
            periodic = ("open" not in composition and nx % 2 == 1, periodic_y)
            if "periodic" in composition:
                periodic = (True, periodic_y)
            grid = Grid(nx=nx, ny=ny, dx=2e-9, dy=1.7e-9, thickness=1e-9, periodic=periodic, mask=mask)
            sim = Simulation(grid, Ms=MS, m=rough(grid, nx + ny), **options)
            expected = advanced(sim, 1, 10**6)  # every stage over the whole grid
            for band in (1, 2, 3, 5, 10**6):
                for blocks in (1, 2, 3, 7):
                    if blocks <= ny:
                        assert advanced(sim, blocks, band) == expected, (grid, band, blocks)


@pytest.mark.parametrize("composition", IN_ROWS)
def test_every_order_of_the_rows_gives_the_same_bits(composition: str) -> None:
    assert_same_bits_in_any_order(composition, IN_ROWS[composition])


@pytest.mark.slow
@pytest.mark.parametrize("edges", ["open", "periodic", "masked"])
@pytest.mark.parametrize(
    ("terms", "torques", "dtype"),
    [
        (fourth_order_terms(), [], "float64"),
        (all_terms(), [anisotropic(ramp=1e-13)], "float64"),
        (all_terms(), [anisotropic(ramp=1e-13)], "float32"),
        (all_terms(), [zhang_li(6, u=(2e3, 0.0))], "float64"),
        (fourth_order_terms(), [zhang_li(6, u=(0.0, -2e3))], "float64"),
    ],
    ids=["fourth order", "microscopic", "microscopic, single", "along x", "fourth order along y"],
)
def test_every_order_of_the_rows_gives_the_same_bits_for_more_kernels(
    terms: list[Any], torques: list[Any], dtype: str, edges: str
) -> None:
    options = {"terms": terms, "torques": torques, "damping": 0.05, "dtype": dtype}
    assert_same_bits_in_any_order(edges, options)


# -- memory and float types


def test_a_run_allocates_nothing_per_step() -> None:
    """The largest memory of a frame does not depend on how many steps lead to it."""
    grid = Grid(nx=64, ny=64, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(True, True))
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=smooth(grid, 8))
    peaks = []
    for steps in (10, 10, 2500):
        tracemalloc.start()
        sim.run(steps * sim.time_step(), every=steps * sim.time_step(), progress=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert abs(peaks[2] - peaks[1]) < 20e3


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("periodic", IN_ROWS["reach 3, periodic"]),
        pytest.param("necks", IN_ROWS["reach 2, masked"], marks=pytest.mark.slow),
        pytest.param("open", {"terms": all_terms(), "torques": [white_noise()]}, marks=pytest.mark.slow),
        pytest.param("disk", {"terms": all_terms(), "torques": [white_noise(), anisotropic()]}, marks=pytest.mark.slow),
    ],
    ids=["Zhang-Li", "fourth order", "white noise", "two that renormalise"],
)
def test_single_precision_follows_double_precision(name: str, options: dict[str, Any]) -> None:
    grid = make_grid(name)
    ends = []
    for dtype in ("float64", "float32"):
        sim = Simulation(grid, Ms=MS, m=smooth(grid, 9), **(options | {"dtype": dtype}))
        h = sim.time_step()
        sim.run(100 * h, every=100 * h, progress=False)
        assert sim.m.dtype == dtype
        ends.append(sim.m)
    # a hundred steps round by 6e-8 each, in directions of their own; the motion itself is of the order of one
    assert np.abs(ends[0] - smooth(grid, 9)).max() > 0.1
    assert 1e-8 < np.abs(ends[1] - ends[0]).max() < 1e-5


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
    "exchange of fourth order": {"terms": fourth_order_terms(D=0.0, D_bulk=0.0, B=(0, 0, 0)), "damping": 0.05},
    "exchange and DMI of fourth order": {"terms": fourth_order_terms(D_bulk=0.0), "damping": 0.05},
    "DMI of fourth order leads": {"terms": fourth_order_terms(A=3e-12, D=6e-3, D_bulk=0.0), "damping": 0.05},
    "bulk DMI of fourth order leads": {"terms": fourth_order_terms(A=3e-12, D=0.0, D_bulk=-6e-3), "damping": 0.05},
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
        pytest.param(
            {"terms": fourth_order_terms(D=1e-3, D_bulk=0.0, B=(0, 0, 2)), "damping": 0.0}, marks=pytest.mark.slow
        ),
    ],
    ids=["no damping", "heavy damping", "Zhang-Li", "microscopic", "fourth order"],
)
def test_runs_at_the_full_time_step_are_stable(options: dict[str, Any]) -> None:
    """A random tilt holds every mode of the grid; an unstable one would grow out of it by orders of magnitude."""
    grid = Grid(nx=12, ny=10, dx=2e-9, dy=2e-9, thickness=1e-9)
    tilt = 1e-3 * np.random.default_rng(4).standard_normal((3, *grid.shape))
    sim = Simulation(grid, Ms=MS, m=textures.uniform(grid) + tilt, **({"terms": film(D=1e-3)} | options))
    before = sim.energy()
    duration = 400 * sim.time_step()
    sim.run(duration, every=duration, progress=False)
    # D cants the edges by D/(2√(AK)) = 0.17 (2 T hold m like K), and rings about it without damping: cos 0.4 = 0.92
    assert sim.m[2].min() > 0.9
    if "torques" not in options:
        assert sim.energy() < before
