"""Weights and reach of the finite differences, on every kind of line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim import Grid
from llgsim.stencils import bond_weights, check_stencil_order, derivative_weights, gradient_weights
from tests import oracle
from tests.conftest import make_grid

ORDERS = (2, 4, 6)


def line(grid: Grid, j: int, i: int, axis: int) -> tuple[int, np.ndarray, bool]:
    """Place of a cell in its line along an axis, where that line is magnetic, and whether it is closed."""
    magnetic = grid.magnetic
    return (i, magnetic[j], grid.periodic[0]) if axis == 0 else (j, magnetic[:, i], grid.periodic[1])


def neighbour(grid: Grid, j: int, i: int, axis: int, k: int) -> int | None:
    """Number of the magnetic cell that is k cells away along an axis."""
    place, magnetic, periodic = line(grid, j, i, axis)
    place += k
    if periodic:
        place %= len(magnetic)
    if not 0 <= place < len(magnetic) or not magnetic[place]:
        return None
    return j * grid.nx + place if axis == 0 else place * grid.nx + i


def antisymmetric_matrix(grid: Grid, order: int, axis: int) -> np.ndarray:
    """Σ_k w_k (m[+k] − m[−k]) as a dense matrix on the raveled cells; what is not magnet is a zero vector."""
    matrix = np.zeros((grid.nx * grid.ny,) * 2)
    for k, weights in enumerate(gradient_weights(grid, order, axis), start=1):
        for j, i in np.ndindex(grid.shape):
            for sign in (1, -1):
                if (other := neighbour(grid, j, i, axis, sign * k)) is not None:
                    matrix[j * grid.nx + i, other] += sign * weights[j, i]
    return matrix


def missing_part(grid: Grid, axis: int) -> np.ndarray:
    """The diagonal that one-sided differences in the last cells of a run add: −1/h where it begins, 1/h at its end."""
    h = (grid.dx, grid.dy)[axis]
    diagonal = np.zeros(grid.shape)
    for j, i in np.argwhere(grid.magnetic):
        before, after = (neighbour(grid, j, i, axis, sign) is not None for sign in (-1, 1))
        if before != after:
            diagonal[j, i] = (1 if before else -1) / h
    return np.diag(diagonal.ravel())


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("order", ORDERS)
def test_derivatives_are_those_of_the_lagrange_polynomial(order: int, axis: int, any_grid: Grid) -> None:
    """Central, as wide as fits between the ends of the run: the oracle's dense matrices, less the part along m."""
    found, expected = antisymmetric_matrix(any_grid, order, axis), oracle.derivative_matrices(any_grid, order)[axis]
    h = (any_grid.dx, any_grid.dy)[axis]
    np.testing.assert_allclose((found + missing_part(any_grid, axis)) * h, expected * h, rtol=0, atol=1e-15)


@pytest.mark.parametrize("axis", [0, 1])
def test_weights_reach_no_farther_than_the_run(axis: int, any_grid: Grid) -> None:
    """So what lies beyond a hole never counts, and only the last cell of a run has a weight for a missing neighbour."""
    weights = gradient_weights(any_grid, 6, axis)
    assert weights.shape == (3, *any_grid.shape)
    for j, i in np.ndindex(any_grid.shape):
        for k in range(1, 4):
            there = [neighbour(any_grid, j, i, axis, sign * q) is not None for q in range(1, k + 1) for sign in (1, -1)]
            if weights[k - 1, j, i] != 0:
                assert any_grid.magnetic[j, i]
                assert all(there) or (k == 1 and any(there))


def derivative(f: np.ndarray, grid: Grid, order: int) -> tuple[np.ndarray, np.ndarray]:
    """∂x f and ∂y f of a scalar field (ny, nx), the part of the last cells that torques do not feel put back."""
    along_x, along_y = (antisymmetric_matrix(grid, order, axis) + missing_part(grid, axis) for axis in (0, 1))
    inner = np.where(grid.magnetic, f, 0.0).ravel()
    return (along_x @ inner).reshape(grid.shape), (along_y @ inner).reshape(grid.shape)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["open", "disk", "periodic in x"])
def test_polynomials_are_differentiated_exactly(name: str, order: int) -> None:
    """Of degree 2k with k ≤ order/2 cells between the cell and the end of its run, of degree 1 in the last cell."""
    grid = make_grid(name)
    y = grid.y / grid.size[1] - 0.4
    room = np.array([[room_around(column, j) for j in range(grid.ny)] for column in grid.magnetic.T]).T
    for degree in range(order + 1):
        f, slope = np.broadcast_to(y[:, None] ** degree, grid.shape), degree * y ** max(degree - 1, 0) / grid.size[1]
        exact = (room >= 1) & (degree <= 2 * room) | (room == 0) & (degree <= 1)
        assert exact.any()
        _, found = derivative(f, grid, order)
        np.testing.assert_allclose((found - slope[:, None])[exact] * grid.size[1], 0.0, atol=1e-12)


