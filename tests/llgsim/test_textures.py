"""Starting states: their charge, position, sense and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim import Grid, Simulation, textures
from llgsim.analysis import topological_charge
from tests.compositions import MS, all_terms
from tests.conftest import disk

FILM = Grid(nx=60, ny=50, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(True, True))
TEXTURES: dict[str, Callable[..., Any]] = {
    "uniform": lambda grid: textures.uniform(grid, (1, -2, 3)),
    "random": lambda grid: textures.random(grid, seed=1),
    "wall": lambda grid: textures.domain_wall(grid, width=4e-9),
    "neel": lambda grid: textures.neel_skyrmion(grid, radius=8e-9),
    "bloch": lambda grid: textures.bloch_skyrmion(grid, radius=8e-9),
    "vortex": lambda grid: textures.vortex(grid, core_radius=6e-9),
}


@pytest.mark.parametrize("name", TEXTURES)
def test_textures_are_unit_vectors_inside_and_zero_outside(name: str) -> None:
    for mask in (None, disk(30)):
        grid = Grid(nx=30, ny=30, dx=1e-9, dy=1e-9, thickness=1e-9, mask=mask)
        m = TEXTURES[name](grid)
        assert m.shape == (3, 30, 30)
        np.testing.assert_allclose(np.sqrt((m**2).sum(0)), grid.magnetic, atol=3e-16)
        assert not m[:, ~grid.magnetic].any()


def test_normalised_scales_any_length_and_leaves_its_argument_alone() -> None:
    grid = Grid(nx=3, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    given_ = np.array([[[3e200, 3e-200, 3]], [[4e200, 4e-200, 0]], [[0, 0, -4]]])
    before = given_.copy()
    expected = [[[0.6, 0.6, 0.6]], [[0.8, 0.8, 0]], [[0, 0, -0.8]]]
    np.testing.assert_allclose(textures.normalised(given_, grid), expected, rtol=1e-15)
    np.testing.assert_array_equal(given_, before)


def test_normalised_names_the_first_bad_cell_inside_the_magnet_only() -> None:
    mask = np.array([[False, True], [True, True]])
    grid = Grid(nx=2, ny=2, dx=1e-9, dy=1e-9, thickness=1e-9, mask=mask)
    m = np.ones((3, 2, 2))
    m[:, 0, 0] = np.nan  # outside
    assert np.isfinite(textures.normalised(m, grid)).all()
    m[1, 1, 0] = np.inf
    with pytest.raises(ValueError, match=r"m is not finite in 1 cells, first in cell \(j, i\) = \(1, 0\)"):
        textures.normalised(m, grid)
    m[:, 1, 0] = 0
    with pytest.raises(ValueError, match=r"m is zero in 1 magnetic cells, first in cell \(j, i\) = \(1, 0\)"):
        textures.normalised(m, grid)
    with pytest.raises(ValueError, match=r"m has shape \(2, 2\), expected \(3, ny, nx\) = \(3, 2, 2\)"):
        textures.normalised(np.ones((2, 2)), grid)


def test_random_is_reproducible_and_isotropic() -> None:
    m = textures.random(FILM, seed=3)
    np.testing.assert_array_equal(m, textures.random(FILM, seed=3))
    assert np.abs(m - textures.random(FILM, seed=4)).max() > 1
    # 3000 directions: <m_i m_j> = δ_ij/3 with a standard error of 0.3/√3000 = 5e-3; five of them
    moments = np.einsum("aji,bji->ab", m, m) / FILM.magnetic.sum()
    np.testing.assert_allclose(moments, np.eye(3) / 3, atol=0.03)
    assert np.abs(m.mean(axis=(1, 2))).max() < 0.06


# -- walls


@pytest.mark.parametrize("left", [1, -1])
@pytest.mark.parametrize("chirality", [1, -1])
@pytest.mark.parametrize("kind", ["neel", "bloch"])
def test_wall_has_its_profile_and_turns_through_its_component(kind: str, chirality: int, left: int) -> None:
    center, width = 23.4e-9, 3e-9
    m = textures.domain_wall(FILM, center, width=width, kind=kind, left=left, chirality=chirality)  # type: ignore[arg-type]
    s = (FILM.x - center) / width
    np.testing.assert_allclose(m[2], np.broadcast_to(-left * np.tanh(s), FILM.shape), atol=1e-15)
    component = 0 if kind == "neel" else 1
    np.testing.assert_allclose(m[component], np.broadcast_to(-chirality * left / np.cosh(s), FILM.shape), atol=1e-15)
    assert not m[1 - component].any()


def energy_of(m: Any, grid: Grid, **constants: float) -> float:
    terms = all_terms(A=0.0, K=0.0, B=(0, 0, 0), **({"D": 0.0, "D_bulk": 0.0} | constants))
    sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=m)
    energies = sim.energies()
    return energies["InterfacialDMI"] + energies["BulkDMI"]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("kind", ["neel", "bloch"])
def test_chirality_is_what_positive_dmi_prefers(kind: str, sign: int) -> None:
    """Interfacial DMI for Néel, bulk DMI for Bloch: −πD per area of a wall, straight or around either core."""
    grid = Grid(nx=80, ny=80, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(True, True))
    constants = {"D": 1e-3} if kind == "neel" else {"D_bulk": 1e-3}
    skyrmion = textures.neel_skyrmion if kind == "neel" else textures.bloch_skyrmion
    for core in (1, -1):
        m = skyrmion(grid, radius=12e-9, width=4e-9, core=core, chirality=sign)
        # about a wall of length 2πR; its curvature and the cells change that by less than a tenth
        expected = -sign * math.pi * 1e-3 * 2 * math.pi * 12e-9 * grid.thickness
        assert energy_of(m, grid, **constants) == pytest.approx(expected, rel=0.1)
    line = Grid(nx=200, ny=1, dx=0.5e-9, dy=1e-9, thickness=1e-9)
    for left in (1, -1):
        m = textures.domain_wall(line, width=4e-9, kind=kind, left=left, chirality=sign)  # type: ignore[arg-type]
        expected = -sign * math.pi * 1e-3 * line.dy * line.thickness
        assert energy_of(m, line, **constants) == pytest.approx(expected, rel=5e-3)  # (h/Δ)²/6


def test_neel_wall_points_from_the_down_to_the_up_domain() -> None:
    m = textures.domain_wall(FILM, width=4e-9, left=-1)
    assert m[0].max() > 0.9  # up on the right: towards +x
    assert m[0].min() >= 0


# -- skyrmions


@settings(max_examples=25, deadline=None)
@given(
    x=st.floats(0, 60e-9),
    y=st.floats(0, 50e-9),
    radius=st.floats(5e-9, 15e-9),
    core=st.sampled_from([1, -1]),
    chirality=st.sampled_from([1, -1]),
    kind=st.sampled_from(["neel", "bloch"]),
)
def test_skyrmion_has_unit_charge_its_core_and_its_radius(
    x: float, y: float, radius: float, core: int, chirality: int, kind: str
) -> None:
    make = textures.neel_skyrmion if kind == "neel" else textures.bloch_skyrmion
    m = make(FILM, radius=radius, center=(x, y), core=core, chirality=chirality, width=3e-9)
    assert topological_charge(m, FILM) == pytest.approx(core, abs=1e-9)
    dx, dy = FILM.distance((x, y))
    r = np.hypot(dx, dy)
    # m_z changes sign at r = R: between the cells on either side
    assert np.all(core * m[2][r < radius - 1e-12] > 0)
    assert np.all(core * m[2][r > radius + 1e-12] < 0)
    # the in-plane part is radial (Néel) or tangential (Bloch), of one sense all around
    radial, tangential = (m[0] * dx + m[1] * dy) / r, (m[1] * dx - m[0] * dy) / r
    along, across = (radial, tangential) if kind == "neel" else (tangential, radial)
    np.testing.assert_allclose(across[r > 1e-12], 0, atol=1e-6)
    assert np.unique(np.sign(along[np.abs(along) > 1e-3])).size == 1


def test_skyrmion_profile_is_that_of_two_walls() -> None:
    """tan(θ/2) = sinh(R/w)/sinh(r/w), at the core as well and without overflow for thin walls."""
    R, w = 12e-9, 3e-9
    m = textures.neel_skyrmion(FILM, radius=R, width=w, center=(30.5e-9, 25.5e-9))
    r = np.abs(FILM.x - 30.5e-9)
    theta = np.where(r > 1e-12, 2 * np.arctan2(math.sinh(R / w), np.sinh(r / w)), math.pi)
    np.testing.assert_allclose(m[2, 25], np.cos(theta), atol=1e-14)
    assert np.isfinite(textures.neel_skyrmion(FILM, radius=R, width=1e-13)).all()


def test_vortex_circulates_about_its_core() -> None:
    for core in (1, -1):
        for circulation in (1, -1):
            m = textures.vortex(FILM, core_radius=5e-9, core=core, circulation=circulation, center=(20e-9, 25e-9))
            x, y = FILM.distance((20e-9, 25e-9))
            angular = x * m[1] - y * m[0]
            assert np.all(circulation * angular[np.hypot(x, y) > 2e-9] > 0)
            assert core * m[2, 24, 19] > 0.9
    with_cell_in_the_middle = Grid(nx=5, ny=5, dx=1e-9, dy=1e-9, thickness=1e-9)
    np.testing.assert_allclose(
        textures.vortex(with_cell_in_the_middle, core_radius=1e-9)[:, 2, 2], (0, 0, 1), atol=1e-12
    )


# -- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: textures.uniform(FILM, (0, 0, 0)), r"uniform: direction = \(0, 0, 0\) has no direction"),
        (lambda: textures.uniform(FILM, (0, math.nan, 0)), r"uniform: direction = \(0, nan, 0\) must be 3 finite"),
        (lambda: textures.uniform(FILM, (0, 1)), r"uniform: direction = \(0, 1\) must be 3 finite"),  # type: ignore[arg-type]
        (lambda: textures.domain_wall(FILM, width=0.0), r"domain_wall: width = 0\.0 m must be a positive"),
        (lambda: textures.domain_wall(FILM, width=math.nan), r"domain_wall: width = nan m must be a positive"),
        (lambda: textures.domain_wall(FILM, 1e-6, width=1e-9), r"center = \(1000, 0\) nm lies outside the grid"),
        (lambda: textures.domain_wall(FILM, width=1e-9, left=0), r"domain_wall: left = 0 must be \+1 or -1"),
        (lambda: textures.domain_wall(FILM, width=1e-9, chirality=2), r"chirality = 2 must be \+1 or -1"),
        (lambda: textures.domain_wall(FILM, width=1e-9, kind="n"), r"kind = 'n' must be 'neel' or 'bloch'"),  # type: ignore[arg-type]
        (lambda: textures.neel_skyrmion(FILM, radius=-1e-9), r"neel_skyrmion: radius = -1e-09 m must be a positive"),
        (lambda: textures.neel_skyrmion(FILM, radius=30e-9), r"radius = 30 nm does not fit the grid; .* 25 nm"),
        (lambda: textures.bloch_skyrmion(FILM, radius=5e-9, width=math.inf), r"bloch_skyrmion: width = inf m"),
        (lambda: textures.bloch_skyrmion(FILM, radius=5e-9, core=0), r"bloch_skyrmion: core = 0 must be \+1 or -1"),
        (lambda: textures.bloch_skyrmion(FILM, radius=5e-9, chirality=0), r"bloch_skyrmion: chirality = 0 must be"),
        (lambda: textures.neel_skyrmion(FILM, radius=5e-9, center=(0, 60e-9)), r"center = \(0, 60\) nm lies outside"),
        (lambda: textures.vortex(FILM, core_radius=0.0), r"vortex: core_radius = 0\.0 m must be a positive"),
        (lambda: textures.vortex(FILM, core_radius=1e-9, circulation=3), r"vortex: circulation = 3 must be"),
        (lambda: textures.vortex(FILM, core_radius=1e-9, center=(math.nan, 0)), r"vortex: center = \(nan, 0\) nm"),
    ],
)
def test_bad_values_are_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
