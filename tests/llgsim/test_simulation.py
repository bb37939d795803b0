"""The simulation: what it refuses, what it records, how runs end, single precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llgsim import (
    Coefficients,
    Exchange,
    Grid,
    MicroscopicTorque,
    Run,
    Simulation,
    SimulationError,
    ThinFilmDemag,
    Zeeman,
    ZhangLi,
    textures,
)
from llgsim.percell import per_cell
from llgsim.torques import Torque
from tests.compositions import MS, all_terms, anisotropic, film, rough, smooth, zhang_li
from tests.conftest import make_grid

GRID = make_grid("2 x 2")


def simulation(**changes: Any) -> Simulation:
    options: dict[str, Any] = {"Ms": 8e5, "terms": [Zeeman(B=(0, 0.2, 1))], "damping": 0.1, "m": rough(GRID, 1)}
    return Simulation(GRID, **(options | changes))


# -- what is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Ms": -8e5}, r"Ms = -800000 A/m must be greater than 0"),
        ({"Ms": math.nan}, r"Ms = nan A/m must be finite"),
        ({"Ms": "much"}, r"Ms = 'much' must be a number \(in A/m\)"),
        ({"gamma": 0.0}, r"gamma = 0 rad/\(s T\) must be greater than 0"),
        ({"damping": -0.1}, r"damping = -0\.1 must be at least 0"),
        ({"damping": math.inf}, r"damping = inf must be finite"),
        ({"damping": None}, r"damping is required unless a MicroscopicTorque"),
        ({"dtype": "float16"}, r"dtype = 'float16' must be 'float64' or 'float32'"),
        ({"m": np.zeros((3, 5, 5))}, r"m has shape \(3, 5, 5\), expected \(3, ny, nx\) = \(3, 2, 2\)"),
        ({"m": np.zeros((3, 2, 2))}, r"m is zero in 4 magnetic cells, first in cell \(j, i\) = \(0, 0\)"),
        ({"m": np.full((3, 2, 2), np.nan)}, r"m is not finite in 4 cells, first in cell \(j, i\) = \(0, 0\)"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_parameters_are_named_with_their_value(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulation(**changes)


def test_coefficients_that_turn_the_spin_over_are_refused_in_sum() -> None:
    """1 − Σξ0 > 0: each is allowed, the sum is not."""
    torque = MicroscopicTorque(Coefficients(xi0=0.6, xi_parallel=0.1, xi_perpendicular=0.1), drift_velocity=(1.0, 0.0))
    assert simulation(torques=[torque]).torques == (torque,)
    with pytest.raises(ValueError, match=r"xi0 = 1\.2 at \|m_z\| = 0, but 1 - xi0 must be positive"):
        simulation(torques=[torque, torque])


def test_damping_defaults_to_zero_with_a_microscopic_torque_only() -> None:
    assert simulation(torques=[anisotropic()], damping=None).damping == 0.0
    with pytest.raises(ValueError, match="damping is required"):
        simulation(torques=[zhang_li(6)], damping=None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration": 0.0, "every": 1e-12}, r"duration = 0\.0 s must be a positive time"),
        ({"duration": 1e-12, "every": math.nan}, r"every = nan s must be a positive time"),
        ({"duration": 1e-12, "every": 3e-13}, r"duration = 1e-12 s must be a whole multiple of every = 3e-13 s"),
        ({"duration": 1e-12, "every": 2e-12}, r"duration = 1e-12 s must be a whole multiple of every = 2e-12 s"),
        ({"duration": 4e-12, "every": 1e-12, "snapshots_every": 3e-12}, r"snapshots_every = 3e-12 s must be a whole"),
        ({"duration": 4e-12, "every": 1e-12, "dt": -1e-14}, r"dt = -1e-14 s must be a positive time"),
        ({"duration": 4e-11, "every": 4e-11, "dt": 4e-11}, r"dt = 4e-11 s is beyond the largest step of .* s"),
        ({"duration": 4e-12, "every": 4e-12, "dt": 1e-20}, r"dt = 1e-20 s makes more than 1e\+07 steps in 4e-12 s"),
    ],
)
def test_bad_times_are_named_with_their_value(arguments: dict[str, Any], message: str) -> None:
    sim = simulation()
    before = sim.m
    with pytest.raises(ValueError, match=message):
        sim.run(progress=False, **arguments)
    np.testing.assert_array_equal(sim.m, before)


# -- the state


def test_m_is_normalised_checked_and_read_only() -> None:
    sim = simulation(m=3.0 * rough(GRID, 2))
    np.testing.assert_allclose(sim.m, rough(GRID, 2), atol=2e-16)
    with pytest.raises(ValueError, match="read-only"):
        sim.m[0, 0, 0] = 1.0
    with pytest.raises(ValueError, match="m is not finite in 1 cells"):
        sim.m = np.where(np.arange(12).reshape(3, 2, 2) == 5, np.inf, 1.0)
    sim.m = np.ones((3, 2, 2))
    np.testing.assert_allclose(sim.m, 1 / math.sqrt(3), rtol=1e-15)


def test_cells_without_magnet_stay_empty() -> None:
    grid = make_grid("necks, periodic in x")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), torques=[anisotropic()], m=np.ones((3, *grid.shape)))
    sim.run(2e-14, every=1e-14, progress=False)
    for field in (sim.m, sim.rhs(), sim.effective_field()):
        assert not field[:, ~grid.magnetic].any()
        assert np.abs(field[:, grid.magnetic]).max() > 0


def test_energies_add_up_and_scale_with_the_volume() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=rough(grid, 3))
    energies = sim.energies()
    assert list(energies) == [type(term).__name__ for term in sim.terms]
    assert sim.energy() == pytest.approx(sum(energies.values()), rel=1e-15)
    thicker = Grid(nx=grid.nx, ny=grid.ny, dx=grid.dx, dy=grid.dy, thickness=2 * grid.thickness)
    assert Simulation(thicker, Ms=MS, terms=all_terms(), damping=0.1, m=sim.m).energy() == pytest.approx(
        2 * sim.energy(), rel=1e-15
    )


# -- runs


def test_run_records_frames_at_the_asked_times() -> None:
    sim = simulation()
    run = sim.run(6e-12, every=1e-12, snapshots_every=2e-12, progress=False, title="a title", metadata={"seed": 1})
    assert run.status == "finished"
    assert run.title == "a title"
    assert run.metadata["seed"] == 1
    np.testing.assert_allclose(run.t, np.arange(4) * 2e-12, rtol=1e-12)
    np.testing.assert_allclose(run.table.t, np.arange(7) * 1e-12, rtol=1e-12)
    np.testing.assert_array_equal(run.snapshots[-1], sim.m)
    np.testing.assert_allclose(run.snapshots[0], rough(GRID, 1), rtol=0, atol=2e-16)
    assert sim.t == pytest.approx(6e-12, rel=1e-12)


def test_observables_are_those_of_the_state() -> None:
    grid = make_grid("disk")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=smooth(grid, 4))
    run = sim.run(2e-14, every=1e-14, progress=False)
    last = run.table.isel(t=-1)
    for axis, name in enumerate(("mx", "my", "mz")):
        assert float(last[name]) == pytest.approx(sim.m[axis][grid.magnetic].mean(), rel=1e-12)
    assert float(last.energy) == sim.energy()
    assert {name: float(last[f"energy_{name}"]) for name in sim.energies()} == sim.energies()
    torque = np.linalg.norm(np.cross(sim.m, sim.effective_field(), axis=0), axis=0)
    assert float(last.max_torque) == pytest.approx(torque.max(), rel=1e-14)
    assert run.table.energy.attrs["unit"] == "J"
    assert run.table.max_torque.attrs["unit"] == "T"


def test_a_second_run_continues_where_the_first_ended() -> None:
    """Times of a run count from its start, those of a drive from the start of the simulation."""
    once, twice = simulation(), simulation()
    once.run(4e-12, every=2e-12, dt=1e-14, progress=False)
    first = twice.run(2e-12, every=2e-12, dt=1e-14, progress=False)
    second = twice.run(2e-12, every=2e-12, dt=1e-14, progress=False)
    assert first.t[-1] == second.t[-1] == pytest.approx(2e-12, rel=1e-12)
    assert twice.t == pytest.approx(once.t, rel=1e-15)
    np.testing.assert_array_equal(twice.m, once.m)


def test_the_frames_do_not_depend_on_how_many_are_taken() -> None:
    states = []
    for every in (1e-12, 4e-12):
        sim = simulation()
        sim.run(4e-12, every=every, dt=1e-14, progress=False)
        states.append(sim.m)
    # the same 400 steps, their length rounded differently: 1e-16 of 4e-12 s times a rate of 2e11/s, per step
    np.testing.assert_allclose(states[1], states[0], rtol=0, atol=1e-13)


def test_a_run_on_disk_is_the_run_in_memory(tmp_path: Path) -> None:
    sims = simulation(), simulation()
    runs = [
        sim.run(2e-12, every=1e-12, progress=False, output=output)
        for sim, output in zip(sims, (None, tmp_path / "run"))
    ]
    np.testing.assert_array_equal(runs[1].snapshots[:], runs[0].snapshots[:])
    assert Run.open(tmp_path / "run").status == "finished"


def test_time_dependent_drive_is_the_ramp_written_out() -> None:
    grid, ramp = make_grid("4 x 5"), 2e-13
    states = []
    for torque in (
        anisotropic(ramp=ramp),
        anisotropic(
            drift_velocity=lambda t: tuple(np.array((90.0, -40.0)) * step(t / ramp)),
            E=lambda t: tuple(np.array((2e5, 7e4)) * step(t / ramp)),
        ),
    ):
        sim = Simulation(grid, Ms=MS, terms=all_terms(), torques=[torque], m=smooth(grid, 5))
        sim.run(4e-13, every=1e-13, dt=5e-15, progress=False)
        states.append(sim.m)
    np.testing.assert_allclose(states[1], states[0], rtol=0, atol=1e-13)


def step(s: float) -> float:
    s = min(max(s, 0.0), 1.0)
    return 3 * s**2 - 2 * s**3


def test_long_intervals_are_cut_into_pieces_without_a_trace() -> None:
    """More steps between two frames than are taken at once, with a drive that moves and then rests."""
    grid = make_grid("2 x 2")
    states = []
    for every in (2.4e-11, 0.3e-11):
        sim = Simulation(grid, Ms=MS, terms=all_terms(), torques=[anisotropic(ramp=1.1e-11)], m=smooth(grid, 6))
        sim.run(2.4e-11, every=every, dt=1e-14, progress=False)
        states.append(sim.m)
    # 2400 steps of the same length; rounding of the step's length and of t, as above
    np.testing.assert_allclose(states[1], states[0], rtol=0, atol=1e-10)


# -- runs that cannot go on


def switched(u: float) -> Callable[[float], tuple[float, float]]:
    """A drive that is sensible for 3 ps and then is not."""
    return lambda t: (u if t > 3e-12 else 10.0, 0.0)


@pytest.mark.parametrize(
    "drive",
    [switched(1e300), switched(-1e120), lambda t: (10 * math.exp(t / 1e-13), 0.0)],
    ids=["1e300", "1e120", "growing"],
)
def test_a_drive_beyond_all_bounds_stops_with_time_and_cell(drive: Callable[[float], Any], tmp_path: Path) -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), torques=[zhang_li(6, u=drive)], damping=0.1, m=smooth(grid, 7))
    with pytest.raises(SimulationError, match=r"at t = .* s .* in cell \(j, i\) = \(\d+, \d+\)") as caught:
        sim.run(10e-12, every=1e-12, output=tmp_path / "run", progress=False)
    error = caught.value
    assert 0 < error.t < 10e-12
    assert error.cell is not None
    assert 0 <= error.cell[0] < grid.ny
    assert 0 <= error.cell[1] < grid.nx
    assert f"{error.t:.6g}" in str(error)
    run = Run.open(tmp_path / "run")
    assert run.status == "failed"
    assert run.record["message"] == str(error)
    assert run.record["failure"] == {"t": pytest.approx(error.t), "cell": list(error.cell)}
    assert error.run is not None
    assert len(run.t) == len(error.run.t) > 1
    assert run.t[-1] < error.t < run.t[-1] + 1.01e-12  # every frame before
    assert np.isfinite(run.snapshots[:]).all()


def test_a_constant_drive_that_no_time_step_follows_stops_at_once() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), torques=[zhang_li(6, u=(1e15, 0.0))], damping=0.1, m=smooth(grid, 8))
    with pytest.raises(SimulationError, match=r"takes more than 1e\+07 time steps"):
        sim.run(1e-12, every=1e-12, progress=False)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_drive_that_is_not_finite_is_named_with_its_time(bad: float, tmp_path: Path) -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), torques=[zhang_li(6, u=switched(bad))], damping=0.1, m=smooth(grid, 9))
    with pytest.raises(ValueError, match=rf"u at t = 3.*e-12 s = \({bad}, 0\.0\) must be 2 finite numbers in m/s"):
        sim.run(10e-12, every=1e-12, output=tmp_path / "run", progress=False)
    run = Run.open(tmp_path / "run")
    assert run.status == "failed"
    assert len(run.t) == 4
    assert "finite numbers" in run.record["message"]


class Broken(Torque):
    """Becomes 0/0 after 2.5 ps, without saying so in its bounds."""

    derivative_order = 0
    steady_after = math.inf

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (0.0 if t > 2.5e-12 else 1.0,)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return 0.0

    @staticmethod
    @per_cell
    def angular_velocity(m, ddx, ddy, x):  # type: ignore[no-untyped-def]
        zero = x - x
        return (zero / x, zero, zero)


def test_a_state_that_is_not_finite_stops_with_time_and_cell(tmp_path: Path) -> None:
    sim = simulation(torques=[Broken()])
    with pytest.raises(
        SimulationError, match=r"m is not finite at t = .* s in 4 of 4 cells, first in cell \(j, i\) = \(0, 0\)"
    ) as caught:
        sim.run(6e-12, every=2e-12, output=tmp_path / "run", progress=False)
    # the step in which it happens, found to the step and not to the frame
    assert 2.5e-12 < caught.value.t < 2.5e-12 + 2 * sim.time_step()
    run = Run.open(tmp_path / "run")
    assert run.status == "failed"
    np.testing.assert_allclose(run.t, [0, 2e-12], rtol=1e-12)


def test_an_error_in_a_drive_function_passes_through_and_leaves_a_failed_run(tmp_path: Path) -> None:
    def drive(t: float) -> tuple[float, float]:
        if t > 1.5e-12:
            raise RuntimeError("the generator tripped")
        return (1.0, 0.0)

    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), torques=[zhang_li(6, u=drive)], damping=0.1, m=smooth(grid, 10))
    with pytest.raises(RuntimeError, match="the generator tripped"):
        sim.run(4e-12, every=1e-12, output=tmp_path / "run", progress=False)
    run = Run.open(tmp_path / "run")
    assert run.status == "failed"
    assert "the generator tripped" in run.record["message"]
    assert len(run.t) == 2


# -- single precision


@pytest.mark.parametrize("torques", ["Zhang-Li", "microscopic"])
def test_single_precision_stays_single_and_agrees(torques: str) -> None:
    """1e-7 per operation, tens of operations, fields that cancel to a tenth."""
    grid = make_grid("disk")
    sims = [
        Simulation(
            grid,
            Ms=MS,
            terms=all_terms(),
            torques=[zhang_li(6) if torques == "Zhang-Li" else anisotropic()],
            damping=0.1,
            m=smooth(grid, 11),
            dtype=dtype,
        )
        for dtype in ("float64", "float32")
    ]
    assert [sim.m.dtype for sim in sims] == [np.float64, np.float32]
    rate = sims[0].rhs()
    difference = np.abs(sims[1].rhs() - rate).max()
    assert 0 < difference < 1e-5 * np.abs(rate).max()


def test_single_precision_run_agrees_with_a_double_one() -> None:
    grid = make_grid("disk")
    runs, energies = [], []
    for dtype in ("float64", "float32"):
        sim = Simulation(
            grid, Ms=MS, terms=all_terms(), torques=[zhang_li(6)], damping=0.1, m=smooth(grid, 11), dtype=dtype
        )
        energies.append(sim.energy())
        runs.append(sim.run(1e-13, every=5e-14, progress=False))
        assert sim.m.dtype == runs[-1].snapshots[-1].dtype == runs[-1].snapshots.dtype == dtype
    assert energies[1] == pytest.approx(energies[0], rel=1e-5)
    difference = np.abs(runs[1].snapshots[-1] - runs[0].snapshots[-1]).max()
    assert 0 < difference < 1e-5


def test_relaxing_in_single_precision_works_in_double_inside() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=rough(grid, 12), dtype="float32")
    assert sim.relax(torque=1e-7).converged
    assert sim.m.dtype == np.float32


def test_demagnetisation_of_a_single_cell_is_uniform() -> None:
    """One cell, B = −μ0 Ms m_z ẑ, and exchange has nothing to act on."""
    grid = make_grid("one cell, periodic")
    sim = Simulation(
        grid, Ms=8e5, terms=[Exchange(A=1e-11), ThinFilmDemag()], damping=0.1, m=textures.uniform(grid, (0.6, 0, 0.8))
    )
    expected = (0, 0, -4e-7 * math.pi * 8e5 * 0.8)
    np.testing.assert_allclose(sim.effective_field()[:, 0, 0], expected, rtol=1e-14, atol=1e-12)


def test_a_simulation_without_any_rate_runs_in_one_step() -> None:
    sim = Simulation(GRID, Ms=8e5, terms=[Zeeman(B=(0, 0, 0))], damping=0.0, m=rough(GRID, 13))
    assert sim.time_step() == math.inf
    run = sim.run(1.0, every=0.5, progress=False)
    np.testing.assert_allclose(run.snapshots[-1], run.snapshots[0], rtol=0, atol=3e-16)


def test_a_drive_function_may_return_numpy_numbers() -> None:
    grid = make_grid("4 x 5")
    torque = ZhangLi(u=lambda t: np.array([10.0, 20.0]), beta=0.4)  # type: ignore[arg-type, return-value]
    sim = Simulation(grid, Ms=MS, terms=all_terms(), torques=[torque], damping=0.1, m=smooth(grid, 14))
    constant = Simulation(
        grid, Ms=MS, terms=all_terms(), torques=[ZhangLi(u=(10.0, 20.0), beta=0.4)], damping=0.1, m=smooth(grid, 14)
    )
    np.testing.assert_array_equal(sim.rhs(), constant.rhs())


def test_an_undamped_precession_keeps_its_angle() -> None:
    """A spin in a field of 1 T for 1 ns: the step follows the precession, whatever the interval between frames."""
    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    for every in (1e-12, 50e-12):
        m = textures.uniform(grid, (0.5, 0, math.sqrt(0.75)))
        sim = Simulation(grid, Ms=580e3, terms=[Zeeman(B=(0, 0, 1.0))], damping=0.0, m=m)
        sim.run(1e-9, every=every, progress=False)
        # (0.1)^6/144 per step and 1760 steps leave 1.2e-5 of the transverse 0.5
        assert sim.m[2, 0, 0] == pytest.approx(math.sqrt(0.75), abs=1e-5)


def test_two_stray_fields_and_wrong_kinds_of_parts_are_refused() -> None:
    grid = Grid(nx=2, ny=2, dx=1e-9, dy=1e-9, thickness=1e-9)
    m = textures.uniform(grid)
    with pytest.raises(ValueError, match="the stray field counts once"):
        Simulation(grid, Ms=1e6, terms=[ThinFilmDemag(), ThinFilmDemag()], damping=0.1, m=m)
    with pytest.raises(ValueError, match=r"terms\[0\] = 'exchange' is not an energy term"):
        Simulation(grid, Ms=1e6, terms=["exchange"], damping=0.1, m=m)
    with pytest.raises(ValueError, match=r"torques = ZhangLi.* must be a list"):
        Simulation(grid, Ms=1e6, terms=[], torques=ZhangLi(u=(1, 0), beta=0), damping=0.1, m=m)


def test_an_earlier_run_survives_a_bad_time_step(tmp_path: Path) -> None:
    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    sim = Simulation(grid, Ms=1e6, terms=[Zeeman(B=(0, 0, 1))], damping=0.1, m=textures.uniform(grid, (1, 0, 0)))
    sim.run(2e-12, every=1e-12, output=tmp_path / "run", progress=False)
    with pytest.raises(ValueError, match="dt = 1 s"):
        sim.run(2e-12, every=1e-12, output=tmp_path / "run", overwrite=True, dt=1.0, progress=False)
    assert Run.open(tmp_path / "run").status == "finished"


def test_a_run_describes_itself(tmp_path: Path) -> None:
    """Also with a term of the user's own that holds what JSON cannot."""

    @dataclass(frozen=True)
    class Labelled(Zeeman):
        label: object = object

    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    sim = Simulation(grid, Ms=1e6, terms=[Labelled(B=(0, 0, 1))], damping=0.1, m=textures.uniform(grid))
    run = sim.run(1e-12, every=1e-12, output=tmp_path / "run", progress=False)
    described = run.metadata["simulation"]
    assert described["terms"][0]["B"] == [0.0, 0.0, 1.0]
    assert (described["Ms"], described["damping"]) == (1e6, 0.1)


