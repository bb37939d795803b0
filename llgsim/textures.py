"""Starting states: arrays (3, ny, nx) of unit vectors, zero where the grid has no magnet.

Chiral textures turn by default the way D > 0 prefers (interfacial DMI for Néel, bulk DMI for Bloch textures):
in a Néel wall m points from the −z domain to the +z domain.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid
from llgsim.quantities import checked_vector

Field = NDArray[np.float64]


def normalised(m: ArrayLike, grid: Grid) -> Field:
    """m scaled to unit length and set to zero outside the magnet, as a new array (3, ny, nx).

    Raises
    ------
    ValueError
        A wrong shape, a component that is not finite, or a magnetic cell with m = 0; names the first such cell.
    """
    field = np.array(m, dtype=np.float64)
    expected = (3, *grid.shape)
    if field.shape != expected:
        raise ValueError(f"m has shape {field.shape}, expected (3, ny, nx) = {expected}")
    magnetic = grid.magnetic
    field[:, ~magnetic] = 0.0
    finite = np.isfinite(field).all(axis=0)
    if not finite.all():
        j, i = np.argwhere(~finite)[0]
        raise ValueError(f"m is not finite in {int((~finite).sum())} cells, first in cell (j, i) = ({j}, {i})")
    # scaled first, so that no square overflows or vanishes
    largest = np.maximum(field.max(axis=0), -field.min(axis=0))
    field /= np.where(largest > 0, largest, 1.0)
    length = np.sqrt(np.einsum("cji,cji->ji", field, field))
    if (empty := magnetic & (length == 0)).any():
        j, i = np.argwhere(empty)[0]
        raise ValueError(f"m is zero in {int(empty.sum())} magnetic cells, first in cell (j, i) = ({j}, {i})")
    field /= np.where(magnetic, length, 1.0)
    return field


def _positive(texture: str, name: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{texture}: {name} = {value!r} m must be a positive length in metres")
    return float(value)


def _sign(texture: str, name: str, value: float) -> int:
    if value not in (1, -1):
        raise ValueError(f"{texture}: {name} = {value!r} must be +1 or -1")
    return int(value)


def _center(texture: str, grid: Grid, center: tuple[float, float] | None) -> tuple[float, float]:
    size_x, size_y = grid.size
    x, y = (size_x / 2, size_y / 2) if center is None else (float(center[0]), float(center[1]))
    if not (0 <= x <= size_x and 0 <= y <= size_y):
        raise ValueError(
            f"{texture}: center = ({x * 1e9:g}, {y * 1e9:g}) nm lies outside the grid, which covers "
            f"0 to {size_x * 1e9:g} nm in x and 0 to {size_y * 1e9:g} nm in y"
        )
    return x, y


def uniform(grid: Grid, direction: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Field:
    """m along `direction` (any length but zero) in every cell."""
    vector = checked_vector("uniform", "direction", direction, "any unit", 3)
    if not any(vector):
        raise ValueError("uniform: direction = (0, 0, 0) has no direction; give a nonzero vector")
    return normalised(np.broadcast_to(np.reshape(vector, (3, 1, 1)), (3, *grid.shape)), grid)


def random(grid: Grid, *, seed: int) -> Field:
    """Independent directions, uniform on the sphere, from `seed`."""
    return normalised(np.random.default_rng(seed).standard_normal((3, *grid.shape)), grid)


def domain_wall(
    grid: Grid,
    center: float | None = None,
    *,
    width: float,
    kind: Literal["neel", "bloch"] = "neel",
    left: int = 1,
    chirality: int = 1,
) -> Field:
    """A straight wall across x at x = center: m_z = −left·tanh((x − center)/width).

    Parameters
    ----------
    center : float, optional
        Wall position (m); default: the middle of the grid.
    width : float
        Wall width parameter Δ = √(A/K) (m).
    kind : "neel" or "bloch"
        m turns through x (Néel) or y (Bloch).
    left : +1 or -1
        m_z of the domain on the left.
    chirality : +1 or -1
        +1: the sense that D > 0 prefers (Néel: from the −z to the +z domain).

    Examples
    --------
    >>> grid = Grid(nx=100, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    >>> m = domain_wall(grid, width=5e-9)
    >>> m[2, 0, 0] > 0.99, m[0, 0, 50] < -0.99
    (np.True_, np.True_)
    """
    _positive("domain_wall", "width", width)
    left, chirality = _sign("domain_wall", "left", left), _sign("domain_wall", "chirality", chirality)
    if kind not in ("neel", "bloch"):
        raise ValueError(f"domain_wall: kind = {kind!r} must be 'neel' or 'bloch'")
    x0, _ = _center("domain_wall", grid, None if center is None else (center, 0.0))
    s = (np.broadcast_to(grid.x, grid.shape) - x0) / width
    in_plane = -chirality * left / np.cosh(s)
    zero = np.zeros(grid.shape)
    m_z = -left * np.tanh(s)
    return normalised([in_plane, zero, m_z] if kind == "neel" else [zero, in_plane, m_z], grid)


def _skyrmion(
    texture: str,
    grid: Grid,
    radius: float,
    center: tuple[float, float] | None,
    core: int,
    width: float | None,
    helicity: float,
) -> Field:
    """θ(r) = 2 arctan(sinh(R/w)/sinh(r/w)), the exact profile of two walls back to back, with m_z = 0 at r = R."""
    radius = _positive(texture, "radius", radius)
    width = radius / 2 if width is None else _positive(texture, "width", width)
    core = _sign(texture, "core", core)
    center = _center(texture, grid, center)
    limit = min((size for size in grid.size), default=0.0) / 2
    if radius >= limit:
        raise ValueError(
            f"{texture}: radius = {radius * 1e9:g} nm does not fit the grid; it must be below half the shorter side, "
            f"{limit * 1e9:g} nm"
        )
    x, y = grid.distance(center)
    r = np.hypot(x, y)
    # sinh(R/w)/sinh(r/w) without overflow for thin walls; 1e-300 keeps the core cell finite
    ratio = np.exp(np.minimum((radius - r) / width, 600)) * -np.expm1(-2 * radius / width)
    theta = 2 * np.arctan2(ratio, np.maximum(-np.expm1(-2 * r / width), 1e-300))
    phi = np.arctan2(y, x) + helicity
    return normalised(
        [-core * np.sin(theta) * np.cos(phi), -core * np.sin(theta) * np.sin(phi), -core * np.cos(theta)], grid
    )


def neel_skyrmion(
    grid: Grid,
    *,
    radius: float,
    center: tuple[float, float] | None = None,
    core: int = -1,
    width: float | None = None,
    chirality: int = 1,
) -> Field:
    """A Néel skyrmion, m_z = `core` at its centre and −core far away; radius is where m_z = 0 (m).

    `width` is its wall width (m, default radius/2); chirality +1 points from the −z to the +z region (D > 0).

    Examples
    --------
    >>> grid = Grid(nx=40, ny=40, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(True, True))
    >>> m = neel_skyrmion(grid, radius=8e-9)
    >>> m[2, 20, 20] < 0, m[2, 0, 0] > 0
    (np.True_, np.True_)
    """
    helicity = 0.0 if _sign("neel_skyrmion", "chirality", chirality) == 1 else math.pi
    return _skyrmion("neel_skyrmion", grid, radius, center, core, width, helicity)


def bloch_skyrmion(
    grid: Grid,
    *,
    radius: float,
    center: tuple[float, float] | None = None,
    core: int = -1,
    width: float | None = None,
    chirality: int = 1,
) -> Field:
    """A Bloch skyrmion; chirality +1 is what bulk DMI with D > 0 prefers (m turns counter-clockwise about core −1)."""
    helicity = math.pi / 2 * _sign("bloch_skyrmion", "chirality", chirality)
    return _skyrmion("bloch_skyrmion", grid, radius, center, core, width, helicity)


def vortex(
    grid: Grid,
    *,
    core_radius: float,
    center: tuple[float, float] | None = None,
    core: int = 1,
    circulation: int = 1,
) -> Field:
    """A vortex: m circles in the plane (circulation +1: counter-clockwise), m_z = core·exp(−r²/core_radius²)."""
    _positive("vortex", "core_radius", core_radius)
    core, circulation = _sign("vortex", "core", core), _sign("vortex", "circulation", circulation)
    x, y = grid.distance(_center("vortex", grid, center))
    r = np.hypot(x, y)
    m_z = core * np.exp(-((r / core_radius) ** 2))
    in_plane = circulation * np.sqrt(1 - m_z**2) / np.where(r > 0, r, 1.0)
    return normalised([-in_plane * y, in_plane * x, m_z], grid)
