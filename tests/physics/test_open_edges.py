"""A drive through free edges must not feed on them: linear stability of a uniform state."""

from __future__ import annotations

import numpy as np
import pytest

from llgsim import Exchange, Grid, Simulation, ThinFilmDemag, UniaxialAnisotropy, ZhangLi, textures

GAMMA = 1.760859630e11


def growth_rate(grid: Grid, u: float, damping: float, order: int) -> float:
    """Largest real part (1/s) of the eigenvalues of the equation linearised about m = x, an easy axis."""
    terms = [Exchange(A=13e-12), UniaxialAnisotropy(K=5e4, axis=(1, 0, 0)), ThinFilmDemag()]
    torques = [ZhangLi(u=(u, 0.0), beta=2 * damping, derivative_order=order)]
    sim = Simulation(grid, Ms=8e5, terms=terms, torques=torques, damping=damping, m=textures.uniform(grid, (1, 0, 0)))
    rest, cells, small = sim.m, np.argwhere(grid.magnetic), 1e-6
    columns = []
    for j, i in cells:
        for c in (1, 2):
            m = rest.copy()
            m[c, j, i] = small
            sim.m = m
            columns.append(sim.rhs()[1:][:, grid.magnetic].T.ravel() / small)
    return float(np.linalg.eigvals(np.array(columns).T).real.max())


@pytest.mark.parametrize("order", [2, 6])
@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.6])
def test_a_strip_is_stable_at_any_drive(order: int, fraction: float) -> None:
    h = 5e-9
    grid = Grid(nx=40, ny=1, dx=h, dy=h, thickness=5e-9)
    scale = 2 * GAMMA * 13e-12 / (8e5 * h)  # 1144 m/s: where advection and exchange between two cells are equal
    assert growth_rate(grid, fraction * scale, 0.02, order) < 0
    # without damping nothing decays; 1e6/s is the noise of eigenvalues of 1e12/s found by differences
    assert growth_rate(grid, fraction * scale, 0.0, order) < 1e7


def test_a_disk_is_stable_at_small_drives() -> None:
    """Steps of a mask amplify from about a tenth of that scale on, at any order; `validity_warnings` says so."""
    h = 5e-9
    y, x = np.mgrid[:12, :12] - 5.5
    grid = Grid(nx=12, ny=12, dx=h, dy=h, thickness=5e-9, mask=x**2 + y**2 < 5.7**2)
    assert growth_rate(grid, 0.05 * 2 * GAMMA * 13e-12 / (8e5 * h), 0.02, 6) < 0
