"""Grids and states that many tests share."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from llgsim import Grid


def disk(n: int) -> NDArray[np.bool_]:
    """A disk that touches the edges of an n × n grid."""
    x = np.arange(n) - (n - 1) / 2
    return np.hypot(*np.meshgrid(x, x)) <= n / 2


def necks() -> NDArray[np.bool_]:
    """Bodies joined by necks of one and two cells, a lone cell, holes and a cut through a row: runs of every length."""
    rows = [
        "######.#######",
        "######.#######",
        "######.#######",
        "...#...#######",
        "...#...###.###",
        "##########.###",
        "##########.#.#",
        "#..####.###...",
        "#..####.###.#.",
        "##########....",
        "##.##..##..###",
    ]
    return np.array([[letter == "#" for letter in row] for row in rows])


OPEN, PERIODIC = (False, False), (True, True)
SHAPES: dict[str, tuple[int, int, tuple[bool, bool]]] = {
    "open": (11, 9, OPEN),
    "periodic": (11, 9, PERIODIC),
    "periodic in x": (10, 8, (True, False)),
    "periodic in y": (8, 10, (False, True)),
    "line along x": (12, 1, OPEN),
    "line along y": (1, 12, OPEN),
    "one cell": (1, 1, OPEN),
    "one cell, periodic": (1, 1, PERIODIC),
    "2 x 2": (2, 2, OPEN),
    "2 x 2, periodic": (2, 2, PERIODIC),
    "3 x 2": (3, 2, OPEN),
    "4 x 5": (4, 5, OPEN),
    "6 x 7": (6, 7, OPEN),
    **{f"ring of {n}": (n, 3, (True, False)) for n in range(2, 8)},
    **{f"tube of {n}": (2, n, (False, True)) for n in range(2, 8)},
    "torus 4 x 7": (4, 7, PERIODIC),
}
MASKS: dict[str, tuple[NDArray[np.bool_], tuple[bool, bool]]] = {
    "disk": (disk(13), OPEN),
    "disk, periodic": (disk(9), PERIODIC),
    "necks": (necks(), OPEN),
    "necks, periodic": (necks(), PERIODIC),
    "necks, periodic in x": (necks(), (True, False)),
    "short ring with a gap": (np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1]], bool), (True, False)),
    "lone cells": (np.eye(4, dtype=bool), OPEN),
}
GRIDS = (*SHAPES, *MASKS)


@cache
def make_grid(name: str) -> Grid:
    """A grid by name, with cells that are not square."""
    cells = {"dx": 1.3e-9, "dy": 0.9e-9, "thickness": 0.7e-9}
    if name in SHAPES:
        nx, ny, periodic = SHAPES[name]
        return Grid(nx=nx, ny=ny, periodic=periodic, **cells)
    mask, periodic = MASKS[name]
    return Grid(nx=mask.shape[1], ny=mask.shape[0], periodic=periodic, mask=mask, **cells)


@pytest.fixture(params=GRIDS)
def any_grid(request: pytest.FixtureRequest) -> Grid:
    """Open, periodic, mixed, thin, short and masked grids in turn."""
    return make_grid(request.param)
