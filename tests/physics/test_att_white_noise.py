"""ATT (15), (16), (C7), (C8): white noise in the self-consistent Born approximation, with vertex corrections and bare.

ATT write M for Δ_xc m, α_so (α_R) for α, m_e for the mass, 1/(m_e τ) for nW², e for q. With vertex corrections only the
Edelstein effect is left above the gap; (C7) has its sign, K_xy = −ταm/2π = −K_yx, and (16) the opposite one. Of the
bare tensor (15b) is right; of (15a) zy alone is: `bare` has the others. It is (C8), if the xy of (C8b) reads
(εΔ − M_z²) M_z/γ. (16) and what it follows from, (C9) and (C10), hold to first order in the broadening, not exactly.

Last, the scheme of VPF (16), which takes T from the clean g: wrong where T has a matrix structure, inside the gap.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coefficients import tmatrix
from coefficients.spin_orbit import torque_coefficients
from tests.coefficients import kubo_quadrature

Real = NDArray[np.float64]
TANTALUM: dict[str, Any] = {"m": 0.8 / 76.19964231, "alpha": 17.0, "Delta_xc": 5.0}  # meV, nm; VPF, Fig. 4
NOISE = {**TANTALUM, "inverse_strength": 5 * TANTALUM["m"], "scheme": "born"}


# --- with vertex corrections


@pytest.mark.parametrize(("energy", "theta"), [(8.0, 0.5), (30.0, 0.5), (8.0, 1.1), (4.5, 1.1)])
def test_above_the_gap_only_the_edelstein_effect_is_left(energy: float, theta: float) -> None:
    m, alpha = TANTALUM["m"], TANTALUM["alpha"]
    rows = []
    for density in (0.004, 0.002, 0.001):
        r = tmatrix.response(**NOISE, energy=energy, theta=theta, density=density)
        gamma = -r.self_energy[0].imag
        tau = 1 / (2 * gamma)
        drude = tau / math.pi * (energy + m * alpha**2)
        rows.append(
            [
                r.b / r.a,
                r.d / r.a,
                r.c / r.a,
                r.a / (-tau * alpha * m / (2 * math.pi)) - 1,
                r.K[0, 1] / (-tau * alpha * m / (2 * math.pi)) - 1,
                r.K[1, 0] / (tau * alpha * m / (2 * math.pi)) - 1,
                r.sigma[0, 0] / drude - 1,
                r.sigma[1, 1] / drude - 1,
                gamma / (density * m / (2 * NOISE["inverse_strength"] ** 2)) - 1,
            ]
        )
    # above the minimum of the upper band by `room`; b/a and d/a are of second order in γ, all else is of first
    room = energy - tmatrix.upper_band_minimum(m, alpha, 5.0, math.sin(theta), math.cos(theta))[1]
    orders = np.array([2, 2] + 7 * [1])
    ratios = np.array(rows[1]) / np.array(rows[2])
    # the next order in γ/room, which is 0.4 % (ε = 4.5) at the last
    np.testing.assert_allclose(ratios, 2**orders, rtol=0.02)
    limits = (2**orders * np.array(rows[2]) - np.array(rows[1])) / (2**orders - 1)
    np.testing.assert_allclose(limits, 0, atol=1e-5)
    # and none is larger than its order
    assert np.all(np.abs(rows[0]) < (gamma * 4 / room) ** orders)


def test_inside_the_gap_the_anisotropic_field_like_torque_stays() -> None:
    values = {**NOISE, "energy": 4.5, "theta": 0.6}
    c, b = [], []
    for density in (1e-3, 5e-4, 2.5e-4):
        r = tmatrix.response(**values, density=density)
        c.append(r.c / r.a)
        b.append([r.b / r.a, r.d / r.a])
    # b and d are of first order in γ now, c/a of none: 0.056 here, elsewhere from −0.07 to 0.07
    np.testing.assert_allclose(np.array(b[1]) / b[2], 2, rtol=0.01)
    assert 2 * c[2] - c[1] == pytest.approx(0.056, abs=1e-3)
    assert (c[0] - c[1]) / (c[1] - c[2]) == pytest.approx(2, rel=0.05)
    brute = kubo_quadrature.response(**values, reference_energy=5.0, density=1e-2, angles=64, tolerance=1e-7)
    a, _, anisotropic, _ = torque_coefficients(brute.K, math.sin(0.6), math.cos(0.6))
    r = tmatrix.response(**values, density=1e-2)
    # the quadrature is good to 1e-10 of K; 1/m_x² m_z times that
    assert r.c / r.a == pytest.approx(anisotropic / a, rel=1e-7)


# --- without


def bare(m: float, alpha: float, M: float, energy: float, tau: float, theta: float) -> tuple[Real, Real]:
    """K (3, 2) and σ (2, 2), to leading order in 1/τ and third in μ_x; (15b) as printed."""
    M_x, M_z = M * math.sin(theta), M * math.cos(theta)
    splitting = math.sqrt(M_z**2 + 2 * energy * m * alpha**2)  # Δ_S, which does not depend on M_x
    x2, z = (M_x / splitting) ** 2, M_z / splitting
    z2, mu_x, T = z * z, M_x / splitting, tau * splitting
    xx = -z * (1 + x2 * (1 - 2 * z2))
    K = np.array(
        [
            [xx, -T * (1 + z2 + x2 * z2 * (1 - 3 * z2))],
            [T * (1 + z2 + x2 * z2 * (1 - z2)), xx],
            [mu_x * z2 * (1 + x2 * (2 - 3 * z2)), 2 * T * mu_x * z**3 * (1 + x2 * (2 - 3 * z2))],
        ]
    )
    s2 = splitting**2 / (4 * energy**2)
    hall = splitting / (2 * energy) * z * (1 - z2) * (1 + x2 * (1 - 2 * z2))
    sigma = np.array(
        [
            [2 * energy * tau * (1 + s2 * (1 - z2) ** 2 * (1 - z2 * x2)), hall],
            [-hall, 2 * energy * tau * (1 + s2 * (1 - z2) * (1 - z2 - z2 * x2 * (1 - 3 * z2)))],
        ]
    )
    return m * alpha / (4 * math.pi * splitting) * K, sigma / (2 * math.pi)


BARE: dict[str, Any] = {
    "m": 0.8,
    "alpha": 0.9,
    "Delta_xc": 0.5,
    "energy": 2.0,
    "inverse_strength": 20.0,
    "scheme": "bare",
}


def from_bare(theta: float, density: float) -> Real:
    """Relative deviation of the ten elements from the table."""
    r = tmatrix.response(**BARE, theta=theta, density=density)
    tau = -0.5 / r.self_energy[0].imag
    K, sigma = bare(BARE["m"], BARE["alpha"], BARE["Delta_xc"], BARE["energy"], tau, theta)
    return np.concatenate([(r.K / K - 1).ravel(), (r.sigma / sigma - 1).ravel()])


@pytest.mark.parametrize("theta", [0.15, 0.6, 2.8])
def test_bare_tensors_to_first_order_in_the_broadening(theta: float) -> None:
    deviations = [from_bare(theta, density) for density in (0.04, 0.02, 0.01)]
    # what is left for γ → 0, of fourth order in μ_x, is in all three; elements of σ have a second order too
    np.testing.assert_allclose((deviations[0] - deviations[1]) / (deviations[1] - deviations[2]), 2, rtol=0.01)
    # γ is 4e-5 at 0.04, 1/20000 of Δ_S²/ε
    assert np.all(np.abs(deviations[0] - deviations[1]) < 1e-4)


def test_bare_tensors_to_third_order_in_the_magnetisation() -> None:
    deviations = []
    for theta in (0.3, 0.15):
        # to γ → 0
        deviations.append(2 * from_bare(theta, 0.0025) - from_bare(theta, 0.005))
        mu_x = 0.30 * math.sin(theta)  # Δ_xc/Δ_S = 0.29 to 0.30
        # times coefficients of the order of one
        assert np.all(np.abs(deviations[-1]) < 3 * mu_x**4)
    # fourth order: μ_x = Δ_xc sin θ/Δ_S falls by 1.99 between the two, its coefficients change by a few percent
    np.testing.assert_allclose(deviations[0] / deviations[1], 16, rtol=0.1)
    assert np.all(np.abs(deviations[1][:6]) > 5e-8)


def test_bare_tensor_is_c8() -> None:
    m, alpha, M, energy, tau = 0.8, 0.9, 0.5, 2.0, 300.0
    theta, gamma = 0.01, 1 / (2 * tau)
    M_x, M_z, D = M * math.sin(theta), M * math.cos(theta), m * alpha**2
    S = M_z**2 + 2 * energy * D
    first = m * alpha * M_z**2 / (4 * math.pi * S**2) * np.array([[0, 0], [0, 0], [1, M_z / gamma]])
    diagonal = 2 * energy * D - M_z**2
    second = np.array([[diagonal, (energy * D - M_z**2) * M_z / gamma], [-energy * D * M_z / gamma, diagonal], [0, 0]])
    second *= -m * alpha * M_z / (4 * math.pi * S**3)
    # (15) at the same M_z and without M_x
    straight, _ = bare(m, alpha, M_z, energy, tau, 0.0)
    expected = straight + M_x * first + M_x**2 * second
    found, _ = bare(m, alpha, M, energy, tau, theta)
    # the next order of zx and zy, 2μ_x² = 2e-5; the others end here
    np.testing.assert_allclose(found[2], expected[2], rtol=3e-5)
    np.testing.assert_allclose(found[:2], expected[:2], rtol=1e-12)
    assert np.abs(found[:2] - straight[:2]).min() > 1e-7 * np.abs(straight[:2]).min()


# --- T of the clean electrons


def test_clean_scheme_is_wrong_in_the_gap() -> None:
    values = {**TANTALUM, "energy": 4.5, "inverse_strength": TANTALUM["m"] / 2, "reference_energy": 5.0, "theta": 0.5}
    deviations = []
    for density in (2e-6, 1e-6):
        right = np.array(tmatrix.response(**values, density=density).torques)
        wrong = tmatrix.response(**values, density=density, scheme="clean")
        deviations.append(np.array(wrong.torques) / right - 1)
        # the Ward identity is broken by the order of n, which the charge mode divides by
        assert wrong.ward_residual > 1e-7
    limit = 2 * deviations[1] - deviations[0]
    # a is off by 4 %, b by nothing, d by 17 %, and c has the other sign, however few the impurities
    np.testing.assert_allclose(limit[[0, 1, 3]], [-0.04, 0.0, -0.17], atol=5e-3)
    assert limit[2] < -1


def test_clean_scheme_converges_above_the_gap() -> None:
    values = {**TANTALUM, "energy": 8.0, "inverse_strength": TANTALUM["m"] / 2, "reference_energy": 5.0, "theta": 0.5}
    deviations = []
    for density in (4e-5, 2e-5, 1e-5):
        right = np.array(tmatrix.response(**values, density=density).torques)
        wrong = np.array(tmatrix.response(**values, density=density, scheme="clean").torques)
        deviations.append(wrong / right - 1)
    # of first order in n
    np.testing.assert_allclose(deviations[0] / deviations[1], 2, rtol=0.05)
    np.testing.assert_allclose(2 * deviations[2] - deviations[1], 0, atol=1e-6)
