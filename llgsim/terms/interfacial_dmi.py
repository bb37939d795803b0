"""Interfacial Dzyaloshinskii-Moriya interaction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import per_cell
from llgsim.quantities import check_quantities, quantity


@dataclass(frozen=True, kw_only=True)
class InterfacialDMI:
    """Interfacial DMI, w = D [m_z ∇·m − (m·∇) m_z].

    B = (2D/Ms) (∂x m_z, ∂y m_z, −∂x m_x − ∂y m_y). D > 0 makes m point from −z to +z regions. The sign is that of
    mumax³'s Dind and the opposite of Ubermag's Cnv_z.

    The discrete energy is a sum over bonds, D/h (m_z m′_x − m_x m′_z) for a bond along x. Its exact derivative is the
    field; a missing neighbour drops its bond, which gives the canted free edge, ∂m/∂n = (D/2A) (n × ẑ) × m, to the
    order of the discretisation.

    Parameters
    ----------
    D : float
        DMI constant (J/m²), either sign.

    Examples
    --------
    >>> InterfacialDMI(D=3e-3).D
    0.003
    """

    D: float = quantity("J/m^2", "interfacial DMI constant")
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
            cx * (east[2] - west[2]),
            cy * (north[2] - south[2]),
            cx * (west[0] - east[0]) + cy * (south[1] - north[1]),
        )

    @staticmethod
    @per_cell
    def energy(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """w (J/m³), half of each bond."""
        along_x = m[2] * (east[0] - west[0]) - m[0] * (east[2] - west[2])
        along_y = m[2] * (north[1] - south[1]) - m[1] * (north[2] - south[2])
        return 0.5 * (cx * along_x + cy * along_y)
