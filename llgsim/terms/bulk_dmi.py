"""Bulk Dzyaloshinskii-Moriya interaction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import per_cell
from llgsim.quantities import check_quantities, quantity


@dataclass(frozen=True, kw_only=True)
class BulkDMI:
    """Bulk DMI of a cubic chiral magnet, w = D m·(∇×m).

    B = −(2D/Ms) ∇×m. The discrete energy is a sum over bonds, D/h (m_z m′_y − m_y m′_z) along x and
    D/h (m_x m′_z − m_z m′_x) along y; the field is its exact derivative, and a missing neighbour drops its bond.

    Parameters
    ----------
    D : float
        DMI constant (J/m²), either sign.

    Examples
    --------
    >>> BulkDMI(D=-3e-3).D
    -0.003
    """

    D: float = quantity("J/m^2", "bulk DMI constant")
    stencil: ClassVar[str] = "neighbours"

    def __post_init__(self) -> None:
        check_quantities(self)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """D/dx and D/dy (J/m³)."""
        return self.D / grid.dx, self.D / grid.dy

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """Largest eigenvalue of the field operator (T): (2|D|/Ms) √(Σ 1/h²)."""
        return 2 * abs(self.D) / Ms * math.hypot((grid.nx > 1) / grid.dx, (grid.ny > 1) / grid.dy)

    @staticmethod
    @per_cell
    def field(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """−δw/δm (J/m³)."""
        return (
            cy * (south[2] - north[2]),
            cx * (east[2] - west[2]),
            cx * (west[1] - east[1]) + cy * (north[0] - south[0]),
        )

    @staticmethod
    @per_cell
    def energy(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """w (J/m³), half of each bond."""
        along_x = m[2] * (east[1] - west[1]) - m[1] * (east[2] - west[2])
        along_y = m[0] * (north[2] - south[2]) - m[2] * (north[0] - south[0])
        return 0.5 * (cx * along_x + cy * along_y)
