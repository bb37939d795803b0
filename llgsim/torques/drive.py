"""What drives a torque: a constant pair, a pair that is ramped in, or a function of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llgsim.quantities import checked_vector

Pair = tuple[float, float]
DriveLike = Pair | Callable[[float], Pair]


@dataclass(frozen=True)
class Drive:
    """A vector in the plane as a function of time.

    Parameters
    ----------
    name, unit : str
        What it is, for error messages.
    value : (float, float) or function t → (float, float)
        The vector, or the vector at time t (s).
    ramp : float
        Time (s) over which a constant vector is switched on from t = 0 by the smoothstep 3s² − 2s³; 0: at once.

    Raises
    ------
    ValueError
        A component that is not finite, a negative ramp, or a ramp together with a function of time.
    """

    name: str
    unit: str
    value: DriveLike
    ramp: float = 0.0

    def __post_init__(self) -> None:
        ramp = checked_ramp(self.ramp)
        if callable(self.value):
            if ramp:
                raise ValueError(f"{self.name}: a function of time cannot be ramped; put the ramp into the function")
        else:
            object.__setattr__(self, "value", checked_vector("drive", self.name, self.value, self.unit, 2))
        object.__setattr__(self, "ramp", ramp)

    def at(self, t: float) -> Pair:
        """The vector at time t (s)."""
        if callable(self.value):
            pair = checked_vector("drive", f"{self.name} at t = {t:g} s", self.value(t), self.unit, 2)
            return pair[0], pair[1]
        if t >= self.ramp:
            return self.value
        s = max(t, 0.0) / self.ramp
        factor = s * s * (3 - 2 * s)
        return self.value[0] * factor, self.value[1] * factor

    @property
    def axes(self) -> str:
        """The axes along which it can have a component."""
        return "xy" if callable(self.value) else "".join(axis for axis, v in zip("xy", self.value) if v != 0)

    @property
    def steady_after(self) -> float:
        """Time (s) after which the vector no longer changes."""
        return math.inf if callable(self.value) else self.ramp


def checked_ramp(ramp: Any) -> float:
    """`ramp` as a float, or a ValueError if it is not a finite time, 0 or longer."""
    try:
        seconds = float(ramp)
    except (TypeError, ValueError):
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"ramp = {ramp!r} s must be a time in seconds, 0 or longer")
    return seconds
