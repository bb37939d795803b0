"""The rectangular grid that a magnetisation lives on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """A layer of nx × ny rectangular cells.

    Cell (j, i) of an array (…, ny, nx) has its centre at x = (i + ½)·dx, y = (j + ½)·dy, so that the layer covers
    0 ≤ x ≤ nx·dx and 0 ≤ y ≤ ny·dy.

    Parameters
    ----------
    nx, ny : int ≥ 1
        Number of cells along x and y. 1 × 1 is a macrospin, N × 1 a line.
    dx, dy : float
        Cell size (m).
    thickness : float
        Thickness of the magnetic layer (m).
    periodic : (bool, bool)
        Whether x and y are periodic. An open axis ends at a free surface.
    mask : array (ny, nx) of bool, optional
        True where there is magnet; m = 0 elsewhere. Default: magnet everywhere.

    Raises
    ------
    ValueError
        A count below 1, a length that is not positive and finite, `periodic` that is not a pair, a mask of another
        shape or without a magnetic cell.

    Examples
    --------
    >>> grid = Grid(nx=64, ny=64, dx=1.25e-9, dy=1.25e-9, thickness=0.6e-9, periodic=(True, True))
    >>> grid.shape, round(grid.size[0] * 1e9)
    ((64, 64), 80)
    """

    nx: int
    ny: int
    dx: float
    dy: float
    thickness: float
    periodic: tuple[bool, bool] = (False, False)
    mask: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        for name in ("nx", "ny"):
            count = getattr(self, name)
            try:
                whole = not isinstance(count, bool) and int(count) == count and count >= 1
            except (TypeError, ValueError, OverflowError):
                whole = False
            if not whole:
                raise ValueError(f"Grid: {name} = {count!r} must be a whole number of cells, at least 1")
            object.__setattr__(self, name, int(count))
        for name in ("dx", "dy", "thickness"):
            try:
                length = float(getattr(self, name))
            except (TypeError, ValueError):
                length = math.nan
            if not (math.isfinite(length) and length > 0):
                raise ValueError(f"Grid: {name} = {getattr(self, name)!r} m must be a positive length in metres")
            object.__setattr__(self, name, length)
        try:
            periodic_x, periodic_y = self.periodic
        except (TypeError, ValueError):
            raise ValueError(f"Grid: periodic = {self.periodic!r} must be a pair of bools, for x and y") from None
        object.__setattr__(self, "periodic", (bool(periodic_x), bool(periodic_y)))
        if self.mask is not None:
            mask = np.array(self.mask, dtype=bool)
            if mask.shape != self.shape:
                raise ValueError(f"Grid: mask has shape {mask.shape}, expected (ny, nx) = {self.shape}")
            if not mask.any():
                raise ValueError("Grid: mask has no magnetic cell (True marks magnet)")
            mask.setflags(write=False)
            object.__setattr__(self, "mask", None if mask.all() else mask)

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx), the shape of a scalar field."""
        return self.ny, self.nx

    @property
    def size(self) -> tuple[float, float]:
        """(nx·dx, ny·dy), the lateral size in metres."""
        return self.nx * self.dx, self.ny * self.dy

    @property
    def x(self) -> NDArray[np.float64]:
        """Cell centres along x, shape (nx,), in metres."""
        return np.asarray((np.arange(self.nx) + 0.5) * self.dx, dtype=np.float64)

    @property
    def y(self) -> NDArray[np.float64]:
        """Cell centres along y, shape (ny,), in metres."""
        return np.asarray((np.arange(self.ny) + 0.5) * self.dy, dtype=np.float64)

    @property
    def cell_volume(self) -> float:
        """dx·dy·thickness in m³."""
        return self.dx * self.dy * self.thickness

    @property
    def magnetic(self) -> NDArray[np.bool_]:
        """(ny, nx) bool, True where there is magnet."""
        return np.ones(self.shape, dtype=bool) if self.mask is None else self.mask

    def distance(self, center: tuple[float, float] | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x − x0 and y − y0 of every cell, shapes (ny, nx), by the shortest way on a periodic axis; metres."""
        size_x, size_y = self.size
        x0, y0 = (size_x / 2, size_y / 2) if center is None else center
        xx, yy = np.meshgrid(
            shortest(self.x - x0, size_x, self.periodic[0]), shortest(self.y - y0, size_y, self.periodic[1])
        )
        return xx, yy


def shortest(distance: NDArray[np.float64], size: float, periodic: bool) -> NDArray[np.float64]:
    """Distances along an axis of length `size`, by the shortest way where it is periodic; metres.

    Examples
    --------
    >>> shortest(np.array([-70e-9, 10e-9]), 80e-9, True)
    array([1.e-08, 1.e-08])
    """
    return distance - size * np.round(distance / size) if periodic else distance
