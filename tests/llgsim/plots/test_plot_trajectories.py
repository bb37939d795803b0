from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Annotation

from llgsim import textures
from llgsim.analysis.velocity import Track
from llgsim.grid import Grid
from llgsim.plots.trajectories import Prediction, folded, trajectory, velocity_versus_time

PREDICTIONS = (Prediction("Thiele", (97.5, -22.0)), Prediction("$v_d$", (104.0, 0.0)))
BOX = Grid(nx=8, ny=4, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, True))


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def tips(ax) -> list[tuple[float, float]]:
    """Where the arrows end."""
    return [text.xy for text in ax.texts if isinstance(text, Annotation)]


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=2, max_size=12))
def test_folded_pieces_stay_in_the_box_and_add_up_to_the_path(points: list[tuple[float, float]]) -> None:
    path = np.array(points).T
    pieces = folded(path[0], path[1], BOX)
    size = np.array(BOX.size)
    # rounding of positions ~30 folded into a box of 8
    tolerance = 1e-9
    length = 0.0
    for x, y in pieces:
        piece = np.stack([x, y])
        assert (piece >= -tolerance).all()
        assert (piece <= size[:, None] + tolerance).all()
        length += np.hypot(*np.diff(piece, axis=1)).sum()
    assert length == pytest.approx(np.hypot(*np.diff(path, axis=1)).sum(), abs=1e-8)
    for before, after in itertools.pairwise(pieces):
        jump = np.array([after[0][0] - before[0][-1], after[1][0] - before[1][-1]]) / size
        np.testing.assert_allclose(jump, np.round(jump), atol=tolerance)  # by whole boxes only
    first = np.array([pieces[0][0][0], pieces[0][1][0]])
    shift = (first - path[:, 0]) / size
    np.testing.assert_allclose(shift, np.round(shift), atol=tolerance)


def test_an_open_axis_is_not_folded() -> None:
    open_box = Grid(nx=8, ny=4, dx=1.0, dy=1.0, thickness=1.0)
    ((x, y),) = folded([1.0, 20.0], [1.0, 9.0], open_box)
    assert x.tolist() == [1.0, 20.0]
    assert y.tolist() == [1.0, 9.0]


def test_one_point_is_a_piece_of_its_own() -> None:
    ((x, y),) = folded([9.0], [1.0], BOX)
    assert (x.tolist(), y.tolist()) == ([1.0], [1.0])


def test_the_trajectory_breaks_at_the_boundary(film: Grid, skyrmion_track: Track, carrying) -> None:
    figure = trajectory(skyrmion_track, carrying(skyrmion_track, film), film, PREDICTIONS)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (nm)", "y (nm)")
    assert ax.get_xlim() == pytest.approx((0, 80))
    paths = [curve for curve in ax.lines if len(curve.get_xdata()) > 1]
    assert len(paths) == 2  # 60 nm + 49 nm leaves the 80 nm box once
    assert paths[0].get_xdata()[-1] == pytest.approx(80)
    assert paths[1].get_xdata()[0] == pytest.approx(0)
    markers = {curve.get_label(): curve for curve in ax.lines}
    assert markers["start"].get_xdata()[0] == pytest.approx(60)
    assert markers["end"].get_xdata()[0] == pytest.approx((60 + 49) % 80, abs=0.1)
    assert len(figure.axes) == 2  # no unwrapped panel


def test_a_path_longer_than_the_box_gets_an_unwrapped_panel(film: Grid, moving, carrying) -> None:
    track = moving((60e-9, 30e-9), (98.0, -21.0), 5e-9)
    figure = trajectory(track, carrying(track, film), film)
    (unwrapped,) = [ax for ax in figure.axes if "unwrapped (nm)" in ax.get_xlabel()]
    assert unwrapped.lines[0].get_xdata()[-1] == pytest.approx(60 + 490, abs=0.5)


