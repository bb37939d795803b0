"""Weights and reach of the finite differences, on every kind of line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim import Grid
from llgsim.stencils import GHOSTS, central_weights, derivative_weights, edge_stencils
from tests import oracle
from tests.conftest import make_grid

ORDERS = (2, 4, 6)


def derivative(f: np.ndarray, grid: Grid, order: int) -> tuple[np.ndarray, np.ndarray]:
    """∂x f and ∂y f of a scalar field (ny, nx), put together from central and edge weights as a kernel does."""
    padded = np.zeros((grid.ny + 2 * GHOSTS, grid.nx + 2 * GHOSTS))
    inner = np.where(grid.magnetic, f, 0.0)
    for j in range(padded.shape[0]):
        for i in range(padded.shape[1]):
            y, x = j - GHOSTS, i - GHOSTS
            if (grid.periodic[0] or 0 <= x < grid.nx) and (grid.periodic[1] or 0 <= y < grid.ny):
                padded[j, i] = inner[y % grid.ny, x % grid.nx]
    results = []
    for axis, n, h in ((1, grid.nx, grid.dx), (0, grid.ny, grid.dy)):
        total = np.zeros_like(padded)
        for k, weight in enumerate(central_weights(order, n, h, grid.periodic[1 - axis]), start=1):
            total += weight * (np.roll(padded, -k, axis) - np.roll(padded, k, axis))
        results.append(total[GHOSTS:-GHOSTS, GHOSTS:-GHOSTS].copy())
    cells, indices, weights = edge_stencils(grid, (order,))
    for row, (j, i) in enumerate(cells):
        results[0][j, i] = weights[0, row, 0] @ padded[j + GHOSTS, indices[0, row, 0]]
        results[1][j, i] = weights[0, row, 1] @ padded[indices[0, row, 1], i + GHOSTS]
    return results[0], results[1]


@pytest.mark.parametrize("order", ORDERS)
def test_derivatives_are_those_of_the_lagrange_polynomial(order: int, any_grid: Grid) -> None:
    """Central, as wide as fits between the ends of the run: the oracle's dense matrices."""
    f = np.random.default_rng(1).standard_normal(any_grid.shape)
    for found, matrix in zip(derivative(f, any_grid, order), oracle.derivative_matrices(any_grid, order)):
        expected = (matrix @ np.where(any_grid.magnetic, f, 0.0).ravel()).reshape(any_grid.shape)
        # weights of up to 15/h with alternating signs
        np.testing.assert_allclose(found * any_grid.dx, expected * any_grid.dx, rtol=0, atol=1e-13)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["open", "disk", "periodic in x"])
def test_polynomials_are_differentiated_exactly(name: str, order: int) -> None:
    """Of degree 2k with k ≤ order/2 cells between the cell and the end of its run, of degree 1 in the last cell."""
    grid = make_grid(name)
    y = grid.y / grid.size[1] - 0.4
    room = np.array([[room_around(line, j) for j in range(grid.ny)] for line in grid.magnetic.T]).T
    for degree in range(order + 1):
        f, slope = np.broadcast_to(y[:, None] ** degree, grid.shape), degree * y ** max(degree - 1, 0) / grid.size[1]
        exact = (room >= 1) & (degree <= 2 * room) | (room == 0) & (degree <= 1)
        assert exact.any()
        _, found = derivative(f, grid, order)
        np.testing.assert_allclose((found - slope[:, None])[exact] * grid.size[1], 0.0, atol=1e-12)


def room_around(line: np.ndarray, i: int) -> int:
    """Cells on the shorter side of cell i within its unbroken run; −1 outside the magnet or alone."""
    if not line[i]:
        return -1
    first = last = i
    while first > 0 and line[first - 1]:
        first -= 1
    while last < len(line) - 1 and line[last + 1]:
        last += 1
    return min(i - first, last - i) if last > first else -1


@pytest.mark.parametrize("n", range(2, 9))
def test_orders_rise_away_from_the_ends_of_a_short_run(n: int) -> None:
    """Cell by cell the highest degree that is exact, and not beyond."""
    grid = Grid(nx=n, ny=1, dx=1.0, dy=1.0, thickness=1.0)
    x = grid.x - 0.3
    for i in range(n):
        room = min(i, n - 1 - i, 3)
        exact = 2 * room if room else 1
        for degree in range(exact + 2):
            found, _ = derivative(x[None] ** degree, grid, 6)
            miss = abs(found[0, i] - degree * x[i] ** max(degree - 1, 0))
            assert miss < 1e-9 if degree <= exact else miss > 1e-3


