from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from llgsim import textures
from llgsim.analysis.velocity import Track
from llgsim.grid import Grid

DURATION = 0.5e-9


def moving_track(
    start: tuple[float, float], velocity: tuple[float, float], duration: float, wall: bool = False
) -> Track:
    """A straight path that starts with a damped oscillation."""
    t = np.linspace(0, duration, 101)
    transient = 0.3e-9 * np.exp(-t / (0.05 * duration)) * np.sin(20 * np.pi * t / duration)
    x = start[0] + velocity[0] * t + transient
    y = np.full(t.shape, np.nan) if wall else start[1] + velocity[1] * t
    return Track(t=t, x=x, y=y, Q=np.full(t.shape, 0.0 if wall else -1.0), kind="wall" if wall else "skyrmion")


def skyrmion_at_end(track: Track, grid: Grid) -> np.ndarray:
    """A Néel skyrmion where the track ends."""
    size_x, size_y = grid.size
    center = (track.x[-1] % size_x, track.y[-1] % size_y)
    return textures.neel_skyrmion(grid, radius=12e-9, width=5e-9, center=center)


@pytest.fixture
def moving() -> Callable[..., Track]:
    return moving_track


@pytest.fixture
def carrying() -> Callable[[Track, Grid], np.ndarray]:
    return skyrmion_at_end


@pytest.fixture
def film() -> Grid:
    return Grid(nx=64, ny=64, dx=1.25e-9, dy=1.25e-9, thickness=0.6e-9, periodic=(True, True))


@pytest.fixture
def notched_track() -> Grid:
    """60 nm × 50 nm, periodic in x, with two cut corners."""
    mask = np.ones((40, 48), dtype=bool)
    mask[:6, 20:30] = False
    mask[-6:, 20:30] = False
    return Grid(nx=48, ny=40, dx=1.25e-9, dy=1.25e-9, thickness=0.6e-9, periodic=(True, False), mask=mask)


@pytest.fixture
def line() -> Grid:
    return Grid(nx=400, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)


@pytest.fixture
def skyrmion_track() -> Track:
    return moving_track((60e-9, 30e-9), (98.0, -21.0), DURATION)


@pytest.fixture
def wall_track() -> Track:
    return moving_track((80e-9, 0.0), (60.0, 0.0), 4e-9, wall=True)
