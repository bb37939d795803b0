from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim.analysis import gradient
from llgsim.analysis.derivatives import ORDER
from llgsim.grid import Grid


def line(n: int, *, periodic: bool = False, spacing: float = 1.0, mask: list[int] | None = None) -> Grid:
    magnetic = None if mask is None else np.array([mask], dtype=bool)
    return Grid(nx=n, ny=1, dx=spacing, dy=1.0, thickness=1.0, periodic=(periodic, False), mask=magnetic)


def rows(f: np.ndarray) -> np.ndarray:
    """A profile along x as a field (3, 1, n) with three different components."""
    return np.array([[f], [2 * f], [-f]])


@pytest.mark.parametrize("n", [3, 4, 15, 16, 64])
def test_periodic_axis_is_exact_for_every_resolved_wave(n: int) -> None:
    grid = line(n, periodic=True, spacing=2e-9)
    k = 2 * np.pi / grid.size[0]
    for wave in range((n - 1) // 2 + 1):
        ddx, _ = gradient(rows(np.sin(wave * k * grid.x + 0.3)), grid)
        exact = wave * k * np.cos(wave * k * grid.x + 0.3)
        # rounding of a transform of n terms, times the largest wave number
        np.testing.assert_allclose(ddx[:, 0], [exact, 2 * exact, -exact], atol=1e-13 * n * np.pi / 2e-9, rtol=0)


def test_nyquist_wave_of_an_even_number_of_cells_has_no_derivative() -> None:
    ddx, _ = gradient(rows(np.array([1.0, -1.0] * 8)), line(16, periodic=True))
    assert abs(ddx).max() < 1e-14


def test_weights_of_known_stencils() -> None:
    # textbook rationals: central 10th order, and the one-sided three-point stencil of a run of three
    impulse = np.zeros(31)
    impulse[15] = 1.0
    ddx, _ = gradient(rows(impulse), line(31, periodic=False))
    half = [Fraction(5, 6), Fraction(-5, 21), Fraction(5, 84), Fraction(-5, 504), Fraction(1, 1260)]
    weights = [float(w) for w in half]
    # the cell k to the left sees the impulse on its right, at +k
    np.testing.assert_allclose(ddx[0, 0, 10:15], weights[::-1], atol=1e-15)
    np.testing.assert_allclose(ddx[0, 0, 16:21], [-w for w in weights], atol=1e-15)
    short = line(3, periodic=False)
    found = [gradient(rows(np.eye(3)[k]), short)[0][0, 0, 0] for k in range(3)]
    np.testing.assert_allclose(found, [-1.5, 2, -0.5], atol=1e-15)


@given(
    n=st.integers(1, 24),
    coefficients=st.lists(st.floats(-1, 1), min_size=11, max_size=11),
    along_y=st.booleans(),
)
def test_open_axis_is_exact_for_polynomials_up_to_the_order(n: int, coefficients: list[float], along_y: bool) -> None:
    degree = min(n - 1, ORDER)
    polynomial = np.polynomial.Polynomial(coefficients[: degree + 1])
    x = (np.arange(n) + 0.5) * 0.1 - n * 0.05
    shape = (n, 1) if along_y else (1, n)
    grid = Grid(nx=shape[1], ny=shape[0], dx=0.1, dy=0.1, thickness=1.0)
    m = np.array([polynomial(x).reshape(shape)] * 3)
    ddx, ddy = gradient(m, grid)
    derivative, other = (ddy, ddx) if along_y else (ddx, ddy)
    # values are below 10 and the largest weights of a one-sided stencil about 100/h: rounding 1e-11
    np.testing.assert_allclose(derivative[0].ravel(), polynomial.deriv()(x), atol=1e-10)
    assert not other.any()


def test_runs_between_holes_use_only_their_own_cells() -> None:
    # runs of 1, 2, 5 and 12 cells
    mask = [1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0] + [1] * 12
    grid = line(len(mask), mask=mask)
    x, inside = grid.x, grid.magnetic[0]
    values = np.zeros(grid.nx)
    expected = np.zeros(grid.nx)
    for cells, degree in ((slice(2, 4), 1), (slice(5, 10), 4), (slice(11, 23), 10)):
        centred = (x[cells] - x[cells].mean()) / 5
        values[cells] = 1 + centred**degree
        expected[cells] = degree * centred ** (degree - 1) / 5
    values[0] = 7.0
    ddx, ddy = gradient(rows(values), grid)
    np.testing.assert_allclose(ddx[0, 0], expected, atol=1e-12)
    assert ddx[0, 0, 0] == 0  # a run of one cell
    assert not ddx[:, 0, ~inside].any()
    assert not ddy.any()


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(0, 12), n=st.integers(2, 13))
def test_masked_periodic_axis_knows_no_origin(seed: int, shift: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((3, n)) < 0.8
    mask[0, 0] = True
    m = rng.normal(size=(3, 3, n)) * mask

    def derivative(m: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return gradient(m, Grid(nx=n, ny=3, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, False), mask=mask))[0]

    if mask.all():
        return
    rolled = derivative(np.roll(m, shift, axis=2), np.roll(mask, shift, axis=1))
    np.testing.assert_allclose(rolled, np.roll(derivative(m, mask), shift, axis=2), atol=1e-12)
    mirrored = derivative(m[:, :, ::-1], mask[:, ::-1])
    np.testing.assert_allclose(mirrored, -derivative(m, mask)[:, :, ::-1], atol=1e-12)


def test_full_row_of_a_masked_periodic_grid_is_differentiated_across_the_boundary() -> None:
    n = 16
    mask = np.ones((2, n), dtype=bool)
    mask[1, 5] = False
    grid = Grid(nx=n, ny=2, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, False), mask=mask)
    wave = np.sin(2 * np.pi * grid.x / n)
    ddx, _ = gradient(np.array([[wave, wave * mask[1]]] * 3), grid)
    exact = 2 * np.pi / n * np.cos(2 * np.pi * grid.x / n)
    # leading error (kh)^10/2772 relative and rounding 1e-15; one-sided stencils would leave (kh)^10/11, 250 times more
    assert abs(ddx[0, 0] - exact).max() < (2 * np.pi / n) ** 11 / 2700 + 1e-15


@pytest.mark.parametrize("where", ["inside", "edge"])
def test_open_axis_converges_with_tenth_order(where: str) -> None:
    errors = []
    for n in (20, 40):
        grid = line(n, spacing=1 / n)
        ddx, _ = gradient(rows(np.sin(4 * grid.x)), grid)
        error = abs(ddx[0, 0] - 4 * np.cos(4 * grid.x))
        errors.append(error[n // 4 : -n // 4].max() if where == "inside" else error[[0, -1]].max())
    # the next order still shows at n = 20
    assert 9.5 < np.log2(errors[0] / errors[1]) < 11


def test_wrong_fields_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 1, 4\).*\(3, 1, 5\)"):
        gradient(np.zeros((3, 1, 4)), line(5))
    m = np.ones((3, 1, 5))
    m[1, 0, 3] = np.nan
    with pytest.raises(ValueError, match=r"\[1, 0, 3\]"):
        gradient(m, line(5))
