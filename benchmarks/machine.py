"""The machine: what it is, how fast it multiplies and adds, and how fast it copies."""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import os
import platform
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from benchmarks.timing import Settings, alternate, spread, table, timed

PACKAGES = ("llgsim", "numpy", "numba", "llvmlite", "magnumnp", "torch")
OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "nogil": True}
CHAINS = 192  # independent chains of multiply-adds: enough to hide the latency of one, few enough for the registers
CACHES_WITHOUT_SYSFS = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}
Probes = dict[str, Any]


def description(threads: Sequence[int]) -> dict[str, Any]:
    """Processor, caches, versions and date."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "machine": platform.platform(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "threads": list(threads),
        "caches": cache_sizes(),
        "python": platform.python_version(),
        "versions": found,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def thread_counts() -> tuple[int, ...]:
    """1, and 2 where there are two cores."""
    return (1, 2) if (os.cpu_count() or 1) > 1 else (1,)


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cache_sizes() -> dict[str, int]:
    """Bytes of the data caches that one core sees, from the operating system or, failing that, usual ones."""
    found = {}
    for entry in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        try:
            level, kind, size = ((entry / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found[f"L{level}"] = int(size.rstrip("KMkm")) << (20 if size[-1] in "Mm" else 10)
    return dict(sorted(found.items())) or dict(CACHES_WITHOUT_SYSFS)


# -- multiply-add ------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def multiply_add(start, repeats, factor, addend):  # type: ignore[no-untyped-def]
    """y ← factor·y + addend, `repeats` times on CHAINS numbers that stay in registers; returns their sum."""
    y = np.empty(CHAINS, start.dtype)
    for k in range(CHAINS):
        y[k] = start[k]
    for _ in range(repeats):
        for k in range(CHAINS):
            y[k] = y[k] * factor + addend
    return y.sum()


def multiply_add_registers() -> str:
    """The widest registers that the compiled multiply-adds use, read from the assembly; "" where none is found."""
    for signature in multiply_add.signatures:
        text = multiply_add.inspect_asm(signature)
        for name, bits in (("zmm", 512), ("ymm", 256), ("xmm", 128)):
            if re.search(rf"vfmadd\d+p[sd]\s.*%{name}", text):
                return f"{name}, {bits} bit"
        if re.search(r"\bfmla\s+v\d+\.", text):
            return "NEON, 128 bit"
    return ""


def _together(threads: int, call: Callable[[int], object]) -> Callable[[], float]:
    """A run of call(0) … call(threads − 1) at the same time, in threads; returns its wall time."""
    if threads == 1:
        return lambda: timed(lambda: call(0))
    pool = ThreadPoolExecutor(threads)
    return lambda: timed(lambda: list(pool.map(call, range(threads))))


def multiply_add_rate(dtype: str, threads: int, repeats: int) -> Callable[[], float]:
    """A run that returns GF/s, two flop per multiply-add."""
    scalar = np.dtype(dtype).type
    start, factor, addend = np.ones(CHAINS, dtype), scalar(0.999), scalar(1e-3)
    multiply_add(start, 1, factor, addend)
    seconds = _together(threads, lambda _: multiply_add(start, repeats, factor, addend))
    return lambda: 2e-9 * CHAINS * repeats * threads / seconds()


# -- copying -----------------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
def copy_back_and_forth(a, b, factor, repeats):  # type: ignore[no-untyped-def]
    """b ← factor·a and a ← factor·b. The factor keeps it a loop of loads and stores like a kernel's, not a memcpy."""
    for _ in range(repeats):
        for i in range(a.shape[0]):
            b[i] = factor * a[i]
        for i in range(a.shape[0]):
            a[i] = factor * b[i]


def copy_rate(size: int, threads: int, seconds: float) -> Callable[[], float]:
    """A run that returns GB/s, bytes read plus bytes written, with `size` bytes in both arrays of all threads."""
    count = max(8, size // (16 * threads))
    arrays = [(np.ones(count), np.ones(count)) for _ in range(threads)]
    bytes_of_one = 4 * arrays[0][0].nbytes  # there and back, each read and written

    def repeat(times: int) -> Callable[[], float]:
        return _together(threads, lambda k: copy_back_and_forth(*arrays[k], 1.0, times))

    repeat(1)()
    repeats = max(1, math.ceil(seconds * 20e9 / bytes_of_one))
    run = repeat(repeats)
    return lambda: 1e-9 * bytes_of_one * repeats * threads / run()


def probes(settings: Settings, threads: Sequence[int]) -> Probes:
    """Multiply-add peak (GF/s) by float type and threads, copy bandwidth (GB/s) by size and threads."""
    repeats = 100_000 if settings.quick else 2_000_000
    seconds = 0.002 if settings.quick else 0.02
    peak = {(d, t): multiply_add_rate(d, t, repeats) for d in ("float64", "float32") for t in threads}
    largest = 24 if settings.quick else 28
    copies = {(2**k, t): copy_rate(2**k, t, seconds) for k in range(13, largest + 1) for t in threads}
    peaks = alternate(peak, settings.rounds)
    bandwidths = alternate(copies, settings.rounds)
    return {
        "multiply_add": [{"dtype": d, "threads": t, "gflops": s.as_dict()} for (d, t), s in peaks.items()],
        "multiply_add_registers": multiply_add_registers(),
        "copy": [{"bytes": size, "threads": t, "gbytes": s.as_dict()} for (size, t), s in bandwidths.items()],
    }


def peak_gflops(found: Probes, dtype: str, threads: int) -> float:
    """The best measured multiply-add rate (GF/s)."""
    rows = found["multiply_add"]
    return max(row["gflops"]["max"] for row in rows if (row["dtype"], row["threads"]) == (dtype, threads))


def copy_gbytes(found: Probes, size: float, threads: int) -> float:
    """Best measured copy bandwidth (GB/s) with `size` bytes in its two arrays, interpolated between the sizes."""
    rows = sorted((row["bytes"], row["gbytes"]["max"]) for row in found["copy"] if row["threads"] == threads)
    sizes, rates = zip(*rows)
    return float(np.interp(math.log2(size), np.log2(sizes), rates))


def ceilings(found: Probes, caches: dict[str, int], threads: int) -> dict[str, float]:
    """Copy bandwidth (GB/s) of each cache, from arrays that half fill it, and of the memory, from the largest ones."""
    rates = {name: copy_gbytes(found, size * threads / 2, threads) for name, size in caches.items() if name != "L3"}
    if "L3" in caches:  # shared by the cores
        rates["L3"] = copy_gbytes(found, caches["L3"] / 2, threads)
    largest = max(row["bytes"] for row in found["copy"])
    return {**rates, "memory": copy_gbytes(found, largest, threads)}


def report(machine: dict[str, Any], found: Probes) -> str:
    """The machine and its probes as text."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = [f"{machine['cpu']}, {machine['cores']} cores, {machine['machine']}"]
    lines += [f"Python {machine['python']}, {versions}; {machine['date']}", ""]
    rows: list[list[object]] = [
        [f"multiply-add {row['dtype']}", row["threads"], "GF/s", spread(row["gflops"])] for row in found["multiply_add"]
    ]
    for threads in machine["threads"]:
        for name, rate in ceilings(found, machine["caches"], threads).items():
            rows += [[f"copy in {name}", threads, "GB/s", rate]]
    lines += [table(["probe", "threads", "unit", "median (min-max); copies: best"], rows)]
    return "\n".join([*lines, f"Multiply-adds in registers: {found['multiply_add_registers'] or 'not found'}"])
