"""V against v_d for the three examples: film, track and wall, each at several drives.

    python examples/velocity_versus_drift.py [FIGURE.png]

Takes about a minute on two cores and writes examples/velocity_versus_drift.png. Expected: the wall and the skyrmion in
the track move with the electrons, V_x = v_d, to within 0.2 %; the skyrmion in the film follows the Thiele equation to
0.1 % and moves at 0.124 v_d, at an angle of 57° to v_d.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np

from llgsim.case import case_from
from llgsim.plots.comparison import VelocitySeries, velocity_versus_drift
from llgsim.report import Comparison, compare

HERE = Path(__file__).parent


def measure(case_file: str, drift_velocity: float) -> Comparison:
    """Run an example with another drive."""
    data = tomllib.loads((HERE / case_file).read_text(encoding="utf-8"))
    data["drive"] = {"drift_velocity_m_per_s": [drift_velocity, 0.0], "ramp_ps": data["drive"]["ramp_ps"]}
    case = case_from(data)
    sim, run = case.simulation(), case.sections["run"]
    sim.relax()
    result = sim.run(run.duration_ns * 1e-9, every=run.every_ps * 1e-12, progress=False)
    return compare(result, sim, run.fit_from)


def series(label: str, case_file: str, component: str, drifts: list[float]) -> VelocitySeries:
    """The velocities of one geometry; the speed for the film, V_x for the others."""
    measured, errors, predicted = [], [], []
    for drift in drifts:
        comparison = measure(case_file, drift)
        theory, prediction = next(iter(comparison.predictions.items()))
        if component == "$|V|$":
            direction = prediction / np.hypot(*prediction)
            values = (comparison.velocity @ direction, np.hypot(*(comparison.standard_error * direction)))
            predicted.append(float(np.hypot(*prediction)))
        else:
            values = (comparison.velocity[0], comparison.standard_error[0])
            predicted.append(float(prediction[0]))
        measured.append(float(values[0]))
        errors.append(float(values[1]))
        speed = f"{measured[-1]:9.4f} ± {errors[-1]:.1g}"
        print(f"{label:8} v_d = {drift:6.1f}   V = {speed}   theory {predicted[-1]:9.4f} m/s")
    numbers = (np.array(values) for values in (drifts, measured, errors, predicted))
    return VelocitySeries(label, *numbers, component, theory)


def main(path: Path) -> list[VelocitySeries]:
    """Measure everything, write the figure and return the numbers."""
    found = [
        series("film", "01_skyrmion_film/case.toml", "$|V|$", [25.0, 50.0, 75.0, 100.0]),
        series("track", "02_skyrmion_track/case.toml", "$V_x$", [20.0, 40.0, 60.0]),
        series("wall", "03_domain_wall/case.toml", "$V_x$", [25.0, 50.0, 75.0]),
    ]
    velocity_versus_drift(found).savefig(path)
    print(f"wrote {path}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "velocity_versus_drift.png")
