from __future__ import annotations

import dataclasses
import math

import pytest

import coefficients as co


@pytest.mark.parametrize("time", [0.0, -1e-15, math.nan, math.inf, 5.0])
def test_white_noise_refuses_a_time_that_makes_no_sense(time: float) -> None:
    with pytest.raises(ValueError, match=r"scattering_time = .* s .*positive and at most 1 µs"):
        co.WhiteNoise(scattering_time=time)


def test_white_noise_is_a_value() -> None:
    disorder = co.WhiteNoise(scattering_time=5e-15)
    assert disorder == co.WhiteNoise(scattering_time=5e-15)
    with pytest.raises(dataclasses.FrozenInstanceError):
        disorder.scattering_time = 1e-15  # type: ignore[misc]
