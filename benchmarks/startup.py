"""From the start of Python to the first step: with an empty kernel cache, and with a filled one.

Run as `python -m benchmarks.startup` it is the process that is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.timing import Record, Sample, Settings, spread, table

ROOT = Path(__file__).resolve().parents[1]


def child() -> None:
    """Import, build a simulation, take one step; print how long each took (s)."""
    begin = time.perf_counter()
    from llgsim import Exchange, Grid, InterfacialDMI, Simulation, UniaxialAnisotropy, ZhangLi, textures

    imported = time.perf_counter()
    grid = Grid(nx=64, ny=64, dx=2e-9, dy=2e-9, thickness=0.6e-9)
    sim = Simulation(
        grid,
        Ms=580e3,
        terms=[Exchange(A=15e-12), InterfacialDMI(D=3e-3), UniaxialAnisotropy(K=0.5886e6)],
        torques=[ZhangLi(u=(100.0, 0.0), beta=0.3, derivative_order=2)],
        damping=0.3,
        m=textures.neel_skyrmion(grid, radius=7.5e-9),
    )
    dt = sim.time_step()
    sim.run(dt, every=dt, progress=False)
    stepped = time.perf_counter()
    print(json.dumps({"import": imported - begin, "first step": stepped - imported}))


def measure(settings: Settings, probes: Any, threads: Sequence[int]) -> list[Record]:
    """Two records, an empty and a filled cache: seconds of the import, the first step, the whole process."""
    rounds = 2 if settings.quick else settings.rounds
    found: dict[str, dict[str, list[float]]] = {cache: {} for cache in ("empty", "filled")}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            caches = {"LLGSIM_CACHE_DIR": f"{folder}/llgsim", "NUMBA_CACHE_DIR": f"{folder}/numba"}
            for cache in found:
                for name, seconds in _one_start(caches).items():
                    found[cache].setdefault(name, []).append(seconds)
    records: list[Record] = []
    for cache, times in found.items():
        samples = {name: Sample(tuple(values)) for name, values in times.items()}
        records.append({"cache": cache, **{name: sample.as_dict() for name, sample in samples.items()}})
    return records


def _one_start(environment: dict[str, str]) -> dict[str, float]:
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.startup"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return {**json.loads(done.stdout), "process": time.perf_counter() - begin}


def report(records: list[Record]) -> str:
    names = ("import", "first step", "process")
    rows = [[r["cache"], *(spread(r[name]) for name in names)] for r in records]
    return table(["kernel cache", "import llgsim (s)", "simulation and first step (s)", "whole process (s)"], rows)


if __name__ == "__main__":
    child()
