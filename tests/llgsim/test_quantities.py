"""Declared parameters: every bad value is refused with its name, its value, its unit and its range."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import pytest

from llgsim.quantities import check_quantities, checked_number, checked_vector, quantity


@dataclass(frozen=True)
class Spring:
    stiffness: float = quantity("N/m", "stiffness", above=0.0)
    damping: float = quantity("", "damping ratio", default=0.1, minimum=0.0)
    label: str = "a"

    def __post_init__(self) -> None:
        check_quantities(self)


def test_quantities_become_floats_and_keep_their_declaration() -> None:
    spring = Spring(stiffness=3)
    assert type(spring.stiffness) is float
    assert spring == Spring(stiffness=3.0, damping=0.1)
    declared = {field.name: dict(field.metadata) for field in fields(Spring)}
    assert declared["stiffness"] == {"unit": "N/m", "description": "stiffness", "above": 0.0, "minimum": None}
    assert declared["damping"]["minimum"] == 0.0
    assert declared["label"] == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stiffness": 0}, r"Spring: stiffness = 0 N/m must be greater than 0 N/m"),
        ({"stiffness": -2.5}, r"Spring: stiffness = -2\.5 N/m must be greater than 0 N/m"),
        ({"stiffness": math.inf}, r"Spring: stiffness = inf N/m must be finite"),
        ({"stiffness": math.nan}, r"Spring: stiffness = nan N/m must be finite"),
        ({"stiffness": "stiff"}, r"Spring: stiffness = 'stiff' must be a number \(in N/m\)"),
        ({"stiffness": None}, r"Spring: stiffness = None must be a number \(in N/m\)"),
        ({"stiffness": [1, 2]}, r"Spring: stiffness = \[1, 2\] must be a number"),
        ({"stiffness": 1, "damping": -1}, r"Spring: damping = -1 must be at least 0"),
        ({"stiffness": 1, "damping": {}}, r"Spring: damping = \{\} must be a number"),
    ],
)
def test_bad_numbers_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Spring(**values)


def test_limits_are_exclusive_or_inclusive_as_declared() -> None:
    assert checked_number("X", "x", 0.0, "", minimum=0.0) == 0.0
    with pytest.raises(ValueError, match="must be greater than 0"):
        checked_number("X", "x", 0.0, "", above=0.0)


def test_a_number_without_a_unit_is_asked_for_in_plain_words() -> None:
    with pytest.raises(ValueError, match=r"X: x = 'a' must be a number$"):
        checked_number("X", "x", "a", "")


def test_vectors_become_tuples_of_floats() -> None:
    assert checked_vector("X", "v", [1, 2], "T", 2) == (1.0, 2.0)


@pytest.mark.parametrize("bad", [(1, 2), (1, 2, 3, 4), (1, 2, math.nan), (1, math.inf, 3), 5.0, None, ("a", 1, 2)])
def test_bad_vectors_are_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"X: v = .* must be 3 (finite )?numbers in T") as caught:
        checked_vector("X", "v", bad, "T", 3)
    assert repr(bad) in str(caught.value)
