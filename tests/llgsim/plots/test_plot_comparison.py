from __future__ import annotations

import numpy as np
import pytest

from llgsim.plots.comparison import VelocitySeries, velocity_versus_drift

DRIFT = np.array([0.0, 50.0, 100.0])
SERIES = [
    VelocitySeries("film", DRIFT, 0.98 * DRIFT * 1.01, 0.1 + 0 * DRIFT, 0.98 * DRIFT, "$|V|$", "Thiele"),
    VelocitySeries("wall", DRIFT, DRIFT, 0.01 + 0 * DRIFT, DRIFT, "$V_x$", "wall theory"),
]


def test_points_predictions_and_the_reference_line() -> None:
    top, bottom = velocity_versus_drift(SERIES).axes
    assert top.get_ylabel() == "V (m/s)"
    assert bottom.get_xlabel() == "$v_d$ (m/s)"
    assert bottom.get_ylabel().endswith("(%)")
    assert [text.get_text() for text in top.get_legend().get_texts()] == [
        "film: $|V|$; line: Thiele", "wall: $V_x$; line: wall theory", "$V = v_d$",
    ]  # fmt: skip
    film, wall = top.containers
    np.testing.assert_allclose(film.lines[0].get_ydata(), SERIES[0].measured)
    np.testing.assert_allclose(wall.lines[0].get_ydata(), DRIFT)
    reference = next(curve for curve in top.lines if curve.get_label() == "$V = v_d$")
    np.testing.assert_array_equal(reference.get_xdata(), reference.get_ydata())


def test_the_lower_panel_shows_the_deviation_in_per_cent_on_a_log_scale() -> None:
    bottom = velocity_versus_drift(SERIES).axes[1]
    assert bottom.get_yscale() == "log"
    film, wall = bottom.containers
    np.testing.assert_array_equal(film.lines[0].get_xdata(), DRIFT[1:])  # points stand at their v_d
    np.testing.assert_allclose(film.lines[0].get_ydata(), [1.0, 1.0])  # measured is 1 % above; no point at V = 0
    assert wall.lines[0].get_ydata().size == 0  # exact agreement has no logarithm
    low, high = bottom.get_ylim()
    assert 0 < low < 1.0 < high


def test_exact_agreement_everywhere_still_draws() -> None:
    figure = velocity_versus_drift([SERIES[1]])
    assert len(figure.axes[0].containers) == 1


def test_deviation_is_signed_and_undefined_where_nothing_is_predicted() -> None:
    series = VelocitySeries("film", [0, 10, 20], [0.1, -9.0, -22.0], [0, 0, 0], [0, -10.0, -20.0])
    np.testing.assert_allclose(series.deviation, [np.nan, 0.1, -0.1])


def test_bad_series_are_refused() -> None:
    with pytest.raises(ValueError, match="measured has 2 values, drift_velocity 3"):
        VelocitySeries("film", DRIFT, [1.0, 2.0], DRIFT, DRIFT)
    with pytest.raises(ValueError, match=r"predicted.*must be finite"):
        VelocitySeries("film", [1.0], [1.0], [0.1], [np.nan])
    with pytest.raises(ValueError, match="must not be negative"):
        VelocitySeries("film", [1.0], [1.0], [-0.1], [1.0])
    with pytest.raises(ValueError, match="series is empty"):
        velocity_versus_drift([])
