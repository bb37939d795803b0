from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import coefficients as co
from coefficients.units import angstrom, electron_mass, elementary_charge, eV, fs, hbar, nm


def electrons(**changes: float) -> co.RashbaFerromagnet:
    values = {"fermi_energy": 2.0 * eV, "exchange": 0.5 * eV, "rashba": 0.6 * eV * angstrom}
    return co.RashbaFerromagnet(**{**values, "effective_mass": electron_mass, **changes})


DISORDER = co.WhiteNoise(scattering_time=5 * fs)
DENSITY = co.spin_density(Ms=580e3, thickness=0.6e-9)


@pytest.fixture(scope="module")
def table() -> co.CoefficientTable:
    return co.tabulate(electrons(), DISORDER, spin_density=DENSITY)


def test_xi_without_spin_orbit_coupling_is_the_spin_of_the_electrons_per_spin_of_the_magnet() -> None:
    # AOT 73 and 75: ξ0 = −δS/S, with the equilibrium spin of the electrons (n₊ − n₋)/2 = ςΔsd m/(2πħ²) per area
    for sign in (-1, 1):
        plain = co.tabulate(electrons(rashba=0.0, exchange_sign=sign), DISORDER, spin_density=DENSITY)
        spin = 0.5 * eV * electron_mass / (2 * math.pi * hbar**2)
        np.testing.assert_allclose(plain.xi0([0.0, 0.5, 1.0]), sign * spin / DENSITY, rtol=1e-13)
        assert not plain.xi_parallel([0.0, 1.0]).any()
        assert not plain.a([0.0, 1.0]).any()


def test_dimensionless_numbers(table: co.CoefficientTable) -> None:
    # 0.5 eV · 5 fs/ħ, Δso = α k_F = 0.6 eV Å · 0.72456/Å, ℓ = √(2·2 eV/m_e)·5 fs, by hand to four digits
    np.testing.assert_allclose([table.D, table.S / table.D], [3.798, 0.6 * 0.72456 / 0.5], rtol=1e-4)
    assert table.mean_free_path / nm == pytest.approx(4.194, rel=1e-3)
    assert table.fermi_velocity == pytest.approx(8.388e5, rel=1e-3)
    assert table.scheme_error == pytest.approx(0.5 / (2.0 * table.D / 0.5), rel=1e-12)
    assert table.estimated_error == table.scheme_error + table.numerical_error


def test_perpendicular_magnetisation_in_si(table: co.CoefficientTable) -> None:
    # Table I, row n = n⊥, written in SI: ξ∥ = |δS/S| Δso²[1 + 2τ²(2Δsd² + Δso²)]τΔsd/(Δsd² + τ²(2Δsd² + Δso²)²)
    tau, Delta, so = 5 * fs / hbar, 0.5 * eV, 0.6 * eV * angstrom * math.sqrt(2 * electron_mass * 2 * eV) / hbar
    ratio = Delta * electron_mass / (2 * math.pi * hbar**2 * DENSITY)
    mix = 2 * Delta**2 + so**2
    expected = ratio * tau * Delta * so**2 * (1 + 2 * tau**2 * mix) / (Delta**2 + tau**2 * mix**2)
    assert table.xi_parallel(1.0) == pytest.approx(expected, rel=1e-12)
    assert table.xi_parallel(-1.0) == table.xi_parallel(1.0)


def test_xi_times_spin_density_belongs_to_the_electrons(table: co.CoefficientTable) -> None:
    other = co.tabulate(electrons(), DISORDER, spin_density=3.7 * DENSITY)
    n_z = np.linspace(-1, 1, 7)
    for name in ("xi0", "xi_parallel", "xi_perpendicular", "a"):
        np.testing.assert_allclose(3.7 * getattr(other, name)(n_z), getattr(table, name)(n_z), rtol=1e-13)
    np.testing.assert_array_equal(other.K(n_z), table.K(n_z))


def test_kernel_parameters_give_the_table(table: co.CoefficientTable) -> None:
    n_z = np.linspace(-1, 1, 9)
    parameters = co.closed_form.kernel_parameters(table.D, table.S, table.model.exchange_sign, table.xi_scale)
    for values, name in zip(
        co.closed_form.kernel(n_z**2, *parameters), ("xi0", "xi_parallel", "xi_perpendicular"), strict=True
    ):
        np.testing.assert_allclose(values, getattr(table, name)(n_z), rtol=1e-13)


def test_form_changes_a_and_never_xi(table: co.CoefficientTable) -> None:
    in_J = co.tabulate(electrons(), DISORDER, spin_density=DENSITY, form="J")
    n_z = np.linspace(0, 1, 5)
    np.testing.assert_array_equal(in_J.xi0(n_z), table.xi0(n_z))
    np.testing.assert_array_equal(in_J.K(n_z), table.K(n_z))
    np.testing.assert_allclose(in_J.a(n_z) * table.sigma(n_z)[:, 0, 0], table.a(n_z), rtol=1e-14)


