"""The matrix of one dressing (AOT 38) against AOT's own limits: equations 66, 76, 86 and F1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coefficients import kubo

I3, P = np.eye(3), np.diag([1.0, 1.0, 0.0])


def cross_matrix(n_z: float) -> np.ndarray:
    """U of AOT 39 for n = (√(1−n_z²), 0, n_z)."""
    n_x = math.sqrt(1 - n_z**2)
    return np.array([[0.0, n_z, 0.0], [-n_z, 0.0, n_x], [0.0, -n_x, 0.0]])


@pytest.mark.parametrize("D", [0.2, 3.0])
@pytest.mark.parametrize("n_z", [-1.0, 0.3, 0.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_equation_66_no_spin_orbit_coupling(D: float, n_z: float, sign: int) -> None:
    U = cross_matrix(n_z)
    expected = I3 - 2 * sign * D / (1 + 4 * D**2) * U @ (I3 - 2 * sign * D * U)
    np.testing.assert_allclose(kubo.dressing_matrix(D, 0.0, n_z, sign=sign), expected, atol=1e-15)


@pytest.mark.parametrize(("D", "S"), [(0.2, 0.5), (3.0, 1.0), (2.0, 20.0)])
@pytest.mark.parametrize("n_z", [-1.0, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_equation_76_perpendicular_magnetisation(D: float, S: float, n_z: float, sign: int) -> None:
    U = cross_matrix(n_z)
    expected = (1 + 2 * S**2) * P + (1 + 4 * D**2) * (I3 - P) - 2 * sign * D * P @ U @ P
    expected /= 1 + 4 * (D**2 + S**2)
    np.testing.assert_allclose(kubo.dressing_matrix(D, S, n_z, sign=sign), expected, atol=1e-14)


def weak_exchange(D: float, S: float, U: np.ndarray, sign: int) -> np.ndarray:
    broad = 1 + 4 * S**2
    return (I3 + 2 * S**2 * P) / broad - 2 * sign * D * (U + 4 * S**2 * P @ U @ P) / broad**2


@pytest.mark.parametrize("S", [0.3, 2.0])
@pytest.mark.parametrize("n_z", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_equation_86_weak_exchange(S: float, n_z: float, sign: int) -> None:
    U, D = cross_matrix(n_z), 0.01
    remainder = [
        np.linalg.norm(kubo.dressing_matrix(d, S, n_z, sign=sign) - weak_exchange(d, S, U, sign)) for d in (D, D / 2)
    ]
    # linear order, so D² is left: a factor 4, with corrections of relative order D²
    assert remainder[0] / remainder[1] == pytest.approx(4.0, rel=1e-2)


def weak_spin_orbit(D: float, S: float, n_z: float, sign: int) -> np.ndarray:
    """M up to S²: equation 66 and δγ_1 … δγ_6 of equations F1."""
    U, broad, along = cross_matrix(n_z), 1 + 4 * D**2, 1 + 4 * n_z**2 * D**2
    d1 = -((2 * S / broad) ** 2) * along
    d2 = 2 * (S / broad) ** 2 * (1 - (1 + 2 * n_z**2) * 4 * D**2)
    d3 = (4 * S / broad) ** 2 * along / broad * sign * D
    d4 = -2 * (4 * S * D / broad) ** 2 * along / broad
    d5 = -2 * (2 * S / broad) ** 2 * sign * D
    d6 = -((4 * S * D / broad) ** 2)
    change = d1 * I3 + d2 * P + d3 * U + d4 * U @ U + d5 * P @ U @ P + d6 * P @ U @ U @ P
    return I3 - 2 * sign * D / broad * U @ (I3 - 2 * sign * D * U) + change


@pytest.mark.parametrize("D", [0.4, 2.0])
@pytest.mark.parametrize("n_z", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_equations_f1_weak_spin_orbit_coupling(D: float, n_z: float, sign: int) -> None:
    S = 0.05
    remainder = [
        np.linalg.norm(kubo.dressing_matrix(D, s, n_z, sign=sign) - weak_spin_orbit(D, s, n_z, sign))
        for s in (S, S / 2)
    ]
    # S⁴ is left: a factor 16, with corrections of relative order S² = 2.5e-3
    assert remainder[0] / remainder[1] == pytest.approx(16.0, rel=0.05)
