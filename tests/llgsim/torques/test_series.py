"""Chebyshev series of coefficients that depend on m_z."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim.torques.series import chebyshev_series, series_evaluator

M_Z = np.linspace(-1, 1, 401)


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
    series = chebyshev_series("xi0", function)
    expected = np.broadcast_to(function(M_Z), M_Z.shape)
    values = series_evaluator((len(series),))(M_Z**2, 1.0, *series)
    np.testing.assert_allclose(values[0] + 0 * M_Z, expected, rtol=0, atol=1e-13 * max(np.abs(expected).max(), 1e-300))


@pytest.mark.parametrize("pole", [0.15, 0.05])
def test_functions_that_vary_fast_near_the_equator(pole: float) -> None:
    """1/(m_z² + p²): a series falls as 0.905^n for p = 0.05, and as 0.742^n, to 4e-9 at 65 terms, for p = 0.15."""
    function = lambda z: 1 / (z**2 + pole**2)  # noqa: E731
    if pole == 0.05:
        with pytest.raises(ValueError, match="129 terms misses it"):
            chebyshev_series("xi0", function)
        return
    series = chebyshev_series("xi0", function)
    assert len(series) > 65
    values = series_evaluator((len(series),))(M_Z**2, 1.0, *series)[0]
    np.testing.assert_allclose(values, function(M_Z), rtol=0, atol=1e-12 * function(0.0))


@pytest.mark.parametrize(
    ("function", "terms"), [(lambda z: 2.0 - z**2, 2), (lambda z: z**6, 4), (0.7, 1), (lambda z: 0.7, 1)]
)
def test_series_are_as_short_as_the_function_allows(function: Any, terms: int) -> None:
    assert len(chebyshev_series("a", function)) == terms


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=9), min_size=1, max_size=4))
def test_evaluator_sums_several_series(groups: list[list[float]]) -> None:
    """T_n(cos φ) = cos nφ, with 2 m_z² − 1 = cos φ; their common denominator is one."""
    evaluate = series_evaluator(tuple(len(group) for group in groups))
    *found, denominator = evaluate(M_Z**2, 1.0, *(number for group in groups for number in group))
    assert denominator == 1.0
    phi = np.arccos(np.clip(2 * M_Z**2 - 1, -1, 1))
    for group, values in zip(groups, found, strict=True):
        expected = sum(number * np.cos(n * phi) for n, number in enumerate(group))
        np.testing.assert_allclose(values + 0 * M_Z, expected, atol=1e-12)


def test_single_precision_stays_single() -> None:
    one = np.float32(1)
    series = [np.float32(0.3), np.float32(0.1), np.float32(-0.2)]
    assert series_evaluator((3,))((M_Z**2).astype(np.float32), one, *series)[0].dtype == np.float32


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
        chebyshev_series("xi0", function)
