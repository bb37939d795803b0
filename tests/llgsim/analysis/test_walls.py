from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llgsim.analysis import (
    walker_velocity,
    walker_velocity_dmi,
    wall_angle,
    wall_position,
    wall_velocity,
    wall_width,
)
from llgsim.grid import Grid

nm = 1e-9
Build = Callable[..., np.ndarray]
REFERENCE = json.loads((Path(__file__).parents[2] / "data" / "walls.json").read_text())
MATERIAL = REFERENCE["material"]


def wire(n: int = 100, ny: int = 1, *, h: float = 2 * nm, periodic: bool = False, mask=None) -> Grid:
    return Grid(nx=n, ny=ny, dx=h, dy=h, thickness=nm, periodic=(periodic, False), mask=mask)


@given(
    position=st.floats(20e-9, 180e-9),
    width=st.floats(0.8e-9, 8e-9),
    polarity=st.sampled_from([-1, 1]),
    angle=st.floats(-3.1, 3.1),
    rows=st.integers(1, 3),
)
def test_tanh_profile_is_fitted_exactly(
    wall: Build, position: float, width: float, polarity: int, angle: float, rows: int
) -> None:
    grid = wire(ny=rows)
    m = wall(grid, position, width=width, polarity=polarity, angle=angle)
    # arctanh amplifies rounding by 1/(1 − m_z²), up to 1e2 within 2.5 Δ, 1e9 where a width of 0.8 nm puts two cells
    tolerance = 1e-9 if width > 2 * nm else 1e-4
    assert wall_position(m, grid) == pytest.approx(position, abs=tolerance * nm)
    assert wall_width(m, grid) == pytest.approx(width, rel=tolerance)
    assert wall_angle(m, grid) == pytest.approx(angle, abs=1e-9)


def test_canted_ends_do_not_pull(wall: Build) -> None:
    grid = wire(60)
    m = wall(grid, 61.3 * nm, angle=math.pi)
    m[0] += 0.5 * (np.exp((grid.x - 120 * nm) / (5 * nm)) - np.exp(-grid.x / (5 * nm)))
    m[2] *= np.sqrt(1 - np.minimum(m[0] ** 2, 1)) / np.maximum(np.abs(m[2]), 1e-30)
    # 49 nm from either end: canting e^-10 of 0.5, squared in m_z
    assert wall_position(m, grid) == pytest.approx(61.3 * nm, abs=1e-3 * nm)


def test_angle_that_varies_through_the_wall(wall: Build) -> None:
    grid = wire(400, h=0.5 * nm)
    u = (grid.x - 100.1 * nm) / (5 * nm)
    phi = 0.7 + 0.1 * u
    m = np.array([[np.cos(phi) / np.cosh(u)], [np.sin(phi) / np.cosh(u)], [np.tanh(u)]])
    assert wall_angle(m, grid) == pytest.approx(0.7, abs=1e-9)


def test_cell_exactly_in_the_middle_and_abrupt_walls(wall: Build) -> None:
    grid = wire()
    m = wall(grid, grid.x[40])
    m[2, 0, 40] = 0.0
    assert wall_position(m, grid) == pytest.approx(grid.x[40], abs=1e-12 * nm)
    step = np.zeros((3, 1, 100))
    step[2] = np.where(grid.x < 80 * nm, 1, -1)
    assert wall_position(step, grid) == pytest.approx(80 * nm, abs=1e-6 * nm)
    with pytest.raises(ValueError, match="no in-plane"):
        wall_angle(step, grid)


