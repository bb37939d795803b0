"""Right-hand sides and Runge-Kutta steps per second against the size of the grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks import problem
from benchmarks.machine import Probes, copy_gbytes, peak_gflops
from benchmarks.timing import Record, Settings, Stepping, alternate, repeated, spread, table

SIZES = (64, 128, 256, 512, 1024, 2048)


def measure(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """One record per size, float type, number of threads and kind: "step" (sim.run) or "rhs" (sim.rhs())."""
    records = []
    for n in settings.sizes(SIZES):
        steppings = {
            (dtype, count): Stepping(problem.simulation(n, dtype=dtype, threads=count, tilt=1e-2), settings.seconds)
            for dtype in ("float64", "float32")
            for count in threads
        }
        runs: dict[tuple[str, int, str], Callable[[], float]] = {}
        for (dtype, count), stepping in steppings.items():
            runs[dtype, count, "step"] = stepping
            runs[dtype, count, "rhs"] = repeated(stepping.sim.rhs, settings.seconds / 4)
        for (dtype, count, kind), seconds in alternate(runs, settings.rounds).items():
            evaluations = problem.EVALUATIONS if kind == "step" else 1
            state = 3 * n**2 * np.dtype(dtype).itemsize
            rate = seconds.rate(1e-9 * n**2 * evaluations)
            gflops = problem.FLOP * rate.median
            # the least that memory must carry: the state in and out; a right-hand side has a second array for that
            bandwidth = copy_gbytes(probes, state if kind == "step" else 2 * state, count)
            record: Record = {"N": n, "dtype": dtype, "threads": count, "kind": kind}
            record |= {"seconds": seconds.as_dict(), "gcells": rate.as_dict(), "gflops": gflops}
            record["flop_per_byte"] = problem.FLOP * evaluations * n**2 / (2 * state)
            record["percent_of_peak"] = 100 * gflops / peak_gflops(probes, dtype, count)
            record["percent_of_copy"] = 100 * 2e-9 * state / seconds.median / bandwidth
            if kind == "step":
                record["k"] = steppings[dtype, count].step_count
                record["frame_share"] = steppings[dtype, count].frame_share
            records.append(record)
    return records


def report(records: list[Record]) -> str:
    headers = ["N", "type", "threads", "kind", "1e9 cells × evaluations/s", "GF/s", "% of FMA peak", "% of copy"]
    rows = [
        [
            *(r[key] for key in ("N", "dtype", "threads", "kind")),
            spread(r["gcells"]),
            *(r[key] for key in ("gflops", "percent_of_peak", "percent_of_copy")),
            r.get("k", ""),
            f"{100 * r['frame_share']:.1f}" if "k" in r else "",
        ]
        for r in records
    ]
    return table([*headers, "k steps", "frames, %"], rows)
