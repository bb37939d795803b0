"""The three-dimensional scene itself: its layout in nm, and how pyvista and matplotlib draw it."""

from __future__ import annotations

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
    size: tuple[float, float]
    height: float  # of m_z = 1
    floor: float  # height of the frame: that of the larger domain, or under the arrows of a line

    @property
    def longest(self) -> float:
        return max(self.size)

    @property
    def ends(self) -> list[Values]:
        """The first and the last point of the path, none without a path."""
        return [self.pieces[0][:, 0], self.pieces[-1][:, -1]] if self.pieces else []

    @property
    def stem(self) -> list[Values]:
        """A line from the end of the path down to the texture, which lies lower where m_z does; none on a line."""
        if not self.pieces or self.surface is None:
            return []
        end = self.ends[1]
        nearest = self.points[np.argmin(np.hypot(*(self.points[:, :2] - end[:2]).T))]
        return [np.array([end, (end[0], end[1], nearest[2])])]

    @property
    def picture(self) -> tuple[int, int]:
        """Width and height in pixels: strips and lines get a lower picture."""
        return 1500, round(1500 * min(max(0.25 + 0.5 * self.size[1] / self.size[0], 0.4), 0.75))


def scene_layout(m: Values, grid: Grid, pieces: list[tuple[Values, Values]]) -> Layout:
    line = is_line(grid)
    size = (grid.size[0] / NM, grid.size[1] / NM)
    longest = max(size)
    height = 0.0 if line else RELIEF * min(size)
    spacing = longest / (60 if line else ARROWS_ACROSS)
    steps = [max(1, round(spacing * NM / cell)) for cell in (grid.dx, grid.dy)]
    columns, rows = (
        np.arange(((n - 1) % step) // 2, n, step) for n, step in zip((grid.nx, grid.ny), steps, strict=True)
    )
    x, y = np.meshgrid(grid.x / NM, grid.y / NM)
    surface = np.stack([x, y, height * m[2]])
    cells = np.ix_(rows, columns)
    drawn = grid.magnetic[cells].ravel()
    points = np.stack([axis[cells].ravel()[drawn] for axis in surface], axis=-1)
    arrows = np.stack([component[cells].ravel()[drawn] for component in m], axis=-1)
    pitch = min(steps[0] * grid.dx, steps[1] * grid.dy)
    length = longest / 16 if line else pitch / NM
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
        pieces=[np.stack([x / NM, y / NM, np.full(x.shape, above)]) for x, y in pieces],
        size=size,
        height=height,
        floor=-0.6 * length if line else level,
    )


