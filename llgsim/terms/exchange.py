"""Exchange stiffness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import dot, per_cell
from llgsim.quantities import check_quantities, quantity


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Isotropic exchange, w = A |∇m|².

    B = (2A/Ms) ∇²m, with the five-point Laplacian. A missing neighbour (free edge, edge of the mask) drops out of the
    sum over bonds, which is the Neumann condition ∂m/∂n = 0 of exchange alone.

    Parameters
    ----------
    A : float
        Exchange stiffness (J/m), ≥ 0.

    Examples
    --------
    >>> Exchange(A=15e-12).A
    1.5e-11
    """

    A: float = quantity("J/m", "exchange stiffness", minimum=0.0)
    stencil: ClassVar[str] = "neighbours"

    def __post_init__(self) -> None:
        check_quantities(self)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """2A/dx² and 2A/dy² (J/m³)."""
        return 2 * self.A / grid.dx**2, 2 * self.A / grid.dy**2

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """Largest eigenvalue of the field operator (T): 4·2A/(Ms h²) per axis."""
        return sum(4 * 2 * self.A / h**2 for n, h in ((grid.nx, grid.dx), (grid.ny, grid.dy)) if n > 1) / Ms

    # A missing neighbour is a zero vector, so |neighbour|² says whether the bond exists.
    @staticmethod
    @per_cell
    def field(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """−δw/δm (J/m³)."""
        bonds = cx * (dot(east, east) + dot(west, west)) + cy * (dot(north, north) + dot(south, south))
        return (
            cx * (east[0] + west[0]) + cy * (north[0] + south[0]) - bonds * m[0],
            cx * (east[1] + west[1]) + cy * (north[1] + south[1]) - bonds * m[1],
            cx * (east[2] + west[2]) + cy * (north[2] + south[2]) - bonds * m[2],
        )

    @staticmethod
    @per_cell
    def torque_field(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """`field` up to a part along m, which exerts no torque: cheaper by the count of bonds."""
        return (
            cx * ((east[0] - m[0]) + (west[0] - m[0])) + cy * ((north[0] - m[0]) + (south[0] - m[0])),
            cx * ((east[1] - m[1]) + (west[1] - m[1])) + cy * ((north[1] - m[1]) + (south[1] - m[1])),
            cx * ((east[2] - m[2]) + (west[2] - m[2])) + cy * ((north[2] - m[2]) + (south[2] - m[2])),
        )

    @staticmethod
    @per_cell
    def energy(m, east, west, north, south, cx, cy):  # type: ignore[no-untyped-def]
        """w (J/m³): half of A|m′ − m|²/h² for each bond, as A m′·(m′ − m)/h²."""
        along_x = dot(east, east) - dot(east, m) + dot(west, west) - dot(west, m)
        along_y = dot(north, north) - dot(north, m) + dot(south, south) - dot(south, m)
        return 0.5 * (cx * along_x + cy * along_y)
