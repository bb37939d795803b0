"""What the figures of llgsim share beyond those of coefficients: units, line styles and the colours of m_z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coefficients.figure import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "LINES", "MASKED", "NM", "NS", "figure_of", "m_z_colours", "new_figure", "styled"]

NM = 1e-9
NS = 1e-9

LINES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MASKED = "0.72"


def m_z_colours() -> Colormap:
    """The diverging map of m_z, blue −1, white 0, red +1, grey where there is no magnet.

    The darkest colours at either end are left out, so that lines and arrows stay visible on uniform domains.
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    colours = matplotlib.colormaps["RdBu_r"](np.linspace(0.2, 0.8, 257))
    return LinearSegmentedColormap.from_list("m_z", list(colours), N=257).with_extremes(bad=MASKED)


def figure_of(ax: Axes) -> Figure:
    """The figure that `ax` belongs to."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("ax belongs to no figure; make it with figure.add_subplot()")
    return figure
