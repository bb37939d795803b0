"""Constant, ramped and moving drives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llgsim.torques.drive import Drive


def test_a_constant_drive_acts_at_once() -> None:
    drive = Drive("u", "m/s", (1, -2))
    assert drive.at(0.0) == drive.at(5.0) == (1.0, -2.0)
    assert drive.steady_after == 0.0


@given(st.floats(0, 1))
def test_ramp_is_the_smoothstep(s: float) -> None:
    """3s² − 2s³ of both components, from t = 0."""
    drive = Drive("u", "m/s", (10.0, -4.0), ramp=2e-10)
    factor = 3 * s**2 - 2 * s**3
    np.testing.assert_allclose(drive.at(s * 2e-10), (10 * factor, -4 * factor), rtol=1e-12, atol=1e-12)


def test_ramp_begins_and_ends_without_a_kink() -> None:
    drive = Drive("u", "m/s", (10.0, -4.0), ramp=2e-10)
    assert drive.at(-1.0) == drive.at(0.0) == (0.0, 0.0)
    assert drive.at(2e-10) == drive.at(1.0) == (10.0, -4.0)
    assert drive.steady_after == 2e-10
    slope = [(drive.at(t + 1e-16)[0] - drive.at(t)[0]) / 1e-16 for t in (0.0, 2e-10 - 1e-16)]
    assert np.abs(slope).max() < 1e-4 * 10 / 2e-10


def test_a_function_of_time_is_asked_every_time() -> None:
    drive = Drive("u", "m/s", lambda t: (t, np.float64(2 * t)))
    assert drive.at(3.0) == (3.0, 6.0)
    assert all(type(component) is float for component in drive.at(3.0))
    assert drive.steady_after == math.inf


@pytest.mark.parametrize(
    ("value", "ramp", "message"),
    [
        ((1.0, math.nan), 0.0, r"u = \(1\.0, nan\) must be 2 finite numbers in m/s"),
        ((1.0, 2.0, 3.0), 0.0, r"u = \(1\.0, 2\.0, 3\.0\) must be 2 finite numbers in m/s"),
        (5.0, 0.0, r"u = 5\.0 must be 2 numbers in m/s"),
        ((1.0, 0.0), -1.0, r"ramp = -1\.0 s must be a time in seconds, 0 or longer"),
        ((1.0, 0.0), math.nan, r"ramp = nan s must be a time in seconds"),
        ((1.0, 0.0), "long", r"ramp = 'long' s must be a time in seconds"),
        (lambda t: (1.0, 0.0), 1e-9, r"u: a function of time cannot be ramped"),
    ],
)
def test_bad_drives_are_named(value: Any, ramp: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Drive("u", "m/s", value, ramp)


@pytest.mark.parametrize("bad", [(math.nan, 0.0), (math.inf, 0.0), 3.0, (1.0,), None])
def test_bad_values_of_a_function_are_named_with_their_time(bad: Any) -> None:
    drive = Drive("u", "m/s", lambda t: bad)
    with pytest.raises(ValueError, match=r"u at t = 2e-09 s = .* must be 2 (finite )?numbers in m/s") as caught:
        drive.at(2e-9)
    assert repr(bad) in str(caught.value)
