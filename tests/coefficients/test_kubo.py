from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coefficients import closed_form, kubo

POINTS = json.loads((Path(__file__).parents[1] / "data" / "xi.json").read_text(encoding="utf-8"))["points"]


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"D{p['tau_Dsd']}-S{p['tau_Dso']}-nz{p['n_z'][:6]}")
def test_reference_values(point: dict[str, str]) -> None:
    D, S, n_z, sign = float(point["tau_Dsd"]), float(point["tau_Dso"]), float(point["n_z"]), int(point["sign"])
    t = kubo.t_coefficients(D, S, n_z, sign=sign)
    # rounding grows as 1e-16 S², S ≤ 40 here; n_z = ±1 included, where t⊥ is a limit
    np.testing.assert_allclose(t, [float(point[name]) for name in ("t0", "t_par", "t_perp")], rtol=1e-11)


@given(
    D=st.floats(-3, 2).map(lambda x: 10.0**x),
    S=st.floats(-4, 2).map(lambda x: 10.0**x),
    n_z=st.floats(-1, 1),
    sign=st.sampled_from([-1, 1]),
)
@settings(max_examples=200, deadline=None)
def test_quadrature_agrees_with_the_closed_form(D: float, S: float, n_z: float, sign: int) -> None:
    exact = closed_form.t_coefficients(D, S, n_z, sign=sign)
    # 1e-16 S² of rounding with S ≤ 100, and a factor of 100
    np.testing.assert_allclose(kubo.t_coefficients(D, S, n_z, sign=sign), exact, rtol=1e-10)


@given(D=st.floats(0.01, 300.0), detuning=st.floats(-1e-3, 1e-3), n_z=st.floats(-1e-3, 1e-3))
@settings(max_examples=60, deadline=None)
def test_near_the_touching_of_the_subbands(D: float, detuning: float, n_z: float) -> None:
    S = D * (1.0 + detuning)
    exact = closed_form.t_coefficients(D, S, n_z, sign=-1)
    np.testing.assert_allclose(kubo.t_coefficients(D, S, n_z, sign=-1), exact, rtol=1e-10)


@pytest.mark.parametrize(("D", "S", "n_z"), [(5.0, 5.0, 0.0), (3.0, 7.0, 0.4), (0.5, 0.6, -0.2)])
def test_trapezoidal_rule_converges_at_the_stated_rate(D: float, S: float, n_z: float) -> None:
    a, b = 1 + 4 * D**2 + 4 * S**2, 8 * D * S * math.sqrt(1 - n_z**2)
    rate = math.acosh(a / b)
    exact = np.array(closed_form.t_coefficients(D, S, n_z, sign=1))
    # a quarter and a half of the angles that reach 1e-17: errors exp(-10) and exp(-20), so the logarithms differ by 10
    errors = []
    for digits in (10.0, 20.0):
        angles = 4 * round(digits / rate / 4)
        error = np.abs(np.array(kubo.t_coefficients(D, S, n_z, sign=1, angles=angles)) / exact - 1).max()
        errors.append((angles, math.log(error)))
    measured = (errors[0][1] - errors[1][1]) / (errors[1][0] - errors[0][0])
    assert measured == pytest.approx(rate, rel=0.15)  # the prefactor varies with N as a power
    # and the automatic number is enough
    assert kubo.number_of_angles(D, S, n_z) >= 37 / rate


def test_band_touching_needs_about_80_D_angles_and_small_coupling_few() -> None:
    assert kubo.number_of_angles(10.0, 10.0, 0.0) == pytest.approx(80 * 10, rel=0.02)
    assert kubo.number_of_angles(10.0, 1e-3, 0.0) == 16
    with pytest.raises(ValueError, match="use closed_form"):
        kubo.number_of_angles(1e7, 1e7, 0.0)


@pytest.mark.parametrize(("D", "S", "n_z"), [(0.3, 0.5, 0.7), (2.0, 1.0, -0.4), (6.0, 9.0, 0.1), (4.0, 2.0, 1.0)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_matrices_hold_the_same_coefficients(D: float, S: float, n_z: float, sign: int) -> None:
    T = kubo.vertex_matrix(D, S, n_z, sign=sign)
    sin = math.sqrt(1 - n_z**2)
    theta, phi = np.array([n_z, 0.0, -sin]), np.array([0.0, 1.0, 0.0])
    t0, t_par, t_perp = kubo.t_coefficients(D, S, n_z, sign=sign)
    # no step of t_coefficients is shared; 1e-12 leaves room for the condition of 1 − M
    assert phi @ T @ phi == pytest.approx(theta @ T @ theta, rel=1e-12)
    assert phi @ T @ phi == pytest.approx(t0, rel=1e-12)
    assert theta @ T @ phi == pytest.approx(t_par, rel=1e-12)
    if sin > 0:
        assert -(phi @ T @ theta + t_par * n_z**2) / sin**2 == pytest.approx(t_perp, rel=1e-10)


@pytest.mark.parametrize(("D", "S", "n_z"), [(0.3, 0.5, 0.7), (2.0, 1.0, -0.4), (6.0, 9.0, 1.0)])
def test_ward_form_is_one_minus_the_dressing_matrix(D: float, S: float, n_z: float) -> None:
    M = kubo.dressing_matrix(D, S, n_z, sign=-1)
    np.testing.assert_allclose(np.eye(3) - M, kubo.one_minus_dressing_matrix(D, S, n_z, sign=-1), atol=1e-14)


def test_ward_form_keeps_its_digits_where_subtraction_has_none() -> None:
    # at n_z = 1, w² = 4D² + 4S² on the whole circle and the element nn of 1 − M is exactly 4S²/(1 + 4D² + 4S²)
    D, S = 2.0, 1e-9
    exact = 4 * S**2 / (1 + 4 * D**2 + 4 * S**2)
    np.testing.assert_allclose(kubo.one_minus_dressing_matrix(D, S, 1.0, sign=1)[2, 2], exact, rtol=1e-14)
    assert not np.isclose(1.0 - kubo.dressing_matrix(D, S, 1.0, sign=1)[2, 2], exact, rtol=0.5, atol=0.0)


def test_limit_without_spin_orbit_coupling() -> None:
    t0, t_par, t_perp = kubo.t_coefficients(4.0, 0.0, [0.0, 0.3, 1.0], sign=-1)
    np.testing.assert_allclose(t0, -1 / 8.0, rtol=1e-15)
    assert not t_par.any()
    assert not t_perp.any()
    with pytest.raises(ValueError, match=r"S = 0\.0 must be positive"):
        kubo.vertex_matrix(4.0, 0.0, 0.3, sign=-1)


def test_broadcasting() -> None:
    t = kubo.t_coefficients([[1.0], [2.0]], 0.5, [0.0, 0.5, 1.0], sign=1)
    assert [values.shape for values in t] == [(2, 3)] * 3
    assert t[2][1, 2] == kubo.t_coefficients(2.0, 0.5, 1.0, sign=1)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"D": -1.0}, "D = "),
        ({"S": math.nan}, "S = "),
        ({"n_z": 1.01}, "n_z = 1.01"),
        ({"sign": 2}, "sign = 2"),
        ({"angles": 3}, "angles = 3 must be at least 4"),
    ],
)
def test_refused(arguments: dict[str, float], message: str) -> None:
    good = {"D": 1.0, "S": 1.0, "n_z": 0.0, "sign": 1}
    with pytest.raises(ValueError, match=message):
        kubo.t_coefficients(**{**good, **arguments})
