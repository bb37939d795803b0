"""Energy terms, one per file.

A term is a frozen dataclass with SI parameters and

- `stencil`: "cell" (needs only m of the cell) or "neighbours" (needs the four nearest neighbours as well),
- `parameters(grid, Ms, gamma, t)`: the numbers that its per-cell functions take,
- `field(m, [east, west, north, south,] *parameters)`: −δw/δm in J/m³, so that B = field/Ms,
- `energy(m, [east, west, north, south,] *parameters)`: its energy density w in J/m³,
- `field_bound(grid, Ms)`: a bound on the eigenvalues of its field operator in tesla, for the time step,
- optionally `torque_field`: `field` up to a part along m, where that is cheaper.

m and its neighbours are triples; a neighbour that does not exist is (0, 0, 0). A class of your own with the same
members works like a built-in one.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol

from llgsim.grid import Grid
from llgsim.terms.bulk_dmi import BulkDMI
from llgsim.terms.exchange import Exchange
from llgsim.terms.interfacial_dmi import InterfacialDMI
from llgsim.terms.thin_film_demag import ThinFilmDemag
from llgsim.terms.uniaxial import UniaxialAnisotropy
from llgsim.terms.zeeman import Zeeman

__all__ = [
    "BulkDMI",
    "Exchange",
    "InterfacialDMI",
    "Term",
    "ThinFilmDemag",
    "UniaxialAnisotropy",
    "Zeeman",
    "registered",
]


class Term(Protocol):
    """What a composed kernel and the integrator need from an energy term."""

    stencil: Any
    field: Any
    energy: Any

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]: ...

    def field_bound(self, grid: Grid, Ms: float) -> float: ...


def registered() -> dict[str, type]:
    """Every term of this package by class name, found by walking its files."""
    found: dict[str, type] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for name, member in vars(module).items():
            if isinstance(member, type) and member.__module__ == module.__name__ and hasattr(member, "field_bound"):
                found[name] = member
    return found
