from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coefficients as co
from coefficients import spin_orbit
from coefficients.units import angstrom, electron_mass, elementary_charge, eV, fs, hbar, meV, nm

POINTS = json.loads((Path(__file__).parents[1] / "data" / "edelstein_scba.json").read_text(encoding="utf-8"))["points"]
E_CHARGE = elementary_charge


def electrons(**changes: Any) -> co.RashbaFerromagnet:
    values: dict[str, Any] = {"fermi_energy": 1.0 * eV, "exchange": 0.2 * eV, "rashba": 1.0 * eV * angstrom}
    return co.RashbaFerromagnet(**{**values, "effective_mass": electron_mass, "exchange_sign": 1, **changes})


def torque(model: co.RashbaFerromagnet, time: float, density: float, form: spin_orbit.Form = "E") -> float:
    """a of a table."""
    return float(co.tabulate(model, co.WhiteNoise(scattering_time=time), spin_density=density, form=form).a(0.3))


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"eps{p['eps']:g}-theta{p['theta']:g}")
def test_full_self_consistent_born_response_reduces_to_edelstein_and_drude(point: dict[str, Any]) -> None:
    model = co.RashbaFerromagnet(
        fermi_energy=point["eps"] * meV,
        exchange=point["Delta_xc"] * meV,
        rashba=point["alpha"] * meV * nm,
        effective_mass=point["mstar"] * electron_mass,
        exchange_sign=1,
    )
    broadening = -point["Sigma_im"][0]
    time = hbar / (2 * broadening * meV)
    # what is left out is of first order in broadening/(ε − Δ): 1 to 3 % here
    small = broadening / (point["eps"] - point["Delta_xc"])
    K_xy, K_yx = (point["K"][0][1] / (meV * nm), point["K"][1][0] / (meV * nm))
    assert spin_orbit.edelstein(model, time) == pytest.approx(K_xy, rel=small)
    assert spin_orbit.edelstein(model, time) == pytest.approx(-K_yx, rel=small)
    for name in ("b", "c", "d"):
        assert abs(point[name]) < small * abs(point["a"])
    sigma = point["sigma"][0][0] * E_CHARGE**2 / hbar
    assert spin_orbit.sheet_conductivity(model, time) == pytest.approx(sigma, rel=small)


def test_number_of_a_known_film() -> None:
    # 6.167e4 1/s per V/m for Ms t = 5.8e-4 A and g = 2, γ = e/m_e: 2Δ e α m τ/(2πħ³·ħ S/A) by hand
    density = co.spin_density(Ms=5.8e5, thickness=1e-9, gamma=E_CHARGE / electron_mass)
    a = torque(electrons(), 10 * fs, density)
    assert a == pytest.approx(6.167e4, rel=1e-4)
    by_hand = 2 * 0.2 * eV * E_CHARGE * 1e-10 * eV * electron_mass * 10 * fs / (2 * math.pi * hbar**4 * density)
    assert a == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("change", "factor"), [({"exchange_sign": -1}, -1), ({"rashba": -2e-29}, None)])
def test_sign_follows_exchange_and_rashba(change: dict[str, float], factor: float | None) -> None:
    plain, changed = torque(electrons(), 10 * fs, 2e19), torque(electrons(**change), 10 * fs, 2e19)
    expected = factor if factor is not None else change["rashba"] / electrons().rashba
    assert changed / plain == pytest.approx(expected, rel=1e-14)


def test_field_like_torque_is_exchange_torque_of_the_edelstein_spin() -> None:
    model, time, density = electrons(exchange_sign=-1), 8 * fs, 2e19
    E, m = np.array([3e4, -1e4, 0.0]), np.array([0.36, 0.48, 0.8])
    K_xy = spin_orbit.edelstein(model, time)
    s = -E_CHARGE * K_xy * np.array([E[1], -E[0], 0.0])
    # H_sd = −Δ_xc m·σ acts on the magnet as the field of energy −2Δ_xc m·s per area: ∂t m = (2Δ_xc/ħ)(A/S) s×m
    rate = 2 * model.signed_exchange / (hbar * density) * np.cross(s, m)
    a = torque(model, time, density)
    np.testing.assert_allclose(rate, a * np.cross(m, np.cross([0.0, 0.0, 1.0], E)), rtol=1e-12)


