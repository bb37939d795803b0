"""Topological charge of a magnetisation field."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.analysis.derivatives import checked_field
from llgsim.grid import Grid


def topological_charge(m: ArrayLike, grid: Grid) -> float:
    """Topological charge Q = (1/4π) ∫ m·(∂_x m × ∂_y m) dx dy.

    Q = +1 for a skyrmion whose core points up (m_z > 0) in a film magnetised down, −1 for core down. The sum of the
    solid angles that the plaquettes of four neighbouring cells span on the sphere, two triangles each (B. Berg and
    M. Lüscher, Nucl. Phys. B 190, 412 (1981)): an integer to rounding error on a fully periodic grid, for any field.
    At open edges and mask edges only plaquettes with four magnetic cells count, so that canted edges leave Q
    slightly off an integer. 0 on a grid one cell wide.

    Parameters
    ----------
    m : array (3, ny, nx)
        Magnetisation direction (rescaled to unit length here); 0 outside the mask.
    grid : Grid

    Raises
    ------
    ValueError
        m of another shape or not finite.

    Examples
    --------
    >>> from llgsim.grid import Grid
    >>> grid = Grid(nx=32, ny=32, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(True, True))
    >>> x, y = grid.distance()
    >>> theta, phi = np.minimum(np.hypot(x, y) / 15e-9, 1) * np.pi, np.arctan2(y, x)
    >>> m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    >>> round(topological_charge(m, grid), 12)
    1.0
    """
    return float(charge_density(m, grid)[0].sum())


def charge_density(m: ArrayLike, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Topological charge of every plaquette of four neighbouring cells, and where the plaquettes are.

    Returns
    -------
    charge : array (py, px)
        Dimensionless; the sum is Q. px = nx on a periodic axis of at least two cells, nx − 1 on an open one.
    x, y : arrays (px,), (py,)
        Plaquette centres (m), which are the common corners of the four cells.

    Raises
    ------
    ValueError
        m of another shape or not finite.

    Examples
    --------
    >>> from llgsim.grid import Grid
    >>> grid = Grid(nx=3, ny=3, dx=1.0, dy=1.0, thickness=1.0, periodic=(True, False))
    >>> charge, x, y = charge_density(np.ones((3, 3, 3)), grid)
    >>> charge.shape, x.tolist(), y.tolist()
    ((2, 3), [1.0, 2.0, 3.0], [1.0, 2.0])
    """
    field = checked_field(m, grid)
    length = np.sqrt((field * field).sum(axis=0))
    field = field / np.where(length > 0, length, 1)
    inside = grid.magnetic
    for axis, wraps in ((-1, grid.periodic[0]), (-2, grid.periodic[1])):
        if wraps and field.shape[axis] > 1:
            first = [0]
            field = np.concatenate([field, field.take(first, axis)], axis)
            inside = np.concatenate([inside, inside.take(first, axis)], axis)

    here, right = field[:, :-1, :-1], field[:, :-1, 1:]
    above, across = field[:, 1:, :-1], field[:, 1:, 1:]
    solid_angle = _triangle(here, right, across) + _triangle(here, across, above)
    whole = inside[:-1, :-1] & inside[:-1, 1:] & inside[1:, :-1] & inside[1:, 1:]
    charge = np.where(whole, solid_angle, 0.0) / (4 * np.pi)
    return charge, np.arange(1, charge.shape[1] + 1) * grid.dx, np.arange(1, charge.shape[0] + 1) * grid.dy


def _triangle(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed solid angle of the spherical triangle abc: tan(Ω/2) = a·(b×c)/(1 + a·b + b·c + c·a)."""
    volume = (
        a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    )
    return 2 * np.arctan2(volume, 1 + (a * b + b * c + c * a).sum(axis=0))
