"""The figure of a table: ξ0, ξ∥, ξ⊥ and a, b, c, d against n_z; and how every figure of this project looks.

matplotlib is imported when something is drawn, never before. No pyplot, and no global setting of matplotlib changes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

from coefficients.closed_form import Floats
from coefficients.disorder import PointImpurities
from coefficients.units import angstrom, electron_mass, eV, fs, hbar, meV, nm, ps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coefficients.table import CoefficientTable
    from coefficients.tmatrix import GapEdge

P = ParamSpec("P")

# Okabe and Ito's palette, for colour-blind readers, without its yellow, which is too pale for lines
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

XI = {"xi0": "0", "xi_parallel": r"\parallel", "xi_perpendicular": r"\perp"}
LINES = {"a": "-", "b": "--", "c": "-.", "d": ":"}
"""Different in one panel, because some of the curves may lie on top of each other."""

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
    """The coefficients against |n_z|: ξ0, ξ∥, ξ⊥ in a panel each where they exist, and a, b, c, d.

    White noise has a, b, c, d in one panel, impurities with ξ a panel for a, one for b, c, d and one for the Hall ratio
    σ_xy/σ_xx, impurities without ξ a panel for each of a, b, c, d.

    The shade about ξ is `table.scheme_error`, that about b, c, d = 0 `table.scheme_error` times a, below which they are
    not controlled. Those of a, b, c, d that vanish are named, and of a single constant one the value is written. Where
    the Fermi energy leaves the gap the width of the jump is shaded. If the table is not resolved a banner says so, and
    the error of each series is drawn about it. Called by `CoefficientTable.plot`.
    """
    impurities = isinstance(table.disorder, PointImpurities)
    panels = ["xi0", "xi_parallel", "xi_perpendicular"] if table.has_xi else []
    panels += ["abcd"] if not impurities else ["a", "bcd", "hall"] if table.has_xi else ["a", "b", "c", "d"]
    columns = len(panels) // 2
    height = 6.0 if impurities else 5.6
    figure = new_figure(3.7 * columns, height if table.resolved else height + 0.5)
    grid = figure.add_gridspec(3, columns, height_ratios=(0.001 if table.resolved else 0.16, 1.0, 1.0))
    axes = [figure.add_subplot(grid[1 + index // columns, index % columns]) for index in range(len(panels))]
    n_z = _samples(table)
    for ax, panel in zip(axes, panels):
        if panel in XI:
            values = getattr(table, panel)(n_z)
            spread = table.scheme_error * np.abs(values)
            ax.fill_between(n_z, values - spread, values + spread, color=COLOURS[1], alpha=0.25, linewidth=0)
            ax.plot(n_z, values, color=COLOURS[1])
            ax.set_ylabel(rf"$\xi_{XI[panel]}$ (dimensionless)")
        elif panel == "hall":
            ax.plot(n_z, table.sigma_xy(n_z) / table.sigma_xx(n_z), color=COLOURS[4])
            ax.set_ylabel(r"$\sigma_{xy}/\sigma_{xx}$ for $m_z > 0$")
        else:
            _draw_torques(ax, table, n_z, panel)
    for ax in axes:
        ax.set(xlabel="$|n_z| = |m_z|$", xlim=(0, 1))
    if not table.resolved:
        left, right = table.least_resolved
        banner = figure.add_subplot(grid[0, :])
        banner.set_axis_off()
        banner.text(
            0.5,
            0.5,
            f"NOT RESOLVED: error up to {100 * table.numerical_error:.2g} % of the largest value,\n"
            f"largest for {left:.4g} < $|n_z|$ < {right:.4g}; shaded in red about the curves",
            ha="center",
            va="center",
            color="white",
            weight="bold",
            fontsize=12,
            bbox={"facecolor": "#B00020", "edgecolor": "none", "boxstyle": "round,pad=0.5"},
        )
    figure.suptitle(_parameters(table), fontsize=10)
    return figure


def _samples(table: CoefficientTable) -> Floats:
    """|n_z| from 0 to 1, also 33 of them on each piece of the series, which are narrow where something happens."""
    edges = table.response.edges
    pieces = [np.linspace(left, right, 33) for left, right in itertools.pairwise(edges)] if len(edges) > 2 else []
    return np.unique(np.concatenate([np.linspace(0.0, 1.0, 401), *(np.sqrt(x) for x in pieces)]))


def _draw_torques(ax: Axes, table: CoefficientTable, n_z: Floats, names: str) -> None:
    """Some of a, b, c, d, with what is to be said about them."""
    torques = {name: getattr(table, name)(n_z) for name in names}
    drawn = [name for name, values in torques.items() if values.any()]
    notes = []
    for name in drawn:
        if not table.resolved:
            error = table.error(name, n_z)
            ax.fill_between(n_z, torques[name] - error, torques[name] + error, color="#B00020", alpha=0.35, linewidth=0)
        line = LINES[name] if len(names) > 1 else "-"
        ax.plot(n_z, torques[name], line, color=COLOURS["abcd".index(name)], label=f"${name}$")
    if isinstance(table.disorder, PointImpurities) and "a" not in names and drawn:
        limit = table.scheme_error * float(np.abs(table.a(n_z)).max())
        ax.axhspan(-limit, limit, color="0.88", linewidth=0, zorder=0, label="not controlled")
    unit = "s⁻¹ per V/m" if table.form == "E" else "s⁻¹ per A/m"
    ax.set_ylabel(f"{', '.join(f'${name}$' for name in drawn or names)} ({unit}, {table.form}-form)")
    if len(drawn) > 1:
        # above the panel, where no curve is, and above the power of ten of the axis
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.05), ncols=5, frameon=False, handlelength=1.6, columnspacing=1.0
        )
    elif drawn and np.ptp(torques[drawn[0]]) == 0:
        value = float(torques[drawn[0]][0])
        mantissa, exponent = f"{value:.3e}".split("e")
        notes.append(rf"${drawn[0]} = {mantissa} \times 10^{{{int(exponent)}}}$ {unit}")
        ax.set_ylim(min(0.0, 1.25 * value), max(0.0, 1.25 * value))  # from zero: a constant has no range of its own
    zero = [name for name in torques if name not in drawn]
    if zero:
        notes.append(f"${' = '.join(zero)} = 0$")
    if notes:
        ax.text(0.5, 0.5, "\n".join(notes), transform=ax.transAxes, ha="center", va="center", linespacing=1.6)
    if table.gap_edge is not None:
        _mark_gap_edge(ax, table.gap_edge, n_z, [torques[name] for name in drawn])


def _mark_gap_edge(ax: Axes, edge: GapEdge, n_z: Floats, curves: list[Floats]) -> None:
    """The width of the jump as a shade, and beside it, where no curve is, what it is."""
    left, right = np.sqrt(np.clip(edge.x + 0.5 * edge.width * np.array([-1.0, 1.0]), 0.0, 1.0))
    ax.axvspan(left, right, color="0.6", alpha=0.45, linewidth=0)
    ax.axvline(np.sqrt(edge.x), color="0.45", linewidth=0.8, zorder=1)
    # beside the shade, or in it if it leaves no room, at the end of the axis that is farther from the curves there
    outer = 1.0 if left <= 0.12 and right < 0.88 else -1.0
    at = right + 0.012 if outer > 0 else left - 0.012 if left > 0.12 else 0.5
    low, high = ax.get_ylim()
    near = np.abs(n_z - at - 0.025 * outer) < 0.03
    heights = (np.concatenate([values[near] for values in curves]) - low) / (high - low) if curves else np.array([0.5])
    top = 1.0 - heights.max() > heights.min()
    ax.text(
        at,
        0.96 if top else 0.04,
        "leaves the gap",
        transform=ax.get_xaxis_transform(),
        rotation=90,
        ha="right" if outer < 0 else "left",
        va="top" if top else "bottom",
        fontsize=8.5,
        color="0.25",
    )


def _parameters(table: CoefficientTable) -> str:
    """The title: the electrons, the disorder, and what is shaded."""
    model, disorder = table.model, table.disorder
    coupling = "Rashba" if model.spin_orbit == "rashba" else "Dresselhaus"
    lines: list[tuple[str, ...]] = [
        (
            rf"$\varepsilon_F$ = {_energy(model.fermi_energy)}",
            rf"$\Delta_{{sd}}$ = {_energy(model.exchange)}",
            rf"{coupling} $\alpha$ = {model.rashba / (eV * angstrom):.4g} eV·Å",
            f"$m^*$ = {model.effective_mass / electron_mass:.4g} $m_e$",
            rf"$\varsigma$ = {model.exchange_sign:+d}",
        )
    ]
    time = table.scattering_time
    scattering_time = rf"$\tau_s$ = {f'{time / fs:.4g} fs' if time < 1000 * fs else f'{time / ps:.4g} ps'}"
    if isinstance(disorder, PointImpurities):
        w = model.effective_mass * disorder.strength / (2.0 * hbar**2)
        strength = rf"$mW/2\hbar^2$ = {w:.4g}" if math.isfinite(w) else "unitary"
        lines.append(
            (
                f"point impurities: $n$ = {disorder.density * nm**2:.4g} nm⁻²",
                strength,
                rf"$E_\mathrm{{ref}}$ = {_energy(disorder.reference_energy)}",
                f"mean {scattering_time}",
            )
        )
    else:
        lines[0] += (scattering_time,)
    if table.has_xi:
        of = "ξ as for white noise with this mean; " if isinstance(disorder, PointImpurities) else ""
        lines.append((f"{of}shaded: error of the scheme in ξ, {100 * table.scheme_error:.2g} %",))
    elif table.gap_edge is None:
        lines.append(("no ξ: the Fermi energy lies inside the exchange gap; grey: too small to be controlled",))
    else:
        edge = f"$|n_z|$ = {math.sqrt(table.gap_edge.x):.4g}"
        lines.append(
            (f"no ξ: inside the exchange gap from {edge} on; grey: width of the jump, and too small to be controlled",)
        )
    return "\n".join(", ".join(line) for line in lines).replace("-", "−")


def _energy(value: float) -> str:
    """In eV, or in meV below 0.1 eV."""
    return f"{value / eV:.4g} eV" if abs(value) >= 0.1 * eV or value == 0.0 else f"{value / meV:.4g} meV"
