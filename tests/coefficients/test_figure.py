from __future__ import annotations

import dataclasses
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf

import coefficients as co
from coefficients.spin_orbit import Form
from coefficients.units import angstrom, electron_mass, eV, fs


def table(form: Form = "E", rashba: float = 0.6 * eV * angstrom) -> co.CoefficientTable:
    model = co.RashbaFerromagnet(
        fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=rashba, effective_mass=electron_mass, exchange_sign=-1
    )
    return co.tabulate(model, co.WhiteNoise(scattering_time=5 * fs), spin_density=2e19, form=form)


class FourTorques(co.CoefficientTable):
    """A table with b and d, which white noise does not give."""

    def b(self, n_z):
        return 1e4 * np.asarray(n_z) ** 2

    def d(self, n_z):
        return -2e4 + 0 * np.asarray(n_z)


def test_each_xi_has_a_panel_with_its_values_error_and_unit() -> None:
    drawn = table()
    figure = drawn.plot()
    symbols = [r"$\xi_0$", r"$\xi_\parallel$", r"$\xi_\perp$"]
    assert [ax.get_ylabel() for ax in figure.axes[:3]] == [f"{symbol} (dimensionless)" for symbol in symbols]
    for ax, xi in zip(figure.axes, (drawn.xi0, drawn.xi_parallel, drawn.xi_perpendicular)):
        assert ax.get_xlabel() == "$|n_z| = |m_z|$"
        n_z, values = ax.lines[0].get_data()
        assert (n_z[0], n_z[-1]) == (0, 1)
        np.testing.assert_array_equal(values, xi(n_z))
        (band,) = ax.collections
        heights = band.get_paths()[0].vertices[:, 1]
        assert np.abs(heights).max() == pytest.approx((1 + drawn.scheme_error) * np.abs(values).max())
    assert not figure.axes[3].collections  # the error is that of ξ


@pytest.mark.parametrize(("form", "unit"), [("E", "s⁻¹ per V/m"), ("J", "s⁻¹ per A/m")])
def test_a_constant_is_drawn_from_zero_with_its_value(form: Form, unit: str) -> None:
    drawn = table(form)
    ax = drawn.plot().axes[3]
    assert ax.get_ylabel() == f"$a$ ({unit}, {form}-form)"
    assert 0.0 in ax.get_ylim()
    (note,) = [text.get_text() for text in ax.texts]
    value, zeros = note.split("\n")
    mantissa, exponent = value.removeprefix("$a = ").removesuffix(f"}}$ {unit}").split(r" \times 10^{")
    assert float(f"{mantissa}e{exponent}") == pytest.approx(float(drawn.a(0.0)), rel=1e-3)  # four digits
    assert zeros == "$b = c = d = 0$"


def test_without_rashba_coupling_all_torques_are_said_to_vanish() -> None:
    (note,) = table(rashba=0.0).plot().axes[3].texts
    assert note.get_text() == "$a = b = c = d = 0$"


def test_several_torques_share_a_panel_and_a_legend() -> None:
    drawn = FourTorques(**{field.name: getattr(table(), field.name) for field in dataclasses.fields(table())})
    ax = drawn.plot().axes[3]
    assert ax.get_ylabel().startswith("$a$, $b$, $d$ (")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["$a$", "$b$", "$d$"]
    assert [text.get_text() for text in ax.texts] == ["$c = 0$"]


def test_the_title_carries_the_parameters_in_the_units_of_the_field() -> None:
    title = table().plot().get_suptitle()
    # ħ/(2 ε τ_s) = 0.6582 eV fs/(2 · 2 eV · 5 fs) = 3.3 %
    for text in ("= 2 eV", "= 0.5 eV", "= 0.6 eV·Å", "= 1 $m_e$", "= 5 fs", "= −1", "3.3 %"):
        assert text in title


def test_matplotlib_settings_and_pyplot_stay_untouched(tmp_path: Path) -> None:
    before, windows = dict(matplotlib.rcParams), list(Gcf.figs)
    table().plot().savefig(tmp_path / "coefficients.png")
    assert dict(matplotlib.rcParams) == before
    assert list(Gcf.figs) == windows  # pyplot knows nothing of it
    assert matplotlib.image.imread(tmp_path / "coefficients.png").std() > 0
