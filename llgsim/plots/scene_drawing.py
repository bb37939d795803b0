"""The three-dimensional scene itself: its layout in nm, and how pyvista and matplotlib draw it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid
from llgsim.plots.fields import is_line
from llgsim.plots.style import COLOURS, NM, m_z_colours, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

ARROWS_ACROSS = 28
ARROWS_ON_LINE = 80
PIXELS_ACROSS = 1500
RELIEF = 0.06  # height of m_z = 1 over m_z = 0, in units of the shorter side


@dataclass(frozen=True, eq=False)
class Layout:
    """What both renderers draw, in nm: the relief, the arrows and the path."""

    surface: Values | None  # (3, ny, nx), None on a line
    m_z: Values  # (ny, nx)
    magnetic: NDArray[np.bool_]  # (ny, nx)
    points: Values  # (n, 3), the middles of the arrows
    arrows: Values  # (n, 3), unit vectors
    arrow_length: float
    pieces: list[Values]  # (3, k) each
    left: float  # where the drawn part begins in x: on a line only the surroundings of the path are drawn
    size: tuple[float, float]  # of the drawn part
    height: float  # of m_z = 1
    floor: float  # height of the frame: that of the larger domain, or under the arrows of a line

    @property
    def longest(self) -> float:
        return max(self.size)

    @property
    def ends(self) -> list[tuple[str, str, Values]]:
        """Name, colour and position of the first and the last point of the path; one where they coincide."""
        if not self.pieces:
            return []
        start, end = self.pieces[0][:, 0], self.pieces[-1][:, -1]
        if np.hypot(*(end - start)[:2]) < 0.03 * self.longest:
            return [("start = end", COLOURS[4], end)]
        return [("start", "white", start), ("end", COLOURS[4], end)]

    @property
    def stems(self) -> list[Values]:
        """Lines from the ends of the path down to the texture, which lies lower where m_z does; on a line to its axis.

        Each is (2, 3).
        """
        lines = []
        for _, _, end in self.ends:
            nearest = self.points[np.argmin(np.hypot(*(self.points[:, :2] - end[:2]).T))]
            lines.append(np.array([end, (end[0], end[1], self.floor if self.surface is None else nearest[2])]))
        return lines

    @property
    def label_places(self) -> list[Values]:
        """Where the names of the ends stand: above them on a line, elsewhere beside them where the path is far."""
        if self.surface is None:
            return [end + np.array([0, 0, 0.06 * self.longest]) for _, _, end in self.ends]
        down = self.longest * np.array([[0.0], [-1.0]]) * np.linspace(0, 0.1, 10)  # where the stems are seen
        taken = [piece[:2] for piece in self.pieces] + [end[:2, None] + down for _, _, end in self.ends]
        places = []
        for _, _, end in self.ends:
            angles = np.arange(16) * (np.pi / 8)
            tries = end[:2, None] + self.longest * np.stack([0.075 * np.cos(angles), 0.06 * np.sin(angles)])
            gaps = tries[:, :, None] - np.concatenate(taken, axis=1)[:, None, :]
            # a word is wider than high
            best = tries[:, np.argmax(np.hypot(gaps[0] / 2, gaps[1]).min(axis=1))]
            places.append(np.array([*best, end[2]]))
            taken.append(best[:, None])
        return places


def scene_layout(m: Values, grid: Grid, pieces: list[tuple[Values, Values]]) -> Layout:
    line = is_line(grid)
    left, right = _drawn_part(grid, pieces)
    size = (right - left, grid.size[1] / NM)
    longest = max(size)
    height = 0.0 if line else RELIEF * min(size)
    spacing = longest / (ARROWS_ON_LINE if line else ARROWS_ACROSS)
    steps = [max(1, round(spacing * NM / cell)) for cell in (grid.dx, grid.dy)]
    columns, rows = (
        np.arange(((n - 1) % step) // 2, n, step) for n, step in zip((grid.nx, grid.ny), steps, strict=True)
    )
    columns = columns[(grid.x[columns] > left * NM) & (grid.x[columns] < right * NM)]
    x, y = np.meshgrid(grid.x / NM, grid.y / NM)
    surface = np.stack([x, y, height * m[2]])
    cells = np.ix_(rows, columns)
    drawn = grid.magnetic[cells].ravel()
    points = np.stack([axis[cells].ravel()[drawn] for axis in surface], axis=-1)
    arrows = np.stack([component[cells].ravel()[drawn] for component in m], axis=-1)
    pitch = min(steps[0] * grid.dx, steps[1] * grid.dy)
    length = longest / 14 if line else pitch / NM
    level = height * float(np.median(m[2][grid.magnetic]))
    # the path stays level, just above the arrows of the larger domain: on the relief a straight path would look bent
    above = level + 0.6 * length + 0.01 * longest
    return Layout(
        surface=None if line else surface,
        m_z=m[2],
        magnetic=grid.magnetic,
        points=points,
        arrows=arrows,
        arrow_length=length,
        pieces=[_path(x / NM, y / NM, above, grid) for x, y in pieces],
        left=left,
        size=size,
        height=height,
        floor=-0.6 * length if line else level,
    )


def _drawn_part(grid: Grid, pieces: list[tuple[Values, Values]]) -> tuple[float, float]:
    """Ends in x (nm): all of a map; of a line only the path and what lies around it, where the wall is resolved."""
    size = grid.size[0] / NM
    if not (is_line(grid) and pieces):
        return 0.0, size
    x = np.concatenate([piece[0] for piece in pieces]) / NM
    # a wall is some ten cells wide
    margin = max(0.2 * float(np.ptp(x)), 40 * grid.dx / NM)
    return max(0.0, float(x.min()) - margin), min(size, float(x.max()) + margin)


def _path(x: Values, y: Values, z: float, grid: Grid) -> Values:
    """A piece of the path (3, k) in nm, closely sampled, kept just inside the box so that its tube is, too."""
    s = np.linspace(0, x.size - 1, max(x.size, 100)) if x.size > 1 else np.zeros(1)
    inside = []
    for coordinate, size in zip((x, y), grid.size):
        edge = min(0.01 * max(grid.size), 0.5 * size) / NM
        inside.append(np.clip(np.interp(s, np.arange(x.size), coordinate), edge, size / NM - edge))
    return np.stack([*inside, np.full(s.size, z)])


def pyvista_scene(m: Values, grid: Grid, pieces: list[tuple[Values, Values]], picture: str | Path) -> None:
    """Render to a PNG with pyvista, in this process: use `scene`, which survives a VTK that cannot render."""
    import pyvista

    layout = scene_layout(m, grid, pieces)
    longest = layout.longest
    colours: dict[str, Any] = {"scalars": "m_z", "cmap": m_z_colours(), "clim": (-1, 1), "show_scalar_bar": False}
    plotter = pyvista.Plotter(off_screen=True)
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    if layout.surface is not None:
        surface = pyvista.StructuredGrid(*(np.ascontiguousarray(axis) for axis in layout.surface))
        surface["m_z"] = layout.m_z.ravel(order="F")
        surface["magnetic"] = layout.magnetic.ravel(order="F").astype(float)
        visible = surface if layout.magnetic.all() else surface.threshold(0.5, scalars="magnetic", all_scalars=True)
        plotter.add_mesh(visible, opacity=0.5, smooth_shading=True, ambient=0.3, **colours)
    cloud = pyvista.PolyData(layout.points)
    cloud["m"], cloud["m_z"] = layout.arrows, layout.arrows[:, 2]
    slim = 0.5 if layout.surface is None else 1.0  # many long arrows side by side
    arrow = pyvista.Arrow(
        start=(-0.5, 0, 0), tip_length=0.42 * slim, tip_radius=0.18 * slim, shaft_radius=0.075 * slim, tip_resolution=24
    )
    glyphs = cloud.glyph(orient="m", scale=False, factor=layout.arrow_length, geom=arrow)
    # white arrows, those of a wall, need an outline before a white background
    outline: Any = {"color": "dimgray", "line_width": 1.5} if layout.surface is None else None
    actor = plotter.add_mesh(glyphs, smooth_shading=True, ambient=0.35, silhouette=outline, **colours)
    for piece in layout.pieces:
        if piece.shape[1] > 1:
            plotter.add_mesh(pyvista.lines_from_points(piece.T).tube(radius=0.0035 * longest), color="black")
    for (name, colour, end), stem, place in zip(layout.ends, layout.stems, layout.label_places):
        plotter.add_mesh(pyvista.Sphere(radius=0.012 * longest, center=end), color=colour, ambient=0.4, silhouette=True)
        plotter.add_mesh(pyvista.Line(*stem), color="black", line_width=3)
        _label(plotter, [place], [name], bold=True)
    _draw_axes(plotter, layout)
    bar = {"title": "m_z", "vertical": True, "position_x": 0.9, "position_y": 0.14, "height": 0.7, "width": 0.04}
    scalar_bar = plotter.add_scalar_bar(
        mapper=actor.mapper,
        color="black",
        n_labels=3 if layout.surface is None else 5,
        fmt="%.1f",
        title_font_size=30,
        label_font_size=26,
        **bar,
    )
    scalar_bar.SetVerticalTitleSeparation(14)
    _aim(plotter, layout)
    plotter.screenshot(str(picture))
    plotter.close()


def _label(plotter: Any, points: list[Values], texts: list[str], **style: Any) -> None:
    style = {"font_size": 28, "bold": False} | style
    plotter.add_point_labels(
        np.array(points), texts, text_color="black", shape=None, show_points=False, always_visible=True,
        justification_horizontal="center", justification_vertical="center", **style,
    )  # fmt: skip


def _draw_axes(plotter: Any, layout: Layout) -> None:
    """A frame under the texture with ticks and upright labels in nm along its front and its left side."""
    import pyvista
    from matplotlib.ticker import MaxNLocator

    (width, depth), longest, floor = layout.size, layout.longest, layout.floor
    left, right = layout.left, layout.left + width
    corners = np.array([[left, 0], [right, 0], [right, depth], [left, depth], [left, 0]], dtype=float)
    frame = [pyvista.lines_from_points(np.column_stack([corners, np.full(5, floor)]))]
    out_x = np.array([0, -1, 0] if layout.surface is not None else [0, 0, -1])
    sides: list[tuple[str, float, float, Values, Values]] = [("x", left, right, np.array([1, 0, 0]), out_x)]
    if layout.surface is not None:
        sides.append(("y", 0.0, depth, np.array([0, 1, 0]), np.array([-1, 0, 0])))
    for name, low, high, along, outward in sides:
        count = max(2, round(6 * (high - low) / longest))
        ticks: Any = MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(low, high)
        ticks = ticks[(ticks >= low) & (ticks <= high * (1 + 1e-9))]
        base = np.array([left if name == "y" else 0.0, 0.0, floor])
        feet = [base + tick * along for tick in ticks]
        frame += [pyvista.Line(foot, foot + 0.012 * longest * outward) for foot in feet]
        _label(plotter, [foot + 0.04 * longest * outward for foot in feet], [f"{tick:g}" for tick in ticks])
        middle = base + (low + high) / 2 * along
        _label(plotter, [middle + (0.09 if name == "x" else 0.12) * longest * outward], [f"{name} (nm)"], font_size=32)
    for line in frame:
        plotter.add_mesh(line, color="black", line_width=2)


def _aim(plotter: Any, layout: Layout) -> None:
    """Point the camera so that the frame with its labels fills the picture beside the bar, and size the picture."""
    (width, depth), longest = layout.size, layout.longest
    toward = np.array([-0.15, -1.0, 1.25 if layout.surface is not None else 0.4])
    toward /= np.linalg.norm(toward)
    right = np.cross([0, 0, 1], toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward, right)
    line = layout.surface is None
    x = (layout.left - (0.03 if line else 0.18) * longest, layout.left + width + 0.03 * longest)
    y = (0.0, depth) if line else (-0.1 * longest, depth)
    z = (layout.floor - 0.11 * longest, 0.15 * longest) if line else (layout.floor, layout.floor + 0.04 * longest)
    corners = np.array(list(itertools.product(x, y, z)))
    middle, distance = corners.mean(axis=0), 10 * longest
    slope = math.tan(math.radians(12))  # half the view angle, which is that of the height
    # perspective makes the nearer side wider, so that the middle of the box is not that of its image
    for _ in range(10):
        reach = distance - (corners - middle) @ toward
        across, upward = ((corners - middle) @ direction / reach for direction in (right, up))
        ratio = max(np.ptp(across) / np.ptp(upward) / 0.88, 1.0)
        middle = middle + distance * (
            (across.max() + across.min()) / 2 * right + (upward.max() + upward.min()) / 2 * up
        )
        distance *= max(float(np.ptp(upward)), float(np.ptp(across)) / (0.88 * ratio)) / (2 * slope)
    plotter.window_size = (PIXELS_ACROSS, round(PIXELS_ACROSS / ratio))
    plotter.camera_position = [tuple(middle + distance * toward), tuple(middle), (0, 0, 1)]
    plotter.camera.view_angle = 24.0
    plotter.camera.SetWindowCenter(0.12, 0.0)


@styled
def matplotlib_scene(m: Values, grid: Grid, pieces: list[tuple[Values, Values]]) -> Figure:
    """The same picture without VTK: arrows on a relief of m_z, and the path above it."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    layout = scene_layout(m, grid, pieces)
    width, depth = layout.size
    figure = new_figure(7.5, 7.5 * min(max(0.25 + 0.5 * depth / width, 0.4), 0.75))
    ax: Any = figure.add_subplot(projection="3d", computed_zorder=False)
    colours = ScalarMappable(Normalize(-1, 1), m_z_colours())
    if layout.surface is not None:
        x, y, z = np.where(layout.magnetic, layout.surface, np.nan)
        # mixed with white: a transparent surface shows the seams between its faces
        faces = 0.5 + 0.5 * colours.to_rgba(layout.m_z)
        ax.plot_surface(x, y, z, facecolors=faces, rcount=100, ccount=100, linewidth=0, antialiased=False, shade=False)
    ax.quiver(
        *layout.points.T, *layout.arrows.T, length=layout.arrow_length, pivot="middle", linewidth=1.0,
        # quiver draws all shafts, then all left and all right halves of the heads
        colors=np.tile(colours.to_rgba(layout.arrows[:, 2]), (3, 1)), arrow_length_ratio=0.4, zorder=2,
    )  # fmt: skip
    for piece in layout.pieces:
        ax.plot(*piece, color="black", linewidth=2, zorder=3)
    for (name, colour, end), stem in zip(layout.ends, layout.stems):
        ax.plot(*stem.T, color="black", linewidth=0.9, zorder=3)
        ax.plot(*end[:, None], "o", markerfacecolor=colour, markeredgecolor="black", markersize=7, label=name, zorder=4)
    if layout.pieces:
        ax.legend(loc="upper left", ncols=2, frameon=False)
    line = layout.surface is None
    half = 2.0 * layout.arrow_length  # how far to look to either side of a line
    y_limits = (depth / 2 - half, depth / 2 + half) if line else (0.0, depth)
    top, bottom = layout.height + 2 * layout.arrow_length, -layout.height - 0.6 * layout.arrow_length
    ax.set(xlim=(layout.left, layout.left + width), ylim=y_limits, zlim=(bottom, top), zticks=[])
    strip = layout.size[1] < 0.5 * layout.size[0]
    ax.set_box_aspect((width, y_limits[1] - y_limits[0], top - bottom), zoom=1.4 if strip else 1.1)
    ax.set_xlabel("x (nm)", labelpad=8 if strip else 3)
    if line:
        ax.set_yticks([])
    else:
        ax.set_ylabel("y (nm)")
        ax.locator_params(axis="y", nbins=max(2, round(8 * depth / layout.longest)))
    ax.grid(False)
    for artist in (*ax.collections, *ax.lines):
        artist.set_clip_on(False)  # a zoomed strip reaches beyond the square that belongs to the axes
        artist.set_in_layout(False)
    ax.view_init(elev=22 if line else 50, azim=-103)
    figure.colorbar(colours, ax=ax, shrink=0.65, pad=0.02, ticks=[-1, -0.5, 0, 0.5, 1], label="$m_z$")
    return figure
