"""What all figures share: fonts, colours that colour-blind readers can tell apart, and figures without pyplot."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

P = ParamSpec("P")

NM = 1e-9
NS = 1e-9

MEASURED = "black"
# Okabe and Ito's palette without its yellow, which is too pale for lines
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MASKED = "0.72"

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


def m_z_colours() -> Colormap:
    """The diverging map of m_z, blue −1, white 0, red +1, grey where there is no magnet.

    The darkest tenth at either end is left out, so that lines and arrows stay visible on uniform domains.
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    colours = matplotlib.colormaps["RdBu_r"](np.linspace(0.1, 0.9, 257))
    return LinearSegmentedColormap.from_list("m_z", list(colours), N=257).with_extremes(bad=MASKED)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of width × height inches at 150 dpi that belongs to no pyplot window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def figure_of(ax: Axes) -> Figure:
    """The figure that `ax` belongs to."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("ax belongs to no figure; make it with figure.add_subplot()")
    return figure
