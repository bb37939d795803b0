"""The figure of a table: ξ0, ξ∥, ξ⊥ and a … d against n_z; and how every figure of this project looks.

matplotlib is imported when something is drawn, never before. No pyplot, and no global setting of matplotlib changes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

from coefficients.units import angstrom, electron_mass, eV, fs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from coefficients.table import CoefficientTable

P = ParamSpec("P")

# Okabe and Ito's palette, for colour-blind readers, without its yellow, which is too pale for lines
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10.5,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-3, 4),
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 9.0,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "0.8",
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.6,
    "mathtext.fontset": "dejavusans",
}


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a drawing function with the project's style, leaving matplotlib's own settings as they were."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
            figure = draw(*args, **kwargs)
            # matplotlib makes its ticks at the first drawing, from the settings of that moment
            figure.draw_without_rendering()
        return figure

    return drawn


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of width × height inches at 150 dpi that belongs to no pyplot window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@styled
def coefficients_figure(table: CoefficientTable) -> Figure:
    """ξ0, ξ∥, ξ⊥ (dimensionless) in a panel each and a, b, c, d in a fourth, against |n_z| = |m_z|.

    The shade about ξ is `table.scheme_error`. Those of a, b, c, d that vanish are named, and of a single constant one
    the value is written. Called by `CoefficientTable.plot`.
    """
    n_z = np.linspace(0.0, 1.0, 401)
    figure = new_figure(7.4, 5.6)
    axes = figure.subplots(2, 2).ravel()
    for ax, name, symbol in zip(axes, ("xi0", "xi_parallel", "xi_perpendicular"), ("0", r"\parallel", r"\perp")):
        values = getattr(table, name)(n_z)
        spread = table.scheme_error * np.abs(values)
        ax.fill_between(n_z, values - spread, values + spread, color=COLOURS[1], alpha=0.25, linewidth=0)
        ax.plot(n_z, values, color=COLOURS[1])
        ax.set_ylabel(rf"$\xi_{symbol}$ (dimensionless)")

    torques, ax = {name: getattr(table, name)(n_z) for name in "abcd"}, axes[3]
    drawn = [name for name, values in torques.items() if values.any()]
    notes = []
    for name, line in zip(drawn, ("-", "--", "-.", ":")):  # different, because some may lie on top of each other
        ax.plot(n_z, torques[name], line, color=COLOURS["abcd".index(name)], label=f"${name}$")
    unit = "s⁻¹ per V/m" if table.form == "E" else "s⁻¹ per A/m"
    ax.set_ylabel(f"{', '.join(f'${name}$' for name in drawn or 'abcd')} ({unit}, {table.form}-form)")
    if len(drawn) > 1:
        ax.legend()
    elif drawn and np.ptp(torques[drawn[0]]) == 0:
        value = float(torques[drawn[0]][0])
        mantissa, exponent = f"{value:.3e}".split("e")
        notes.append(rf"${drawn[0]} = {mantissa} \times 10^{{{int(exponent)}}}$ {unit}")
        ax.set_ylim(sorted((0.0, 1.25 * value)))  # from zero: a constant has no range of its own
    zero = [name for name in torques if name not in drawn]
    if zero:
        notes.append(f"${' = '.join(zero)} = 0$")
    ax.text(0.5, 0.5, "\n".join(notes), transform=ax.transAxes, ha="center", va="center", linespacing=1.6)
    for ax in axes:
        ax.set(xlabel="$|n_z| = |m_z|$", xlim=(0, 1))
    figure.suptitle(_parameters(table), fontsize=10)
    return figure


def _parameters(table: CoefficientTable) -> str:
    model = table.model
    text = ", ".join(
        (
            rf"$\varepsilon_F$ = {model.fermi_energy / eV:.4g} eV",
            rf"$\Delta_{{sd}}$ = {model.exchange / eV:.4g} eV",
            rf"$\alpha_R$ = {model.rashba / (eV * angstrom):.4g} eV·Å",
            f"$m^*$ = {model.effective_mass / electron_mass:.4g} $m_e$",
            rf"$\varsigma$ = {model.exchange_sign:+d}",
            rf"$\tau_s$ = {table.scattering_time / fs:.4g} fs",
        )
    ).replace("-", "−")
    return f"{text}\nshaded: error of the scheme in ξ, {100 * table.scheme_error:.2g} %"
