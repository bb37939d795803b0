"""Other simulators on the same problem: magnum.np on the CPU.

Another code is one more entry of `PEERS`: a class with the members of `Magnumnp`.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import problem
from benchmarks.machine import Probes
from benchmarks.timing import Record, Sample, Settings, Stepping, alternate, repeated, spread, table, timed
from llgsim import Simulation, analysis

SIZES = (64, 128, 256, 512, 1024)
COMPARED_SIZE, COMPARED_TIME = 256, 20e-12  # largest grid of the check of positions, and how long it goes (s)
SAME_POSITION = 1e-12  # m; an error of 1e-5 in m, a usual tolerance, moves a wall 5 nm wide by 0.05e-12
SOLUTION_SIZE, SOLUTION_TIME, SEGMENTS = 256, 1e-9, 5


class Magnumnp:
    """The problem in magnum.np, double precision, one thread, its default integrator and tolerances (RKF45, 1e-5).

    Its Zhang-Li field is (b/γ)[m×(j·∇)m + ξ (j·∇)m]: b j = −u and ξ = β give the torque of llgsim. Arrays are
    (nx, ny, 1, 3). The field terms are compiled by torch.compile when they are first called.
    """

    package = "magnumnp"
    install = "pip install magnumnp"

    def __init__(self, m: NDArray[np.float64]) -> None:
        torch, magnumnp = importlib.import_module("torch"), _magnumnp()
        torch.set_num_threads(1)
        torch.compiler.reset()  # compiled for this size alone, not for any size after a second one
        n = m.shape[1]
        self.torch = torch
        self.state = magnumnp.State(magnumnp.Mesh((n, n, 1), (problem.CELL, problem.CELL, problem.THICKNESS)))
        self.state.material = {
            "Ms": problem.MS,
            "A": problem.A,
            "Di": problem.D,
            "Ku": problem.K,
            "Ku_axis": [0.0, 0.0, 1.0],
            "alpha": problem.ALPHA,
            "xi": problem.BETA,
            "b": 1.0,
        }
        self.state.j = self.state.Constant([-problem.U[0], -problem.U[1], 0.0])
        self.state.m = torch.tensor(np.ascontiguousarray(m.transpose(2, 1, 0)[:, :, None, :]), device="cpu")
        fields = [magnumnp.ExchangeField(), magnumnp.InterfaceDMIField(), magnumnp.UniaxialAnisotropyField()]
        self.solver = magnumnp.LLGSolver([*fields, magnumnp.SpinTorqueZhangLi()])

    def evaluate(self) -> None:
        """One right-hand side."""
        self.solver.dm(self.state.t, self.state.m, self.state)

    def advance(self, duration: float) -> None:
        """Integrate for `duration` (s)."""
        self.solver.step(self.state, duration)

    @property
    def m(self) -> NDArray[np.float64]:
        return np.asarray(self.state.m.detach().numpy()[:, :, 0, :].transpose(2, 1, 0), dtype=np.float64)


PEERS: dict[str, Any] = {"magnum.np": Magnumnp}


@functools.cache
def _magnumnp() -> Any:
    """The package, with the gyromagnetic ratio of this problem. It writes one line to stderr as it is imported."""
    magnumnp = importlib.import_module("magnumnp")
    magnumnp.logging.set_log_level(40)  # errors only
    constants = magnumnp.common.constants
    constants.gamma = problem.GAMMA * constants.mu_0
    return magnumnp


def missing(peer: Any) -> str | None:
    """Why a peer cannot be measured here, or None."""
    try:
        importlib.import_module(peer.package)
    except (Exception, SystemExit) as error:  # magnumnp leaves the interpreter when its own import fails
        return f"skipped: {type(error).__name__}: {error}; `{peer.install}` into this Python installs it"
    return None


def _skipped() -> list[Record]:
    return [{"peer": name, "skipped": reason} for name, peer in PEERS.items() if (reason := missing(peer))]


def position(m: NDArray[Any]) -> NDArray[np.float64]:
    """Centre (x, y) of the skyrmion (m)."""
    return np.array(analysis.skyrmion_position(np.asarray(m, dtype=float), problem.grid(m.shape[1])))


def _run(sim: Simulation, duration: float, dt: float | None = None) -> None:
    sim.run(duration, every=duration, dt=dt, progress=False)


# -- section peers -----------------------------------------------------------------------------------------------------


def measure(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """One record per peer and size: seconds per evaluation of both, their ratio, and where both bring the skyrmion."""
    records = _skipped()
    duration = COMPARED_TIME / 10 if settings.quick else COMPARED_TIME
    for name, peer in PEERS.items():
        if any(record["peer"] == name for record in records):
            continue
        for n in settings.sizes(SIZES):
            theirs = peer(problem.start(n))
            theirs.evaluate()  # compiles
            stepping = Stepping(problem.simulation(n), settings.seconds)
            runs: dict[str, Callable[[], float]] = {
                "llgsim": stepping,
                name: repeated(theirs.evaluate, settings.seconds),
            }
            seconds = alternate(runs, settings.rounds)
            seconds["llgsim"] = seconds["llgsim"].times(1 / problem.EVALUATIONS)
            ratio = seconds[name].ratio(seconds["llgsim"])
            record: Record = {"peer": name, "N": n, "k": stepping.step_count, "frame_share": stepping.frame_share}
            record |= {"llgsim": seconds["llgsim"].as_dict(), "theirs": seconds[name].as_dict()}
            record |= {"ratio": ratio.as_dict()}
            if n <= COMPARED_SIZE:
                record |= _positions(theirs, n, duration)
            records.append(record)
    return records


def _positions(theirs: Any, n: int, duration: float) -> Record:
    """How far the skyrmion moves in `duration` (s), and how far apart both codes end (m)."""
    sim = problem.simulation(n)
    before = position(sim.m)
    _run(sim, duration)
    theirs.advance(duration)
    after = position(sim.m)
    moved, apart = float(np.hypot(*(after - before))), float(np.hypot(*(after - position(theirs.m))))
    return {"duration": duration, "moved": moved, "apart": apart, "same": apart <= SAME_POSITION}


def report(records: list[Record]) -> str:
    headers = ["peer", "N", "llgsim 1e9 cells × evaluations/s", "peer", "time peer/llgsim"]
    headers += ["skyrmion moved (nm)", "positions apart (pm)", "same"]
    rows = [
        [
            *(r[key] for key in ("peer", "N")),
            *(1e-9 * r["N"] ** 2 / r[key]["median"] for key in ("llgsim", "theirs")),
            spread(r["ratio"]),
            *(
                (1e9 * r["moved"], 1e12 * r["apart"], "yes" if r["same"] else "NO")
                if "same" in r
                else ("not compared", "", "")
            ),
        ]
        for r in records
        if "skipped" not in r
    ]
    lines = [f"{r['peer']} {r['skipped']}" for r in records if "skipped" in r]
    return "\n".join([*lines, table(headers, rows)] if rows else lines)


# -- section solution --------------------------------------------------------------------------------------------------


def measure_solution(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """One record per code: wall time of 1 ns at its default time step or tolerance, and the error of its position.

    The codes take turns, a fifth of the time each. The error is the distance to the position that llgsim reaches on the
    same grid with a quarter of its default step.
    """
    n, duration = (64, 10e-12) if settings.quick else (SOLUTION_SIZE, SOLUTION_TIME)
    reference, ours = problem.simulation(n), problem.simulation(n)
    before = position(ours.m)
    _run(reference, duration, reference.time_step() / 4)
    exact = position(reference.m)

    segment = duration / SEGMENTS
    runs = {"llgsim": functools.partial(timed, functools.partial(_run, ours, segment))}
    codes: dict[str, Any] = {"llgsim": ours}
    skipped = _skipped()
    for name, peer in PEERS.items():
        if not any(record["peer"] == name for record in skipped):
            theirs = peer(problem.start(n))
            theirs.evaluate()  # compiles; of ours, the reference has
            runs[name] = functools.partial(timed, functools.partial(theirs.advance, segment))
            codes[name] = theirs
    seconds: dict[str, Sample] = alternate(runs, SEGMENTS)
    records: list[Record] = []
    for name, sample in seconds.items():
        found = position(codes[name].m)
        wall = math.fsum(sample.values)
        record: Record = {"peer": name, "N": n, "duration": duration, "segments": sample.as_dict()}
        record |= {"wall": wall, "error": float(np.hypot(*(found - exact)))}
        record |= {"moved": float(np.hypot(*(found - before)))}
        record |= {"ratio": wall / math.fsum(seconds["llgsim"].values)}
        records.append(record)
    return records + skipped


def report_solution(records: list[Record]) -> str:
    headers = ["code", "N", "simulated (ns)", "wall (s)", f"each of {SEGMENTS} parts (s)", "wall/llgsim"]
    headers += ["moved (nm)", "position error (pm)"]
    rows = [
        [
            *(r["peer"], r["N"], 1e9 * r["duration"], r["wall"], spread(r["segments"]), r["ratio"]),
            *(1e9 * r["moved"], 1e12 * r["error"]),
        ]
        for r in records
        if "skipped" not in r
    ]
    lines = [f"{r['peer']} {r['skipped']}" for r in records if "skipped" in r]
    return "\n".join([*lines, table(headers, rows)])
