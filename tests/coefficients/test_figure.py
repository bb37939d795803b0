from __future__ import annotations

import dataclasses
import math
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import coefficients as co
from coefficients.spin_orbit import Form
from coefficients.tmatrix import GapEdge
from coefficients.units import angstrom, electron_mass, eV, fs, hbar, meV, nm


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
    for text in ("= 2 eV", "= 0.5 eV", r"Rashba $\alpha$ = 0.6 eV·Å", "= 1 $m_e$", "= 5 fs", "= −1", "3.3 %"):
        assert text in title


# --- point impurities


@cache
def impurities(fermi_energy: float, w: float, spin_orbit: str = "rashba") -> co.CoefficientTable:
    """The Rashba ferromagnet of VPF, fermi_energy in meV, with a tolerance that is enough for a figure."""
    model = co.RashbaFerromagnet(
        fermi_energy=fermi_energy * meV,
        exchange=5 * meV,
        rashba=17 * meV * nm,
        effective_mass=0.8 * electron_mass,
        spin_orbit=spin_orbit,  # type: ignore[arg-type]
    )
    disorder = co.PointImpurities(
        density=5e-4 / nm**2, strength=2 * w * hbar**2 / model.effective_mass, reference_energy=5 * meV
    )
    return co.tabulate(model, disorder, spin_density=2e19, tolerance=1e-4)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def spans(ax: Axes) -> list[tuple[float, float]]:
    """Left and right ends of the vertical shades."""
    upright = [patch for patch in ax.patches if patch.get_height() == 1]  # in units of the axis
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in upright]


@pytest.mark.parametrize(("form", "unit"), [("E", "s⁻¹ per V/m"), ("J", "s⁻¹ per A/m")])
def test_without_xi_each_of_a_to_d_has_a_panel_with_its_unit(form: Form, unit: str) -> None:
    drawn = dataclasses.replace(impurities(2.0, 1.0), form=form)
    figure = drawn.plot()
    assert len(figure.axes) == 4
    for ax, name in zip(figure.axes, "abcd", strict=True):
        assert ax.get_ylabel() == f"${name}$ ({unit}, {form}-form)"
        (line,) = ax.lines
        n_z, values = line.get_data()
        assert (n_z[0], n_z[-1]) == (0, 1)
        np.testing.assert_array_equal(values, getattr(drawn, name)(n_z))
        assert spans(ax) == []
    assert texts(figure) == []
    assert "no ξ: the Fermi energy lies inside the exchange gap" in figure.get_suptitle()


@pytest.mark.parametrize("w", [0.234, math.inf])
def test_the_jump_is_shaded_labelled_and_drawn_finely(w: float) -> None:
    drawn = impurities(4.5, w)
    figure = drawn.plot()
    assert drawn.gap_edge is not None
    x, width = drawn.gap_edge
    for ax in figure.axes:
        (span,) = spans(ax)
        np.testing.assert_allclose(span, np.sqrt([x - width / 2, x + width / 2]), rtol=1e-12)
        (label,) = ax.texts
        assert label.get_text() == "leaves the gap"
        curve = ax.lines[0]
        n_z, values = curve.get_data()
        assert curve.get_linestyle() == "-"  # no dashes, of which one may be the jump
        inside = (n_z > span[0]) & (n_z < span[1])
        assert inside.sum() > 20
        # no step of the line is a large part of what is drawn
        assert np.abs(np.diff(values)).max() < 0.1 * np.ptp(values)
        # the label covers no part of the curve
        box = label.get_window_extent()
        points = ax.transData.transform(np.column_stack([n_z, values]))
        assert not box.count_contains(points)
        assert ax.get_window_extent().contains(box.x0, box.y0)
        assert ax.get_window_extent().contains(box.x1, box.y1)
    assert f"$|n_z|$ = {math.sqrt(x):.4g} on" in figure.get_suptitle()


def test_a_jump_over_all_directions_still_has_its_label() -> None:
    drawn = dataclasses.replace(impurities(4.5, math.inf), gap_edge=GapEdge(0.5, 3.0))
    for ax in drawn.plot().axes:
        assert spans(ax) == [(0.0, 1.0)]
        assert [text.get_text() for text in ax.texts] == ["leaves the gap"]


