"""Maps of the magnetisation: m_z with in-plane arrows, the in-plane angle as a hue, and profiles of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid
from llgsim.plots.style import COLOURS, MASKED, NM, figure_of, m_z_colours, new_figure, styled
from llgsim.textures import normalised

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Field = NDArray[np.float64]

ARROWS_ACROSS = 22  # in-plane arrows along the longer side of a map
SHORTEST_ARROW = 0.15  # in-plane components below this are noise at arrow size


def is_line(grid: Grid) -> bool:
    """Whether the grid is one cell wide, so that a profile says more than a map."""
    return min(grid.shape) == 1


def hsl_colours(m: Field) -> NDArray[np.float64]:
    """RGB (ny, nx, 3) in [0, 1]: hue = atan2(m_y, m_x), saturation 1, lightness (1 + m_z)/2 (m_z = 1 white)."""
    hue = np.arctan2(m[1], m[0]) * (6 / np.pi)  # in twelfths of a turn
    lightness = (1 + np.clip(m[2], -1, 1)) / 2
    amplitude = np.minimum(lightness, 1 - lightness)
    shift = np.array([0.0, 8.0, 4.0])
    k = (hue[..., None] + shift) % 12
    colours = lightness[..., None] - amplitude[..., None] * np.clip(np.minimum(k - 3, 9 - k), -1, 1)
    return np.clip(colours, 0, 1)


def map_size(grid: Grid, longest: float = 5.6) -> tuple[float, float]:
    """Width and height (inches) of the map of a grid, the longer side being `longest` and the shorter not too thin."""
    size_x, size_y = grid.size
    largest = max(size_x, size_y)
    return longest * max(size_x / largest, 0.2), longest * max(size_y / largest, 0.2)


def draw_m_z(ax: Axes, m: Field, grid: Grid) -> AxesImage:
    """The m_z map itself on `ax`, −1 … 1, axes in nm, masked cells grey."""
    m_z = np.ma.masked_array(m[2], mask=~grid.magnetic)
    image = ax.imshow(
        m_z,
        origin="lower",
        cmap=m_z_colours(),
        vmin=-1,
        vmax=1,
        extent=_extent(grid),
        interpolation="nearest",
    )
    _nm_axes(ax)
    return image


@styled
def magnetisation(m: ArrayLike, grid: Grid, ax: Axes | None = None, arrows: bool = True) -> Figure:
    """m_z as a map (red +1, white 0, blue −1) with arrows for (m_x, m_y); a line of cells is drawn as a profile.

    Parameters
    ----------
    m : array (3, ny, nx)
        Direction of the magnetisation; normalised here, not looked at outside the magnet.
    grid : Grid
        Gives the axes (nm) and the mask; cells without magnet are grey.
    ax : matplotlib Axes, optional
        Where to draw; default: a new figure.
    arrows : bool
        Draw about 22 in-plane arrows along the longer side; a full-length arrow lies in the plane.

    Raises
    ------
    ValueError
        m of another shape, not finite or zero in a magnetic cell.

    Examples
    --------
    >>> from llgsim.textures import neel_skyrmion
    >>> grid = Grid(nx=32, ny=32, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(True, True))
    >>> figure = magnetisation(neel_skyrmion(grid, radius=10e-9), grid)
    >>> figure.axes[0].get_xlabel()
    'x (nm)'
    """
    field = normalised(m, grid)
    if is_line(grid):
        return draw_profile(field, grid, ax)
    if ax is None:
        ax = _map_axes(grid)
    figure = figure_of(ax)
    image = draw_m_z(ax, field, grid)
    add_colour_bar(ax, image, grid)
    if arrows:
        _draw_arrows(ax, field, grid)
    return figure


@styled
def in_plane_angle(m: ArrayLike, grid: Grid, ax: Axes | None = None) -> Figure:
    """The angle of (m_x, m_y) as a hue with m_z as lightness: up white, in the plane coloured, down black.

    Arguments and errors as in `magnetisation`; a colour wheel beside the map says which hue is which direction.

    Examples
    --------
    >>> from llgsim.textures import vortex
    >>> grid = Grid(nx=32, ny=32, dx=2e-9, dy=2e-9, thickness=1e-9)
    >>> figure = in_plane_angle(vortex(grid, core_radius=6e-9), grid)
    >>> len(figure.axes[0].child_axes)  # the colour wheel
    1
    """
    field = normalised(m, grid)
    if is_line(grid):
        return draw_profile(field, grid, ax)
    if ax is None:
        ax = _map_axes(grid)
    from matplotlib.colors import to_rgb

    figure = figure_of(ax)
    colours = hsl_colours(field)
    colours[~grid.magnetic] = to_rgb(MASKED)
    ax.imshow(colours, origin="lower", extent=_extent(grid), interpolation="nearest")
    _nm_axes(ax)
    _draw_wheel(ax, grid)
    return figure


def draw_profile(m: Field, grid: Grid, ax: Axes | None = None) -> Figure:
    """m_x, m_y and m_z along a grid that is one cell wide, gaps where there is no magnet."""
    if ax is None:
        ax = new_figure(7, 3.8).add_subplot()
    along_y = grid.nx == 1 and grid.ny > 1
    position = (grid.y if along_y else grid.x) / NM
    components = np.where(grid.magnetic, m, np.nan)[:, :, 0] if along_y else np.where(grid.magnetic, m, np.nan)[:, 0, :]
    marker = "o" if position.size <= 60 else ""
    for component, name, colour, line in zip(components, "xyz", COLOURS, ("-", "--", "-"), strict=False):
        ax.plot(position, component, line, color=colour, label=f"$m_{name}$", marker=marker, markersize=3.5)
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    length = grid.size[1 if along_y else 0] / NM
    ax.set(
        xlim=(0, length),
        ylim=(-1.08, 1.08),
        yticks=np.linspace(-1, 1, 5),
        xlabel=f"{'y' if along_y else 'x'} (nm)",
        ylabel="m (unit vector)",
    )
    figure = figure_of(ax)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return figure


def add_colour_bar(ax: Axes, image: AxesImage, grid: Grid) -> None:
    """A bar for m_z beside the map, as high as the map."""
    width, height = map_size(grid)
    # an inset follows the map when its fixed aspect shrinks it, which an axes of its own does not
    bar_axes = ax.inset_axes((1 + 0.15 / width, 0.0, 0.17 / width, 1.0))
    figure_of(ax).colorbar(image, cax=bar_axes, ticks=np.linspace(-1, 1, 5 if height > 2 else 3))
    bar_axes.set_title("$m_z$")  # above, where it meets no label of a neighbour
    bar_axes.tick_params(direction="out")


def is_wide(grid: Grid) -> bool:
    """Whether the map is a strip at least twice as wide as high."""
    return grid.size[0] >= 2 * grid.size[1]


def _map_axes(grid: Grid) -> Axes:
    width, height = map_size(grid)
    return new_figure(max(width, 1.6) + 2.0, height + 0.8).add_subplot()


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    return 0.0, grid.size[0] / NM, 0.0, grid.size[1] / NM


def _nm_axes(ax: Axes) -> None:
    ax.set(xlabel="x (nm)", ylabel="y (nm)")
    ax.set_aspect("equal")
    ax.tick_params(direction="out")


def _draw_arrows(ax: Axes, m: Field, grid: Grid) -> None:
    spacing = max(grid.size) / ARROWS_ACROSS
    step_x, step_y = max(1, round(spacing / grid.dx)), max(1, round(spacing / grid.dy))
    columns = np.arange(((grid.nx - 1) % step_x) // 2, grid.nx, step_x)
    rows = np.arange(((grid.ny - 1) % step_y) // 2, grid.ny, step_y)
    m_x, m_y = m[0][np.ix_(rows, columns)], m[1][np.ix_(rows, columns)]
    visible = np.hypot(m_x, m_y) > SHORTEST_ARROW
    if not visible.any():
        return
    x, y = np.meshgrid(grid.x[columns] / NM, grid.y[rows] / NM)
    length = 0.95 * min(step_x * grid.dx, step_y * grid.dy) / NM
    ax.quiver(
        x[visible],
        y[visible],
        m_x[visible],
        m_y[visible],
        angles="xy",
        scale_units="xy",
        scale=1 / length,
        units="xy",
        width=0.14 * length,
        headwidth=3.2,
        headlength=3.6,
        headaxislength=3.2,
        pivot="mid",
        color="black",
    )


def _draw_wheel(ax: Axes, grid: Grid) -> None:
    """A disc that shows every direction: +z at its centre, in the plane halfway out, −z at its rim."""
    half = 100
    x, y = np.meshgrid(*2 * (np.linspace(-1, 1, 2 * half + 1),))
    r = np.hypot(x, y)
    polar = np.pi * np.minimum(r, 1)
    unit = np.where(r > 0, r, 1)
    colours = hsl_colours(np.stack([np.sin(polar) * x / unit, np.sin(polar) * y / unit, np.cos(polar)]))
    opacity = np.clip((1 - r) * half + 0.5, 0, 1)[..., None]
    width, height = map_size(grid)
    side = 1.15  # inches, about
    bounds = (1.03, 0.5 - side / height / 2, side / width, side / height)
    wheel = ax.inset_axes(bounds)
    wheel.imshow(np.concatenate([colours, opacity], axis=-1), origin="lower", extent=(-1, 1, -1, 1))
    wheel.set(xlim=(-1.55, 1.55), ylim=(-1.75, 1.35))
    wheel.axis("off")
    for angle, name in enumerate(("+x", "+y", "−x", "−y")):
        wheel.text(
            1.3 * np.cos(angle * np.pi / 2),
            1.22 * np.sin(angle * np.pi / 2),
            name,
            ha="center",
            va="center",
            fontsize=8.5,
        )
    wheel.text(0, -1.5, "centre $m_z$ = +1\nrim $m_z$ = −1", ha="center", va="top", fontsize=8.5)