def test_both_forms_are_the_same_torque() -> None:
    model, time, density, E = electrons(), 8 * fs, 2e19, 1e5
    j = spin_orbit.sheet_conductivity(model, time) * E
    assert torque(model, time, density, "J") * j == pytest.approx(torque(model, time, density) * E, rel=1e-14)


def test_conductivity_is_drude() -> None:
    model, time = electrons(), 8 * fs
    drude = E_CHARGE**2 * model.electron_density * time / model.effective_mass
    explicit = E_CHARGE**2 * time / (math.pi * hbar**2) * (1.0 * eV + electron_mass * (1e-10 * eV) ** 2 / hbar**2)
    np.testing.assert_allclose(spin_orbit.sheet_conductivity(model, time), drude, rtol=1e-14)
    np.testing.assert_allclose(spin_orbit.sheet_conductivity(model, time), explicit, rtol=1e-14)


def test_one_filled_subband_is_refused() -> None:
    model = electrons(fermi_energy=0.1 * eV)
    for function in (spin_orbit.edelstein, spin_orbit.sheet_conductivity):
        with pytest.raises(ValueError, match=r"fermi_energy = 0\.1 eV must exceed exchange = 0.2 eV"):
            function(model, 1e-14)


# --- from the response tensors to the torque coefficients

Z = np.array([0.0, 0.0, 1.0])


def of_symmetry(k: np.ndarray, m_x: float, m_z: float) -> np.ndarray:
    """K (3, 2) at m = (m_x, 0, m_z) from the six numbers k, as the symmetry of the model has it (ATT 11)."""
    K: np.ndarray = k.reshape(3, 2) * np.array([[m_z, 1.0], [1.0, m_z], [m_x, m_x * m_z]])
    return K


def directions(count: int) -> list[tuple[float, float, float]]:
    """m_x, m_z, both signs of both, and an azimuth; m_x² |m_z|, by whose inverse rounding grows, is 0.05 and more."""
    random = np.random.default_rng(3)
    theta = np.arccos(random.uniform(0.06, 0.97, count) * random.choice([-1, 1], count))
    return [
        (float(sign * np.sin(t)), float(np.cos(t)), float(phi))
        for sign, t, phi in zip(random.choice([-1, 1], count), theta, random.uniform(0, 2 * np.pi, count))
    ]


def test_torque_coefficients_are_those_of_the_exchange_torque() -> None:
    """ATT (12b) has the other sign of b and d, with which this fails; (12a) and VPF (4) are right."""
    random, worst = np.random.default_rng(5), 0.0
    for m_x, m_z, phi in directions(300):
        K = of_symmetry(random.normal(size=6), m_x, m_z)
        a, b, c, d = spin_orbit.torque_coefficients(K, m_x, m_z)
        turn = np.array([[np.cos(phi), -np.sin(phi), 0], [np.sin(phi), np.cos(phi), 0], [0, 0, 1]])
        m = turn @ np.array([m_x, 0.0, m_z])
        E = np.append(random.normal(size=2), 0.0)
        s = turn @ K @ (turn.T @ E)[:2]
        # ∂t m/κq
        torque = (
            a * np.cross(m, np.cross(Z, E))
            + b * np.cross(m, np.cross(m, np.cross(Z, E)))
            + c * np.cross(m, np.cross(m, Z)) * (m @ E)
            + d * np.cross(m, Z) * (m @ E)
        )
        scale = np.abs([a, b, c, d]).max() * np.linalg.norm(E)
        worst = max(worst, float(np.abs(torque - np.cross(s, m)).max() / scale))
    # a few roundings
    assert worst < 1e-14


