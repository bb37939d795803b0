from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim.analysis import charge_density, skyrmion_position, skyrmion_radius, topological_charge
from llgsim.grid import Grid

nm = 1e-9
Build = Callable[..., np.ndarray]


def film(h: float, *, size: float = 80 * nm, periodic: tuple[bool, bool] = (True, True), mask=None) -> Grid:
    n = round(size / h)
    return Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=periodic, mask=mask)


def error(found: tuple[float, float], center: tuple[float, float], size: float = 80 * nm) -> float:
    difference = np.subtract(found, center)
    return float(abs(difference - size * np.round(difference / size)).max())


@settings(max_examples=60)
@given(
    center=st.tuples(st.floats(0, 80e-9, exclude_max=True), st.floats(0, 80e-9, exclude_max=True)),
    core=st.sampled_from([-1, 1]),
    vorticity=st.sampled_from([-1, 1]),
)
def test_sub_cell_accuracy_anywhere_in_the_period(
    skyrmion: Build, center: tuple[float, float], core: int, vorticity: int
) -> None:
    grid = film(2 * nm)
    found = skyrmion_position(skyrmion(grid, center, core=core, vorticity=vorticity), grid)
    # h = 2 nm, R = 7.5 nm, Δ = 5 nm: 6e-10 nm observed, 1e-7 nm asked for
    assert error(found, center) < 1e-8 * nm
    assert 0 <= found[0] < 80 * nm
    assert 0 <= found[1] < 80 * nm


@pytest.mark.parametrize(("h", "tolerance"), [(1.0, 1e-10), (2.5, 1e-6)])
def test_accuracy_at_other_cells(skyrmion: Build, h: float, tolerance: float) -> None:
    grid = film(h * nm)
    centers = np.random.default_rng(1).uniform(0, 80 * nm, (10, 2))
    assert max(error(skyrmion_position(skyrmion(grid, tuple(c)), grid), tuple(c)) for c in centers) < tolerance * nm


@settings(max_examples=20)
@given(shift=st.tuples(st.integers(0, 39), st.integers(0, 39)), seed=st.integers(0, 1000))
def test_moves_with_the_field_even_when_noisy(skyrmion: Build, shift: tuple[int, int], seed: int) -> None:
    grid = film(2 * nm)
    m = skyrmion(grid, (31 * nm, 44 * nm)) + 0.03 * np.random.default_rng(seed).normal(size=(3, 40, 40))
    x, y = skyrmion_position(m, grid)
    moved = skyrmion_position(np.roll(m, shift, axis=(2, 1)), grid)
    assert error(moved, (x + 2 * nm * shift[0], y + 2 * nm * shift[1])) < 1e-9 * nm  # convergence of the iteration
    assert error((x, y), (31 * nm, 44 * nm)) < 0.2 * nm  # spins off by 2°: a tenth of a cell


def test_quarter_turn(skyrmion: Build) -> None:
    grid = film(2 * nm)
    turned = np.rot90(skyrmion(grid, (33.1 * nm, 50.3 * nm)), axes=(2, 1))  # (x, y) → (L − y, x)
    assert error(skyrmion_position(turned, grid), (29.7 * nm, 33.1 * nm)) < 1e-8 * nm


def test_track_edges_do_not_pull(skyrmion: Build) -> None:
    # open y: canted edges as DMI makes them, uniform along x
    grid = Grid(nx=40, ny=25, dx=2 * nm, dy=2 * nm, thickness=nm, periodic=(True, False))
    center = (50.7 * nm, 25.6 * nm)
    m = skyrmion(grid, center)
    y = grid.y[:, None] + 0 * grid.x
    m[1] += 0.5 * (np.exp((y - 50 * nm) / (5 * nm)) - np.exp(-y / (5 * nm)))
    x_found, y_found = skyrmion_position(m, grid)
    assert abs(x_found - center[0]) < 1e-6 * nm
    # the canting reaches the skyrmion itself here: 6 % at its rim, displacing it by less than a tenth of a cell
    assert abs(y_found - center[1]) < 0.2 * nm


def test_canted_rim_of_a_disc_does_not_pull(skyrmion: Build) -> None:
    def disc(rim: float) -> tuple[np.ndarray, Grid]:
        everything = film(2 * nm, size=120 * nm, periodic=(False, False))
        x, y = everything.distance()
        r = np.hypot(x, y)
        grid = film(2 * nm, size=120 * nm, periodic=(False, False), mask=r < 50 * nm)
        m = skyrmion(grid, (72.3 * nm, 60 * nm))
        m[:2] += rim * np.exp((r - 50 * nm) / (5 * nm)) * np.array([x, y]) / r * grid.magnetic
        return m, grid

    m, grid = disc(0.5)
    charge, x_plaquette, _ = charge_density(m, grid)
    plain = float((charge * x_plaquette).sum() / charge.sum())
    x, y = skyrmion_position(m, grid)
    assert abs(plain - 72.3 * nm) > 0.2 * nm  # what the rim does to a centroid without window
    # what is left is canting that reaches the skyrmion itself, 2 % of a spin at its rim
    assert abs(x - 72.3 * nm) < 0.02 * nm
    assert abs(y - 60 * nm) < 1e-6 * nm


def test_wide_skyrmion_with_a_thin_wall(skyrmion: Build) -> None:
    grid = film(2 * nm, size=200 * nm)
    center = (3.3 * nm, 101.2 * nm)
    m = skyrmion(grid, center, radius=50 * nm, core=1)
    assert error(skyrmion_position(m, grid), center, 200 * nm) < 1e-6 * nm
    # the contour is a polygon of ~200 points, its crossings interpolated with an error (h²/8R)
    assert skyrmion_radius(m, grid) == pytest.approx(50 * nm, abs=0.02 * nm)


