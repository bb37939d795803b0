"""Exchange: waves and their energy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llgsim import Exchange, Grid, Simulation
from tests.compositions import MS, rough
from tests.conftest import make_grid

A = 13e-12


def spiral(grid: Grid, turns: tuple[int, int]) -> np.ndarray:
    x, y = np.meshgrid(grid.x / grid.size[0], grid.y / grid.size[1])
    phase = 2 * math.pi * (turns[0] * x + turns[1] * y)
    return np.stack([np.cos(phase), np.zeros_like(phase), np.sin(phase)])


def simulation(grid: Grid, m: np.ndarray) -> Simulation:
    return Simulation(grid, Ms=MS, terms=[Exchange(A=A)], damping=0.1, m=m)


@pytest.mark.parametrize("turns", [(1, 0), (0, 1), (2, 1)])
def test_a_spiral_is_an_eigenmode_of_the_five_point_laplacian(turns: tuple[int, int]) -> None:
    """B = −(2A/Ms) Σ (2 sin(kh/2)/h)² m and w = A Σ (2 sin(kh/2)/h)², up to a field along m that counts bonds."""
    grid = make_grid("periodic")
    sim = simulation(grid, spiral(grid, turns))
    k = [2 * math.pi * n / size for n, size in zip(turns, grid.size)]
    squared = sum((2 * math.sin(kq * h / 2) / h) ** 2 for kq, h in zip(k, (grid.dx, grid.dy)))
    np.testing.assert_allclose(sim.effective_field(), -2 * A / MS * squared * sim.m, rtol=0, atol=1e-12 * A / MS * 1e20)
    volume = grid.cell_volume * grid.nx * grid.ny
    assert sim.energy() == pytest.approx(A * squared * volume, rel=1e-12)


def test_energy_approaches_the_continuum_with_the_square_of_h() -> None:
    """w = A |∇m|² = A k² of a spiral, on an open line, where a missing bond is no gradient."""
    errors = []
    for n in (40, 80, 160):
        grid = Grid(nx=n, ny=1, dx=40e-9 / n, dy=1e-9, thickness=1e-9, periodic=(True, False))
        energy = simulation(grid, spiral(grid, (1, 0))).energy()
        errors.append(abs(energy / (A * (2 * math.pi / 40e-9) ** 2 * 40e-9 * 1e-18) - 1))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2, atol=0.01)


@pytest.mark.parametrize("name", ["open", "necks", "one cell"])
def test_uniform_states_have_no_energy_and_others_have_some(name: str) -> None:
    grid = make_grid(name)
    scale = A / min(grid.dx, grid.dy) ** 2 * grid.cell_volume * grid.nx * grid.ny
    uniform = simulation(grid, np.ones((3, *grid.shape)))
    assert abs(uniform.energy()) < 1e-14 * scale
    np.testing.assert_allclose(uniform.effective_field(), 0, atol=1e-14 * A / MS / min(grid.dx, grid.dy) ** 2)
    if grid.nx > 1:
        assert simulation(grid, rough(grid, 1)).energy() > 0.1 * scale * grid.magnetic.mean()


def test_exchange_does_not_see_rotations_of_the_spins_alone() -> None:
    grid = make_grid("disk")
    m = rough(grid, 2)
    rotation, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))
    one, other = simulation(grid, m), simulation(grid, np.einsum("ab,bji->aji", rotation, m))
    assert other.energy() == pytest.approx(one.energy(), rel=1e-13)
    turned = np.einsum("ab,bji->aji", rotation, one.effective_field())
    np.testing.assert_allclose(other.effective_field(), turned, rtol=0, atol=1e-13 * np.abs(turned).max())


@pytest.mark.parametrize("bad", [-1e-12, math.nan, math.inf, "stiff"])
def test_bad_stiffness_is_named(bad: float) -> None:
    with pytest.raises(ValueError, match="Exchange: A = "):
        Exchange(A=bad)
