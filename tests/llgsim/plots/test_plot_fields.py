from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.colors import to_rgb

from llgsim import textures
from llgsim.grid import Grid
from llgsim.plots.fields import hsl_colours, in_plane_angle, magnetisation
from llgsim.plots.style import MASKED, m_z_colours, new_figure


def painted(figure) -> np.ndarray:
    """The figure's pixels, (h, w, 3) in 0 … 255."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def test_importing_the_drawing_modules_imports_no_drawing_library() -> None:
    modules = "fields, trajectories, comparison, scene3d"
    heavy = ("matplotlib", "pyvista", "xarray")
    code = f"import sys; from llgsim.plots import {modules}; print([m for m in {heavy} if m in sys.modules])"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


def test_the_map_has_units_limits_and_a_diverging_scale_about_zero(film: Grid) -> None:
    figure = magnetisation(textures.neel_skyrmion(film, radius=12e-9), film)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (nm)", "y (nm)")
    assert ax.get_xlim() == pytest.approx((0, 80))
    assert ax.get_ylim() == pytest.approx((0, 80))
    assert ax.get_aspect() == 1.0
    assert ax.images[0].get_clim() == (-1, 1)
    assert [child.get_title() for child in ax.child_axes] == ["$m_z$"]  # the colour bar
    down, middle, up = (np.array(m_z_colours()(value)[:3]) for value in (0.0, 0.5, 1.0))
    assert middle.min() > 0.95  # white at m_z = 0
    assert down[2] > down[0] + 0.3
    assert up[0] > up[2] + 0.3  # blue down, red up


def test_the_map_shows_each_cell_where_it_is(film: Grid) -> None:
    m = textures.neel_skyrmion(film, radius=12e-9, center=(20e-9, 50e-9))
    shown = magnetisation(m, film).axes[0].images[0]
    # the core, the only cells with m_z near −1, is left of the middle and above it
    rows, columns = np.nonzero(shown.get_array() < -0.9)
    assert columns.mean() * 1.25 == pytest.approx(20, abs=1.25)
    assert rows.mean() * 1.25 == pytest.approx(50, abs=1.25)
    assert shown.origin == "lower"


def test_arrows_point_along_the_in_plane_magnetisation_and_can_be_left_out(film: Grid) -> None:
    m = textures.uniform(film, (3.0, 4.0, 0.0))
    (arrows,) = magnetisation(m, film).axes[0].collections
    np.testing.assert_allclose(arrows.U, 0.6)
    np.testing.assert_allclose(arrows.V, 0.8)
    assert 15**2 <= arrows.U.size <= 30**2
    assert not magnetisation(m, film, arrows=False).axes[0].collections
    assert not magnetisation(textures.uniform(film), film).axes[0].collections  # nothing in the plane


def test_masked_cells_are_grey_and_carry_no_arrow(notched_track: Grid) -> None:
    m = textures.uniform(notched_track, (1.0, 0.0, 0.0))
    ax = magnetisation(m, notched_track).axes[0]
    values = ax.images[0].get_array()
    np.testing.assert_array_equal(values.mask, ~notched_track.magnetic)
    np.testing.assert_allclose(ax.images[0].cmap.get_bad()[:3], to_rgb(MASKED))
    offsets = ax.collections[0].get_offsets()
    i, j = (offsets[:, 0] / 1.25).astype(int), (offsets[:, 1] / 1.25).astype(int)
    assert notched_track.magnetic[j, i].all()

    colours = in_plane_angle(m, notched_track).axes[0].images[0].get_array()
    np.testing.assert_allclose(colours[~notched_track.magnetic], to_rgb(MASKED)[0])


def test_hues_turn_with_the_angle_and_lightness_follows_m_z() -> None:
    third = 2 * np.pi / 3
    directions = np.array([[np.cos(k * third), np.sin(k * third), 0.0] for k in range(3)] + [[0, 0, 1.0], [0, 0, -1.0]])
    colours = hsl_colours(directions.T.reshape(3, 1, 5))[0]
    # red, green, blue at 0°, 120°, 240°; white up; black down: the definition of HSL
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0]]
    np.testing.assert_allclose(colours, expected, atol=1e-12)


def test_the_angle_map_has_a_colour_wheel_that_agrees_with_it(film: Grid) -> None:
    figure = in_plane_angle(textures.uniform(film, (0.0, 1.0, 0.0)), film)
    ax = figure.axes[0]
    (wheel,) = ax.child_axes
    shown = ax.images[0].get_array()[0, 0]
    disc = wheel.images[0].get_array()
    middle = disc.shape[0] // 2
    # halfway from the centre towards +y the wheel shows the direction +y of the map
    np.testing.assert_allclose(disc[middle + middle // 2, middle, :3], shown, atol=0.02)
    np.testing.assert_allclose(disc[middle, middle, :3], 1.0)
    assert {"+x", "+y"} <= {text.get_text() for text in wheel.texts}


@pytest.mark.parametrize("draw", [magnetisation, in_plane_angle])
def test_a_line_of_cells_becomes_a_profile(line: Grid, draw) -> None:
    m = textures.domain_wall(line, width=8e-9)
    (ax,) = draw(m, line).axes
    assert ax.get_xlabel() == "x (nm)"
    assert ax.get_xlim() == pytest.approx((0, 400))
    curves = {curve.get_label(): curve for curve in ax.lines}
    for index, name in enumerate("xyz"):
        # normalised once more, which rounds
        np.testing.assert_allclose(curves[f"$m_{name}$"].get_ydata(), m[index, 0], rtol=1e-14)

    standing = Grid(nx=1, ny=30, dx=1e-9, dy=1e-9, thickness=1e-9)
    assert draw(textures.uniform(standing), standing).axes[0].get_xlabel() == "y (nm)"


def test_a_single_cell_can_be_drawn() -> None:
    macrospin = Grid(nx=1, ny=1, dx=5e-9, dy=5e-9, thickness=1e-9)
    assert painted(magnetisation(textures.uniform(macrospin), macrospin)).std() > 0


def test_drawing_into_given_axes_returns_their_figure(film: Grid) -> None:
    figure = new_figure(7, 4)
    ax = figure.add_subplot()
    assert magnetisation(textures.uniform(film), film, ax=ax) is figure
    assert ax.images


def test_matplotlib_settings_and_pyplot_stay_untouched(film: Grid) -> None:
    before, windows = dict(matplotlib.rcParams), list(Gcf.figs)
    figure = magnetisation(textures.uniform(film), film)
    assert dict(matplotlib.rcParams) == before
    assert list(Gcf.figs) == windows  # pyplot knows nothing of it
    ax = figure.axes[0]
    # the style outlives the settings it was drawn with: saving must not fall back to the defaults
    assert ax.xaxis.get_major_ticks()[0].label1.get_fontsize() == 9.5


def test_the_file_shows_something(film: Grid, tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    magnetisation(textures.neel_skyrmion(film, radius=12e-9), film).savefig(path)
    picture = matplotlib.image.imread(path)[..., :3]
    assert min(picture.shape[:2]) > 600
    assert len(np.unique((picture * 255).astype(int).reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize("draw", [magnetisation, in_plane_angle])
def test_bad_magnetisation_is_refused(film: Grid, draw) -> None:
    with pytest.raises(ValueError, match=r"expected \(3, ny, nx\)"):
        draw(np.zeros((3, 4, 4)), film)
    m = textures.uniform(film)
    m[0, 3, 5] = np.nan
    with pytest.raises(ValueError, match=r"\(3, 5\)"):
        draw(m, film)
