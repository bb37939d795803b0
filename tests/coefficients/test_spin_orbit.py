from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import coefficients as co
from coefficients import spin_orbit
from coefficients.units import angstrom, electron_mass, elementary_charge, eV, fs, hbar, meV, nm

POINTS = json.loads((Path(__file__).parents[1] / "data" / "edelstein_scba.json").read_text(encoding="utf-8"))["points"]
E_CHARGE = elementary_charge


def electrons(**changes: float) -> co.RashbaFerromagnet:
    values = {"fermi_energy": 1.0 * eV, "exchange": 0.2 * eV, "rashba": 1.0 * eV * angstrom}
    return co.RashbaFerromagnet(**{**values, "effective_mass": electron_mass, "exchange_sign": 1, **changes})


@pytest.mark.parametrize("point", POINTS, ids=lambda p: f"eps{p['eps']:g}-theta{p['theta']:g}")
def test_full_self_consistent_born_response_reduces_to_edelstein_and_drude(point: dict) -> None:
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
    a = spin_orbit.field_like(electrons(), 10 * fs, spin_density=density, form="E")
    assert a == pytest.approx(6.167e4, rel=1e-4)
    by_hand = 2 * 0.2 * eV * E_CHARGE * 1e-10 * eV * electron_mass * 10 * fs / (2 * math.pi * hbar**4 * density)
    assert a == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("change", "factor"), [({"exchange_sign": -1}, -1), ({"rashba": -2e-29}, None)])
def test_sign_follows_exchange_and_rashba(change: dict[str, float], factor: float | None) -> None:
    plain = spin_orbit.field_like(electrons(), 10 * fs, spin_density=2e19, form="E")
    changed = spin_orbit.field_like(electrons(**change), 10 * fs, spin_density=2e19, form="E")
    expected = factor if factor is not None else change["rashba"] / electrons().rashba
    assert changed / plain == pytest.approx(expected, rel=1e-14)


def test_field_like_torque_is_exchange_torque_of_the_edelstein_spin() -> None:
    model, time, density = electrons(exchange_sign=-1), 8 * fs, 2e19
    E, m = np.array([3e4, -1e4, 0.0]), np.array([0.36, 0.48, 0.8])
    K_xy = spin_orbit.edelstein(model, time)
    s = -E_CHARGE * K_xy * np.array([E[1], -E[0], 0.0])
    # H_sd = −Δ_xc m·σ acts on the magnet as the field of energy −2Δ_xc m·s per area: ∂t m = (2Δ_xc/ħ)(A/S) s×m
    torque = 2 * model.signed_exchange / (hbar * density) * np.cross(s, m)
    a = spin_orbit.field_like(model, time, spin_density=density, form="E")
    np.testing.assert_allclose(torque, a * np.cross(m, np.cross([0.0, 0.0, 1.0], E)), rtol=1e-12)


def test_both_forms_are_the_same_torque() -> None:
    model, time, density, E = electrons(), 8 * fs, 2e19, 1e5
    j = spin_orbit.sheet_conductivity(model, time) * E
    in_E = spin_orbit.field_like(model, time, spin_density=density, form="E") * E
    in_J = spin_orbit.field_like(model, time, spin_density=density, form="J") * j
    assert in_J == pytest.approx(in_E, rel=1e-14)


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
