"""Composed kernels against hand-written ones, for three lists of terms and torques."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import handwritten, problem
from benchmarks.machine import Probes
from benchmarks.timing import Record, Settings, Stepping, alternate, spread, table, timed
from llgsim import (
    BulkDMI,
    Coefficients,
    Exchange,
    MicroscopicTorque,
    Simulation,
    ThinFilmDemag,
    Zeeman,
)

SIZES = (64, 256, 1024)
FIELD = (0.02, 0.0, 0.1)  # T
XI = {"xi0": -0.15, "xi_parallel": 0.1, "xi_perpendicular": 0.07}
STEPS_COMPARED = 30
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}  # of m after these steps; rounding errors grow little in so few
CELLS = {"dx": problem.CELL, "dy": problem.CELL, "Ms": problem.MS, "A": problem.A, "D": problem.D}
LISTS: dict[str, tuple[Callable[..., handwritten.Handwritten], dict[str, Any], dict[str, Any]]] = {
    "exchange, interfacial DMI, uniaxial, Zhang-Li": (
        handwritten.zhang_li,
        {"K": problem.K, "u": problem.U, "beta": problem.BETA},
        {},
    ),
    "exchange, bulk DMI, Zeeman, thin film, no torque": (
        handwritten.gilbert,
        {"B": FIELD},
        {
            "terms": [Exchange(A=problem.A), BulkDMI(D=problem.D), Zeeman(B=FIELD), ThinFilmDemag()],
            "torques": [],
        },
    ),
    "exchange, interfacial DMI, uniaxial, anisotropic ξ": (
        handwritten.microscopic,
        {"K": problem.K, "v": problem.U, **XI},
        {"torques": [MicroscopicTorque(Coefficients(**XI), drift_velocity=problem.U)]},
    ),
}


def _simulation(n: int, dtype: str, changes: dict[str, Any], tilt: float) -> Simulation:
    arguments: dict[str, Any] = {"terms": problem.terms(), "torques": [problem.zhang_li()], **changes}
    grid, m = problem.grid(n, periodic=True), problem.start(n, tilt)
    shared: dict[str, Any] = {"Ms": problem.MS, "damping": problem.ALPHA, "gamma": problem.GAMMA, "threads": 1}
    return Simulation(grid, m=m, dtype=dtype, **shared, **arguments)


def measure(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """One record per list, size and float type: seconds per step of both, their ratio, how far apart they end."""
    records = []
    for n in settings.sizes(SIZES):
        for name, (write, parameters, changes) in LISTS.items():
            for dtype in ("float64", "float32"):
                # tilted by 0.3, so that every term and torque acts in every cell
                sim = _simulation(n, dtype, changes, tilt=0.3)
                compared = write(sim.m, sim.time_step(), **CELLS, alpha=problem.ALPHA, **parameters)
                duration = STEPS_COMPARED * sim.time_step()
                sim.run(duration, every=duration, dt=sim.time_step(), progress=False)
                compared.advance(STEPS_COMPARED)
                difference = float(np.abs(np.asarray(sim.m, dtype=float) - compared.m).max())

                composed = Stepping(_simulation(n, dtype, changes, tilt=1e-2), settings.seconds)
                written = write(composed.start, composed.dt, **CELLS, alpha=problem.ALPHA, **parameters)
                by_hand = functools.partial(_seconds_per_step, written, composed.step_count)
                runs: dict[str, Callable[[], float]] = {"hand-written": by_hand, "composed": composed}
                seconds = alternate(runs, settings.rounds)
                ratio = seconds["composed"].ratio(seconds["hand-written"])
                record: Record = {"list": name, "N": n, "dtype": dtype, "k": composed.step_count}
                record |= {key: sample.as_dict() for key, sample in seconds.items()}
                record |= {"ratio": ratio.as_dict(), "frame_share": composed.frame_share}
                record |= {"difference": difference, "same": difference <= TOLERANCE[dtype]}
                records.append(record)
    return records


def _seconds_per_step(written: handwritten.Handwritten, steps: int) -> float:
    return timed(functools.partial(written.advance, steps)) / steps


def report(records: list[Record]) -> str:
    headers = ["terms and torques", "N", "type", "k steps", "hand-written µs/step", "composed µs/step"]
    headers += ["time composed/hand-written", f"max |Δm| after {STEPS_COMPARED} steps", "same"]
    rows = [
        [
            *(r[key] for key in ("list", "N", "dtype", "k")),
            *(1e6 * r[key]["median"] for key in ("hand-written", "composed")),
            spread(r["ratio"]),
            r["difference"],
            "yes" if r["same"] else "NO",
        ]
        for r in records
    ]
    return table(headers, rows)