@pytest.mark.parametrize("name", ["grid", "Ms", "gamma", "terms", "torques", "damping", "dtype"])
def test_what_the_kernel_is_made_for_cannot_be_changed_unnoticed(name: str) -> None:
    grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    sim = Simulation(grid, Ms=1e6, terms=[Zeeman(B=(0, 0, 1))], damping=0.1, m=textures.uniform(grid))
    with pytest.raises(AttributeError, match=rf"Simulation\.{name} cannot be changed"):
        setattr(sim, name, getattr(sim, name))


# -- terms and torques of a user


class VerticalExchange:
    """w = A |∇m_z|², which is no number times the Laplacian of m."""

    stencil = "laplacian"

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return 2e-11 / grid.dx**2, 2e-11 / grid.dy**2

    def field_bound(self, grid: Grid, Ms: float) -> float:
        return 4 * sum(self.parameters(grid, Ms, 0.0, 0.0)) / Ms

    @staticmethod
    def field(m: Any, lx: Any, ly: Any, cx: Any, cy: Any) -> Any:
        return (cx - cx, cx - cx, cx * lx[2] + cy * ly[2])

    @staticmethod
    def energy(m: Any, lx: Any, ly: Any, cx: Any, cy: Any) -> Any:
        return -0.5 * m[2] * (cx * lx[2] + cy * ly[2])


