from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from coefficients import piecewise
from coefficients.piecewise import PiecewiseChebyshev, constant, fit

Functions = Callable[[float], np.ndarray]

# dense, and on both sides of where the functions below jump
X = np.unique(np.concatenate([np.linspace(0.0, 1.0, 20001), 0.3 + 0.01 * np.linspace(-1.0, 1.0, 4001) ** 3]))


def smooth(x: float) -> np.ndarray:
    return np.array([np.exp(x), 1.0 / (1.0 + 16.0 * (x - 0.4) ** 2), np.cos(20.0 * x), 3.0])


def absolute(tolerance: float, functions: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.full(functions, tolerance)


def counting(functions: Functions, count: list[float]) -> Functions:
    """The same functions, which note where they are evaluated."""

    def noting(x: float) -> np.ndarray:
        count.append(x)
        return functions(x)

    return noting


def deviations(series: PiecewiseChebyshev, functions: Functions, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """|series − functions| and the errors told, arrays (points, functions)."""
    exact = np.array([functions(float(one)) for one in x])
    piece = np.clip(np.searchsorted(series.edges, x, side="right") - 1, 0, len(series.series) - 1)
    return np.abs(series(x).T - exact), series.errors[piece]


def check_errors(series: PiecewiseChebyshev, functions: Functions, x: np.ndarray = X) -> None:
    """No deviation exceeds its bound.

    But for 1e-13: rounding of numbers of the size of 1, and the 1e-14 that tanh is from 1 at the outermost break.
    """
    found, told = deviations(series, functions, x)
    assert (found <= told + 1e-13).all()


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9, 1e-12])
def test_analytic_functions_meet_the_tolerance_and_the_error_they_tell(tolerance: float) -> None:
    series, resolved = fit(smooth, tolerances=absolute(tolerance, 4))
    assert resolved
    assert (series.errors <= tolerance).all()
    check_errors(series, smooth)


def test_each_function_has_its_own_tolerance_relative_to_its_values() -> None:
    scale = np.array([1.0, 1e-8, 1e8, 1.0])
    series, resolved = fit(lambda x: scale * smooth(x), tolerances=lambda values: 1e-7 * np.abs(values).max(axis=0))
    assert resolved
    found, _ = deviations(series, lambda x: scale * smooth(x), X)
    # the largest value of each is 1 to 3 times its scale
    assert (found.max(axis=0) <= 3e-7 * scale).all()


def test_pieces_meet() -> None:
    series, _ = fit(lambda x: np.array([np.sin(40.0 * x), abs(x - 0.37)]), tolerances=absolute(1e-6, 2))
    inner = series.edges[1:-1]
    assert len(inner) > 3
    at, before = series(inner), series(np.nextafter(inner, 0.0))
    # the two sides of an edge differ by rounding of sums of up to 48 terms
    np.testing.assert_allclose(before, at, rtol=0.0, atol=48 * 2e-16)


def test_a_polynomial_takes_one_piece_and_few_evaluations() -> None:
    counted: list[float] = []
    polynomial = np.polynomial.Polynomial([1.0, -2.0, 0.5, 3.0, 0.0, -4.0])

    def functions(x: float) -> np.ndarray:
        assert 0.0 < x < 1.0
        return np.array([polynomial(x)])

    series, resolved = fit(counting(functions, counted), tolerances=absolute(1e-12, 1))
    assert resolved
    # 16 nodes and the 32 zeros of T_48 between them
    assert len(counted) == 3 * piecewise.TERMS == 48
    assert [len(values) for values in series.series] == [6]
    np.testing.assert_allclose(series(X)[0], polynomial(X), rtol=0.0, atol=1e-13)


STEEP = 1e-4
BREAKS = [0.3 + STEEP * times for times in (-16, -4, -1, 0, 1, 4, 16)]


def nearly_a_step(x: float) -> np.ndarray:
    return np.array([np.tanh((x - 0.3) / STEEP) + x, np.exp(-x)])


def test_a_near_discontinuity_is_resolved_with_fewer_evaluations_where_it_is_known() -> None:
    counts = []
    for breaks in (BREAKS, []):
        counted: list[float] = []
        series, resolved = fit(counting(nearly_a_step, counted), breaks=breaks, tolerances=absolute(1e-8, 2))
        assert resolved
        assert (series.errors <= 1e-8).all()
        check_errors(series, nearly_a_step)
        assert set(breaks) <= set(series.edges)
        counts.append(len(counted))
    assert counts[0] < 0.7 * counts[1]


def step(x: float) -> np.ndarray:
    return np.array([float(x > 0.3), np.exp(x)])


