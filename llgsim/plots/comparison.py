"""Measured velocities against the drift velocity, and how far they are from the prediction."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llgsim.plots.style import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True, eq=False)
class VelocitySeries:
    """One geometry's velocities at several drift velocities; all arrays (n,) in m/s.

    Parameters
    ----------
    label : str
        What the legend says: "film", "track", "wall", …
    drift_velocity, measured, error, predicted : array (n,)
        v_d, the measured velocity, its standard error (≥ 0) and the theory's value; m/s.
    component : str
        Which velocity it is, such as "$V_x$" or "$|V|$".
    theory : str
        What `predicted` comes from, such as "Thiele".

    Raises
    ------
    ValueError
        Arrays of different lengths, empty, or not finite; a negative error.

    Examples
    --------
    >>> wall = VelocitySeries("wall", [50, 100], [50.1, 100.3], [0.1, 0.2], [50, 100], "$V_x$")
    >>> wall.deviation
    array([0.002, 0.003])
    """

    label: str
    drift_velocity: Values
    measured: Values
    error: Values
    predicted: Values
    component: str = "$V_x$"
    theory: str = "theory"

    def __post_init__(self) -> None:
        count = np.size(self.drift_velocity)
        for field in fields(self):
            if field.name in ("label", "component", "theory"):
                continue
            values = np.array(getattr(self, field.name), dtype=np.float64).reshape(-1)
            if values.size != count or count == 0:
                raise ValueError(
                    f"VelocitySeries {self.label!r}: {field.name} has {values.size} values, drift_velocity {count}; "
                    "give one or more, and as many of each"
                )
            if not np.isfinite(values).all():
                raise ValueError(f"VelocitySeries {self.label!r}: {field.name} = {values} m/s must be finite")
            object.__setattr__(self, field.name, values)
        if (self.error < 0).any():
            raise ValueError(f"VelocitySeries {self.label!r}: error = {self.error} m/s must not be negative")

    @property
    def deviation(self) -> Values:
        """(measured − predicted)/|predicted|, nan where the prediction is zero; rounded to 12 decimals."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (self.measured - self.predicted) / np.abs(self.predicted)
        return np.where(self.predicted == 0, np.nan, np.round(ratio, 12))


@styled
def velocity_versus_drift(series: Sequence[VelocitySeries]) -> Figure:
    """V against v_d (m/s) for several geometries, and below it |V/V_theory − 1| in per cent on a logarithmic axis.

    Measured velocities are points with error bars, predictions lines, V = v_d a grey line. In the lower panel a
    bar that reaches the lower edge belongs to a deviation smaller than its error; deviations of exactly zero cannot be
    drawn.

    Raises
    ------
    ValueError
        No series.

    Examples
    --------
    >>> wall = VelocitySeries("wall", [50, 100], [50.1, 100.3], [0.1, 0.2], [50, 100])
    >>> figure = velocity_versus_drift([wall])
    >>> figure.axes[1].get_xlabel()
    '$v_d$ (m/s)'
    """
    if not series:
        raise ValueError("series is empty; give at least one VelocitySeries")
    figure = new_figure(7, 6.2)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    drift = np.concatenate([one.drift_velocity for one in series])
    ends = np.array([min(drift.min(), 0.0), max(drift.max(), 0.0)])
    top.plot(ends, ends, color="0.6", linewidth=1.2, label="$V = v_d$", zorder=1)
    handles: dict[str, Any] = {}
    extremes: list[float] = []
    for one, colour, marker in zip(series, itertools.cycle(COLOURS), itertools.cycle(MARKERS), strict=False):
        order = np.argsort(one.drift_velocity)
        v_d, measured, error, predicted = (
            values[order] for values in (one.drift_velocity, one.measured, one.error, one.predicted)
        )
        (line,) = top.plot(v_d, predicted, color=colour, linestyle="--", linewidth=1.3, zorder=2)
        points = top.errorbar(
            v_d, measured, error, color=colour, linestyle="none", marker=marker, markersize=6, capsize=3,
            markerfacecolor="white", markeredgewidth=1.5, zorder=3,
        )  # fmt: skip
        handles[f"{one.label}: {one.component}; line: {one.theory}"] = (line, points)
        deviation = 100 * np.abs(one.deviation[order])
        shown = np.isfinite(deviation) & (deviation > 0)
        spread = 100 * error[shown] / np.abs(predicted[shown])
        bars = bottom.errorbar(
            v_d[shown], deviation[shown], spread, color=colour, linestyle="none", marker=marker, markersize=5.5,
            markerfacecolor="white", markeredgewidth=1.4, elinewidth=1.0, zorder=3,
        )  # fmt: skip
        for lines in bars[2]:
            lines.set(alpha=0.55, zorder=2)
        extremes += [*deviation[shown], *(deviation[shown] + spread)]
    handles["$V = v_d$"] = top.lines[0]
    top.legend(handles.values(), handles.keys(), loc="best")
    top.set_ylabel("V (m/s)")
    bottom.set_yscale("log", nonpositive="clip")
    if extremes:
        bottom.set_ylim(min(extremes) / 2, max(extremes) * 1.6)
    bottom.set(xlabel="$v_d$ (m/s)", ylabel=r"$|V/V_{\mathrm{theory}} - 1|$ (%)")
    bottom.yaxis.set_major_formatter("{x:g}")
    bottom.grid(axis="y", color="0.9")
    return figure