@pytest.mark.parametrize(("n", "order"), [(2, 0), (3, 2), (4, 2), (5, 4), (6, 4), (7, 6), (8, 6)])
def test_a_short_periodic_axis_uses_the_widest_stencil_that_fits(n: int, order: int) -> None:
    h = 2.0
    weights = central_weights(6, n, h, periodic=True)
    expected = {0: [0, 0, 0], 2: [1 / 2, 0, 0], 4: [2 / 3, -1 / 12, 0], 6: [3 / 4, -3 / 20, 1 / 60]}[order]
    np.testing.assert_allclose(np.array(weights) * h, expected, rtol=1e-15)
    # the lowest wave, where no cell may enter twice
    grid = Grid(nx=n, ny=1, dx=h, dy=h, thickness=1.0, periodic=(True, False))
    k = 2 * math.pi / n
    found, _ = derivative(np.sin(k * np.arange(n) + 0.3)[None], grid, 6)
    factor = sum(2 * w * math.sin(k * (q + 1)) for q, w in enumerate(expected)) / h
    np.testing.assert_allclose(found[0], factor * np.cos(k * np.arange(n) + 0.3), atol=1e-14)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("periodic", [True, False])
def test_error_falls_with_the_order_inside_and_linearly_at_the_edge(order: int, periodic: bool) -> None:
    inside, edge = [], []
    for n in (40, 80, 160):
        grid = Grid(nx=n, ny=1, dx=1 / n, dy=1.0, thickness=1.0, periodic=(periodic, False))
        k = 2 * math.pi if periodic else 3.1
        found, _ = derivative(np.sin(k * grid.x + 0.9)[None], grid, order)
        error = np.abs(found[0] - k * np.cos(k * grid.x + 0.9))
        inside.append(error[3:-3].max())
        edge.append(error[[0, -1]].max())
    # the maximum is over cells that move with h, which shifts a slope by a few hundredths
    np.testing.assert_allclose(np.diff(-np.log2(inside)), order, atol=0.15)
    if not periodic:
        np.testing.assert_allclose(np.diff(-np.log2(edge)), 1, atol=0.1)


@pytest.mark.parametrize("order", ORDERS)
def test_central_weights_are_the_textbook_ones(order: int) -> None:
    """From the Taylor conditions Σ 2 k w_k = 1, Σ k^p w_k = 0 for p = 3, 5."""
    w, k = np.array(central_weights(order, 100, 1.0, periodic=False)), np.arange(1, order // 2 + 1)
    assert 2 * (k * w).sum() == pytest.approx(1, rel=1e-15)
    for power in range(3, order, 2):
        assert (k**power * w).sum() == pytest.approx(0, abs=1e-14)


def test_an_axis_of_one_cell_has_no_derivative() -> None:
    for periodic in (True, False):
        assert central_weights(6, 1, 1e-9, periodic) == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(derivative_weights(np.array([0])), [0.0])


@settings(max_examples=60, deadline=None)
@given(first=st.integers(-6, 0), count=st.integers(2, 7))
def test_one_sided_weights_are_exact_to_rounding(first: int, count: int) -> None:
    if first + count <= 0:
        first = 1 - count
    offsets = np.arange(first, first + count)
    np.testing.assert_allclose(
        derivative_weights(offsets), oracle.derivative_weights(tuple(offsets.tolist())), atol=2e-14
    )


def test_a_grid_without_edges_has_no_edge_cells() -> None:
    for orders in ((), (2,), (2, 6)):
        cells, indices, weights = edge_stencils(make_grid("periodic"), orders)
        assert len(cells) == 0
        assert indices.shape == weights.shape == (len(orders), 0, 2, 7)


def test_edge_cells_come_in_row_order_and_stay_inside_the_magnet() -> None:
    grid = make_grid("necks, periodic in x")
    cells, indices, weights = edge_stencils(grid, (2, 6))
    assert cells.flags.c_contiguous
    order = cells[:, 0] * grid.nx + cells[:, 1]
    assert np.all(np.diff(order) > 0)
    for row, (j, i) in enumerate(cells):
        for index in (0, 1):
            for column, weight in zip(indices[index, row, 0] - GHOSTS, weights[index, row, 0]):
                assert weight == 0 or grid.magnetic[j, column]
            for line, weight in zip(indices[index, row, 1] - GHOSTS, weights[index, row, 1]):
                assert weight == 0 or grid.magnetic[line, i]