def test_periodic_wires_have_two_walls_and_near_chooses(wall: Build) -> None:
    grid = wire(periodic=True)
    u = grid.distance((100 * nm, 0.0))[0]
    m_z = np.tanh((np.abs(u) - 60 * nm) / (5 * nm))  # walls at 40 and 160 nm
    m = np.array([np.sqrt(1 - m_z**2), 0 * m_z, m_z])
    with pytest.raises(ValueError, match=r"crosses zero 2 times along x \(at 40, 160 nm\).*near"):
        wall_position(m, grid)
    assert wall_position(m, grid, near=50 * nm) == pytest.approx(40 * nm, abs=1e-9 * nm)
    assert wall_position(m, grid, near=5 * nm) == pytest.approx(40 * nm, abs=1e-9 * nm)
    assert wall_position(m, grid, near=1 * nm) == pytest.approx(40 * nm, abs=1e-9 * nm)  # 39 nm away, 160 nm is 41
    assert wall_position(m, grid, near=199 * nm) == pytest.approx(160 * nm, abs=1e-9 * nm)
    assert wall_position(m, grid, near=-1 * nm) == wall_position(m, grid, near=199 * nm)


def test_wall_across_the_periodic_boundary(wall: Build) -> None:
    grid = wire(periodic=True)
    m_z = np.tanh(grid.distance((0.4 * nm, 0.0))[0] / (5 * nm))  # and an abrupt wall half a period away
    m = np.array([np.sqrt(1 - m_z**2), 0 * m_z, m_z])
    assert wall_position(m, grid, near=0.0) == pytest.approx(0.4 * nm, abs=1e-9 * nm)


def test_masked_cells_do_not_count(wall: Build) -> None:
    mask = np.ones((4, 100), dtype=bool)
    mask[2:, :55] = False
    mask[:, 90] = False
    grid = wire(ny=4, mask=mask)
    assert wall_position(wall(grid, 100.7 * nm), grid) == pytest.approx(100.7 * nm, abs=1e-9 * nm)


def test_no_wall(wall: Build) -> None:
    with pytest.raises(ValueError, match="no wall"):
        wall_position(wall(wire(), 500 * nm), wire())


def coefficients(name: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    c = REFERENCE["sets"][name]
    return {
        "xi0": lambda m_z: c["x0"] * (1 + c["c0"] * (1 - m_z**2) / (1 + m_z**2)),
        "xi_parallel": lambda m_z: c["xp"] * (1 + 2 * c["c1"] / (1 + m_z**2)),
        "xi_perpendicular": lambda m_z: c["xq"] * (1 + c["c2"] * m_z**2) / (1 + m_z**2),
    }


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["id"])
@pytest.mark.parametrize("sign", [1, -1])
def test_reference_velocities(case: dict, sign: int) -> None:
    Ms, gamma = MATERIAL["Ms_A_per_m"], MATERIAL["gamma_rad_per_sT"]
    pinning = walker_velocity(
        A=MATERIAL["A_J_per_m"],
        K=MATERIAL["K_J_per_m3"],
        Kh=case["hard_axis_anisotropy_J_per_m3"],
        Ms=Ms,
        gamma=gamma,
    ) + walker_velocity_dmi(D=case["dmi_J_per_m2"], Ms=Ms, gamma=gamma)  # one of the two is zero in every case
    velocity = wall_velocity(
        drift_velocity=sign * case["drift_velocity_m_per_s"],
        damping=case["damping"],
        walker_velocity=pinning,
        **coefficients(case["set"]),
    )
    # agreement to 1e-15 below the threshold and 6e-10 above it, where the maximum over φ enters
    assert velocity == pytest.approx(sign * case["velocity_m_per_s"], rel=5e-9)


