"""The field-like spin-orbit torque of AOT: (105) from the spin-transfer torque by (102), (A9) from the Kubo formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

import coefficients as co
from coefficients.units import angstrom, electron_mass, elementary_charge, eV, fs, hbar

TIME = 10 * fs
DENSITY = co.spin_density(Ms=580e3, thickness=1e-9)


def electrons(sign: int, rashba: float) -> co.RashbaFerromagnet:
    return co.RashbaFerromagnet(
        fermi_energy=1.0 * eV,
        exchange=0.2 * eV,
        rashba=rashba * eV * angstrom,
        effective_mass=electron_mass,
        exchange_sign=sign,
    )


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("rashba", [1.0, -0.3])
def test_equations_105_and_a9(sign: int, rashba: float) -> None:
    table = co.tabulate(electrons(sign, rashba), co.WhiteNoise(scattering_time=TIME), spin_density=DENSITY)
    # AOT: e is the electron's charge, τ an inverse energy, α_R a velocity, J_sd A = ςΔsd/(S/A)
    e, tau, alpha_R = -elementary_charge, TIME / hbar, -rashba * eV * angstrom / hbar
    J_sd_A = sign * 0.2 * eV / DENSITY
    torque_105 = 2 * electron_mass * alpha_R / hbar * e / (2 * math.pi * hbar) * J_sd_A * tau
    torque_a9 = e * J_sd_A * electron_mass * tau * alpha_R / (math.pi * hbar**2)
    # T = coefficient·n×(ẑ×E) is the rate of n; with n = −m the rate of m is coefficient·m×(ẑ×E)
    assert table.a(0.3) == pytest.approx(torque_105, rel=1e-6)
    assert table.a(0.3) == pytest.approx(torque_a9, rel=1e-6)
    assert abs(table.a(0.3)) == pytest.approx(6.174e4 * abs(rashba), rel=1e-3)


def test_chiral_derivative_of_the_adiabatic_torque_is_the_field_like_torque() -> None:
    """AOT 102 and 103: ∂_i n → ∂_i n + (2mα_R/ħ) n×(ẑ×ê_i) in ξ0 (v_d·∇)n at α_R = 0 gives a m×(ẑ×E)."""
    disorder = co.WhiteNoise(scattering_time=TIME)
    table = co.tabulate(electrons(-1, 1e-3), disorder, spin_density=DENSITY)
    plain = co.tabulate(electrons(-1, 0.0), disorder, spin_density=DENSITY)
    E, m = np.array([2e5, -1e5]), np.array([0.36, 0.48, 0.8])
    alpha_R = -table.model.rashba / hbar
    z, axes = np.array([0.0, 0.0, 1.0]), np.eye(3)[:2]
    n = -m
    change = 2 * electron_mass * alpha_R / hbar * np.array([np.cross(n, np.cross(z, axis)) for axis in axes])
    rate_of_n = plain.xi0(m[2]) * table.drift_velocity(E=E) @ change
    rate_of_m = table.a(m[2]) * np.cross(m, np.cross(z, np.append(E, 0.0)))
    np.testing.assert_allclose(rate_of_m, -rate_of_n, rtol=1e-10, atol=1e-10 * np.abs(rate_of_m).max())
