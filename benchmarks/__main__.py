"""`python -m benchmarks`: measure, print tables, write JSON."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import composed, machine, memory, peers, response, startup, throughput, variants
from benchmarks.timing import Record, Settings

Measure = Callable[[Settings, machine.Probes, Sequence[int]], list[Record]]
SECTIONS: dict[str, tuple[str, Measure, Callable[[list[Record]], str]]] = {
    "throughput": ("right-hand sides and steps against size", throughput.measure, throughput.report),
    "composed": ("composed kernels against hand-written ones", composed.measure, composed.report),
    "peers": ("other codes, per evaluation of the right-hand side", peers.measure, peers.report),
    "solution": ("1 ns, each code by its defaults", peers.measure_solution, peers.report_solution),
    "startup": ("compilation and cached start", startup.measure, startup.report),
    "memory": ("peak memory", memory.measure, memory.report),
    "microscopic": ("the microscopic torque against Zhang-Li", variants.measure_microscopic, variants.report),
    "order": ("stencils of fourth order against second", variants.measure_order, variants.report),
    "response": ("with point impurities: quadrature, tables, first call", response.measure, response.report),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast llgsim is on this machine.")
    names = ", ".join(SECTIONS)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="NAME", help=f"sections to run, of {names}")
    parser.add_argument("--quick", action="store_true", help="small grids and short runs, to see that everything works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    arguments = parser.parse_args()

    settings, threads = Settings(quick=arguments.quick), machine.thread_counts()
    description = machine.description(threads)
    probes = machine.probes(settings, threads)
    print(machine.report(description, probes), flush=True)
    result: Record = {"quick": settings.quick, "rounds": settings.rounds, "machine": description, "probes": probes}
    result["sections"] = {}
    for name in arguments.only or SECTIONS:
        title, measure, report = SECTIONS[name]
        print(f"\n== {name}: {title}", flush=True)
        begin = time.monotonic()
        records = measure(settings, probes, threads)
        print(report(records), f"({time.monotonic() - begin:.0f} s)", sep="\n", flush=True)
        result["sections"][name] = records
        if arguments.json:
            arguments.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