def test_shapes(table: co.CoefficientTable) -> None:
    n_z = np.zeros((4, 5))
    for name in ("xi0", "xi_parallel", "xi_perpendicular", "a", "b", "c", "d"):
        assert getattr(table, name)(n_z).shape == (4, 5)
        assert np.ndim(getattr(table, name)(0.5)) == 0
    assert table.K(n_z).shape == (4, 5, 3, 2)
    assert table.sigma(n_z).shape == (4, 5, 2, 2)
    assert table.K(0.5).shape == (3, 2)
    assert not any(method(n_z).any() for method in (table.b, table.c, table.d))
    for method in (table.xi0, table.a, table.b, table.K, table.sigma):
        with pytest.raises(ValueError, match=r"n_z = 1\.5"):
            method([0.0, 1.5])


def test_K_gives_back_a_to_d(table: co.CoefficientTable) -> None:
    # a = k_xy − m_x² k_zy, b = k_yy, c = (k_xy + k_yx)/m_x² − k_zy, d = −k_zx − k_xx + (k_xx − k_yy)/m_x², times κq
    m_z = 0.6
    m_x = 0.8
    K = table.K(m_z)
    k_xx, k_xy, k_yx, k_yy = K[0, 0] / m_z, K[0, 1], K[1, 0], K[1, 1] / m_z
    k_zx, k_zy = K[2, 0] / m_x, K[2, 1] / (m_x * m_z)
    kappa_q = -2 * table.model.signed_exchange / (hbar * DENSITY) * elementary_charge
    assert kappa_q * (k_xy - m_x**2 * k_zy) == pytest.approx(table.a(m_z), rel=1e-13)
    assert kappa_q * k_yy == table.b(m_z)
    assert kappa_q * ((k_xy + k_yx) / m_x**2 - k_zy) == table.c(m_z)
    assert kappa_q * (-k_zx - k_xx + (k_xx - k_yy) / m_x**2) == table.d(m_z)


def test_tables_are_equal_if_all_their_numbers_are(table: co.CoefficientTable) -> None:
    again = co.tabulate(electrons(), DISORDER, spin_density=DENSITY)
    assert again == table
    assert hash(again) == hash(table)
    assert dataclasses.replace(table, spin_density=2 * DENSITY) != table
    assert dataclasses.replace(table, response=table.response.scaled(1.0 + 1e-15)) != table


def test_drift_velocity_from_field_and_current(table: co.CoefficientTable) -> None:
    E = np.array([3e5, -1e5])
    v_d = table.drift_velocity(E=E)
    np.testing.assert_allclose(v_d, -elementary_charge * 5 * fs / electron_mass * E, rtol=1e-13)
    np.testing.assert_allclose(table.electric_field(drift_velocity=v_d), E, rtol=1e-14)
    j = table.sigma(0.3) @ E
    np.testing.assert_allclose(table.drift_velocity(sheet_current=j), v_d, rtol=1e-13)
    # carriers of charge −e and density n_e
    np.testing.assert_allclose(-elementary_charge * table.model.electron_density * v_d, j, rtol=1e-13)


@pytest.mark.parametrize(
    "drive",
    [
        {},
        {"E": (1.0, 0.0), "sheet_current": (1.0, 0.0)},
        {"E": 1.0},
        {"E": (1.0, math.nan)},
        {"sheet_current": (1, 2, 3)},
    ],
)
def test_drift_velocity_refuses(table: co.CoefficientTable, drive: dict) -> None:
    with pytest.raises(ValueError, match=r"exactly one|pair of finite numbers"):
        table.drift_velocity(**drive)
    with pytest.raises(ValueError, match="pair of finite numbers"):
        table.electric_field(drift_velocity=(math.inf, 0.0))


def test_warnings_have_numbers(table: co.CoefficientTable) -> None:
    assert table.warnings == ()
    assert table.check_length(5 * nm, "wall width") == []
    (text,) = table.check_length(3 * nm, "skyrmion radius")
    assert "4.19 nm" in text
    assert "skyrmion radius 3 nm" in text
    assert text.endswith("the coefficients are not reliable there")
    assert table.check_drift_velocity((8e4, 0.0)) == []
    (text,) = table.check_drift_velocity((6e4, 8e4))
    assert "1e+05 m/s" in text
    assert "0.12" in text
    assert "8.39e+05" in text
    assert table.check_drift_velocity(np.full((2, 3, 3), 5e4)) == []  # each pair 7.1e4, below 8.4e4
    assert len(table.check_drift_velocity(-9e4)) == 1
    with pytest.raises(ValueError, match="wall width"):
        table.check_length(0.0, "wall width")
    with pytest.raises(ValueError, match="v_d"):
        table.check_drift_velocity((math.nan, 0.0))


def test_xarray_has_units_and_provenance(table: co.CoefficientTable) -> None:
    data = table.to_xarray()
    np.testing.assert_array_equal(data.xi_parallel, table.xi_parallel(table.n_z))
    assert data.a.attrs["units"] == "1/s per V/m"
    assert data.xi0.attrs["units"] == "1"
    assert data.attrs["form"] == "E"
    assert data.attrs["scheme_error"] == table.scheme_error
    in_J = co.tabulate(electrons(), DISORDER, spin_density=DENSITY, form="J").to_xarray()
    assert in_J.a.attrs["units"] == "1/s per A/m"


def test_import_is_light() -> None:
    code = (
        "import sys, coefficients; "
        "print([m for m in ('xarray', 'matplotlib', 'zarr', 'pydantic', 'pyvista', 'llgsim') if m in sys.modules])"
    )
    root = Path(co.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert isinstance(co.__version__, str)
