"""External magnetic field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import dot, per_cell
from llgsim.quantities import checked_vector, quantity


@dataclass(frozen=True, kw_only=True)
class Zeeman:
    """Uniform external field, w = −Ms m·B.

    Parameters
    ----------
    B : (float, float, float)
        Flux density (T).

    Examples
    --------
    >>> Zeeman(B=(0, 0, 0.02)).B
    (0.0, 0.0, 0.02)
    """

    B: tuple[float, float, float] = quantity("T", "external flux density")
    stencil: ClassVar[str] = "cell"

    def __post_init__(self) -> None:
        object.__setattr__(self, "B", checked_vector("Zeeman", "B", self.B, "T", 3))

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """Ms B (J/m³)."""
        return tuple(Ms * component for component in self.B)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """|B| (T): the rate at which it turns m."""
        return math.hypot(*self.B)

    @staticmethod
    @per_cell
    def field(m, bx, by, bz):  # type: ignore[no-untyped-def]
        """−δw/δm (J/m³)."""
        return (bx, by, bz)

    @staticmethod
    @per_cell
    def energy(m, bx, by, bz):  # type: ignore[no-untyped-def]
        """w (J/m³)."""
        return -dot(m, (bx, by, bz))