@pytest.mark.parametrize("name", ["open", "necks"])
def test_a_laplacian_that_is_not_a_field_by_itself_turns_m_as_its_field_says(name: str) -> None:
    grid = make_grid(name)
    sim = Simulation(grid, Ms=MS, terms=[VerticalExchange()], damping=0.0, m=rough(grid, 21))
    expected = -sim.gamma * np.cross(sim.m, sim.effective_field(), axis=0)
    np.testing.assert_allclose(sim.rhs(), expected, rtol=0, atol=1e-13 * np.abs(expected).max())
    sim.m = textures.uniform(grid, (1, 0, 1))
    assert not sim.rhs().any()


class Alternating:
    """A field B cos ωt along z."""

    stencil = "cell"
    steady_after = math.inf
    omega = 2e11

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        return (Ms * math.cos(self.omega * t),)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        return 1.0

    @staticmethod
    def field(m: Any, b: Any) -> Any:
        return (b - b, b - b, b)

    @staticmethod
    def energy(m: Any, b: Any) -> Any:
        return -m[2] * b


@pytest.mark.parametrize("frames", [1, 10])
def test_a_term_that_changes_in_time_is_followed_within_a_frame(frames: int) -> None:
    """φ = γ B sin(ωt)/ω."""
    grid = make_grid("one cell")
    sim = Simulation(grid, Ms=MS, terms=[Alternating()], damping=0.0, m=textures.uniform(grid, (1, 0, 0)))
    quarter = math.pi / 2 / Alternating.omega
    sim.run(quarter, every=quarter / frames, progress=False)
    assert math.atan2(sim.m[1, 0, 0], sim.m[0, 0, 0]) == pytest.approx(sim.gamma / Alternating.omega, rel=1e-6)


def test_an_interrupt_takes_back_the_steps_whose_time_was_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), torques=[zhang_li(6)], damping=0.1, m=smooth(grid, 22))
    start, advance = sim.m, sim._engine.advance

    def interrupted(*arguments: Any) -> None:
        advance(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(sim._engine, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sim.run(1e-12, every=1e-12, progress=False)
    assert sim.t == 0.0
    np.testing.assert_array_equal(sim.m, start)


def test_a_cell_that_loses_its_length_stops_the_run() -> None:
    """A square that overflows would leave 0 and not NaN."""
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=film(), damping=0.1, m=smooth(grid, 23))
    sim._cells[:, 2, 3] = 0.0
    with pytest.raises(SimulationError, match=r"in 1 of 99 cells, first in cell \(j, i\) = \(2, 3\)"):
        sim.run(1e-13, every=1e-13, progress=False)