def pyvista_scene(m: Values, grid: Grid, pieces: list[tuple[Values, Values]], picture: str | Path) -> None:
    """Render to a PNG with pyvista, in this process: use `scene`, which survives a VTK that cannot render."""
    import pyvista

    layout = scene_layout(m, grid, pieces)
    longest = layout.longest
    colours: dict[str, Any] = {"scalars": "m_z", "cmap": m_z_colours(), "clim": (-1, 1), "show_scalar_bar": False}
    plotter = pyvista.Plotter(off_screen=True, window_size=layout.picture)
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
    arrow = pyvista.Arrow(start=(-0.5, 0, 0), tip_length=0.42, tip_radius=0.18, shaft_radius=0.075, tip_resolution=24)
    glyphs = cloud.glyph(orient="m", scale=False, factor=layout.arrow_length, geom=arrow)
    actor = plotter.add_mesh(glyphs, smooth_shading=True, ambient=0.35, **colours)
    for piece in layout.pieces:
        if piece.shape[1] > 1:
            plotter.add_mesh(pyvista.lines_from_points(piece.T).tube(radius=0.005 * longest), color="black")
    for end, colour, name in zip(layout.ends, ("white", COLOURS[4]), ("start", "end"), strict=False):
        plotter.add_mesh(pyvista.Sphere(radius=0.014 * longest, center=end), color=colour, ambient=0.4, silhouette=True)
        _label(plotter, [end + np.array([0, 0, 0.05 * longest])], [name], bold=True)
    for stem in layout.stem:
        plotter.add_mesh(pyvista.Line(*stem), color="black", line_width=3)
    _draw_axes(plotter, layout)
    bar = {"title": "m_z", "vertical": True, "position_x": 0.9, "position_y": 0.2, "height": 0.6, "width": 0.04}
    scalar_bar = plotter.add_scalar_bar(
        mapper=actor.mapper, color="black", n_labels=5, fmt="%.1f", title_font_size=30, label_font_size=26, **bar
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
    corners = np.array([[0, 0], [width, 0], [width, depth], [0, depth], [0, 0]], dtype=float)
    frame = [pyvista.lines_from_points(np.column_stack([corners, np.full(5, floor)]))]
    out_x = np.array([0, -1, 0] if layout.surface is not None else [0, 0, -1])
    sides: list[tuple[str, float, Values, Values]] = [("x", width, np.array([1, 0, 0]), out_x)]
    if layout.surface is not None:
        sides.append(("y", depth, np.array([0, 1, 0]), np.array([-1, 0, 0])))
    for name, length, along, outward in sides:
        ticks: Any = MaxNLocator(max(2, round(6 * length / longest)), steps=[1, 2, 5, 10]).tick_values(0, length)
        ticks = ticks[(ticks >= 0) & (ticks <= length * (1 + 1e-9))]
        feet = [tick * along + np.array([0, 0, floor]) for tick in ticks]
        frame += [pyvista.Line(foot, foot + 0.012 * longest * outward) for foot in feet]
        _label(plotter, [foot + 0.04 * longest * outward for foot in feet], [f"{tick:g}" for tick in ticks])
        middle = length / 2 * along + np.array([0, 0, floor])
        _label(plotter, [middle + (0.1 if name == "x" else 0.13) * longest * outward], [f"{name} (nm)"], font_size=32)
    for line in frame:
        plotter.add_mesh(line, color="black", line_width=2)


def _aim(plotter: Any, layout: Layout) -> None:
    """Point the camera so that the frame with its labels fills the picture beside the bar, whatever its proportions."""
    (width, depth), longest = layout.size, layout.longest
    toward = np.array([-0.22, -1.0, 1.25 if layout.surface is not None else 0.4])
    toward /= np.linalg.norm(toward)
    right = np.cross([0, 0, 1], toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward, right)
    top = max(layout.height + layout.arrow_length, 0.09 * longest)
    lowest = layout.floor if layout.surface is not None else -0.16 * longest
    corners = np.array(
        [
            (x, y, z)
            for x in (-0.16 * longest, width + 0.03 * longest)
            for y in (-0.13 * longest, depth)
            for z in (lowest, top)
        ]
    )
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    corners = corners - middle
    slope = math.tan(math.radians(12))
    ratio = layout.picture[0] / layout.picture[1]
    room = np.stack([np.abs(corners @ right) / (0.86 * ratio * slope), np.abs(corners @ up) / (0.96 * slope)])
    distance = float((room + corners @ toward).max())
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
    figure = new_figure(layout.picture[0] / 200, layout.picture[1] / 200)
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
    for stem in layout.stem:
        ax.plot(*stem.T, color="black", linewidth=0.9, zorder=3)
    for end, colour, name in zip(layout.ends, ("white", COLOURS[4]), ("start", "end"), strict=False):
        ax.plot(*end[:, None], "o", markerfacecolor=colour, markeredgecolor="black", markersize=7, label=name, zorder=4)
    if layout.pieces:
        ax.legend(loc="upper left", ncols=2, frameon=False)
    line = layout.surface is None
    half = 2.0 * layout.arrow_length  # how far to look to either side of a line
    y_limits = (depth / 2 - half, depth / 2 + half) if line else (0.0, depth)
    top, bottom = layout.height + 2 * layout.arrow_length, -layout.height - 0.6 * layout.arrow_length
    ax.set(xlim=(0, width), ylim=y_limits, zlim=(bottom, top), zticks=[])
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
