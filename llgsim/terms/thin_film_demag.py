"""Stray field of an ultrathin film, in the local approximation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from llgsim.grid import Grid
from llgsim.percell import per_cell

VACUUM_PERMEABILITY = 4e-7 * math.pi  # T·m/A; the 2019 value differs by 5e-10


@dataclass(frozen=True, kw_only=True)
class ThinFilmDemag:
    """Demagnetising field of a film much thinner than its textures, w = ½ μ0 Ms² m_z².

    B = −μ0 Ms m_z ẑ, the local limit of the dipolar field: surface charges only, no volume charges. It lowers the
    perpendicular anisotropy to K_eff = K − ½ μ0 Ms².

    Examples
    --------
    >>> ThinFilmDemag()
    ThinFilmDemag()
    """

    stencil: ClassVar[str] = "cell"
    is_stray_field: ClassVar[bool] = True  # a simulation has at most one

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """μ0 Ms² (J/m³)."""
        return (VACUUM_PERMEABILITY * Ms**2,)

    def field_bound(self, grid: Grid, Ms: float) -> float:
        """μ0 Ms (T)."""
        return VACUUM_PERMEABILITY * Ms

    @staticmethod
    @per_cell
    def field(m, twice_density):  # type: ignore[no-untyped-def]
        """−δw/δm (J/m³); the first two components vanish (written as a difference to keep the float type)."""
        zero = twice_density - twice_density
        return (zero, zero, -twice_density * m[2])

    @staticmethod
    @per_cell
    def energy(m, twice_density):  # type: ignore[no-untyped-def]
        """w (J/m³)."""
        return 0.5 * twice_density * m[2] * m[2]
