"""Chebyshev series of coefficients that depend on m_z, on one piece or several."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from coefficients.piecewise import PiecewiseChebyshev
from llgsim.torques.series import (
    KernelSeries,
    chebyshev_series,
    clamped,
    number_count,
    one_piece,
    series_evaluator,
    vanishing,
)

M_Z = np.linspace(-1, 1, 401)


def series_of(function: Any) -> NDArray[np.float64]:
    return chebyshev_series("Coefficients", "xi0", function)


def in_kernel(pieces: PiecewiseChebyshev, x: Any) -> NDArray[np.float64]:
    """The functions at x (…) as a kernel evaluates them, array (functions, …)."""
    series = KernelSeries(pieces)
    values = series.evaluator(x, 1.0, *series.parameters())
    return np.stack([np.broadcast_to(value, np.shape(x)) for value in values])


@pytest.mark.parametrize(
    "function",
    [
        lambda z: 0.3 / (1 + z**2),
        lambda z: np.exp(-3 * z**2),
        lambda z: np.cos(4 * z),
        lambda z: np.sqrt(1 + 2 * z**2),
        lambda z: 1e-7 * (1 - z**6),
        lambda z: np.full(np.shape(z), 0.25),
        lambda z: 0.25,
        lambda z: 0 * z,
    ],
)
def test_smooth_even_functions_are_met_to_rounding(function: Callable[[Any], Any]) -> None:
    expected = np.broadcast_to(function(M_Z), M_Z.shape)
    pieces = one_piece([series_of(function)])
    values = in_kernel(pieces, M_Z**2)
    np.testing.assert_allclose(values[0], expected, rtol=0, atol=1e-13 * max(np.abs(expected).max(), 1e-300))
    assert (np.abs(pieces(M_Z**2) - expected) <= pieces.errors.T).all()


@pytest.mark.parametrize("pole", [0.15, 0.05])
def test_functions_that_vary_fast_near_the_equator(pole: float) -> None:
    """1/(m_z² + p²): a series falls as 0.905^n for p = 0.05, and as 0.742^n, to 4e-9 at 65 terms, for p = 0.15."""
    function = lambda z: 1 / (z**2 + pole**2)  # noqa: E731
    if pole == 0.05:
        with pytest.raises(ValueError, match="129 terms misses it"):
            series_of(function)
        return
    series = series_of(function)
    assert len(series) > 65
    values = in_kernel(one_piece([series]), M_Z**2)[0]
    np.testing.assert_allclose(values, function(M_Z), rtol=0, atol=1e-12 * function(0.0))


@pytest.mark.parametrize(
    ("function", "terms"), [(lambda z: 2.0 - z**2, 2), (lambda z: z**6, 4), (0.7, 1), (lambda z: 0.7, 1)]
)
def test_series_are_as_short_as_the_function_allows(function: Any, terms: int) -> None:
    assert len(series_of(function)) == terms


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=9), min_size=1, max_size=4))
def test_evaluator_sums_several_series(groups: list[list[float]]) -> None:
    """T_n(cos φ) = cos nφ, with 2 m_z² − 1 = cos φ."""
    phi = np.arccos(np.clip(2 * M_Z**2 - 1, -1, 1))
    found = in_kernel(one_piece([np.array(group) for group in groups]), M_Z**2)
    for group, values in zip(groups, found, strict=True):
        expected = sum(number * np.cos(n * phi) for n, number in enumerate(group))
        np.testing.assert_allclose(values, expected, atol=1e-12)


# -- pieces

EDGES = {
    "one": (0.0, 1.0),
    "two": (0.0, 0.3, 1.0),
    "a narrow jump": (0.0, 0.2, 0.62, 0.6205, 0.621, 0.63, 1.0),
    "narrow at the ends": (0.0, 1e-3, 0.999, 1.0),
    "a dozen": tuple(np.linspace(0.0, 1.0, 13) ** 2),
    "very narrow": (0.0, 0.5, 0.5 + 1e-9, 1.0),
}


def random_pieces(edges: tuple[float, ...], seed: int, functions: int = 4) -> PiecewiseChebyshev:
    """Random series of 1 to 12 terms, continuous where pieces meet."""
    rng, series = np.random.default_rng(seed), list[NDArray[np.float64]]()
    for _ in edges[1:]:
        length = int(rng.integers(1, 13))
        values = rng.uniform(-1, 1, (length, functions)) * 0.7 ** np.arange(length)[:, None]
        values[2:, 0] = 0.0  # one that needs fewer terms than the others
        if series:
            values[0] += chebyshev.chebval(1.0, series[-1]) - chebyshev.chebval(-1.0, values)
        series.append(values)
    return exactly(edges, *series)


def exactly(edges: Any, *series: NDArray[np.float64]) -> PiecewiseChebyshev:
    return PiecewiseChebyshev(np.array(edges), series, np.zeros((len(series), series[0].shape[1])))


def points(edges: tuple[float, ...]) -> NDArray[np.float64]:
    """Points in every piece, its ends among them."""
    return np.unique(np.concatenate([np.linspace(a, b, 41) for a, b in pairwise(edges)]))


@pytest.mark.parametrize("name", EDGES)
def test_sum_over_all_pieces_is_the_series_of_the_piece(name: str) -> None:
    pieces, x = random_pieces(EDGES[name], seed=len(name)), points(EDGES[name])
    # x to rounding is x/width to that over the width, times slopes of up to 12² per unit of it
    narrowest = np.diff(EDGES[name]).min()
    rounding = 1e-15 * len(pieces.series) + 1.1e-16 / narrowest * 12**2
    np.testing.assert_allclose(in_kernel(pieces, x), pieces(x), rtol=0, atol=10 * rounding)


@pytest.mark.parametrize("name", EDGES)
def test_beyond_the_ends_the_last_values_hold(name: str) -> None:
    pieces = random_pieces(EDGES[name], seed=3)
    # 0 and 1 are the ends of their pieces to rounding: 1e-16 over a width of 1e-3, times a slope of 12² at most
    beyond, ends = (in_kernel(pieces, np.array(x)) for x in ([-0.1, 1.1], [0.0, 1.0]))
    np.testing.assert_allclose(beyond, ends, rtol=0, atol=2e-11)


def test_an_arctangent_that_jumps_within_a_thousandth() -> None:
    """arctan((x − x0)/w), w = 1e-3, between m_z² and the angle: pieces that widen away from the jump resolve it."""
    x0, w = 0.64, 1e-3
    ladder = w * np.array([1.0, 3.0, 9.0, 27.0, 81.0, 243.0])
    edges = np.concatenate([[0.0], x0 - ladder[::-1], x0 + ladder, [1.0]])
    series = [
        chebyshev.chebinterpolate(lambda y, l=l, r=r: np.arctan((l + (r - l) * (y + 1) / 2 - x0) / w), 15)[:, None]  # noqa: E741
        for l, r in pairwise(edges)  # noqa: E741
    ]
    for left, right in pairwise(series):
        right[0] += chebyshev.chebval(1.0, left) - chebyshev.chebval(-1.0, right)
    x = points(tuple(edges))
    # interpolation on [w, 3w] with poles at ±iw: 15 terms leave (3.1)⁻¹⁵ = 4e-8 of it, and joints add up
    np.testing.assert_allclose(in_kernel(exactly(edges, *series), x)[0], np.arctan((x - x0) / w), atol=1e-6)


def test_evaluator_takes_what_the_functions_need_and_no_more() -> None:
    pieces = one_piece([np.array([0.3]), np.array([1.0, 0.0, 0.5, 0.0]), np.zeros(1)])
    one = KernelSeries(pieces)
    assert one.lengths == ((1, 3, 1),)
    assert len(one.parameters()) == number_count(one.lengths) == 3 + 2 + 2
    np.testing.assert_array_equal(vanishing(pieces), [False, False, True])
    constant = KernelSeries(exactly([0.0, 0.5, 1.0], np.array([[2.0]]), np.array([[2.0], [0.0]])))
    assert constant.parameters() == (2.0,)
    many = KernelSeries(random_pieces(EDGES["a narrow jump"], seed=5))
    assert (
        len(many.parameters()) == number_count(many.lengths) == series_evaluator(many.lengths).__code__.co_argcount - 2
    )
    alone = in_kernel(many.pieces.columns([2]), M_Z**2)[0]
    np.testing.assert_array_equal(alone, in_kernel(many.pieces, M_Z**2)[2])


def test_scale_multiplies_the_functions_alone() -> None:
    pieces = random_pieces(EDGES["a narrow jump"], seed=6)
    series = KernelSeries(pieces)
    values = series.evaluator(M_Z**2, 1.0, *series.parameters(-1e-7))
    # every product is rounded once more, and pieces cancel
    np.testing.assert_allclose(np.stack(values), -1e-7 * in_kernel(pieces, M_Z**2), rtol=0, atol=1e-7 * 1e-14)


def test_single_precision_stays_single() -> None:
    pieces = random_pieces(EDGES["a narrow jump"], seed=7)
    series = KernelSeries(pieces)
    x = points(EDGES["a narrow jump"]).astype(np.float32)
    values = series.evaluator(x, np.float32(1), *np.array(series.parameters(), np.float32))
    assert {value.dtype for value in values} == {np.dtype(np.float32)}
    # the middle of a piece of 5e-4 is known to 3e-8 of it: 1e-4 of its width, times slopes of a few per half a width
    np.testing.assert_allclose(np.stack(values), pieces(x), rtol=0, atol=2e-3)


def test_numbers_are_clamped_in_arrays_and_in_kernels_alike() -> None:
    numba = pytest.importorskip("numba")
    kernel = numba.njit(lambda y, low, high: clamped(y, low, high))
    values = np.array([-np.inf, -2.0, -1.0, 0.25, 1.0, 7.0, np.inf])
    expected = [-1.0, -1.0, -1.0, 0.25, 1.0, 1.0, 1.0]
    np.testing.assert_array_equal(clamped(values, -1.0, 1.0), expected)
    assert [kernel(value, -1.0, 1.0) for value in values] == expected


@pytest.mark.parametrize("name", ["one", "a narrow jump"])
def test_steepness_is_the_largest_value_and_slope_together(name: str) -> None:
    pieces = random_pieces(EDGES[name], seed=8)
    found = 0.0
    for left, right in pairwise(EDGES[name]):
        theta = np.arccos(np.sqrt(np.linspace(left, right, 4001)[1:-1]))
        values = pieces(np.cos(theta) ** 2)
        slopes = np.abs(np.diff(values, axis=1) / np.diff(theta))
        found = max(found, float((slopes + np.abs(values[:, 1:])).sum(axis=0).max()))
    # differences miss the ends of pieces, where slopes are largest; samples between extrema 8 % of a maximum
    assert 0.98 * KernelSeries(pieces).steepness < found < 1.09 * KernelSeries(pieces).steepness


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (math.nan, r"Coefficients: xi0 = nan must be finite"),
        (-math.inf, r"Coefficients: xi0 = -inf must be finite"),
        (lambda z: np.where(z > 0.5, np.nan, 1.0), r"xi0\(m_z\) is not finite at m_z = 0\.\d+"),
        (lambda z: z, r"xi0\(m_z\) must be even in m_z, but .* differ by 2"),
        (
            lambda z: np.abs(z),
            r"xi0\(m_z\) is not a smooth function of m_z\^2: .* 129 terms misses it by .*; give a smoother",
        ),
        (lambda z: np.sign(z**2 - 0.3), r"xi0\(m_z\) is not a smooth function"),
    ],
)
def test_functions_that_cannot_be_coefficients_are_refused(function: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        series_of(function)


def test_similar_series_share_a_kernel() -> None:
    rng = np.random.default_rng(7)
    x = np.linspace(0, 1, 101)
    similar = [one_piece([rng.normal(size=length), np.ones(1)]) for length in (9, 13, 16)]
    assert {KernelSeries(pieces).lengths for pieces in similar} == {((16, 1),)}
    for pieces in similar:
        np.testing.assert_allclose(in_kernel(pieces, x), pieces(x), atol=1e-13)
