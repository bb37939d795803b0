"""Constant isotropic coefficients are a Zhang-Li torque with other γ, α, u and β."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from llgsim import Coefficients, Grid, MicroscopicTorque, Simulation, ZhangLi
from llgsim.simulation import GAMMA

GRIDS = {
    "open": Grid(nx=20, ny=13, dx=1.5e-9, dy=1e-9, thickness=0.6e-9),
    "periodic": Grid(nx=20, ny=13, dx=1.5e-9, dy=1e-9, thickness=0.6e-9, periodic=(True, True)),
    "masked": Grid(
        nx=20,
        ny=13,
        dx=1.5e-9,
        dy=1e-9,
        thickness=0.6e-9,
        periodic=(True, False),
        mask=np.hypot(*np.meshgrid(np.arange(20) - 8.0, np.arange(13) - 5.0)) < 7,
    ),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize(("xi0", "xi", "damping"), [(-0.15, 0.12, 0.0), (0.3, 0.01, 0.05), (-2.0, 0.5, 0.02)])
def test_rates_agree(xi0: float, xi: float, damping: float, grid: Grid, magnet: Callable[..., Simulation]) -> None:
    # AOT Eq. 35 with ξ0, ξ∥ = ξ⊥ = ξ constant: (1 − ξ0) ∂t m = −γ m×B + ξ0 (v·∇)m + ξ m×(v·∇)m + (α0 + ξ) m×∂t m,
    # divided by 1 − ξ0
    drift, s = np.array([120.0, -70.0]), 1 - xi0
    x, y = np.meshgrid(2 * np.pi * grid.x / grid.size[0], 2 * np.pi * grid.y / grid.size[1])
    theta, phi = 1.5 + 1.2 * np.sin(x + 0.3) * np.cos(y), 2 * np.cos(x - y) + 0.7
    m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])

    coefficients = Coefficients(xi0=xi0, xi_parallel=xi, xi_perpendicular=xi)
    microscopic = MicroscopicTorque(coefficients, drift_velocity=tuple(drift))
    zhang_li = ZhangLi(u=tuple(-xi0 * drift / s), beta=-xi / xi0)
    options = {"D": 3e-3, "hard_axis": 1e5}
    first = magnet(grid, m, microscopic, damping=damping, gamma=GAMMA, **options).rhs()
    second = magnet(grid, m, zhang_li, damping=(damping + xi) / s, gamma=GAMMA / s, **options).rhs()
    # both round terms as large as the largest rate
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-12 * np.abs(second).max())
    without = magnet(grid, m, ZhangLi(u=(0.0, 0.0), beta=0.0), damping=damping, **options).rhs()
    assert np.abs(first - without).max() > 1e-3 * np.abs(second).max()  # the torque is no rounding itself