def test_torque_efficiencies_of_a_current() -> None:
    """VPF (4) as printed, with K_J for K: τ1o, τ1e, τ2o, τ2e are a, b, c, d of the J-form."""
    random = np.random.default_rng(7)
    for m_x, m_z, _ in directions(50):
        (K_xx, K_xy), (K_yx, K_yy), (K_zx, K_zy) = K_J = of_symmetry(random.normal(size=6), m_x, m_z)
        tau_1e = K_yy / m_z
        tau_2e = (K_xx - K_yy) / (m_x**2 * m_z) - K_xx / m_z - K_zx / m_x
        tau_1o = K_xy - m_x / m_z * K_zy
        tau_2o = ((K_xy + K_yx) / m_x - K_zy / m_z) / m_x
        found = spin_orbit.torque_coefficients(K_J, m_x, m_z)
        # rounding, times 1/(m_x² m_z)
        np.testing.assert_allclose(found, (tau_1o, tau_1e, tau_2o, tau_2e), rtol=0, atol=1e-13)


def test_even_functions_and_back() -> None:
    random = np.random.default_rng(11)
    for m_x, m_z, _ in directions(100):
        K = of_symmetry(random.normal(size=6), m_x, m_z)
        sigma_xx, sigma_yy, hall = random.uniform(1, 2, 3)
        sigma = np.array([[sigma_xx, m_z * hall], [-m_z * hall, sigma_yy]])
        even = spin_orbit.even_functions(K, sigma, m_x, m_z)
        assert len(even) == len(spin_orbit.EVEN_FUNCTIONS)
        values = dict(zip(spin_orbit.EVEN_FUNCTIONS, even))
        found_K, found_sigma = spin_orbit.response_tensors(even, np.array(m_x), np.array(m_z))
        # rounding of a … d, times 1/(m_x² m_z)
        np.testing.assert_allclose(found_K, K, rtol=0, atol=1e-13)
        np.testing.assert_allclose(found_sigma, sigma, rtol=1e-14)
        # what the names say: s along m for a field along x and y, and the coefficients of Kσ⁻¹
        along = np.array([m_x, 0.0, m_z]) @ K
        np.testing.assert_allclose([m_x * m_z * values["along_x"], m_x * values["along_y"]], along, rtol=0, atol=1e-13)
        in_J = spin_orbit.torque_coefficients(K @ np.linalg.inv(sigma), m_x, m_z)
        np.testing.assert_allclose([values[f"{name}_J"] for name in "abcd"], in_J, rtol=0, atol=1e-12)
        # functions of m_z²: the same at −m_x and at −m_z
        signs = np.array([[-1, 1], [1, -1], [1, -1]])
        np.testing.assert_allclose(spin_orbit.even_functions(signs * K, sigma.T, m_x, -m_z), even, rtol=0, atol=1e-12)
        signs = np.array([[1, 1], [1, 1], [-1, -1]])
        np.testing.assert_allclose(spin_orbit.even_functions(signs * K, sigma, -m_x, m_z), even, rtol=0, atol=1e-12)


def test_response_tensors_of_many_directions_at_once() -> None:
    even = np.random.default_rng(13).normal(size=(len(spin_orbit.EVEN_FUNCTIONS), 4, 5))
    theta = np.linspace(0, math.pi, 20).reshape(4, 5)  # the axis too, where a … d have no limits to take
    K, sigma = spin_orbit.response_tensors(even, np.sin(theta), np.cos(theta))
    assert (K.shape, sigma.shape) == ((4, 5, 3, 2), (4, 5, 2, 2))
    one = spin_orbit.response_tensors(even[:, 2, 3], np.sin(theta[2, 3]), np.cos(theta[2, 3]))
    np.testing.assert_array_equal(K[2, 3], one[0])
    np.testing.assert_array_equal(sigma[2, 3], one[1])
    # along the normal: a rotation about z must not change anything
    np.testing.assert_allclose(K[0, 0], [[even[1, 0, 0], even[0, 0, 0]], [-even[0, 0, 0], even[1, 0, 0]], [0, 0]])
