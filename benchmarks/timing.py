"""How everything is timed: alternating rounds, medians with their range, and tables of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Record = dict[str, Any]  # one line of a section: plain numbers, texts and `Sample.as_dict()`


@dataclass(frozen=True)
class Settings:
    """How much to measure: `rounds` of every alternation, `seconds` of stepping per round and simulation."""

    quick: bool = False
    rounds: int = 5

    @property
    def seconds(self) -> float:
        return 0.02 if self.quick else 0.5

    def sizes(self, full: Sequence[int], quick: Sequence[int] = (32, 64)) -> Sequence[int]:
        return quick if self.quick else full


@dataclass(frozen=True)
class Sample:
    """The values of one quantity over the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def as_dict(self) -> dict[str, Any]:
        return {
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
        }

    def times(self, factor: float) -> Sample:
        """The sample of value × factor."""
        return Sample(tuple(value * factor for value in self.values))

    def rate(self, amount: float) -> Sample:
        """The sample of amount/value: a rate from times."""
        return Sample(tuple(amount / value for value in self.values))

    def ratio(self, other: Sample) -> Sample:
        """self/other, round by round."""
        return Sample(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))


def figures(value: float) -> str:
    """A number with three significant figures, without an exponent where that is readable.

    Examples
    --------
    >>> figures(0.53182), figures(58.71), figures(12345.6), figures(1.2e-9)
    ('0.532', '58.7', '12346', '1.2e-09')
    """
    if value == 0 or not math.isfinite(value) or not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def spread(sample: dict[str, Any]) -> str:
    """The text `median (min-max)` of a sample as a record has it."""
    return f"{figures(sample['median'])} ({figures(sample['min'])}-{figures(sample['max'])})"


def timed(call: Callable[[], object]) -> float:
    """Wall time of one call (s)."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def alternate(runs: Mapping[Key, Callable[[], float]], rounds: int) -> dict[Key, Sample]:
    """Call every run once per round, in turn, so that a slow minute of the machine falls on all of them alike.

    A run returns what it measured of itself, usually a time in seconds.
    """
    values: dict[Key, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            values[name].append(run())
    return {name: Sample(tuple(found)) for name, found in values.items()}


def repeated(call: Callable[[], object], seconds: float) -> Callable[[], float]:
    """A run that repeats a short call for about `seconds` and returns the time of one call (s)."""
    call()
    count = max(1, round(seconds / max(timed(call), 1e-7)))

    def run() -> float:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - begin) / count

    return run


class Stepping:
    """Seconds per time step of a simulation, through its public `run`.

    A run of k steps records the state at its start and its end. What that costs, and the start of the run, is measured
    by runs of one step, the shortest of which is taken off: (T(k) − T(1))/(k − 1). k is such that the steps take at
    least `seconds` and four times as long as the rest; `frame_share` is the largest T(1)/T(k) of all rounds.
    """

    def __init__(self, sim: Any, seconds: float) -> None:
        self.sim, self.start, self.frame_share = sim, sim.m, 0.0
        self.dt = sim.time_step()
        self.run(2)  # compiles
        self.one = min(self.run(1) for _ in range(3))
        target, self.step_count = max(seconds, 4 * self.one), 10
        while (took := min(self.run(self.step_count) for _ in range(2)) - self.one) < target:
            growth = 1.2 * target / took if took > 0 else math.inf
            self.step_count = math.ceil(self.step_count * min(max(growth, 1.5), 10.0))

    def run(self, steps: int) -> float:
        """Wall time (s) of so many steps from the start state, with their two frames."""
        self.sim.m = self.start
        duration = steps * self.dt
        return timed(lambda: self.sim.run(duration, every=duration, dt=self.dt, progress=False))

    def __call__(self) -> float:
        self.one, many = min(self.one, self.run(1)), self.run(self.step_count)
        self.frame_share = max(self.frame_share, self.one / many)
        return (many - self.one) / (self.step_count - 1)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows in aligned columns: texts to the left, the rest to the right."""
    texts = [[figures(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(headers), *texts]) for column in range(len(headers))]
    left = [all(isinstance(row[column], str) for row in rows) for column in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        padded = (c.ljust(w) if to_left else c.rjust(w) for c, w, to_left in zip(cells, widths, left))
        return "  ".join(padded).rstrip()

    return "\n".join([line(headers), line(["-" * width for width in widths]), *(line(row) for row in texts)])
