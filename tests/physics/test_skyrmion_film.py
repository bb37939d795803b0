"""A skyrmion in an extended film moves as the Thiele equation says, with the integrals of its own relaxed texture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llgsim import Coefficients, MicroscopicTorque, Simulation, analysis

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "llg.json").read_text())
FAST = "S1-2.0nm-core-1-v100,0-D3"
CASES = [
    pytest.param(case, id=case["id"], marks=[] if case["id"] == FAST else pytest.mark.slow)
    for case in REFERENCE["film"]
]

# The reference integrated spectral derivatives as they are, `thiele` projects them on the tangent plane. They differ by
# the part along m, an aliasing error of the spectrum that falls exponentially with the cell: 7e-10, 4e-7, 1.2e-5, 8e-5
# measured at 1, 1.6, 2 and 2.5 nm.
INTEGRALS = {1.0: 1e-8, 1.6: 1e-6, 2.0: 2e-5, 2.5: 1.2e-4}


def relative(value: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(value - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("case", CASES)
def test_velocity_is_that_of_the_thiele_equation(
    case: dict, coefficients: Callable[..., Coefficients], film_skyrmion: Callable[..., Simulation]
) -> None:
    torque = MicroscopicTorque(
        coefficients(**REFERENCE["sets"][case["set"]]), drift_velocity=case["drift_velocity_m_per_s"], ramp=0.1e-9
    )
    sim = film_skyrmion(
        torque, cell_nm=case["cell_nm"], D=case["D_J_per_m2"], core=case["core_m_z"], damping=case["damping"]
    )
    thiele = analysis.thiele(sim).velocity
    assert relative(thiele, np.array(case["thiele_velocity_m_per_s"])) < INTEGRALS[case["cell_nm"]]

    track = analysis.track(sim.run(case["duration_ns"] * 1e-9, every=20e-12, progress=False))
    velocity, _, steady = track.velocity(fit_from=0.4)
    assert steady
    np.testing.assert_allclose(track.Q, case["core_m_z"], rtol=0, atol=1e-9)  # a geometric charge is an integer
    # The advective derivative is the only approximation that the texture's own integrals do not share; it is of sixth
    # order. Measured 1.1e-5, 1.5e-4, 5.3e-4 … 6.1e-4 and 2.1e-3 at 1, 1.6, 2 and 2.5 nm; derivatives of fourth order
    # have 2.8e-3 at 2 nm and 1.8e-4 at 1 nm.
    assert relative(velocity, thiele) < 1e-3 * (case["cell_nm"] / 2) ** 6


class FourthOrder(MicroscopicTorque):
    """The advective derivative of the reference's own simulations."""

    derivative_order = 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in REFERENCE["film"] if "measured_velocity_m_per_s" in case], ids=lambda case: case["id"]
)
def test_same_velocity_as_an_independent_program(
    case: dict, coefficients: Callable[..., Coefficients], film_skyrmion: Callable[..., Simulation]
) -> None:
    torque = FourthOrder(
        coefficients(**REFERENCE["sets"][case["set"]]), drift_velocity=case["drift_velocity_m_per_s"], ramp=0.1e-9
    )
    sim = film_skyrmion(
        torque, cell_nm=case["cell_nm"], D=case["D_J_per_m2"], core=case["core_m_z"], damping=case["damping"]
    )
    track = analysis.track(sim.run(case["duration_ns"] * 1e-9, every=20e-12, progress=False))
    # the same discrete model, in other variables (n = −m): only time steps and the fit to the positions differ, 3e-7
    assert relative(track.velocity(fit_from=0.4).velocity, np.array(case["measured_velocity_m_per_s"])) < 1e-5
