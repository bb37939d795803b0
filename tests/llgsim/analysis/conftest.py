"""Analytic textures, written independently of llgsim.textures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from llgsim.grid import Grid


@pytest.fixture(scope="session")
def skyrmion() -> Callable[..., NDArray[np.float64]]:
    """A 360° wall profile: tan(θ/2) = sinh(R/Δ)/sinh(r/Δ), the polar angle measured from the core's direction."""

    def build(
        grid: Grid,
        center: tuple[float, float],
        *,
        radius: float = 7.5e-9,
        width: float = 5e-9,
        core: int = -1,
        vorticity: int = 1,
        helicity: float = 0.0,
    ) -> NDArray[np.float64]:
        x, y = grid.distance(center)
        theta = 2 * np.arctan2(np.sinh(np.hypot(x, y) / width), np.sinh(radius / width))
        phi = vorticity * np.arctan2(y, x) + helicity
        m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), core * np.cos(theta)])
        return m * grid.magnetic

    return build


@pytest.fixture(scope="session")
def wall() -> Callable[..., NDArray[np.float64]]:
    """m_z = polarity·tanh((x − X)/Δ) with in-plane angle φ, alike in every row."""

    def build(
        grid: Grid, position: float, *, width: float = 5e-9, polarity: int = 1, angle: float = 0.0
    ) -> NDArray[np.float64]:
        u = np.broadcast_to((grid.x - position) / width, grid.shape)
        m = np.array([np.cos(angle) / np.cosh(u), np.sin(angle) / np.cosh(u), polarity * np.tanh(u)])
        return m * grid.magnetic

    return build
