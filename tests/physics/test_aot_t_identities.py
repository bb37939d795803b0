"""Relations between t0, t∥ and t⊥ that hold for all parameters or on a line of them, beyond Table I of AOT."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficients import closed_form, kubo

ROUTES = [closed_form.t_coefficients, kubo.t_coefficients]
D_RANGE = st.floats(-2, 2).map(lambda x: 10.0**x)
S_RANGE = st.floats(-3, 2).map(lambda x: 10.0**x)


@pytest.mark.parametrize("route", ROUTES)
@given(D=D_RANGE, n_z=st.floats(-0.999, 0.999), sign=st.sampled_from([-1, 1]))
@settings(max_examples=60, deadline=None)
def test_spin_renormalisation_is_that_without_spin_orbit_coupling_at_S_equal_D_sin_theta(
    route, D: float, n_z: float, sign: int
) -> None:
    S = D * math.sqrt(1 - n_z**2)
    t0 = route(D, S, n_z, sign=sign)[0]
    # rounding of the quadrature, 1e-16 S² with S ≤ 100
    assert 2 * sign * D * t0 == pytest.approx(1.0, abs=1e-11)


@pytest.mark.parametrize("route", ROUTES)
@given(D=D_RANGE, S=S_RANGE, n_z=st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_rotational_anisotropy(route, D: float, S: float, n_z: float) -> None:
    # ξ∥/ξ⊥ = 1 + R/(1 + 4CD²) with R² = a² − b² of the Fermi circle, written without cancellation
    a_minus_b = 1 + 4 * (D - S) ** 2 + 8 * D * S * n_z**2 / (1 + math.sqrt(1 - n_z**2))
    R = math.sqrt(a_minus_b * (a_minus_b + 16 * D * S * math.sqrt(1 - n_z**2)))
    _, t_par, t_perp = route(D, S, n_z, sign=1)
    np.testing.assert_allclose(t_par / t_perp, 1 + R / (1 + 4 * n_z**2 * D**2), rtol=1e-10)


@pytest.mark.parametrize("route", ROUTES)
@given(D=D_RANGE, S=S_RANGE, n_z=st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_both_dampings_are_positive(route, D: float, S: float, n_z: float) -> None:
    _, t_par, t_perp = route(D, S, n_z, sign=-1)
    assert 0 < t_perp < t_par


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("D", [0.1, 1.0, 10.0, 300.0])
def test_touching_of_the_subbands(route, D: float) -> None:
    # n_z = 0 and D = S: nothing singular, 2ςD t0 = 1 and 2t∥ = 2
    t0, t_par, t_perp = route(D, D, 0.0, sign=1)
    assert 2 * D * t0 == pytest.approx(1.0, abs=1e-10)
    assert 2 * t_par == pytest.approx(2.0, abs=1e-10)
    below, above = (route(D, D * (1 + step), 0.0, sign=1) for step in (-1e-7, 1e-7))
    # a line through the neighbours misses by the curvature, (1e-7 D)²/2 times at most 100: 5e-8 at D = 300
    np.testing.assert_allclose(np.mean([below, above], axis=0), [t0, t_par, t_perp], rtol=1e-6)


@pytest.mark.parametrize("route", ROUTES)
def test_damping_vanishes_with_the_square_of_the_spin_orbit_coupling(route) -> None:
    n_z = np.array([0.0, 0.3, 1.0])
    strong, weak = (np.array(route(2.0, S, n_z, sign=1)) for S in (1e-3, 1e-4))
    # corrections of relative order S²
    np.testing.assert_allclose(strong[1:] / weak[1:], 100.0, rtol=1e-5)
    np.testing.assert_allclose(weak[0], 0.25, rtol=1e-7)
