"""The minimiser: states whose energy is known, saddles, edges, and what it says when it does not arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llgsim import Exchange, Grid, Simulation, Zeeman, textures
from tests.compositions import MS, all_terms, film, rough
from tests.conftest import make_grid

MU0 = 4e-7 * math.pi
K_EFF = 0.8e6 - MU0 * MS**2 / 2  # of film(): the thin-film demagnetisation taken off


def largest_torque(sim: Simulation) -> float:
    return float(np.sqrt((np.cross(sim.m, sim.effective_field(), axis=0) ** 2).sum(0)).max())


@pytest.mark.parametrize("name", ["open", "periodic", "necks, periodic in x", "line along y", "one cell"])
def test_tolerance_is_reached_and_the_energy_falls(name: str) -> None:
    grid = make_grid(name)
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=rough(grid, 1))
    before = sim.energy()
    result = sim.relax(torque=1e-8)
    assert result.converged
    assert result.largest_torque <= 1e-8
    # stored as doubles, each component to 1e-16 of fields of up to 30 T
    assert largest_torque(sim) == pytest.approx(result.largest_torque, abs=1e-13)
    assert sim.energy() < before
    assert sim.t == 0.0
    np.testing.assert_allclose(np.sqrt((sim.m**2).sum(0)), grid.magnetic, atol=4e-16)


def test_a_relaxed_state_stays() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=rough(grid, 2))
    sim.relax(torque=1e-9)
    energy, m = sim.energy(), sim.m
    sim.relax(torque=1e-4)
    assert sim.energy() == pytest.approx(energy, rel=1e-9)
    np.testing.assert_allclose(sim.m, m, atol=1e-4)


@pytest.mark.parametrize("name", ["one cell", "open", "periodic"])
def test_a_hard_axis_is_left(name: str) -> None:
    """m exactly in the plane of a film with an easy normal: no torque, but a saddle."""
    grid = make_grid(name)
    sim = Simulation(grid, Ms=MS, terms=film(D=0.0), damping=0.1, m=textures.uniform(grid, (1, 0, 0)))
    assert largest_torque(sim) < 1e-12
    assert sim.relax(torque=1e-7).converged
    np.testing.assert_allclose(np.abs(sim.m[2]), grid.magnetic, atol=1e-12)
    assert sim.energy() == pytest.approx(MU0 * MS**2 / 2 * grid.cell_volume * grid.nx * grid.ny, rel=1e-10)


@pytest.mark.parametrize("n", [1, 4, 20, 64])
@pytest.mark.parametrize("B", [1.0, 0.01])
def test_an_energy_maximum_is_left(n: int, B: float) -> None:
    """m exactly against the field: no torque, and the highest energy there is."""
    grid = Grid(nx=n, ny=n, dx=2e-9, dy=2e-9, thickness=1e-9)
    terms = [Exchange(A=15e-12), Zeeman(B=(0, 0, B))]
    sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=textures.uniform(grid, (0, 0, -1)))
    assert sim.relax().converged
    np.testing.assert_allclose(sim.m[2], 1.0, atol=1e-6)


@pytest.mark.parametrize("n", [4, 20, 64])
def test_a_hard_plane_is_left_on_any_grid(n: int) -> None:
    grid = Grid(nx=n, ny=n, dx=2e-9, dy=2e-9, thickness=1e-9)
    sim = Simulation(grid, Ms=MS, terms=film(D=0.0), damping=0.1, m=textures.uniform(grid, (1, 0, 0)))
    assert sim.relax().converged
    np.testing.assert_allclose(np.abs(sim.m[2]), 1.0, atol=1e-9)


def test_relaxing_is_reproducible() -> None:
    grid = make_grid("periodic")
    states = []
    for _ in range(2):
        sim = Simulation(grid, Ms=MS, terms=film(D=0.0), damping=0.1, m=textures.uniform(grid, (1, 0, 0)))
        sim.relax(torque=1e-6)
        states.append(sim.m)
    np.testing.assert_array_equal(*states)


def test_macrospin_in_a_tilted_field_finds_the_stoner_wohlfarth_angle() -> None:
    """2K_eff sinθ cosθ = Ms B cosθ for B along x: sinθ = Ms B/(2K_eff)."""
    grid, B = make_grid("one cell"), 0.7
    terms = all_terms(A=0.0, D=0.0, D_bulk=0.0, axis=(0, 0, 1), B=(B, 0, 0))
    sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=textures.uniform(grid, (0.1, 0.2, 1)))
    sim.relax(torque=1e-10)
    expected = MS * B / (2 * K_EFF)
    assert sim.m[0, 0, 0] == pytest.approx(expected, abs=1e-9)
    assert sim.m[2, 0, 0] == pytest.approx(math.sqrt(1 - expected**2), abs=1e-9)


def test_too_few_iterations_warn_with_the_torque_that_is_left() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=all_terms(), damping=0.1, m=rough(grid, 3))
    with pytest.warns(RuntimeWarning, match=r"after 3 iterations with \|m x B\| = .* T, above the tolerance 1e-09 T"):
        result = sim.relax(torque=1e-9, iterations=3)
    assert not result.converged
    assert result.iterations == 3
    assert result.largest_torque > 1e-9


@pytest.mark.parametrize("torque", [0.0, -1e-6, math.nan, math.inf])
def test_a_tolerance_that_is_not_positive_is_refused(torque: float) -> None:
    grid = make_grid("one cell")
    sim = Simulation(grid, Ms=MS, terms=film(), damping=0.1, m=textures.uniform(grid))
    with pytest.raises(ValueError, match=f"torque = {torque!r} T must be a positive tolerance"):
        sim.relax(torque=torque)


@pytest.mark.parametrize("core", [-1, 1])
def test_a_skyrmion_survives_on_cells_of_2_nm(core: int) -> None:
    """Ku 0.8e6 J/m³ with thin-film demagnetisation and D = 3e-3 J/m²: a skyrmion of 7.5 nm, metastable."""
    grid = Grid(nx=30, ny=30, dx=2e-9, dy=2e-9, thickness=0.6e-9, periodic=(True, True))
    sim = Simulation(grid, Ms=MS, terms=film(), damping=0.1, m=textures.neel_skyrmion(grid, radius=9e-9, core=core))
    assert sim.relax(torque=1e-7).converged
    inside = (core * sim.m[2] > 0).sum() * grid.dx * grid.dy
    # a continuum radius of 7.5 nm, counted on cells of 2 nm and with their error of a few per cent
    assert math.sqrt(inside / math.pi) == pytest.approx(7.5e-9, rel=0.1)
    assert core * sim.m[2, 0, 0] < -0.99


def test_wall_has_the_energy_and_width_of_the_continuum() -> None:
    """4√(AK) − πD per area with D below 4√(AK)/π, and m_z = tanh(x/√(A/K)); both to order h²."""
    A, D = 15e-12, 1e-3
    width = math.sqrt(A / K_EFF)
    errors = []
    for h in (4e-9, 2e-9, 1e-9):
        n = round(160e-9 / h)
        grid = Grid(nx=n, ny=1, dx=h, dy=h, thickness=1e-9, periodic=(False, False))
        terms = film(A=A, D=D)
        sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=textures.domain_wall(grid, width=width))
        sim.relax(torque=1e-7)
        flat = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=textures.uniform(grid))
        flat.relax(torque=1e-7)  # with the same canted edges
        energy = (sim.energy() - flat.energy()) / (grid.dy * grid.thickness)
        errors.append(abs(energy / (4 * math.sqrt(A * K_EFF) - math.pi * D) - 1))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(slopes, 2, atol=0.25)  # the coarsest cells are those of the wall's width
    assert errors[-1] < 2e-3
    centre = np.interp(0.0, -sim.m[2, 0], grid.x)
    middle = np.abs(grid.x - centre) < 3 * width
    # (h/Δ)²/12 = 3e-3 at h = 1 nm
    np.testing.assert_allclose(sim.m[2, 0, middle], -np.tanh((grid.x - centre) / width)[middle], atol=4e-3)


@pytest.mark.parametrize(
    ("kind", "axis", "component", "sign"),
    # of m at the edge at 0, whose outward normal n is −x or −y: ∂m/∂n = (D/2A)(n × ẑ) × m, bulk (D/2A) n × m
    [("interfacial", "x", 0, 1), ("interfacial", "y", 1, 1), ("bulk", "x", 1, 1), ("bulk", "y", 0, -1)],
)
def test_dmi_cants_free_edges_by_the_boundary_condition(kind: str, axis: str, component: int, sign: int) -> None:
    """dθ/dn = D/2A at the surface and θ′² = K sin²θ/A inside give sinθ0 = D/(2√(AK)) and
    θ = 2 arctan(tan(θ0/2) exp(−s/Δ)) at depth s, which the cells approach with the square of h."""
    A, D = 15e-12, 2e-3
    theta0, width = math.asin(D / (2 * math.sqrt(A * K_EFF))), math.sqrt(A / K_EFF)
    errors = []
    for h in (4e-9, 2e-9, 1e-9):
        n = round(100e-9 / h)
        nx, ny = (n, 1) if axis == "x" else (1, n)
        grid = Grid(nx=nx, ny=ny, dx=h, dy=h, thickness=1e-9)
        constants = {"D": D, "D_bulk": 0.0} if kind == "interfacial" else {"D": 0.0, "D_bulk": D}
        terms = all_terms(A=A, axis=(0, 0, 1), B=(0, 0, 0), **constants)
        sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=textures.uniform(grid))
        sim.relax(torque=1e-8)
        depth = grid.x if axis == "x" else grid.y
        theta = 2 * np.arctan(math.tan(theta0 / 2) * np.exp(-depth / width))
        half, m = n // 2, sim.m.reshape(3, n)
        errors.append(np.abs(sign * m[component] - np.sin(theta))[:half].max())
        np.testing.assert_allclose(m[component], -m[component, ::-1], atol=1e-6)  # the other edge cants the other way
        np.testing.assert_allclose(m[1 - component], 0.0, atol=1e-6)
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(slopes, 2, atol=0.15)
    assert errors[-1] < 3e-4  # of sinθ0 = 0.34
