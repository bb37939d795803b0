"""The torque coefficients against n_z."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llgsim.plots.style import COLOURS, LINES, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

XI = (("xi0", r"$\xi_0$"), ("xi_parallel", r"$\xi_\parallel$"), ("xi_perpendicular", r"$\xi_\perp$"))
SPIN_ORBIT_UNITS = {"E": "s⁻¹ per V/m", "J": "s⁻¹ per A/m"}


@styled
def coefficients_versus_nz(table: Any) -> Figure:
    """ξ0, ξ∥, ξ⊥ (dimensionless) and the spin-orbit coefficients a … d against n_z, one panel each and one for a … d.

    Parameters
    ----------
    table : CoefficientTable, Coefficients or alike
        xi0, xi_parallel and xi_perpendicular: functions of an array of n_z, or numbers. a, b, c, d likewise, when there
        are any (1/s per V/m when table.form is "E", 1/s per A/m of sheet current when it is "J"); those below 1e-6 of
        the largest are left out. n_z: the nodes, default 0 … 1. scheme_error: relative error of ξ, shaded.
        model and disorder: parameters (J, J·m, kg, s) for the title.

    Raises
    ------
    ValueError
        A coefficient that is not finite at some n_z; names both.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> table = SimpleNamespace(xi0=lambda n_z: 0.01 * n_z**2, xi_parallel=0.02, xi_perpendicular=0.03)
    >>> figure = coefficients_versus_nz(table)
    >>> figure.axes[0].get_xlabel()
    '$n_z$'
    """
    nodes = np.asarray(getattr(table, "n_z", (0.0, 1.0)), dtype=np.float64)
    n_z = np.linspace(nodes.min(), nodes.max(), 401)
    error = float(getattr(table, "scheme_error", None) or 0.0)
    spin_orbit = {name: _values(table, name, n_z) for name in "abcd" if getattr(table, name, None) is not None}
    largest = max((np.abs(values).max() for values in spin_orbit.values()), default=0.0)
    spin_orbit = {name: values for name, values in spin_orbit.items() if np.abs(values).max() > 1e-6 * largest}

    figure = new_figure(7.4, 5.6) if spin_orbit else new_figure(9.5, 3.2)
    axes = (figure.subplots(2, 2) if spin_orbit else figure.subplots(1, 3, squeeze=False)).ravel()
    for ax, (name, symbol) in zip(axes, XI, strict=False):
        _draw(ax, n_z, _values(table, name, n_z), error, COLOURS[1], "-", None)
        ax.set_ylabel(f"{symbol} (dimensionless)")
    if spin_orbit:
        ax = axes[3]
        for (name, values), colour, line in zip(spin_orbit.items(), COLOURS, ("-", *LINES), strict=False):
            _draw(ax, n_z, values, 0.0, colour, line, f"${name}$" if len(spin_orbit) > 1 else None)
        names = ", ".join(f"${name}$" for name in spin_orbit)
        form = getattr(table, "form", None)
        unit = SPIN_ORBIT_UNITS.get(str(form), "SI")
        ax.set_ylabel(f"{names} ({unit}{f', {form}-form' if form else ''})")
        if len(spin_orbit) > 1:
            ax.legend()
    for ax in axes:
        ax.set(xlabel="$n_z$", xlim=(n_z[0], n_z[-1]))
    title = describe(table)
    if error:
        title += ("\n" if title else "") + rf"shaded: error of the scheme in $\xi$, {100 * error:.2g} %"
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def describe(table: Any) -> str:
    """The electron model and the disorder in eV, eV·Å, m_e and fs; empty when the table does not carry them."""
    from coefficients.units import angstrom, electron_mass, eV, fs

    model, disorder = getattr(table, "model", None), getattr(table, "disorder", None)
    parts = []
    for name, symbol, scale, unit in (
        ("fermi_energy", r"$\varepsilon_F$", eV, " eV"),
        ("exchange", r"$\Delta_{sd}$", eV, " eV"),
        ("rashba", r"$\alpha_R$", eV * angstrom, " eV·Å"),
        ("effective_mass", "$m^*$", electron_mass, " $m_e$"),
        ("exchange_sign", r"$\varsigma$", 1.0, ""),
    ):
        value = getattr(model, name, None)
        if value is not None:
            number = f"{value:+d}" if name == "exchange_sign" else f"{value / scale:.4g}"
            parts.append(f"{symbol} = {number}{unit}".replace("-", "−"))
    scattering_time = getattr(disorder, "scattering_time", None)
    if scattering_time is not None:
        parts.append(rf"$\tau$ = {scattering_time / fs:.4g} fs")
    return ", ".join(parts)


def _values(table: Any, name: str, n_z: Values) -> Values:
    coefficient: Callable[[Values], Any] | float = getattr(table, name)
    values = np.broadcast_to(np.asarray(coefficient(n_z) if callable(coefficient) else coefficient, float), n_z.shape)
    finite = np.isfinite(values)
    if not finite.all():
        raise ValueError(
            f"the coefficient {name} is not finite at {int((~finite).sum())} of {n_z.size} values of n_z, first at "
            f"n_z = {n_z[~finite][0]:.4g}; check the table there"
        )
    return values


def _draw(ax: Axes, n_z: Values, values: Values, error: float, colour: str, line: Any, label: str | None) -> None:
    if error:
        spread = error * np.abs(values)
        ax.fill_between(n_z, values - spread, values + spread, color=colour, alpha=0.25, linewidth=0)
    ax.plot(n_z, values, color=colour, linestyle=line, label=label)
    middle, half = (values.max() + values.min()) / 2, np.ptp(values) / 2
    # a constant would otherwise fill its panel with rounding noise
    if label is None and half <= 1e-3 * abs(middle):
        room = max(0.1, 2 * error) * abs(middle) or 1.0
        ax.set_ylim(middle - room, middle + room)
