from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import coefficients as co
from coefficients.units import angstrom, electron_mass, eV, fs
from llgsim.plots.coefficients import coefficients_versus_nz

XI = {
    "xi0": lambda n_z: 0.012 + 0.002 * n_z**2,
    "xi_parallel": lambda n_z: 0.021 / (1 + 0.5 * n_z**2),
    "xi_perpendicular": lambda n_z: 0.021 - 0.003 * n_z**4,
}


def fake_table(**others) -> SimpleNamespace:
    model = SimpleNamespace(
        fermi_energy=2 * eV,
        exchange=0.5 * eV,
        rashba=0.6 * eV * angstrom,
        effective_mass=electron_mass,
        exchange_sign=-1,
    )
    zero = np.zeros_like
    defaults = {
        "n_z": np.linspace(0, 1, 21), "a": lambda n_z: 6e4 - 1e3 * n_z**2, "b": zero, "c": zero, "d": zero, "form": "E",
        "scheme_error": 0.02, "model": model, "disorder": SimpleNamespace(scattering_time=5 * fs),
    }  # fmt: skip
    return SimpleNamespace(**XI, **(defaults | others))


def test_each_coefficient_has_a_panel_with_its_values_and_unit() -> None:
    figure = coefficients_versus_nz(fake_table())
    quantities = [ax.get_ylabel() for ax in figure.axes]
    assert quantities == [
        r"$\xi_0$ (dimensionless)",
        r"$\xi_\parallel$ (dimensionless)",
        r"$\xi_\perp$ (dimensionless)",
        "$a$ (s⁻¹ per V/m, E-form)",
    ]
    for ax, function in zip(figure.axes, XI.values(), strict=False):
        assert ax.get_xlabel() == "$n_z$"
        n_z, values = ax.lines[0].get_data()
        assert (n_z[0], n_z[-1]) == (0, 1)
        np.testing.assert_allclose(values, function(n_z))


def test_the_title_carries_the_parameters_in_the_units_of_the_field() -> None:
    title = coefficients_versus_nz(fake_table()).get_suptitle()
    for text in ("= 2 eV", "= 0.5 eV", "= 0.6 eV·Å", "= 1 $m_e$", "= 5 fs", "= −1", "2 %"):
        assert text in title


def test_the_error_of_the_scheme_is_shaded_around_xi() -> None:
    figure = coefficients_versus_nz(fake_table(scheme_error=0.1))
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(0.9 * 0.012)
    assert heights.max() == pytest.approx(1.1 * 0.014)
    assert not figure.axes[3].collections  # the error is that of ξ


def test_all_spin_orbit_coefficients_share_a_panel_in_the_unit_of_the_form() -> None:
    table = fake_table(b=lambda n_z: 1e4 * n_z**2, d=lambda n_z: -2e4 + 0 * n_z, form="J")
    ax = coefficients_versus_nz(table).axes[3]
    assert ax.get_ylabel() == "$a$, $b$, $d$ (s⁻¹ per A/m, J-form)"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$a$", "$b$", "$d$"]


def test_plain_functions_and_numbers_are_enough() -> None:
    figure = coefficients_versus_nz(SimpleNamespace(**XI | {"xi0": 0.01}, a=0, b=0, c=0, d=0))
    assert len(figure.axes) == 3
    assert figure.get_suptitle() == ""
    low, high = figure.axes[0].get_ylim()  # a constant is not blown up to its rounding noise
    assert low < 0.0099
    assert high > 0.0101


def test_a_coefficient_that_is_not_finite_is_refused() -> None:
    table = fake_table(a=lambda n_z: np.where(n_z > 0.5, np.nan, 1.0))
    with pytest.raises(ValueError, match=r"coefficient a is not finite.*n_z = 0\.5"):
        coefficients_versus_nz(table)


@pytest.mark.parametrize("form", ["E", "J"])
def test_a_computed_table_can_be_drawn(form) -> None:
    model = co.RashbaFerromagnet(
        fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=0.6 * eV * angstrom, effective_mass=electron_mass
    )
    table = co.tabulate(model, co.WhiteNoise(scattering_time=5 * fs), spin_density=2e19, form=form)
    figure = coefficients_versus_nz(table)
    assert f"{form}-form" in figure.axes[3].get_ylabel()
    assert "= 0.6 eV·Å" in figure.get_suptitle()
    n_z, values = figure.axes[1].lines[0].get_data()
    np.testing.assert_array_equal(values, table.xi_parallel(n_z))