def test_with_xi_the_small_torques_and_the_hall_ratio_have_panels_of_their_own() -> None:
    drawn = impurities(20.0, 1.0)
    figure = drawn.plot()
    assert [ax.get_ylabel() for ax in figure.axes[:3]] == [
        rf"$\xi_{symbol}$ (dimensionless)" for symbol in ("0", r"\parallel", r"\perp")
    ]
    left, right, hall = figure.axes[3:]
    assert left.get_ylabel() == "$a$ (s⁻¹ per V/m, E-form)"
    assert right.get_ylabel() == "$b$, $c$, $d$ (s⁻¹ per V/m, E-form)"
    for line, name in zip((*left.lines, *right.lines), "abcd", strict=True):
        np.testing.assert_array_equal(line.get_ydata(), getattr(drawn, name)(line.get_xdata()))
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["$b$", "$c$", "$d$", "not controlled"]
    assert len({line.get_linestyle() for line in right.lines}) == 3
    # the band in which b, c and d are smaller than what the scheme leaves out, a times its error
    (band,) = right.patches
    limit = drawn.scheme_error * np.abs(drawn.a(np.linspace(0, 1, 401))).max()
    np.testing.assert_allclose([band.get_y(), band.get_height()], [-limit, 2 * limit], rtol=1e-6)
    (line,) = hall.lines
    n_z = line.get_xdata()
    np.testing.assert_array_equal(line.get_ydata(), drawn.sigma_xy(n_z) / drawn.sigma_xx(n_z))
    assert "ξ as for white noise" in figure.get_suptitle()
    assert texts(figure) == []


def test_the_title_carries_the_impurities() -> None:
    title = impurities(2.0, 0.234).plot().get_suptitle()
    time = impurities(2.0, 0.234).scattering_time
    for text in ("= 2 meV", "= 5 meV", r"Rashba $\alpha$ = 0.17 eV·Å", "= 0.8 $m_e$", "$n$ = 0.0005 nm⁻²"):
        assert text in title
    assert r"$mW/2\hbar^2$ = 0.234" in title
    assert r"$E_\mathrm{ref}$ = 5 meV" in title
    assert f"mean $\\tau_s$ = {time * 1e12:.4g} ps" in title
    other = impurities(2.0, math.inf, "dresselhaus").plot().get_suptitle()
    assert "unitary" in other
    assert r"Dresselhaus $\alpha$" in other


@pytest.mark.parametrize("fermi_energy", [4.5, 20.0])
def test_what_is_not_resolved_cannot_be_missed(fermi_energy: float) -> None:
    w = 1.0 if fermi_energy == 20.0 else math.inf
    bad = dataclasses.replace(impurities(fermi_energy, w), resolved=False, numerical_error=0.034)
    figure = bad.plot()
    (banner,) = [text for ax in figure.axes for text in ax.texts if "RESOLVED" in text.get_text()]
    left, right = bad.least_resolved
    for part in ("NOT RESOLVED", "3.4 %", f"{left:.4g} < $|n_z|$ < {right:.4g}"):
        assert part in banner.get_text()
    box = banner.get_bbox_patch()
    assert box is not None
    red, green, blue, alpha = box.get_facecolor()
    assert red > 0.6 > 0.3 > max(green, blue)
    assert alpha == 1.0
    assert banner.get_window_extent().width > 0.4 * figure.bbox.width
    # every curve of a, b, c, d in its error
    bands = [len(ax.collections) for ax in figure.axes if "form" in ax.get_ylabel()]
    assert sum(bands) == 4


def test_matplotlib_settings_and_pyplot_stay_untouched(tmp_path: Path) -> None:
    before, windows = dict(matplotlib.rcParams), list(Gcf.figs)
    table().plot().savefig(tmp_path / "coefficients.png")
    assert dict(matplotlib.rcParams) == before
    assert list(Gcf.figs) == windows  # pyplot knows nothing of it
    assert matplotlib.image.imread(tmp_path / "coefficients.png").std() > 0
