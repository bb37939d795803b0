from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim.analysis import charge_density, gradient, topological_charge
from llgsim.grid import Grid

nm = 1e-9


def square(n: int, *, h: float = 2 * nm, periodic: tuple[bool, bool] = (True, True), mask=None) -> Grid:
    return Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=periodic, mask=mask)


def random_field(seed: int, ny: int, nx: int) -> np.ndarray:
    m = np.random.default_rng(seed).normal(size=(3, ny, nx))
    return m / np.sqrt((m**2).sum(axis=0))


@given(seed=st.integers(0, 2**32 - 1), nx=st.integers(2, 12), ny=st.integers(2, 12))
def test_integer_on_periodic_grids_whatever_the_field(seed: int, nx: int, ny: int) -> None:
    grid = Grid(nx=nx, ny=ny, dx=1.0, dy=2.0, thickness=1.0, periodic=(True, True))
    charge = topological_charge(random_field(seed, ny, nx), grid)
    assert abs(charge - round(charge)) < 1e-12


@pytest.mark.parametrize(("core", "vorticity"), [(1, 1), (-1, 1), (1, -1), (-1, -1), (1, 2)])
def test_sign_and_size(skyrmion: Callable[..., np.ndarray], core: int, vorticity: int) -> None:
    m = skyrmion(square(40), (40 * nm, 40 * nm), core=core, vorticity=vorticity)
    assert topological_charge(m, square(40)) == pytest.approx(core * vorticity, abs=1e-12)


@given(seed=st.integers(0, 2**32 - 1), shift=st.tuples(st.integers(0, 7), st.integers(0, 5)))
def test_translations_leave_it_and_reflections_turn_it(seed: int, shift: tuple[int, int]) -> None:
    grid = Grid(nx=8, ny=6, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, True))
    m = random_field(seed, 6, 8)
    charge = topological_charge(m, grid)
    assert topological_charge(np.roll(m, shift, axis=(2, 1)), grid) == pytest.approx(charge, abs=1e-12)
    assert topological_charge(-m, grid) == pytest.approx(-charge, abs=1e-12)
    # a mirror swaps the diagonals along which the plaquettes are cut: exact only for smooth fields, tested below
    assert topological_charge(m[:, ::-1, ::-1], grid) == pytest.approx(charge, abs=1e-12)


@settings(max_examples=25)
@given(
    center=st.tuples(st.floats(0, 80e-9), st.floats(0, 80e-9)), helicity=st.floats(-3, 3), seed=st.integers(0, 10**6)
)
def test_rotations_of_smooth_fields(
    skyrmion: Callable[..., np.ndarray], center: tuple[float, float], helicity: float, seed: int
) -> None:
    grid = square(40)
    m = skyrmion(grid, center, helicity=helicity)
    spins, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    handedness = np.linalg.det(spins)
    turned = np.einsum("ab,byx->ayx", spins, m)
    assert topological_charge(turned, grid) == pytest.approx(-handedness, abs=1e-12)
    assert topological_charge(m[:, :, ::-1], grid) == pytest.approx(1, abs=1e-12)  # a mirror of space alone
    assert topological_charge(np.rot90(m, axes=(1, 2)), grid) == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("n", [3, 20])
def test_an_octant_of_the_sphere_is_an_eighth(n: int) -> None:
    # θ and φ from 0 to 90° across the cells: the rim consists of great circles, which triangles follow exactly
    grid = Grid(nx=n + 1, ny=n + 1, dx=1.0, dy=1.0, thickness=1.0)
    phi, theta = np.meshgrid(np.linspace(0, np.pi / 2, n + 1), np.linspace(0, np.pi / 2, n + 1), indexing="ij")
    m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    assert topological_charge(m, grid) == pytest.approx(1 / 8, abs=1e-13)


def test_cone_cap() -> None:
    # a cap of half-angle 60° covers (1 − cos 60°)/2 of the sphere; polygons inside its rim miss O(h²)
    missing = []
    for n in (20, 40):
        theta_max, h = np.pi / 3, 2.0 / n
        x = (np.arange(n) + 0.5) * h - 1
        r, phi = np.hypot(*np.meshgrid(x, x)), np.arctan2(*np.meshgrid(x, x)[::-1])
        theta = theta_max * np.minimum(r / 0.8, 1)
        m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
        grid = Grid(nx=n, ny=n, dx=h, dy=h, thickness=1.0)
        missing.append(abs(topological_charge(m, grid) - 0.25))
    assert missing[0] < 0.01
    assert missing[1] < missing[0] / 2


def test_density_is_the_continuum_density(skyrmion: Callable[..., np.ndarray]) -> None:
    grid = square(80, h=nm)
    m = skyrmion(grid, (40.5 * nm, 40.5 * nm))  # on a cell centre
    charge, x, y = charge_density(m, grid)
    ddx, ddy = gradient(m, grid)
    q = (m * np.cross(ddx, ddy, axis=0)).sum(axis=0) * nm**2 / (4 * np.pi)
    corner = (q + np.roll(q, -1, 0) + np.roll(q, -1, 1) + np.roll(q, -1, (0, 1))) / 4
    # both are second-order averages over a plaquette: they differ by (h/Δ)² of the peak, Δ = 5 nm
    assert abs(charge - corner).max() < 0.04 * abs(q).max()
    assert (x[0], x[-1], y[0]) == (nm, pytest.approx(80 * nm), nm)


def test_only_whole_plaquettes_count(skyrmion: Callable[..., np.ndarray]) -> None:
    grid = square(40)
    mask = np.ones((40, 40), dtype=bool)
    mask[18:22, 18:22] = False
    holed = square(40, mask=mask)
    full, _, _ = charge_density(skyrmion(grid, (40 * nm, 40 * nm)), grid)
    left, _, _ = charge_density(skyrmion(holed, (40 * nm, 40 * nm)), holed)
    kept = np.ones((40, 40), dtype=bool)
    kept[17:22, 17:22] = False
    np.testing.assert_array_equal(left, np.where(kept, full, 0))


def test_open_axes_lose_the_wrapping_plaquettes_and_single_rows_have_no_charge() -> None:
    m = random_field(3, 5, 7)
    for periodic, shape in (((True, True), (5, 7)), ((False, True), (5, 6)), ((False, False), (4, 6))):
        grid = Grid(nx=7, ny=5, dx=1.0, dy=1.0, thickness=1.0, periodic=periodic)
        assert charge_density(m, grid)[0].shape == shape
    for periodic in ((True, True), (False, False)):
        line = Grid(nx=7, ny=1, dx=1.0, dy=1.0, thickness=1.0, periodic=periodic)
        assert topological_charge(m[:, :1], line) == 0


def test_single_precision_frames_are_good_enough() -> None:
    m = random_field(5, 12, 12).astype(np.float32)
    charge = topological_charge(m, square(12))
    assert charge == pytest.approx(round(charge), abs=1e-12)
