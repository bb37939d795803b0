"""Where a texture went and how fast: the trajectory over the final state, and the velocity against time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid
from llgsim.plots.fields import add_colour_bar, draw_m_z, draw_profile, is_line, is_wide, map_size
from llgsim.plots.style import COLOURS, LINES, NM, NS, new_figure, styled
from llgsim.textures import normalised

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from llgsim.analysis.velocity import Track

Values = NDArray[np.float64]

DRIFT = "$v_d$"  # the label of the drift velocity, from which angles count and which may be left off the scale
# the same in every figure; a label's text after a comma does not count
KNOWN_STYLES = {"Thiele": (COLOURS[0], LINES[0]), DRIFT: (COLOURS[1], LINES[1])}
MEASURED: dict[str, Any] = {"color": "0.62", "linewidth": 5.0, "solid_capstyle": "butt"}  # lines of theory show on it
AT_REST = 1e-6  # m/s; a slower texture stands still, to within the rounding of its position


@dataclass(frozen=True, eq=False)
class Prediction:
    """A velocity (v_x, v_y) in m/s to compare with, and what the legend calls it.

    Examples
    --------
    >>> Prediction("Thiele", (98.0, -12.5)).speed
    98.79397...
    """

    label: str
    velocity: tuple[float, float]

    def __post_init__(self) -> None:
        velocity = tuple(float(component) for component in self.velocity)
        if len(velocity) != 2 or not math.isfinite(velocity[0]) or math.isinf(velocity[1]):
            raise ValueError(
                f"Prediction {self.label!r}: velocity = {self.velocity!r} must be (v_x, v_y) in m/s, v_x finite, "
                "v_y finite or nan for a wall"
            )
        object.__setattr__(self, "velocity", velocity)

    @property
    def speed(self) -> float:
        """|v| in m/s; |v_x| for a wall."""
        return math.hypot(self.velocity[0], 0.0 if math.isnan(self.velocity[1]) else self.velocity[1])


def folded(x: ArrayLike, y: ArrayLike, grid: Grid) -> list[tuple[Values, Values]]:
    """An unwrapped path folded back into the grid: pieces (x, y) in metres, cut where a periodic boundary is crossed.

    Each piece ends on the boundary and the next one starts on the opposite side. Open axes are left as they are.

    Examples
    --------
    >>> grid = Grid(nx=10, ny=10, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, False))
    >>> [(px.tolist(), py.tolist()) for px, py in folded([8.0, 12.0], [2.0, 4.0], grid)]
    [([8.0, 10.0], [2.0, 3.0]), ([0.0, 2.0], [3.0, 4.0])]
    """
    path = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
    size = np.array(grid.size)[:, None]
    boxes = np.where(np.array(grid.periodic)[:, None], path / size, 0.0)
    if path.shape[1] < 2:
        point = path - np.floor(boxes) * size
        return [(point[0], point[1])]
    samples = np.arange(path.shape[1])
    breaks = [samples.astype(np.float64)]
    for coordinate in boxes:
        first, last = coordinate[:-1], coordinate[1:]
        for k in np.flatnonzero(np.floor(first) != np.floor(last)):
            low, high = sorted((first[k], last[k]))
            walls = np.arange(np.floor(low) + 1, np.floor(high) + 1)
            breaks.append(k + (walls - first[k]) / (last[k] - first[k]))
    s = np.unique(np.concatenate(breaks))
    dense = np.stack([np.interp(s, samples, coordinate) for coordinate in path])
    inside = np.stack([np.interp((s[:-1] + s[1:]) / 2, samples, coordinate) for coordinate in boxes])
    box = np.floor(inside)
    changes = np.flatnonzero((np.diff(box, axis=1) != 0).any(axis=0)) + 1
    pieces = []
    for start, stop in zip([0, *changes], [*changes, s.size - 1], strict=True):
        piece = dense[:, start : stop + 1] - box[:, start, None] * size
        pieces.append((piece[0], piece[1]))
    return pieces


@styled
def trajectory(
    track: Track, m: ArrayLike, grid: Grid, predictions: Sequence[Prediction] = (), fit_from: float = 0.4
) -> Figure:
    """The path of a texture over the m_z map of its final state, with the velocities as arrows.

    Angles count from the prediction labelled "$v_d$", or from +x without one. Where it is more than three times as fast
    as everything else it leaves the panel, and the legend says so.

    Parameters
    ----------
    track : Track
        As `analysis.track` returns it. For a wall (y all nan) the figure shows x against t.
    m : array (3, ny, nx)
        The final state.
    grid : Grid
        A path is folded back into its periodic box; when it is longer than the box, the unwrapped path is drawn too.
    predictions : sequence of Prediction
        Velocities (m/s) to draw beside the measured one, such as Thiele's and v_d. Those of a wall are drawn through
        its last position.
    fit_from : float, 0 ≤ fit_from < 1
        Fraction of the duration that the measured velocity leaves out, as in `Track.velocity`.

    Raises
    ------
    ValueError
        m of another shape, not finite or zero in a magnetic cell; a track too short for a velocity; a prediction
        without v_y for a skyrmion.

    Examples
    --------
    >>> from llgsim.analysis.velocity import Track
    >>> from llgsim.textures import neel_skyrmion
    >>> grid = Grid(nx=32, ny=32, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(True, True))
    >>> t = np.linspace(0, 1e-10, 20)
    >>> track = Track(t=t, x=20e-9 + 100 * t, y=20e-9 - 10 * t, Q=-np.ones(20), kind="skyrmion")
    >>> figure = trajectory(track, neel_skyrmion(grid, radius=10e-9), grid, [Prediction("Thiele", (99.0, -9.0))])
    """
    field = normalised(m, grid)
    if track.kind == "wall":
        return _wall_trajectory(track, field, grid, predictions, fit_from)
    pieces = folded(track.x, track.y, grid)
    long_path = any(
        periodic and np.ptp(coordinate) > size
        for periodic, coordinate, size in zip(grid.periodic, (track.x, track.y), grid.size, strict=True)
    )
    if is_wide(grid):
        width, height = map_size(grid, 6.6)
        figure = new_figure(width + 1.5, height + 4.2)
        rows: list[Any] = [["map", "map"], ["velocity", "path"]] if long_path else [["map"], ["velocity"]]
        axes = figure.subplot_mosaic(rows, height_ratios=(height, 3.0))
    elif long_path:
        width, height = map_size(grid, 4.0)
        figure = new_figure(8.9, max(height, 2.6) + 3.1)
        axes = figure.subplot_mosaic([["map", "velocity"], ["path", "path"]], height_ratios=(max(height, 2.6), 1.6))
    else:
        width, height = map_size(grid, 4.3)
        figure = new_figure(max(width, 2.0) + 4.6, max(height, 2.6) + 0.9)
        axes = figure.subplot_mosaic([["map", "velocity"]], width_ratios=(max(width, 2.0), 2.9))
    if long_path:
        _draw_unwrapped(axes["path"], track)
    image = draw_m_z(axes["map"], field, grid)
    add_colour_bar(axes["map"], image, grid)
    for x, y in pieces:
        _draw_path(axes["map"], x / NM, y / NM)
    _draw_ends(axes["map"], (pieces[0][0][0], pieces[0][1][0]), (pieces[-1][0][-1], pieces[-1][1][-1]))
    axes["map"].set(xlim=(0, grid.size[0] / NM), ylim=(0, grid.size[1] / NM))
    _draw_velocities(axes["velocity"], track, predictions, fit_from)
    if is_wide(grid) and not long_path:
        axes["velocity"].legend(loc="center left", bbox_to_anchor=(1.03, 0.5), frameon=False)
    else:
        axes["velocity"].legend(loc="lower left", bbox_to_anchor=(-0.05, 1.01), frameon=False, borderaxespad=0.2)
    return figure


@styled
def velocity_versus_time(track: Track, predictions: Sequence[Prediction] = (), fit_from: float = 0.4) -> Figure:
    """v_x and v_y of a texture (m/s) against time (ns); only v_x for a wall.

    Parameters
    ----------
    track : Track
        As `analysis.track` returns it.
    predictions : sequence of Prediction
        Drawn as horizontal lines; one labelled "$v_d$" that is more than three times their spread away from the other
        velocities is left off the scale, and the legend says so.
    fit_from : float, 0 ≤ fit_from < 1
        Fraction of the duration that is left out of the fit, which is shaded; as in `Track.velocity`.

    Raises
    ------
    ValueError
        fit_from out of range; a track too short for a velocity.

    Examples
    --------
    >>> from llgsim.analysis.velocity import Track
    >>> t = np.linspace(0, 1e-9, 50)
    >>> track = Track(t=t, x=100 * t, y=np.full(50, np.nan), Q=np.zeros(50), kind="wall")
    >>> figure = velocity_versus_time(track, [Prediction("$v_d$", (101.0, np.nan))])
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['$v_x$ (m/s)']
    """
    velocity, error, steady = track.velocity(fit_from)
    middles, *components = track.instantaneous_velocity()
    if track.kind == "wall":
        components = components[:1]
    figure = new_figure(8.2, 2.6 * len(components) + 0.4)
    axes = figure.subplots(len(components), 1, sharex=True, squeeze=False)[:, 0]
    first, last = track.t[0] / NS, track.t[-1] / NS
    window = (first + fit_from * (last - first), last)
    for index, (ax, component) in enumerate(zip(axes, components, strict=True)):
        value, spread = velocity[index], error[index]
        ax.axvspan(*window, color="0.93", zorder=0, label="fitted" if index == 0 else None)
        ax.plot(window, (value, value), label=f"{_measured(steady)}: {_number(value, spread)}", **MEASURED)
        ax.plot(middles / NS, component, color="0.4", linewidth=1.2, label="frame to frame" if index == 0 else None)
        shown = [*component, value, *(p.velocity[index] for p in predictions if p.label != DRIFT)]
        low, high = min(shown), max(shown)
        for prediction, colour, line in _styles(predictions):
            predicted = prediction.velocity[index]
            label = f"{prediction.label}: {_number(predicted)}"
            if prediction.label == DRIFT:
                if max(low - predicted, predicted - high) > 3 * max(high - low, 0.1 * abs(value), AT_REST):
                    label += " (off scale)"
                else:
                    low, high = min(low, predicted), max(high, predicted)
            ax.axhline(predicted, color=colour, linestyle=line, label=label)
        margin = max(0.08 * (high - low), AT_REST)
        ax.set(xlim=(first, last), ylim=(low - margin, high + margin), ylabel=f"$v_{'xy'[index]}$ (m/s)")
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    axes[-1].set_xlabel("t (ns)")
    return figure


def _styles(predictions: Sequence[Prediction]) -> list[tuple[Prediction, str, Any]]:
    """Each prediction with its colour and line, the same in every figure."""
    others = itertools.cycle(zip(COLOURS[2:], LINES[2:]))
    known = [KNOWN_STYLES.get(prediction.label.split(",")[0]) for prediction in predictions]
    return [(prediction, *(style or next(others))) for prediction, style in zip(predictions, known)]


def _measured(steady: bool) -> str:
    return "measured" if steady else "measured (not steady)"


def _number(value: float, error: float | None = None) -> str:
    """A velocity with its unit, rounded to two digits of its error (four significant digits without one)."""
    if 0 < abs(value) < AT_REST:
        return "< 10⁻⁶ m/s"
    if error is None or not (math.isfinite(error) and error > 0):
        return _minus(f"{value + 0.0:.4g} m/s")
    if error < AT_REST:
        return _minus(f"{value:.6f} m/s, error < 10⁻⁶")
    digits = max(0, 1 - math.floor(math.log10(error)))
    return _minus(f"{value:.{digits}f} ± {error:.{digits}f} m/s")


def _minus(number: str) -> str:
    return number.replace("-", "−")


def _draw_path(ax: Axes, x: Values, y: Values) -> None:
    from matplotlib.patheffects import Normal, Stroke

    casing = [Stroke(linewidth=3.6, foreground="white"), Normal()]
    ax.plot(x, y, color="black", linewidth=1.6, path_effects=casing, zorder=3, solid_capstyle="butt")


def _draw_ends(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style: dict[str, Any] = {
        "linestyle": "none",
        "markeredgecolor": "black",
        "markersize": 8,
        "markeredgewidth": 1.4,
        "zorder": 4,
    }
    apart = math.dist(start, end) > NM
    if apart:
        ax.plot(
            start[0] / NM, start[1] / NM, marker="o", markerfacecolor="white", label="start", clip_on=False, **style
        )
    name = "end" if apart else "start = end"
    ax.plot(end[0] / NM, end[1] / NM, marker="s", markerfacecolor=COLOURS[4], label=name, clip_on=False, **style)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0.2)


def _draw_unwrapped(ax: Axes, track: Track) -> None:
    x, y = track.x / NM, track.y / NM
    _draw_path(ax, x, y)
    _draw_ends(ax, (track.x[0], track.y[0]), (track.x[-1], track.y[-1]))
    ax.set(xlabel="x, unwrapped (nm)", ylabel="y, unwrapped (nm)")
    # the same scale on both axes where the path is not too thin for it
    pad = 0.05 * max(np.ptp(x), np.ptp(y))
    ax.set(xlim=(x.min() - pad, x.max() + pad), ylim=(y.min() - pad, y.max() + pad))
    if 1 / 8 < (np.ptp(y) + 2 * pad) / (np.ptp(x) + 2 * pad) < 1:
        ax.set_aspect("equal")


def _draw_velocities(ax: Axes, track: Track, predictions: Sequence[Prediction], fit_from: float) -> None:
    """Arrows from the origin of the (v_x, v_y) plane; the measured one lies underneath and is wide."""
    velocity, error, steady = track.velocity(fit_from)
    measured = Prediction(_measured(steady), (float(velocity[0]), float(velocity[1])))
    for prediction in predictions:
        if math.isnan(prediction.velocity[1]):
            raise ValueError(
                f"Prediction {prediction.label!r}: v_y is nan, which is for walls; a {track.kind} has both"
            )
    drift = next((p for p in predictions if p.label == DRIFT and p.speed > AT_REST), None)
    speed_error = math.hypot(velocity[0] * error[0], velocity[1] * error[1]) / (measured.speed or 1.0)
    ax.plot([], [], label=_with_angle(measured, drift, speed_error), **MEASURED)
    shown = [measured, *(p for p in predictions if p is not drift)]
    scale = max(p.speed for p in shown)
    off_scale = drift is not None and drift.speed > 3 * max(scale, AT_REST)
    if drift is not None and not off_scale:
        shown.append(drift)
        scale = max(scale, drift.speed)
    ends = np.array([[0.0, 0.0], *(p.velocity for p in shown)])
    low, high = ends.min(axis=0) - 0.15 * (scale + AT_REST), ends.max(axis=0) + 0.15 * (scale + AT_REST)
    middle, half = (low + high) / 2, max(high - low) / 2
    _draw_arrow(ax, measured, 1 / half, **MEASURED)
    for prediction, colour, line in _styles(predictions):
        label = _with_angle(prediction, drift) + (" (off scale)" if off_scale and prediction is drift else "")
        ax.plot([], [], color=colour, linestyle=line, label=label)
        _draw_arrow(ax, prediction, 1 / half, color=colour, linestyle=line, linewidth=1.6)
    ax.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))
    ax.set(xlabel="$v_x$ (m/s)", ylabel="$v_y$ (m/s)")
    if scale <= AT_REST:
        ax.set(xticks=[0], yticks=[0])
        ax.text(0, 0.5 * half, "at rest", ha="center")
    ax.set_aspect("equal")
    ax.axhline(0, color="0.85", linewidth=0.8, zorder=0)
    ax.axvline(0, color="0.85", linewidth=0.8, zorder=0)


def _with_angle(velocity: Prediction, drift: Prediction | None, error: float | None = None) -> str:
    """Legend text: speed, and the angle from the drift velocity, or from +x without one."""
    text = f"{velocity.label}: {_number(velocity.speed, error)}"
    if velocity.speed < AT_REST or velocity is drift:
        return text
    (v_x, v_y), (d_x, d_y) = velocity.velocity, drift.velocity if drift else (1.0, 0.0)
    angle = round(math.degrees(math.atan2(d_x * v_y - d_y * v_x, d_x * v_x + d_y * v_y)), 1) + 0.0  # no −0.0
    return f"{text},\n{_minus(f'{angle:.1f}')}° from {DRIFT if drift else '+x'}"


def _draw_arrow(ax: Axes, velocity: Prediction, per_speed: float, **line: Any) -> None:
    """A line from the origin with a head that is at most as long as the line; `per_speed` in half panels per m/s."""
    if velocity.speed < AT_REST:
        return
    end = np.array(velocity.velocity)
    length = 90 * velocity.speed * per_speed  # in points, about
    head = min(17 if line["linewidth"] > 2 else 8, 0.5 * length)
    base = (1 - head / length) * end
    ax.plot([0, base[0]], [0, base[1]], **line)
    ax.annotate(
        "", xy=tuple(end), xytext=tuple(base), annotation_clip=True,
        arrowprops={"arrowstyle": f"-|>,head_length={head},head_width={0.4 * head}", "mutation_scale": 1,
                    "facecolor": line["color"], "edgecolor": line["color"],
                    "shrinkA": 0, "shrinkB": 0, "linewidth": 1},
    )  # fmt: skip


def _wall_trajectory(track: Track, m: Values, grid: Grid, predictions: Sequence[Prediction], fit_from: float) -> Figure:
    on_line = is_line(grid)
    height = 2.8 if on_line else map_size(grid)[1] + 0.9
    figure = new_figure(7, height + 3.2)
    top, bottom = figure.subplots(2, 1, height_ratios=(height, 3.2))
    start = track.x[0] % grid.size[0] if grid.periodic[0] else track.x[0]
    top.axvline(start / NM, color="0.45" if on_line else "black", linestyle=":", linewidth=1.8, label="start")
    if on_line:
        draw_profile(m, grid, top)
    else:
        image = draw_m_z(top, m, grid)
        add_colour_bar(top, image, grid)
        top.legend(loc="lower left", bbox_to_anchor=(0, 1.0), frameon=False, borderaxespad=0.2)
    velocity, error, steady = track.velocity(fit_from)
    time, label = track.t / NS, f"{_measured(steady)}: {_number(velocity[0], error[0])}"
    bottom.plot(time, track.x / NM, label=label, **MEASURED)
    for prediction, colour, line in _styles(predictions):
        # through the last point, so that the transient at the start shows as a distance and not as a wrong slope
        x = track.x[-1] + prediction.velocity[0] * (track.t - track.t[-1])
        label = f"{prediction.label}: {_number(prediction.velocity[0])}"
        bottom.plot(time, x / NM, color=colour, linestyle=line, label=label)
    bottom.set(xlabel="t (ns)", ylabel="wall position x (nm)")
    bottom.margins(x=0)
    title = "theory passes through the last point" if predictions else None
    bottom.legend(loc="best", title=title, title_fontsize=9)
    return figure
