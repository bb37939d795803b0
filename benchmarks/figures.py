"""`python -m benchmarks.figures FILE`: draw the roofline and the throughput from what `python -m benchmarks` wrote."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.machine import ceilings, peak_gflops
from coefficients.figure import COLOURS, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TYPES = {"float64": "double precision", "float32": "single precision"}
KINDS = {"step": ("Runge-Kutta step", "o"), "rhs": ("right-hand side alone", "s")}
INTENSITIES = (0.02, 40.0)  # flop per byte, the range drawn


@styled
def roofline(result: dict[str, Any]) -> Figure:
    """GF/s of one thread against flop per byte of state in and out, under the multiply-add peak and copy bandwidths."""
    figure = new_figure(9.6, 3.9)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax, (dtype, title) in zip(axes, TYPES.items()):
        _draw_roof(ax, result, dtype)
        rows = [r for r in result["sections"]["throughput"] if (r["dtype"], r["threads"]) == (dtype, 1)]
        for kind, (label, marker) in KINDS.items():
            found = [row for row in rows if row["kind"] == kind]
            sizes = [row["N"] for row in found]
            # the sizes all have the same abscissa: spread a little, in order
            x = found[0]["flop_per_byte"] * np.geomspace(0.85, 1.18, len(found))
            y = [row["gflops"] for row in found]
            colour = COLOURS[0] if kind == "step" else COLOURS[2]
            name = f"{label}, N = {min(sizes)} to {max(sizes)}, left to right"
            ax.plot(x, y, marker, color=colour, markersize=5, label=name, zorder=3)
        ax.set(
            title=title,
            xlabel="arithmetic intensity (flop/byte)",
            xscale="log",
            yscale="log",
            xlim=INTENSITIES,
            aspect="equal",
        )
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter("{x:g}")
        ax.legend(loc="lower right")
    axes[0].set(ylabel="performance of one thread (GF/s)", ylim=(1, 1.6 * peak_gflops(result["probes"], "float32", 1)))
    figure.suptitle(result["machine"]["cpu"], fontsize=10)
    return figure


def _draw_roof(ax: Axes, result: dict[str, Any], dtype: str) -> None:
    """The peak and, below it, the slopes of the caches and the memory."""
    peak = peak_gflops(result["probes"], dtype, 1)
    for name, bandwidth in ceilings(result["probes"], result["machine"]["caches"], 1).items():
        until = peak / bandwidth
        ax.plot([INTENSITIES[0], until], [bandwidth * INTENSITIES[0], peak], color=COLOURS[1], linewidth=1.2)
        at = until / 16
        ax.text(
            at,
            1.12 * bandwidth * at,
            f"{name}: {bandwidth:.0f} GB/s",
            rotation=45,  # a decade is as long either way
            rotation_mode="anchor",
            fontsize=8.5,
            color=COLOURS[1],
        )
    ax.axhline(peak, color="0.2", linewidth=1.2)
    label = f"multiply-add peak: {peak:.3g} GF/s"
    ax.text(INTENSITIES[1] * 0.95, 1.06 * peak, label, ha="right", fontsize=9.0)


@styled
def throughput(result: dict[str, Any]) -> Figure:
    """1e9 cells × evaluations per second of Runge-Kutta steps against N of an N × N grid, medians with their range."""
    figure = new_figure(6.4, 4.4)
    ax = figure.subplots()
    rows = [row for row in result["sections"]["throughput"] if row["kind"] == "step"]
    for dtype, colour in zip(TYPES, (COLOURS[1], COLOURS[0])):
        for threads, line in zip(result["machine"]["threads"], ("-", "--")):
            found = [row for row in rows if (row["dtype"], row["threads"]) == (dtype, threads)]
            median = np.array([row["gcells"]["median"] for row in found])
            spread = [
                median - [row["gcells"]["min"] for row in found],
                [row["gcells"]["max"] for row in found] - median,
            ]
            label = f"{TYPES[dtype]}, {threads} thread{'s' if threads > 1 else ''}"
            sizes = [row["N"] for row in found]
            ax.errorbar(sizes, median, spread, fmt=f"o{line}", color=colour, markersize=4, capsize=2, label=label)
    ticks = sorted({row["N"] for row in rows})
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [str(n) for n in ticks])
    ax.set(
        xlabel="N (grid of N × N cells)",
        ylabel=r"$10^9$ cells × evaluations per second",
        title=result["machine"]["cpu"],
    )
    ax.set_ylim(bottom=0)
    ax.grid(axis="y", color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(loc="best")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.figures", description=(__doc__ or "").partition(": ")[2]
    )
    parser.add_argument("file", type=Path, help="what `python -m benchmarks --json FILE` wrote, with its throughput")
    default = Path(__file__).resolve().parents[1] / "docs"
    parser.add_argument("--output", type=Path, default=default, help=f"folder of the pictures (default {default})")
    arguments = parser.parse_args()
    result = json.loads(arguments.file.read_text())
    if "throughput" not in result["sections"]:
        parser.error(
            f"{arguments.file} has no section throughput; run python -m benchmarks --only throughput --json FILE"
        )
    for name, draw in {"performance_roofline": roofline, "performance_throughput": throughput}.items():
        path = arguments.output / f"{name}.png"
        draw(result).savefig(path)
        print(path)


if __name__ == "__main__":
    main()