def room_around(magnetic: np.ndarray, i: int) -> int:
    """Cells on the shorter side of cell i within its unbroken run; −1 outside the magnet or alone."""
    if not magnetic[i]:
        return -1
    first = last = i
    while first > 0 and magnetic[first - 1]:
        first -= 1
    while last < len(magnetic) - 1 and magnetic[last + 1]:
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
    grid = Grid(nx=n, ny=1, dx=h, dy=h, thickness=1.0, periodic=(True, False))
    expected = {0: [0, 0, 0], 2: [1 / 2, 0, 0], 4: [2 / 3, -1 / 12, 0], 6: [3 / 4, -3 / 20, 1 / 60]}[order]
    weights = gradient_weights(grid, 6, 0)
    np.testing.assert_allclose(weights * h, np.reshape(expected, (3, 1, 1)) * np.ones((1, 1, n)), rtol=1e-15)
    # the lowest wave, where no cell may enter twice
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
    grid = Grid(nx=1, ny=100, dx=1.0, dy=1.0, thickness=1.0)
    w, k = gradient_weights(grid, order, 1)[:, 50, 0], np.arange(1, order // 2 + 1)
    assert 2 * (k * w).sum() == pytest.approx(1, rel=1e-15)
    for power in range(3, order, 2):
        assert (k**power * w).sum() == pytest.approx(0, abs=1e-14)


def test_an_axis_of_one_cell_has_no_derivative() -> None:
    for periodic in (True, False):
        grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(periodic, periodic))
        for axis in (0, 1):
            assert not gradient_weights(grid, 6, axis).any()
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


# -- bonds of fourth order


@pytest.mark.parametrize("axis", [0, 1])
def test_bonds_of_fourth_order_are_counted_cell_by_cell(axis: int, any_grid: Grid) -> None:
    """1 for a bond of length one and 1/6 more for each of its cells that has both neighbours; a bond of length two
    runs through a magnetic cell."""
    weights = bond_weights(any_grid, axis)

    def both(j: int, i: int) -> bool:
        return all(neighbour(any_grid, j, i, axis, sign) is not None for sign in (1, -1))

    for j, i in np.argwhere(any_grid.magnetic):
        for sign, near, far in ((1, weights[0], weights[2]), (-1, weights[1], weights[3])):
            if (other := neighbour(any_grid, j, i, axis, sign)) is None:
                assert far[j, i] == 0
                continue
            ends = both(j, i) + both(*divmod(other, any_grid.nx))
            assert near[j, i] == pytest.approx(1 + ends / 6, rel=1e-15)
            assert far[j, i] == 1


@pytest.mark.parametrize("axis", [0, 1])
def test_inside_a_film_the_bonds_make_the_stencils_of_fourth_order(axis: int) -> None:
    """4/3 and −1/12 of the Laplacian, 4/3 and −1/6 of twice the gradient: exact for polynomials of degree four."""
    grid = Grid(nx=9, ny=9, dx=1.0, dy=1.0, thickness=1.0)
    near_plus, near_minus, far_plus, far_minus = bond_weights(grid, axis)[:, 4, 4]
    plus, minus = np.array([near_plus, near_minus]), np.array([far_plus, far_minus])
    for power, second, first in ((0, 0, 0), (1, 0, 1), (2, 2, 0), (3, 0, 0), (4, 0, 0)):
        one, two = np.array([1, (-1) ** power]), 2**power * np.array([1, (-1) ** power])
        centre = 1 if power == 0 else 0
        laplacian = (plus * (one - centre)).sum() - (minus * (two - centre)).sum() / 12
        gradient = (plus * one)[0] - (plus * one)[1] - ((minus * two)[0] - (minus * two)[1]) / 6
        assert laplacian == pytest.approx(second, abs=1e-14)
        assert gradient / 2 == pytest.approx(first, abs=1e-14)


@pytest.mark.parametrize("bad", [0, 3, 6, "4", None])
def test_bad_stencil_orders_are_named(bad: object) -> None:
    with pytest.raises(ValueError, match=rf"Exchange: stencil_order = {bad!r} must be 2 or 4"):
        check_stencil_order("Exchange", bad)  # type: ignore[arg-type]