def test_velocities_are_arrows_with_speed_angle_and_unit_in_the_legend(
    film: Grid, skyrmion_track: Track, carrying
) -> None:
    figure = trajectory(skyrmion_track, carrying(skyrmion_track, film), film, PREDICTIONS)
    ax = figure.axes[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$v_x$ (m/s)", "$v_y$ (m/s)")
    velocity, _, _ = skyrmion_track.velocity()
    np.testing.assert_allclose(tips(ax), [velocity, *(p.velocity for p in PREDICTIONS)])
    measured, thiele, drift = labels(ax)
    # |(98, −21)| = 100.2, −12.1°
    assert re.fullmatch(r"measured: 100\.\d+ ± 0\.\d+ m/s,\n−12\.1° from \$v_d\$", measured)
    # atan2(−22, 97.5) = −12.7°
    assert thiele == "Thiele: 99.95 m/s,\n−12.7° from $v_d$"
    assert drift == "$v_d$: 104 m/s"


def test_angles_count_from_the_drift_velocity_or_from_x_without_one(
    film: Grid, skyrmion_track: Track, carrying
) -> None:
    m = carrying(skyrmion_track, film)
    against = trajectory(skyrmion_track, m, film, [Prediction("$v_d$", (-104.0, 0.0))])
    assert labels(against.axes[1])[0].endswith("167.9° from $v_d$")  # 180° − 12.1°
    assert labels(trajectory(skyrmion_track, m, film).axes[1])[0].endswith("−12.1° from +x")


def test_a_far_drift_velocity_leaves_the_panel_and_the_legend_says_so(
    film: Grid, skyrmion_track: Track, carrying
) -> None:
    fast = [PREDICTIONS[0], Prediction("$v_d$", (400.0, 0.0))]
    ax = trajectory(skyrmion_track, carrying(skyrmion_track, film), film, fast).axes[1]
    assert [text.endswith("(off scale)") for text in labels(ax)] == [False, False, True]
    assert 98 < ax.get_xlim()[1] < 200
    # the transient swings v_x by less than 2 · 38 m/s, the derivative of its 0.3 nm at 20π per 0.5 ns
    v_x, v_y = velocity_versus_time(skyrmion_track, fast).axes
    assert labels(v_x)[-1] == "$v_d$: 400 m/s (off scale)"
    assert v_x.get_ylim()[1] < 200
    assert labels(v_y)[-1] == "$v_d$: 0 m/s (off scale)"
    assert v_y.get_ylim()[1] < 0
    v_x, _ = velocity_versus_time(skyrmion_track, [Prediction("$v_d$", (150.0, 0.0))]).axes
    assert labels(v_x)[-1] == "$v_d$: 150 m/s"
    assert v_x.get_ylim()[1] > 150


def test_a_texture_at_rest_has_no_angle_and_no_digits_of_rounding(film: Grid, moving, carrying) -> None:
    t = np.linspace(0, 1e-9, 40)
    track = Track(t=t, x=40e-9 + 3e-8 * t, y=40e-9 - 2e-8 * t, Q=-np.ones(40), kind="skyrmion")
    predictions = [Prediction("Thiele", (-0.0, 0.0)), Prediction("$v_d$", (0.0, 0.0))]
    expected = ["measured: < 10⁻⁶ m/s", "Thiele: 0 m/s", "$v_d$: 0 m/s"]
    figure = trajectory(track, carrying(track, film), film, predictions)
    assert labels(figure.axes[1]) == expected
    assert not tips(figure.axes[1])
    assert labels(figure.axes[0]) == ["start = end"]
    for ax in velocity_versus_time(track, predictions).axes:
        assert [text for text in labels(ax) if "m/s" in text] == expected
        assert ax.get_ylim()[0] <= -1e-6


def test_a_theory_has_the_same_colour_and_line_in_every_figure(
    line: Grid, film: Grid, wall_track: Track, skyrmion_track: Track, carrying
) -> None:
    def styles(ax) -> dict[str, tuple]:
        curves = [c for c in ax.lines if ":" in c.get_label()]
        return {re.split("[,:]", c.get_label())[0]: (c.get_color(), c.get_linestyle()) for c in curves}

    walls = [Prediction(name, (60.0, np.nan)) for name in ("wall theory", "Thiele", "$v_d$")]
    in_track = [Prediction("$v_d$", (104.0, 0.0)), Prediction("Thiele, along the track", (97.5, 0.0))]
    wall = styles(trajectory(wall_track, textures.domain_wall(line, width=8e-9), line, walls).axes[1])
    assert len(set(wall.values())) == 4
    for ax in (
        velocity_versus_time(wall_track, walls).axes[0],
        velocity_versus_time(skyrmion_track, in_track).axes[0],
        trajectory(skyrmion_track, carrying(skyrmion_track, film), film, in_track).axes[1],
    ):
        for name, style in styles(ax).items():
            assert style == wall[name]


def test_a_motion_that_is_not_steady_is_called_so(film: Grid, carrying) -> None:
    t = np.linspace(0, 1e-9, 40)
    track = Track(t=t, x=20e-9 + 3e10 * t**2, y=20e-9 + 0 * t, Q=-np.ones(40), kind="skyrmion")
    assert "not steady" in labels(trajectory(track, carrying(track, film), film).axes[1])[0]
    assert "not steady" in " ".join(labels(velocity_versus_time(track).axes[0]))


def test_a_wall_on_a_line_is_drawn_against_time(line: Grid, wall_track: Track) -> None:
    m = textures.domain_wall(line, width=8e-9, center=wall_track.x[-1])
    figure = trajectory(wall_track, m, line, [Prediction("wall theory", (60.0, np.nan))])
    profile, position = figure.axes
    assert profile.get_xlabel() == "x (nm)"
    assert (position.get_xlabel(), position.get_ylabel()) == ("t (ns)", "wall position x (nm)")
    measured, theory = position.lines
    np.testing.assert_allclose(measured.get_xdata()[[0, -1]], [0, 4])
    assert position.get_legend().get_title().get_text() == "theory passes through the last point"
    # drawn through the last point with the predicted slope, 60 m/s = 60 nm/ns
    assert theory.get_ydata()[-1] == pytest.approx(measured.get_ydata()[-1])
    assert np.ptp(theory.get_ydata()) == pytest.approx(240)


def test_a_wall_in_a_strip_keeps_its_map(wall_track: Track) -> None:
    strip = Grid(nx=200, ny=40, dx=2e-9, dy=2e-9, thickness=1e-9)
    figure = trajectory(wall_track, textures.domain_wall(strip, width=8e-9, center=wall_track.x[-1]), strip)
    assert figure.axes[0].images


def test_velocity_against_time_shows_the_measurement_and_the_predictions(skyrmion_track: Track) -> None:
    figure = velocity_versus_time(skyrmion_track, PREDICTIONS)
    assert [ax.get_ylabel() for ax in figure.axes] == ["$v_x$ (m/s)", "$v_y$ (m/s)"]
    assert figure.axes[-1].get_xlabel() == "t (ns)"
    velocity, _, _ = skyrmion_track.velocity()
    for index, ax in enumerate(figure.axes):
        assert ax.get_xlim() == pytest.approx((0, 0.5))
        curves = {curve.get_label().split(":")[0]: curve for curve in ax.lines}
        for prediction in PREDICTIONS:
            assert set(curves[prediction.label].get_ydata()) == {prediction.velocity[index]}
        (measured,) = [curve for label, curve in curves.items() if label.startswith("measured")]
        np.testing.assert_allclose(measured.get_ydata(), velocity[index])
        np.testing.assert_allclose(measured.get_xdata(), (0.2, 0.5))  # the last 60 %, as in Track.velocity
        if index == 1:
            continue  # named once
        # the transient has decayed to exp(−20) at the end, where frames differ by the velocity itself
        assert curves["frame to frame"].get_ydata()[-1] == pytest.approx(98.0, rel=1e-4)
        assert "fitted" in labels(ax)


def test_the_shaded_window_is_the_fitted_one(skyrmion_track: Track) -> None:
    ax = velocity_versus_time(skyrmion_track, fit_from=0.7).axes[0]
    (window,) = [patch for patch in ax.patches if patch.get_label() == "fitted"]
    assert window.get_x() == pytest.approx(0.35)
    assert window.get_width() == pytest.approx(0.15)


def test_a_wall_has_only_v_x(wall_track: Track) -> None:
    figure = velocity_versus_time(wall_track, [Prediction("wall theory", (60.0, np.nan))])
    assert [ax.get_ylabel() for ax in figure.axes] == ["$v_x$ (m/s)"]
    assert "wall theory: 60 m/s" in labels(figure.axes[0])


def test_more_predictions_than_colours_are_all_drawn(skyrmion_track: Track) -> None:
    many = [Prediction(f"model {k}", (90.0 + k, float(k))) for k in range(9)]
    assert sum(text.startswith("model") for text in labels(velocity_versus_time(skyrmion_track, many).axes[0])) == 9


def test_bad_predictions_are_refused(film: Grid, skyrmion_track: Track) -> None:
    with pytest.raises(ValueError, match="v_x finite"):
        Prediction("Thiele", (np.nan, 0.0))
    with pytest.raises(ValueError, match="m/s"):
        Prediction("Thiele", (1.0, 2.0, 3.0))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="v_y is nan"):
        trajectory(skyrmion_track, textures.uniform(film), film, [Prediction("wall theory", (1.0, np.nan))])