def test_walker_velocities() -> None:
    parameters = {"A": 15e-12, "K": 588633.646, "Ms": 580e3}
    assert walker_velocity(Kh=1e5, **parameters) == pytest.approx(147.25, abs=0.005)
    phi = np.linspace(0, np.pi / 2, 200001)
    for Kh in (1e3, 1e5, 1e6, 1e7):
        scan = 1.760859630e11 / 580e3 * Kh * np.sin(2 * phi) * np.sqrt(15e-12 / (588633.646 + Kh * np.sin(phi) ** 2))
        assert walker_velocity(Kh=Kh, **parameters) == pytest.approx(scan.max(), rel=1e-9)  # (Δφ)² of the scan
    assert walker_velocity(Kh=0, **parameters) == 0
    # γ Δ K_h/Ms for K_h ≪ K; the next term is K_h/4K
    small = 1.760859630e11 * math.sqrt(15e-12 / 588633.646) * 1.0 / 580e3
    assert walker_velocity(Kh=1.0, **parameters) == pytest.approx(small, rel=1e-6)
    # πγD/2Ms with round numbers
    assert walker_velocity_dmi(D=-2e-3, Ms=1e6, gamma=1e11) == pytest.approx(100 * math.pi)


def test_continuous_at_the_walker_threshold_and_free_angle() -> None:
    xi = {"xi0": 0.1, "xi_parallel": 0.2, "xi_perpendicular": 0.05, "damping": 0.03}
    theta = 0.2 / 3 + 0.05 * 2 / 3
    ratio = theta / (theta + 0.03)
    c = 0.9 * ratio + 0.1
    for side in (-1, 1):
        velocity = wall_velocity(drift_velocity=100 / c * (1 + side * 1e-12), walker_velocity=100, **xi)
        assert velocity == pytest.approx(100 / c * ratio, rel=1e-5)  # a square root starts there
    # no pinning: with ω = 0 the two linear equations of X and φ, solved without any formula of the module
    lattice = np.array([[-0.9, 0.2 + 0.03], [theta + 0.03, 0.9]])
    expected = np.linalg.solve(lattice, [0.1 * 100, theta * 100])[0]
    assert wall_velocity(drift_velocity=100, walker_velocity=0, **xi) == pytest.approx(expected)
    assert wall_velocity(drift_velocity=1e9, walker_velocity=math.inf, **xi) == pytest.approx(1e9 * ratio)


def test_negative_c_turns_the_sign_of_the_breakdown_term() -> None:
    # <ξ0> = −0.8, r = 0.1: c = 1.8·0.1 − 0.8 < 0
    xi = {"xi0": -0.8, "xi_parallel": 0.01, "xi_perpendicular": 0.01, "damping": 0.09}
    expected = np.linalg.solve([[-1.8, 0.1], [0.1, 1.8]], [-0.8 * 50, 0.01 * 50])[0]
    assert wall_velocity(drift_velocity=50, walker_velocity=0, **xi) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drift_velocity": math.nan}, "drift_velocity = nan"),
        ({"damping": -0.1}, "damping = -0.1"),
        ({"walker_velocity": -1.0}, "walker_velocity = -1"),
        ({"xi0": 1.2}, "xi0 averages to 1.2"),
        ({"xi_parallel": 0.0, "xi_perpendicular": 0.0}, "without dissipation"),
        ({"xi_perpendicular": lambda m_z: np.full_like(m_z, np.inf)}, "xi_perpendicular is not finite"),
    ],
)
def test_wall_velocity_refuses(change: dict, message: str) -> None:
    good = {
        "drift_velocity": 10.0,
        "xi0": 0.0,
        "xi_parallel": 0.1,
        "xi_perpendicular": 0.1,
        "damping": 0.0,
        "walker_velocity": 1.0,
    }
    with pytest.raises(ValueError, match=message):
        wall_velocity(**(good | change))


def test_walker_velocity_refuses() -> None:
    with pytest.raises(ValueError, match="K = -1"):
        walker_velocity(A=1e-11, K=-1.0, Kh=1e5, Ms=1e6)
    with pytest.raises(ValueError, match="Kh = -1"):
        walker_velocity(A=1e-11, K=1e5, Kh=-1.0, Ms=1e6)
    with pytest.raises(ValueError, match="Ms = 0"):
        walker_velocity_dmi(D=1e-3, Ms=0.0)
    with pytest.raises(ValueError, match="D = nan"):
        walker_velocity_dmi(D=math.nan, Ms=1e6)