def test_a_step_is_given_up_and_its_error_told() -> None:
    counted: list[float] = []
    series, resolved = fit(counting(step, counted), tolerances=absolute(1e-8, 2))
    assert not resolved
    check_errors(series, step)
    here = int(np.searchsorted(series.edges, 0.3)) - 1
    assert series.errors[here, 0] > 0.5  # half the jump, which no continuous function comes closer to
    others = np.arange(len(series.series)) != here
    assert (series.errors[others] <= 1e-8).all()
    assert np.diff(series.edges)[here] < 4 * piecewise.NARROWEST
    # 33 halvings, each with two pieces of 16 nodes and 32 checks, to reach the width
    assert len(counted) < 5000


def test_steps_do_not_take_the_pieces_of_what_can_be_resolved() -> None:
    def functions(x: float) -> np.ndarray:
        return np.array([sum(float(x > 0.6 + 0.1 * k) for k in range(4)) + np.tanh((x - 0.1) / 0.02)])

    series, resolved = fit(functions, tolerances=absolute(1e-6, 1))
    assert not resolved
    assert len(series.series) == piecewise.MOST_PIECES
    check_errors(series, functions)
    assert (series.errors[series.edges[1:] <= 0.5] <= 1e-6).all()


def test_noise_is_told_as_an_error_and_not_chased_when_its_size_is_known() -> None:
    # differences divided by what vanishes at x = 1, as c is
    random = np.random.default_rng(5)
    noise = 1e-13

    def functions(x: float) -> np.ndarray:
        return np.array([np.sin(3.0 * x) + noise * random.uniform(-1.0, 1.0) / (1.0 - x)])

    def rounding(x: np.ndarray, values: np.ndarray) -> np.ndarray:
        return 4.0 * noise / (1.0 - x)[:, None]  # twice the error, which a bound is, and what the nodes add

    counted: list[float] = []
    series, resolved = fit(counting(functions, counted), tolerances=absolute(1e-12, 1), rounding=rounding)
    assert not resolved
    assert len(counted) <= 3 * 48
    check_errors(series, lambda x: np.array([np.sin(3.0 * x)]))
    # the checks come as close to 1 as 1 − x = (π/96)²/4
    assert series.errors.max() < 4.0 * noise / ((np.pi / (2 * 144)) ** 2 / 4)

    plain, resolved = fit(functions, tolerances=absolute(1e-12, 1))
    assert not resolved
    assert plain.errors.max() > series.errors.max()  # closer to 1 there is more of it


def test_columns_and_scaled() -> None:
    series, _ = fit(smooth, tolerances=absolute(1e-9, 4))
    factors = [2.0, -1e20, 1e-20, 0.5]
    scaled = series.scaled(factors)
    np.testing.assert_allclose(scaled(X), np.array(factors)[:, None] * series(X), rtol=1e-13, atol=1e-33)
    np.testing.assert_allclose(scaled.errors, series.errors * np.abs(factors), rtol=1e-15)
    chosen = series.columns([3, 0])
    np.testing.assert_allclose(chosen(X), series(X)[[3, 0]], rtol=1e-15)
    np.testing.assert_array_equal(chosen.errors, series.errors[:, [3, 0]])
    # cos 20x needs more terms than exp x
    assert all(len(few) <= len(many) for few, many in zip(chosen.series, series.series, strict=True))
    assert sum(map(len, chosen.series)) < sum(map(len, series.series))


def test_shapes_and_constants() -> None:
    series, _ = fit(smooth, tolerances=absolute(1e-6, 4))
    assert series(0.3).shape == (4,)
    x = np.linspace(0.0, 1.0, 6).reshape(2, 3)
    assert series(x).shape == (4, 2, 3)
    np.testing.assert_array_equal(series(x)[:, 1, 2], series(1.0))
    two = constant([2.0, -3.0])
    np.testing.assert_array_equal(two(x), np.array([2.0, -3.0])[:, None, None] * np.ones((2, 3)))
    assert not two.errors.any()


def test_breaks_outside_are_no_breaks_and_edges_are_in_order() -> None:
    series, _ = fit(smooth, breaks=[-1.0, 0.0, 0.7, 0.25, 1.0, 2.0], tolerances=absolute(1e-6, 4))
    assert series.edges[0] == 0.0
    assert series.edges[-1] == 1.0
    assert {0.25, 0.7} <= set(series.edges)
    assert all(left < right for left, right in itertools.pairwise(series.edges))
    assert len(series.series) == len(series.errors) == len(series.edges) - 1
