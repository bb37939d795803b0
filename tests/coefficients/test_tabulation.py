from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import coefficients as co
from coefficients import tabulation
from coefficients.units import angstrom, electron_mass, eV, fs, hbar, nm

DISORDER = co.WhiteNoise(scattering_time=10 * fs)


def electrons(**changes: float) -> co.RashbaFerromagnet:
    values = {"fermi_energy": 1.0 * eV, "exchange": 0.2 * eV, "rashba": 0.3 * eV * angstrom}
    return co.RashbaFerromagnet(**{**values, "effective_mass": electron_mass, **changes})


def test_the_two_routes_agree_and_the_difference_is_recorded() -> None:
    table = co.tabulate(electrons(), DISORDER, spin_density=2e19)
    assert 0.0 < table.numerical_error < 1e-12


def test_a_disagreement_of_the_routes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = co.kubo.t_coefficients

    def wrong(*args: float, **kwargs: int) -> tuple:
        t0, t_par, t_perp = right(*args, **kwargs)
        return t0, t_par * (1 + 1e-7), t_perp

    monkeypatch.setattr(tabulation.kubo, "t_coefficients", wrong)
    with pytest.raises(RuntimeError, match="differ by 1e-07"):
        co.tabulate(electrons(), DISORDER, spin_density=2e19)


def weak_impurities() -> co.CoefficientTable:
    """w = 0.1, 0.02 per nm²: D = 3290, S = 8430."""
    model = electrons(rashba=1.0 * eV * angstrom)
    strength = 2 * 0.1 * hbar**2 / electron_mass
    disorder = co.PointImpurities(density=0.02 / nm**2, strength=strength, reference_energy=1 * eV)
    return co.tabulate(model, disorder, spin_density=2e19, tolerance=1e-4)


def test_rounding_of_the_quadrature_for_long_scattering_times_is_no_disagreement() -> None:
    table = weak_impurities()
    assert 8400 < table.S < 8500
    n_z = np.linspace(0.0, 1.0, 21)
    # the closed form with 19 digits keeps 15 of them, so that all the difference is that of the quadrature
    D, S, C = np.longdouble(table.D), np.longdouble(table.S), np.longdouble(n_z) ** 2
    gap, inner = 4 * (D - S) * (D + S), 1 + 8 * (D**2 + S**2) + 64 * C * D**2 * S**2
    R = np.sqrt(inner + gap**2)
    Y = gap**2 / 4 + D**2 * (1 + R) + C * D**2 * (1 + 4 * D**2 + R + 16 * S**2)
    t0 = -D * (1 + inner / (R - gap) + C * (1 + 4 * D**2 + R + 12 * S**2)) / (2 * Y)
    exact = np.array([t0, S**2 * (1 + 4 * C * D**2 + R) / Y, S**2 * (1 + 4 * C * D**2) / Y])
    closed, kubo = (route.t_coefficients(table.D, table.S, n_z, sign=-1) for route in (co.closed_form, co.kubo))
    assert np.abs(closed / exact - 1).max() < 1e-15
    assert 1e-10 < np.abs(kubo / exact - 1).max() < tabulation.KUBO_ROUNDING * table.S**2


def test_a_disagreement_beyond_that_rounding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = co.kubo.t_coefficients
    monkeypatch.setattr(tabulation.kubo, "t_coefficients", lambda *a, **k: tuple(1.00001 * t for t in right(*a, **k)))
    with pytest.raises(RuntimeError, match=r"differ by 1e-05 \(D = 32.*where 1e-06 is the most that rounding explains"):
        weak_impurities()


def test_no_spin_orbit_coupling_is_a_table() -> None:
    assert co.tabulate(electrons(rashba=0.0), DISORDER, spin_density=2e19).numerical_error < 1e-14


def test_a_short_scattering_time_warns_once_with_numbers() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = co.tabulate(electrons(), co.WhiteNoise(scattering_time=3 * fs), spin_density=2e19)
    # (1 eV − 0.2 eV)·3 fs/ħ = 3.65
    assert [str(w.message) for w in caught] == list(table.warnings)
    (text,) = table.warnings
    for number in ("3.65", "below 5", "1 eV", "0.2 eV"):
        assert number in text


def test_one_filled_subband_is_refused_with_both_energies() -> None:
    model = electrons(exchange=1.0 * eV)
    with pytest.raises(ValueError, match=r"tabulate: fermi_energy = 1 eV must exceed exchange = 1 eV.*Raise"):
        co.tabulate(model, DISORDER, spin_density=2e19)


@pytest.mark.parametrize("value", [0.0, -1e19, math.nan, math.inf])
def test_spin_density_is_checked(value: float) -> None:
    with pytest.raises(ValueError, match=r"spin_density = .*positive and finite"):
        co.tabulate(electrons(), DISORDER, spin_density=value)


def test_kinds_and_form_are_checked() -> None:
    with pytest.raises(ValueError, match="form = 'e' must be"):
        co.tabulate(electrons(), DISORDER, spin_density=2e19, form="e")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="model must be a RashbaFerromagnet, not float"):
        co.tabulate(1.0, DISORDER, spin_density=2e19)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="disorder must be WhiteNoise or PointImpurities, not float"):
        co.tabulate(electrons(), 1e-14, spin_density=2e19)  # type: ignore[arg-type]


def test_parameters_near_the_touching_of_the_subbands_are_no_obstacle() -> None:
    # α k_F = Δsd exactly: D = S
    model = electrons()
    k_F = model.spin_orbit_splitting / model.rashba
    table = co.tabulate(electrons(rashba=0.2 * eV / k_F), DISORDER, spin_density=2e19)
    np.testing.assert_allclose(table.S, table.D, rtol=1e-14)
    assert np.isfinite(table.xi_parallel(table.n_z)).all()
