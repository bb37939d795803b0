"""Peak memory of a simulation and its run, in units of its state array.

Run as `python -m benchmarks.memory imports|simulation|run N DTYPE` or `… growth N DTYPE` it is the process that is
measured.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.startup import ROOT
from benchmarks.timing import Record, Sample, Settings, spread, table

STAGES = ("imports", "simulation", "run")  # each does what those before it do, and then its own
STEPS, MANY_STEPS = 10, 1000


def child(stage: str, n: int, dtype: str) -> None:
    """Do what `stage` says and print the peak of this process, or of its Python allocations, in bytes."""
    import tracemalloc

    from benchmarks import problem
    from llgsim import textures

    def built(size: int) -> Any:
        return problem.simulation(size, dtype=dtype, m=textures.uniform(problem.grid(size), (0.1, 0.0, 1.0)))

    def run(sim: Any, steps: int) -> None:
        dt = sim.time_step()
        sim.run(steps * dt, every=steps * dt, dt=dt, progress=False)

    run(built(32), 2)  # loads the kernels, whose memory is not the simulation's
    if stage == "growth":
        sim = built(n)
        run(sim, 2)
        tracemalloc.start()
        run(sim, MANY_STEPS)
        kept, peak = tracemalloc.get_traced_memory()
        print(json.dumps({"kept": kept, "peak": peak}))
        return
    if stage != "imports":
        sim = built(n)
        if stage == "run":
            _forget_peak()
            run(sim, STEPS)
    print(json.dumps({"peak": _peak()}))


def _forget_peak() -> None:
    """Let `_peak` begin anew, where the operating system can: building needs more than running, and would hide it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> int:
    """The most bytes that this process has had in memory."""
    try:
        # Linux counts into ru_maxrss what the parent had when it started this process
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _child(*arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def measure(settings: Settings, probes: Any, threads: Sequence[int]) -> list[Record]:
    """One record per float type: peaks above that of the imports, and Python's allocations, in state arrays."""
    n, small = (1024, 64) if settings.quick else (2048, 256)
    rounds = 1 if settings.quick else settings.rounds
    records: list[Record] = []
    for dtype in ("float64", "float32"):
        states = {size: 3 * size**2 * np.dtype(dtype).itemsize for size in (n, small)}
        _child("imports", n, dtype)  # fills the kernel cache: compilation has peaks of its own
        found: dict[str, list[float]] = {"simulation": [], "run": []}
        for _ in range(rounds):
            peaks = {stage: _child(stage, n, dtype)["peak"] for stage in STAGES}
            for stage, values in found.items():
                values.append((peaks[stage] - peaks["imports"]) / states[n])
        samples = {stage: Sample(tuple(values)) for stage, values in found.items()}
        growth = {name: value / states[small] for name, value in _child("growth", small, dtype).items()}
        record: Record = {"N": n, "dtype": dtype, "steps": STEPS, **{s: v.as_dict() for s, v in samples.items()}}
        record |= {"growth_N": small, "growth_steps": MANY_STEPS, "growth": growth}
        records.append(record)
    return records


def report(records: list[Record]) -> str:
    headers = [
        "N",
        "type",
        "building it",
        "running it",
        "N",
        f"Python's peak in {MANY_STEPS} steps",
        "kept",
    ]
    rows = [
        [
            *(r[key] for key in ("N", "dtype")),
            *(spread(r[stage]) for stage in ("simulation", "run")),
            r["growth_N"],
            *(r["growth"][key] for key in ("peak", "kept")),
        ]
        for r in records
    ]
    return f"In state arrays (3 N² numbers); of a run, two are the recorded frames.\n{table(headers, rows)}"


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]), sys.argv[3])
