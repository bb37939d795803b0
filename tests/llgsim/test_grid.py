"""The grid: where cells are, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llgsim import Grid

CELLS: dict[str, Any] = {"nx": 4, "ny": 3, "dx": 2e-9, "dy": 1e-9, "thickness": 0.5e-9}


def test_cells_cover_the_layer() -> None:
    grid = Grid(**CELLS)
    assert grid.shape == (3, 4)
    assert grid.size == pytest.approx((8e-9, 3e-9), rel=1e-15)
    np.testing.assert_allclose(grid.x, [1e-9, 3e-9, 5e-9, 7e-9], rtol=1e-15)
    np.testing.assert_allclose(grid.y, [0.5e-9, 1.5e-9, 2.5e-9], rtol=1e-15)
    assert grid.cell_volume == pytest.approx(1e-27, rel=1e-15)
    assert grid.magnetic.all()
    assert grid.magnetic.shape == (3, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nx": 0}, "nx = 0 must be a whole number"),
        ({"ny": 2.5}, r"ny = 2\.5 must be a whole number"),
        ({"nx": True}, "nx = True must be a whole number"),
        ({"nx": math.nan}, "nx = nan must be a whole number"),
        ({"ny": math.inf}, "ny = inf must be a whole number"),
        ({"ny": None}, "ny = None must be a whole number"),
        ({"nx": "4"}, "nx = '4' must be a whole number"),
        ({"dx": 0.0}, "dx = 0.0 m must be a positive length"),
        ({"dy": -1e-9}, "dy = -1e-09 m must be a positive length"),
        ({"thickness": math.nan}, "thickness = nan m must be a positive length"),
        ({"dx": math.inf}, "dx = inf m must be a positive length"),
        ({"dx": "wide"}, "dx = 'wide' m must be a positive length"),
        ({"periodic": True}, "periodic = True must be a pair"),
        ({"periodic": (True, False, False)}, r"periodic = \(True, False, False\) must be a pair"),
        ({"mask": np.ones((4, 3))}, r"mask has shape \(4, 3\), expected \(ny, nx\) = \(3, 4\)"),
        ({"mask": np.zeros((3, 4))}, "mask has no magnetic cell"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bad_values_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"Grid: {message}"):
        Grid(**(CELLS | changes))


def test_whole_numbers_of_any_type_become_int() -> None:
    grid = Grid(**(CELLS | {"nx": np.int64(4), "ny": 3.0}))
    assert type(grid.nx) is type(grid.ny) is int
    assert grid.shape == (3, 4)


def test_mask_is_a_copy_that_cannot_change() -> None:
    mask = np.ones((3, 4), dtype=bool)
    mask[0, 0] = False
    grid = Grid(**CELLS, mask=mask)
    mask[:] = True
    assert not grid.magnetic[0, 0]
    with pytest.raises(ValueError, match="read-only"):
        grid.magnetic[0, 0] = True
    assert Grid(**CELLS, mask=mask).mask is None  # magnet everywhere is no mask


def test_a_mask_that_shares_its_memory_with_nothing_survives_numbers() -> None:
    assert Grid(**CELLS, mask=np.array([[0, 1, 2, 3]] * 3)).magnetic.sum() == 9


@given(
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(st.floats(0, 8e-9), st.floats(0, 3e-9)),
)
def test_distance_is_the_shortest_way(periodic: tuple[bool, bool], center: tuple[float, float]) -> None:
    grid = Grid(**CELLS, periodic=periodic)
    found = grid.distance(center)
    expected = np.meshgrid(grid.x - center[0], grid.y - center[1])
    for distance, straight, closed, size in zip(found, expected, periodic, grid.size):
        assert distance.shape == grid.shape
        images = [straight, straight - size, straight + size] if closed else [straight]
        np.testing.assert_allclose(np.abs(distance), np.min(np.abs(images), axis=0), rtol=0, atol=1e-23)
        turns = (distance - straight) / size  # a whole number of periods away from the straight one
        np.testing.assert_allclose(turns, np.round(turns), atol=1e-9)


def test_distance_is_from_the_middle_by_default() -> None:
    x, y = Grid(**CELLS).distance()
    np.testing.assert_allclose(x[0], [-3e-9, -1e-9, 1e-9, 3e-9], rtol=1e-14)
    np.testing.assert_allclose(y[:, 0], [-1e-9, 0, 1e-9], rtol=1e-14, atol=1e-24)
