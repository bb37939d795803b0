"""Table I of Ado, Ostrovsky, Titov (AOT): limits of ξ0/(−δS/S) = 2ςD t0, ξ∥/(|δS/S|D) = 2t∥, ξ⊥/(|δS/S|D) = 2t⊥.

An expansion is tested by the power law of what it leaves out: the remainder of an expansion up to order p falls by
2^(next order) when the small parameter is halved. That needs no tolerance on the size of the remainder, and a wrong
term in the expansion, of whatever size, changes the power.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from coefficients import closed_form, kubo

ROUTES = {"closed form": closed_form.t_coefficients, "kubo": kubo.t_coefficients}
Coefficients = Callable[..., tuple[np.ndarray, ...]]


@pytest.fixture(params=ROUTES.values(), ids=ROUTES.keys())
def t_coefficients(request: pytest.FixtureRequest) -> Coefficients:
    return request.param


def columns(route: Coefficients, D: float, S: float, n_z: float, sign: int = -1) -> np.ndarray:
    t0, t_par, t_perp = route(D, S, n_z, sign=sign)
    return np.array([2 * sign * D * t0, 2 * t_par, 2 * t_perp])


def weak_spin_orbit(D: float, S: float, n_z: float) -> np.ndarray:
    """Second row, up to S²."""
    C, broad = n_z**2, 1 + 4 * D**2
    return np.array(
        [
            1 + 2 * S**2 / broad * (1 - C) / (1 + C),
            (S / D) ** 2 / broad * (4 * D**2 + 2 / (1 + C)),
            (S / D) ** 2 / broad * (1 + 4 * C * D**2) / (1 + C),
        ]
    )


def weak_exchange(D: float, S: float, n_z: float) -> np.ndarray:
    """Third row, leading order in D."""
    C = n_z**2
    return np.array([(D / S) ** 2 * (4 * C + (1 + C) / (2 * S**2)), 2 + 1 / S**2, 1 / (2 * S**2)])


def perpendicular(D: float, S: float) -> np.ndarray:
    """Fourth row, exact. AOT print (τΔso)² as the numerator in ξ0 (also in 77 and 78a); it is τ²Δso⁴, S⁴ here."""
    mix = 2 * D**2 + S**2
    below = D**2 + mix**2
    return np.array([1 - S**4 / below, S**2 * (1 + 2 * mix) / below, 0.5 * S**2 * (1 + 4 * D**2) / below])


def strong_spin_orbit(D: float, S: float, n_z: float) -> np.ndarray:
    """Equations G1, up to 1/S⁴."""
    C, x = n_z**2, (D / S) ** 2
    return np.array(
        [
            x * (4 * C + (1 + C) / (2 * S**2)) + 6 * x**2 * (1 - 3 * C) * C,
            2 + 1 / S**2 - x * (4 * C - (1 - 7 * C) / S**2) - 4 * x**2 * (1 - 3 * C) * C,
            1 / (2 * S**2) + x * (2 * C + (1 - 5 * C) / (2 * S**2)) + 2 * x**2 * (1 - 5 * C) * C,
        ]
    )


@pytest.mark.parametrize("D", [0.01, 1.0, 50.0])
@pytest.mark.parametrize("n_z", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_row_1_no_spin_orbit_coupling(t_coefficients: Coefficients, D: float, n_z: float, sign: int) -> None:
    np.testing.assert_allclose(columns(t_coefficients, D, 0.0, n_z, sign), [1.0, 0.0, 0.0], rtol=1e-14, atol=0)


@pytest.mark.parametrize("D", [0.3, 1.0, 6.0])
@pytest.mark.parametrize("n_z", [0.0, 0.4, -0.8, 1.0])
def test_row_2_weak_spin_orbit_coupling(t_coefficients: Coefficients, D: float, n_z: float) -> None:
    S = 0.04 * min(D, 1.0)
    left_out = [columns(t_coefficients, D, s, n_z) - weak_spin_orbit(D, s, n_z) for s in (S, S / 2)]
    # next order S⁴, a factor 16; the one after it is smaller by (S/D)², (S)² < 2e-3 times a number of order 10
    np.testing.assert_allclose(left_out[0] / left_out[1], 16.0, rtol=0.03)


@pytest.mark.parametrize("S", [0.4, 1.0, 5.0])
@pytest.mark.parametrize("n_z", [0.0, 0.5, -0.9, 1.0])
def test_row_3_weak_exchange(t_coefficients: Coefficients, S: float, n_z: float) -> None:
    D = 0.01 * min(S, 1.0)
    left_out = [columns(t_coefficients, d, S, n_z) - weak_exchange(d, S, n_z) for d in (D, D / 2)]
    # ξ0 starts at D² and goes on with D⁴ (16), ξ∥ and ξ⊥ start at D⁰ and go on with D² (4); then (D/S)² ~ 1e-4 × 10
    np.testing.assert_allclose(left_out[0] / left_out[1], [16.0, 4.0, 4.0], rtol=0.01)


@pytest.mark.parametrize(("D", "S"), [(0.1, 0.02), (1.0, 1.0), (10.0, 3.0), (5.0, 30.0), (200.0, 200.0)])
@pytest.mark.parametrize("n_z", [-1.0, 1.0])
def test_row_4_perpendicular_magnetisation(t_coefficients: Coefficients, D: float, S: float, n_z: float) -> None:
    # exact; the quadrature rounds as 1e-16 S², and 1 − S⁴/… of the formula itself cancels to about as much
    tolerance = 1e-14 * (1 + S**2)
    np.testing.assert_allclose(columns(t_coefficients, D, S, n_z), perpendicular(D, S), rtol=tolerance)


def test_row_4_as_printed_is_not_the_limit() -> None:
    # the printed (τΔso)² = S² in place of S⁴, at D = 5, S = 30
    D, S = 5.0, 30.0
    printed = 1 - S**2 / (D**2 + (2 * D**2 + S**2) ** 2)
    assert abs(columns(closed_form.t_coefficients, D, S, 1.0)[0] - printed) > 0.8


@pytest.mark.parametrize("n_z", [0.0, 0.5, 1.0])
def test_equations_g1_strong_spin_orbit_coupling(n_z: float) -> None:
    D, S = 1.0, 60.0
    left_out = [
        columns(closed_form.t_coefficients, D, s, n_z) - strong_spin_orbit(D, s, n_z) for s in (S, np.sqrt(2) * S)
    ]
    # next order S⁻⁶: a factor 8; the one after it is smaller by a number of order 10 to 30 times (D/S)² = 3e-4
    np.testing.assert_allclose(left_out[0] / left_out[1], 8.0, rtol=0.02)


@pytest.mark.parametrize(("D", "S"), [(0.2, 0.1), (3.0, 0.7), (2.0, 9.0)])
def test_equation_80_ratio_for_perpendicular_magnetisation(t_coefficients: Coefficients, D: float, S: float) -> None:
    _, parallel, transverse = columns(t_coefficients, D, S, 1.0)
    assert parallel / transverse == pytest.approx(2 + S**2 / (D**2 + 0.25), rel=1e-11)


@pytest.mark.parametrize("D", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("n_z", [0.0, 0.5, 0.9])
def test_equation_84_ratio_for_weak_spin_orbit_coupling(t_coefficients: Coefficients, D: float, n_z: float) -> None:
    _, parallel, transverse = columns(t_coefficients, D, 1e-4 * D, n_z)
    expected = 2 + (1 - n_z**2) / (n_z**2 + 1 / (2 * D) ** 2)
    # next order S²: 1e-8 D² times a number below 100
    assert parallel / transverse == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("D", [0.2, 0.5, 3.0])
def test_equations_85_orientational_anisotropy(t_coefficients: Coefficients, D: float) -> None:
    S = 1e-3 * min(D, 1.0)
    difference = columns(t_coefficients, D, S, 0.0) - columns(t_coefficients, D, S, 1.0)
    broad, x = 1 + 4 * D**2, (S / D) ** 2
    expected = [2 * S**2 / broad, x / broad, (1 - 4 * D**2) / broad * x / 2]
    # next order (S/D)² = 1e-6; 85c vanishes at D = 1/2, where only its size counts
    np.testing.assert_allclose(difference, expected, rtol=3e-5, atol=1e-5 * x)


@pytest.mark.parametrize("S", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("n_z", [0.0, 0.5, 1.0])
def test_equation_88_ratio_for_weak_exchange(t_coefficients: Coefficients, S: float, n_z: float) -> None:
    _, parallel, transverse = columns(t_coefficients, 1e-5 * S, S, n_z)
    # next order D²: 1e-10 S² times at most 4(2 + 4S²)
    assert parallel / transverse == pytest.approx(2 + (2 * S) ** 2, rel=1e-6)


@pytest.mark.parametrize(("n_z", "position"), [(0.0, 0.92), (0.5, 0.62), (0.8, 0.42)])
def test_figure_4_maximum_of_the_spin_renormalisation(n_z: float, position: float) -> None:
    # AOT place it near Δso ≈ Δsd; it is there for in-plane magnetisation only
    D = 10.0
    S = D * np.linspace(0.2, 1.2, 2001)
    xi0 = columns(closed_form.t_coefficients, D, S, n_z)[0]  # type: ignore[arg-type]
    assert xi0.max() > 1.0
    assert S[xi0.argmax()] / D == pytest.approx(position, abs=0.006)  # two published digits and the grid
