"""Uniaxial anisotropy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from llgsim.grid import Grid
from llgsim.percell import dot, per_cell
from llgsim.quantities import check_quantities, checked_vector, quantity


@dataclass(frozen=True, kw_only=True)
class UniaxialAnisotropy:
    """Uniaxial anisotropy of first order, w = K [1 − (m·axis)²].

    B = (2K/Ms) (m·axis) axis. K > 0 makes the axis easy, K < 0 makes it hard.

    Parameters
    ----------
    K : float
        Anisotropy constant (J/m³), either sign.
    axis : (float, float, float)
        Direction of the axis; its length does not matter. Default z, the film normal.

    Examples
    --------
    >>> UniaxialAnisotropy(K=0.8e6).axis
    (0.0, 0.0, 1.0)
    """

    K: float = quantity("J/m^3", "uniaxial anisotropy constant")
    axis: tuple[float, float, float] = quantity("", "direction of the axis", default=(0.0, 0.0, 1.0))
    stencil: ClassVar[str] = "cell"

    def __post_init__(self) -> None:
        check_quantities(self)
        axis = checked_vector("UniaxialAnisotropy", "axis", self.axis, "any unit", 3)
        length = math.hypot(*axis)
        if length == 0:
            raise ValueError("UniaxialAnisotropy: axis = (0, 0, 0) has no direction; give a nonzero vector")
        object.__setattr__(self, "axis", tuple(component / length for component in axis))

    @property
    def _along_z(self) -> bool:
        return self.axis == (0.0, 0.0, 1.0)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """2K (J/m³) and, unless that is z, the unit vector along the axis."""
        return (2 * self.K,) if self._along_z else (2 * self.K, *self.axis)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """Largest eigenvalue of the field operator (T)."""
        return 2 * abs(self.K) / Ms

    @property
    def field(self) -> Any:
        """The per-cell −δw/δm (J/m³)."""
        return field_along_z if self._along_z else field

    @property
    def energy(self) -> Any:
        """The per-cell w (J/m³)."""
        return energy_along_z if self._along_z else energy


@per_cell
def field(m, two_K, ax, ay, az):  # type: ignore[no-untyped-def]
    """2K (m·a) a."""
    strength = two_K * dot(m, (ax, ay, az))
    return (strength * ax, strength * ay, strength * az)


@per_cell
def energy(m, two_K, ax, ay, az):  # type: ignore[no-untyped-def]
    """K [1 − (m·a)²]."""
    along = dot(m, (ax, ay, az))
    return 0.5 * two_K * (1.0 - along * along)


@per_cell
def field_along_z(m, two_K):  # type: ignore[no-untyped-def]
    """2K m_z ẑ (a difference makes a zero of the right float type)."""
    zero = two_K - two_K
    return (zero, zero, two_K * m[2])


@per_cell
def energy_along_z(m, two_K):  # type: ignore[no-untyped-def]
    """K (1 − m_z²)."""
    return 0.5 * two_K * (1.0 - m[2] * m[2])
