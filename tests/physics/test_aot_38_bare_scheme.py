"""AOT (38) taken literally, with p from 0 to infinity and the self-energy ∓i/2τ, is a trap: it is not Table I.

Cutting the momentum at 0 breaks the Ward identity at relative order 1/ετ, and what should be a damping of order α²
then starts at order α⁰ with the wrong sign. The scheme is here, in a test, so that nobody puts it into the package.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad_vec

from coefficients import closed_form, kubo

POINTS = json.loads((Path(__file__).parents[1] / "data" / "xi.json").read_text(encoding="utf-8"))["points"]


def bare_integrals(
    D: float, S: float, n_z: float, sign: int, eps_tau: float, angles: int = 64
) -> tuple[np.ndarray, float]:
    """AOT 38 literally: M (3, 3), and its counterpart for charge (τ = m = ħ = 1), which charge conservation makes 1."""
    phi = 2 * np.pi * (np.arange(angles) + 0.5) / angles
    n = np.array([math.sqrt((1 - n_z) * (1 + n_z)), 0.0, n_z])
    circle = np.stack([-np.sin(phi), np.cos(phi), 0.0 * phi])
    levi_civita = np.zeros((3, 3, 3))
    levi_civita[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1.0
    levi_civita[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1.0

    def integrand(y: float) -> np.ndarray:  # y = ε − p²/2m, at all angles
        h = sign * D * n[:, None] + S * math.sqrt((eps_tau - y) / eps_tau) * circle
        h2 = (h * h).sum(axis=0)
        norm = y * y + 0.25  # |y + i/2|²
        matrix = (
            (norm - h2) * np.eye(3)[:, :, None] + 2 * h[:, None] * h[None] - np.einsum("ijk,kn->ijn", levi_civita, h)
        )
        below = (y * y - 0.25 - h2) ** 2 + y * y  # |(y + i/2)² − h²|²
        return np.append((matrix / below).mean(axis=2), ((norm + h2) / below).mean()) / (2 * np.pi)

    reach = 3 * (D + S) + 10
    total = sum(
        quad_vec(integrand, low, high, epsabs=1e-13, epsrel=1e-12, limit=4000)[0]
        for low, high in [(-np.inf, -reach), (-reach, 0.0), (0.0, eps_tau)]
    )
    return total[:9].reshape(3, 3), float(total[9])


def bare_t(D: float, S: float, n_z: float, sign: int, eps_tau: float) -> np.ndarray:
    """t0, t∥, t⊥ from T = UM(1 − M)⁻¹ with that M."""
    M, _ = bare_integrals(D, S, n_z, sign, eps_tau)
    sin = math.sqrt((1 - n_z) * (1 + n_z))
    U = np.array([[0.0, n_z, 0.0], [-n_z, 0.0, sin], [0.0, -sin, 0.0]])
    T = U @ M @ np.linalg.inv(np.eye(3) - M)
    theta, phi = np.array([n_z, 0.0, -sin]), np.array([0.0, 1.0, 0.0])
    t_par = theta @ T @ phi
    return np.array([phi @ T @ phi, t_par, -(phi @ T @ theta + t_par * n_z**2) / sin**2])


CHOSEN = [  # those far from the touching of the subbands: 64 angles reach 1e-10
    p
    for p in POINTS
    if 0.05 < abs(float(p["n_z"])) < 0.99
    and abs(math.log(float(p["tau_Dso"]) / float(p["tau_Dsd"]))) > 0.9
    and float(p["eps_tau"]) <= 100
]


@pytest.mark.parametrize("point", CHOSEN[::4], ids=lambda p: f"D{p['tau_Dsd']}-S{p['tau_Dso']}-nz{p['n_z'][:6]}")
def test_independent_values_of_the_bare_scheme(point: dict) -> None:
    D, S, n_z = float(point["tau_Dsd"]), float(point["tau_Dso"]), float(point["n_z"])
    reference = [float(point["bare"][name]) for name in ("t0", "t_par", "t_perp")]
    # M is good to about 1e-12, and 1 − M has elements of 1/(2π ετ) ~ 1e-3 where it should be zero
    np.testing.assert_allclose(bare_t(D, S, n_z, point["sign"], point["eps_tau"]), reference, rtol=1e-7)


@pytest.mark.parametrize("S", [0.1, 0.5])
def test_damping_has_the_wrong_sign(S: float) -> None:
    D, eps_tau, n_z = 10.0, 50.0, 0.5
    _, wrong_parallel, wrong_transverse = bare_t(D, S, n_z, 1, eps_tau)
    _, t_par, t_perp = closed_form.t_coefficients(D, S, n_z, sign=1)
    assert wrong_parallel < 0 < t_par
    assert wrong_transverse < 0 < t_perp
    # Table I, second row, to which the true values belong up to order (S/D)²
    row_2 = 0.5 * (S / D) ** 2 / (1 + 4 * D**2) * (4 * D**2 + 2 / (1 + n_z**2))
    assert t_par == pytest.approx(row_2, rel=2 * (S / D) ** 2 * 10)


def test_spurious_damping_without_spin_orbit_coupling() -> None:
    # α → 0: 2t∥ = 2t⊥ → −(1/2πD)(1 − 1/4D²) ln[(ε + Δ)/(ε − Δ)], where the true limit is 0
    D, eps_tau = 10.0, 50.0
    _, t_par, t_perp = bare_t(D, 1e-3, 0.5, 1, eps_tau)
    spurious = -(1 - 1 / (4 * D**2)) / (2 * math.pi * D) * math.log((eps_tau + D) / (eps_tau - D))
    # the formula is the leading order in 1/(ετ): 1 % here
    assert 2 * t_par == pytest.approx(spurious, rel=0.02)
    assert 2 * t_perp == pytest.approx(spurious, rel=0.02)


def test_ward_identity_is_broken_by_the_bare_scheme_only() -> None:
    # without spin-orbit coupling charge conservation asks for 1; the cut at p = 0 leaves out the tails of two
    # Lorentzians centred at ε ∓ Δ: (1/2π) Σ [π/2 + atan(2(ετ ∓ D))]
    D, eps_tau, n_z = 10.0, 50.0, 0.5
    M, charge = bare_integrals(D, 0.0, n_z, 1, eps_tau)
    tails = sum(math.pi / 2 + math.atan(2 * (eps_tau - s * D)) for s in (-1, 1)) / (2 * math.pi)
    assert charge == pytest.approx(tails, rel=1e-9)
    assert 1 - charge > 3e-3
    # and spin along n, which is conserved, decays
    n = np.array([math.sqrt(1 - n_z**2), 0.0, n_z])
    assert n @ M @ n == pytest.approx(charge, rel=1e-9)
    assert n @ kubo.dressing_matrix(D, 0.0, n_z, sign=1) @ n == pytest.approx(1.0, abs=1e-15)


def test_bare_scheme_tends_to_the_fermi_circle_as_the_broadening_vanishes() -> None:
    D, S, n_z = 1.0, 2.0, 0.6
    exact = kubo.dressing_matrix(D, S, n_z, sign=1)
    error = [np.abs(bare_integrals(D, S, n_z, 1, eps_tau)[0] - exact).max() for eps_tau in (500.0, 1000.0)]
    # first order in 1/ετ: half the error for twice ετ, and a coefficient of the order of 1/2
    assert error[0] / error[1] == pytest.approx(2.0, rel=0.05)
    assert error[0] < 1.0 / 500
