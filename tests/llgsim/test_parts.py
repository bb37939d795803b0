"""Mistakes in a user's own terms and torques are named when a simulation is built."""

from __future__ import annotations

from typing import Any

import pytest

from llgsim import Grid, Simulation, textures
from llgsim.torques import Torque

GRID = Grid(nx=2, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)


class Term:
    stencil: Any = "cell"

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> Any:
        return (2.0,)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        return 1.0

    @staticmethod
    def field(m: Any, K: Any) -> Any:
        return (K * m[0], K * m[1], K * m[2])

    @staticmethod
    def energy(m: Any, K: Any) -> Any:
        return K * m[2]


class Turning(Torque):
    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> Any:
        return (1.0,)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return 1.0

    @staticmethod
    def angular_velocity(m: Any, ddx: Any, ddy: Any, a: Any) -> Any:
        return (a, a, a)


TERMS = [
    ({"stencil": "neighbours"}, r'stencil = .neighbours. must be "cell", "laplacian" or "gradient"'),
    ({"stencil_order": 3}, r"stencil_order = 3 must be 2 or 4"),
    (
        {"stencil": "laplacian"},
        r"Broken\.field fails when called with m, lx, ly and 1 parameters: .*takes 2 positional",
    ),
    ({"field": staticmethod(lambda m, K: K)}, r"Broken\.field must return 3 numbers"),
    ({"energy": staticmethod(lambda m, K: m)}, r"Broken\.energy must return a number"),
    ({"field": lambda self, m, K: m}, r"Broken\.field must be a @staticmethod"),
    ({"field": staticmethod(lambda m, K: missing * K)}, r"Broken\.field fails .*name 'missing' is not defined"),  # type: ignore[name-defined]  # noqa: F821
    ({"parameters": lambda self, grid, Ms, gamma, t: 2.0}, r"Broken\.parameters must return a tuple of numbers"),
]
TORQUES = [
    ({"derivative_order": 3}, r"derivative_order = 3 must be 0, 2, 4 or 6"),
    ({"derivative_axes": "z"}, r"derivative_axes = 'z' must be"),
    ({"renormalises": True}, r"Broken\.angular_velocity must return 7 numbers"),
    (
        {"angular_velocity": staticmethod(lambda m, a: m)},
        r"Broken\.angular_velocity fails when called with m, ddx, ddy",
    ),
]


def simulation(**parts: Any) -> Simulation:
    return Simulation(GRID, Ms=1e5, damping=0.1, m=textures.uniform(GRID), **({"terms": []} | parts))


def test_parts_without_mistakes_are_taken() -> None:
    simulation(terms=[Term()], torques=[Turning()])


@pytest.mark.parametrize(("members", "message"), TERMS)
def test_a_broken_term_is_named(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulation(terms=[type("Broken", (Term,), members)()])


@pytest.mark.parametrize(("members", "message"), TORQUES)
def test_a_broken_torque_is_named(members: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulation(torques=[type("Broken", (Turning,), members)()])


def test_a_torque_of_the_earlier_kind_is_told_what_has_changed() -> None:
    class Old(Torque):
        parameters, rate_bound = Turning.parameters, Turning.rate_bound
        rate = staticmethod(lambda m, ddx, ddy, a: m)

    with pytest.raises(
        ValueError, match=r"Old must define angular_velocity; a rate R = m × V of earlier versions is Ω"
    ):
        simulation(torques=[Old()])


@pytest.mark.parametrize("parts", [{"terms": [3.0]}, {"torques": ["current"]}, {"terms": "exchange"}])
def test_other_things_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is not an? (energy term|torque)|must be a list"):
        simulation(**parts)
