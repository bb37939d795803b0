"""In a track the edge takes up the transverse force: a skyrmion drifts along with the electrons, off the middle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llgsim import Coefficients, Grid, MicroscopicTorque, Simulation, analysis, textures

nm = 1e-9
REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "llg.json").read_text())
FAST = "F4-2.0nm-core-1"
CASES = [
    pytest.param(case, id=case["id"], marks=[] if case["id"] == FAST else pytest.mark.slow)
    for case in REFERENCE["track"]
]


def height_of_charge(m: np.ndarray, grid: Grid) -> float:
    """Σ q y/Σ q over the whole track: unlike a window it has no say in where a deformed skyrmion is."""
    charge, _, y = analysis.charge_density(m, grid)
    return float(charge.sum(axis=1) @ y / charge.sum())


@pytest.mark.parametrize("case", CASES)
def test_velocity_tends_to_the_drift_velocity(
    case: dict, coefficients: Callable[..., Coefficients], magnet: Callable[..., Simulation]
) -> None:
    h, drift = case["cell_nm"] * nm, case["drift_velocity_m_per_s"]
    grid = Grid(nx=round(60 * nm / h), ny=round(50 * nm / h), dx=h, dy=h, thickness=0.6 * nm, periodic=(True, False))
    torque = MicroscopicTorque(coefficients(**REFERENCE["sets"][case["set"]]), drift_velocity=drift, ramp=0.1e-9)
    start = textures.neel_skyrmion(grid, radius=9 * nm, core=case["core_m_z"])
    sim = magnet(grid, start, torque, D=case["D_J_per_m2"])
    sim.relax()
    run = sim.run(case["duration_ns"] * 1e-9, every=25e-12, progress=False)

    track = analysis.track(run)
    velocity, _, steady = track.velocity(fit_from=0.6)
    assert steady
    # V = (v_d, 0) once the approach is over, without lattice damping. Measured 6e-4 … 7e-4 at 2 nm, of which the
    # derivative of sixth order has 5e-4 and the rest of the approach the others; 1.2e-4 at 1 nm, nearly all approach.
    assert velocity[0] == pytest.approx(drift[0], rel=2e-3 if h > nm else 2e-4)
    assert abs(velocity[1]) < 2e-4 * drift[0]

    shift = (height_of_charge(run.snapshots[len(run.t) - 1], grid) - height_of_charge(run.snapshots[0], grid)) / nm
    # where the edge holds it. 0.6 % above the reference at 2 nm and 0.9 % at 1 nm, whose window and advective
    # derivative (fourth order at 2 nm, second at 1 nm) were others.
    assert shift == pytest.approx(case["y_shift_nm"], rel=0.015)
    assert np.sign(track.y[-1] - track.y[0]) == np.sign(case["y_shift_nm"])