@pytest.mark.parametrize("radius", [12, 13.7, 13.78, 13.85, 14, 15])
def test_skyrmion_that_nearly_fills_the_period(skyrmion: Build, radius: float) -> None:
    # a circular mean of the rim flips to the other end of the period at J0(2πR/L) = 0, R = 13.78 nm
    grid = film(nm, size=36 * nm)
    rng = np.random.default_rng(3)
    for center in rng.uniform(0, 36 * nm, (8, 2)):
        for width, tolerance in ((1.5, 0.1), (5, 5.0)):
            # the profile has a kink where the shortest way changes, of size e^-2d/Δ at the gap d to the next image;
            # for Δ = 5 nm it carries a good part of the charge
            m = skyrmion(grid, tuple(center), radius=radius * nm, width=width * nm)
            assert error(skyrmion_position(m, grid), tuple(center), 36 * nm) < tolerance * nm


def stadium(grid: Grid, center: tuple[float, float], half_length: float, angle: float) -> np.ndarray:
    """A bubble, core down, whose rim lies 5 nm around a straight line of length 2·half_length; wall width 3 nm."""
    x, y = grid.distance(center)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    beyond = along - np.clip(along, -half_length, half_length)
    theta = 2 * np.arctan2(np.sinh(np.hypot(beyond, across) / (3 * nm)), np.sinh(5 / 3))
    phi = np.arctan2(across, beyond) + angle
    return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), -np.cos(theta)])


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("half_length", [5, 15, 20, 30])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_elongated_bubble_is_one_texture(half_length: float, angle: float, periodic: bool) -> None:
    grid = film(nm, size=100 * nm, periodic=(periodic, periodic))
    center = (50.3 * nm, 49.8 * nm)
    m = stadium(grid, center, half_length * nm, angle)
    assert topological_charge(m, grid) == pytest.approx(-1, abs=0.01)
    # the charge sits in the two caps, symmetric about the centre; the cells tell them apart by a small part of one
    assert error(skyrmion_position(m, grid), center, 100 * nm) < 0.02 * nm


@settings(max_examples=20)
@given(center=st.tuples(st.floats(0, 79.9e-9), st.floats(0, 79.9e-9)), radius=st.floats(6e-9, 15e-9))
def test_radius(skyrmion: Build, center: tuple[float, float], radius: float) -> None:
    grid = film(2 * nm)
    # interpolation across a cell: curvature of the profile, (h²/8)(1/R + 1/Δ) at the very most 0.2 nm
    assert skyrmion_radius(skyrmion(grid, center, radius=radius), grid) == pytest.approx(radius, abs=0.05 * nm)


def test_radius_is_that_of_the_area(skyrmion: Build) -> None:
    # an ellipse 10 × 16 nm, through anisotropic cells
    stretched = Grid(nx=40, ny=40, dx=2 * nm, dy=3.2 * nm, thickness=nm, periodic=(True, True))
    m = skyrmion(film(2 * nm), (41 * nm, 40 * nm), radius=10 * nm)
    assert skyrmion_radius(m, stretched) == pytest.approx(np.sqrt(10 * 16) * nm, rel=0.01)


def test_refusals(skyrmion: Build) -> None:
    grid = film(2 * nm)
    up = np.zeros((3, 40, 40))
    up[2] = 1
    with pytest.raises(ValueError, match="no skyrmion"):
        skyrmion_position(up, grid)

    left, right = skyrmion(grid, (20 * nm, 40 * nm)), skyrmion(grid, (60 * nm, 40 * nm))
    pair = np.where(grid.x < 40 * nm, left, right)
    with pytest.raises(ValueError, match=r"holds 2 skyrmions .*crop or mask to one"):
        skyrmion_position(pair, grid)

    strip = Grid(nx=60, ny=40, dx=2 * nm, dy=2 * nm, thickness=nm, periodic=(True, True))
    signs = [(20, 1), (60, -1), (100, 1)]
    parts = [skyrmion(strip, (x * nm, 40 * nm), vorticity=v) for x, v in signs]
    three = np.where(strip.x < 40 * nm, parts[0], np.where(strip.x < 80 * nm, parts[1], parts[2]))
    assert topological_charge(three, strip) == pytest.approx(-1)
    with pytest.raises(ValueError, match=r"no single centre.*crop or mask to one"):
        skyrmion_position(three, strip)

    opposite = np.where(grid.x < 40 * nm, left, skyrmion(grid, (60 * nm, 40 * nm), vorticity=-1))
    with pytest.raises(ValueError, match="no skyrmion"):
        skyrmion_position(opposite, grid)

    with pytest.raises(ValueError, match="not finite"):
        skyrmion_position(up * np.nan, grid)


def test_no_radius_when_the_contour_is_cut_off(skyrmion: Build) -> None:
    # a slit 24 nm wide through a skyrmion of 15 nm radius: three quarters of its charge, its contour cut twice
    everything = film(2 * nm)
    slit = np.broadcast_to(np.abs(everything.y - 40 * nm)[:, None] < 12 * nm, everything.shape)
    grid = film(2 * nm, mask=slit)
    m = skyrmion(grid, (40 * nm, 40 * nm), radius=15 * nm)
    assert 0.5 < abs(topological_charge(m, grid)) < 0.95
    with pytest.raises(ValueError, match="no closed contour m_z = 0"):
        skyrmion_radius(m, grid)
