from __future__ import annotations

import dataclasses
import math

import pytest

import coefficients as co
from coefficients.units import eV, nm


@pytest.mark.parametrize("time", [0.0, -1e-15, math.nan, math.inf, 5.0])
def test_white_noise_refuses_a_time_that_makes_no_sense(time: float) -> None:
    with pytest.raises(ValueError, match=r"scattering_time = .* s .*positive and at most 1 µs"):
        co.WhiteNoise(scattering_time=time)


def test_white_noise_is_a_value() -> None:
    disorder = co.WhiteNoise(scattering_time=5e-15)
    assert disorder == co.WhiteNoise(scattering_time=5e-15)
    with pytest.raises(dataclasses.FrozenInstanceError):
        disorder.scattering_time = 1e-15  # type: ignore[misc]


IMPURITIES = {"density": 0.02 / nm**2, "strength": -0.15 * eV * nm**2, "reference_energy": 1.0 * eV}


def test_point_impurities_are_a_value_of_floats() -> None:
    disorder = co.PointImpurities(**{**IMPURITIES, "density": 20_000_000_000_000_000})
    assert disorder == co.PointImpurities(**IMPURITIES)
    assert isinstance(disorder.density, float)
    assert disorder.inverse_strength == 1.0 / (-0.15 * eV * nm**2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        disorder.density = 1e16  # type: ignore[misc]
    with pytest.raises(TypeError):
        co.PointImpurities(density=1e16, strength=1e-38)  # type: ignore[call-arg]


@pytest.mark.parametrize("strength", [math.inf, -math.inf])
def test_both_unitary_limits_are_the_same(strength: float) -> None:
    assert co.PointImpurities(**{**IMPURITIES, "strength": strength}).inverse_strength == 0.0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        # the value in SI with its unit, in the unit of the field, and what would be right
        ("density", 0.0, r"density = 0\.0 m⁻² \(0 per nm²\) must be positive.*0\.02 / units\.nm\*\*2"),
        ("density", -1e16, r"density = -1e\+16 m⁻² \(-0\.01 per nm²\) must be positive"),
        ("density", 2e20, r"density = 2e\+20 m⁻² \(200 per nm²\) .*at most 100 per nm²"),
        ("density", math.nan, r"density = nan m⁻²"),
        ("density", math.inf, r"density = inf m⁻²"),
        ("strength", 0.0, r"strength = 0\.0 J·m² must not be 0 or NaN.*math\.inf is the unitary limit"),
        ("strength", math.nan, r"strength = nan J·m² must not be 0 or NaN"),
        ("strength", 1.0, r"strength = 1\.0 J·m² \(6\.24151e\+36 eV·nm²\) must be within ±1e4 eV·nm²"),
        ("strength", -2e4 * eV * nm**2, r"strength = -\S+ J·m² \(-20000 eV·nm²\) must be within ±1e4 eV·nm²"),
        ("reference_energy", 0.0, r"reference_energy = 0\.0 J \(0 eV\) must be positive and at most 1 keV"),
        ("reference_energy", -1.0 * eV, r"reference_energy = -1\.6\S+ J \(-1 eV\) must be positive"),
        ("reference_energy", 1.0, r"reference_energy = 1\.0 J \(6\.24151e\+18 eV\).*1\.0 \* units\.eV"),
        ("reference_energy", math.nan, r"reference_energy = nan J"),
    ],
)
def test_point_impurities_refuse(name: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"PointImpurities: {message}"):
        co.PointImpurities(**{**IMPURITIES, name: value})
