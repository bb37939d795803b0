"""Exchange stiffness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import dot, per_cell
from llgsim.quantities import check_quantities, quantity
from llgsim.stencils import check_stencil_order


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Isotropic exchange, w = A |∇m|².

    B = (2A/Ms) ∇²m, with the five-point Laplacian or the nine-point one of fourth order. A missing neighbour (free
    edge, edge of the mask) drops out of the sum over bonds, which is the Neumann condition ∂m/∂n = 0 of exchange alone.

    Parameters
    ----------
    A : float
        Exchange stiffness (J/m), ≥ 0.
    stencil_order : 2 or 4
        Order of the Laplacian; 2 compares with other codes. Fourth order needs time steps a quarter shorter and is
        second at an edge (`llgsim.stencils.bond_weights`). Give the DMI, which shares its edge condition, the same.

    Examples
    --------
    >>> Exchange(A=15e-12).A
    1.5e-11
    """

    A: float = quantity("J/m", "exchange stiffness", minimum=0.0)
    stencil_order: int = 2
    stencil: ClassVar[str] = "laplacian"
    isotropic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_quantities(self)
        check_stencil_order("Exchange", self.stencil_order)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """2A/dx² and 2A/dy² (J/m³)."""
        return 2 * self.A / grid.dx**2, 2 * self.A / grid.dy**2

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """Largest eigenvalue of the field operator (T): 4·2A/(Ms h²) per axis, 4/3 times that in fourth order."""
        largest = 4.0 if self.stencil_order == 2 else 16 / 3
        return sum(largest * 2 * self.A / h**2 for n, h in ((grid.nx, grid.dx), (grid.ny, grid.dy)) if n > 1) / Ms

    @staticmethod
    @per_cell
    def field(m, lx, ly, cx, cy):  # type: ignore[no-untyped-def]
        """−δw/δm (J/m³)."""
        return (cx * lx[0] + cy * ly[0], cx * lx[1] + cy * ly[1], cx * lx[2] + cy * ly[2])

    @staticmethod
    @per_cell
    def energy(m, lx, ly, cx, cy):  # type: ignore[no-untyped-def]
        """w (J/m³), half of each bond: −½ m·field, since |m′ − m|² = −2 m·(m′ − m)."""
        return -0.5 * (cx * dot(m, lx) + cy * dot(m, ly))
