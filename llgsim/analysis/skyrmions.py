"""Where a skyrmion is and how large it is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.analysis.derivatives import checked_field
from llgsim.analysis.topology import charge_density
from llgsim.grid import Grid, shortest

# standard deviation of the window over the extent of the charge, tried in turn: the iteration diverges below 0.71 for a
# disc, at 1 for a bubble that is much longer than wide or that nearly fills its period
WINDOWS = (1.0, 1.5, 2.0, 3.0)


def skyrmion_position(m: ArrayLike, grid: Grid) -> tuple[float, float]:
    """Centre (x, y) of the only skyrmion of a state, in metres.

    The centroid of the topological charge under a Gaussian window that is centred on the result,

        Σ W(r_p − X) q_p (r_p − X) = 0,   W(d) = exp(−d²/2s²),

    q_p the charge of plaquette p, s² the second moment of q_p² about the start, distances by the shortest way on
    periodic axes, where the window falls to zero half a period away. Where no centre is stable in that window, s is
    made 1.5, 2 and 3 times as large: for a bubble much longer than wide, or one that nearly fills its period. For a
    smooth skyrmion of radius 7.5 nm and wall width 5 nm on cells of 2 nm the error is below 1e-8 nm wherever it lies
    between the cells. The window leaves out canted edges and whatever lies far away; because it is smooth and centred,
    the lattice and the ends of the period bias the result only by exponentially small amounts.

    Parameters
    ----------
    m : array (3, ny, nx)
        Magnetisation direction; 0 outside the mask.
    grid : Grid

    Raises
    ------
    ValueError
        |Q| < 0.5 (no skyrmion), |Q| > 1.5 (several textures), a charge that has no single centre, m of another
        shape or not finite.

    Examples
    --------
    >>> from llgsim.grid import Grid
    >>> grid = Grid(nx=32, ny=32, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(True, True))
    >>> x, y = grid.distance((9.3e-9, 27.8e-9))
    >>> theta, phi = 2 * np.arctan(np.sinh(np.hypot(x, y) / 2e-9)), np.arctan2(y, x)
    >>> m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    >>> [round(c * 1e9, 2) for c in skyrmion_position(m, grid)]
    [9.3, 27.8]
    """
    charge, x, y = charge_density(m, grid)
    total = float(charge.sum())
    if abs(total) < 0.5:
        raise ValueError(f"this state holds no skyrmion: its topological charge is {total:.3g}")
    if abs(total) > 1.5:
        raise ValueError(
            f"this state holds {round(abs(total))} skyrmions (topological charge {total:.3g}); crop or mask to one"
        )
    charge = charge * math.copysign(1.0, total)
    strong = np.maximum(charge, 0) ** 2  # squared: weak charges of canted edges do not widen the window
    start_x = _start(m, grid, 0)
    start_y = _start(m, grid, 1)
    from_x = shortest(x - start_x, grid.size[0], grid.periodic[0])
    from_y = shortest(y - start_y, grid.size[1], grid.periodic[1])
    extent = math.sqrt((strong.sum(axis=0) @ from_x**2 + strong.sum(axis=1) @ from_y**2) / strong.sum())
    extent = max(extent, grid.dx, grid.dy)
    for ratio in WINDOWS:
        center = _centroid(charge, x, y, grid, (start_x, start_y), ratio * extent)
        # a centre that is unstable in this window sends the iteration to another fixed point
        if center is not None and math.hypot(center[0] - start_x, center[1] - start_y) < extent / 2:
            # modulo twice: -1e-30 % L is L
            found = [c % size % size if wraps else c for c, size, wraps in zip(center, grid.size, grid.periodic)]
            return float(found[0]), float(found[1])
    raise ValueError(
        f"the topological charge {total:.3g} of this state has no single centre: it holds more than one texture "
        "or none that is localised; crop or mask to one skyrmion"
    )


def _start(m: ArrayLike, grid: Grid, axis: int) -> float:
    """Where to begin along an axis (0: x, 1: y): its mean, circular on a periodic one, with weights (v − min v)².

    v = Σ|δm| is the length of the path that m takes on the sphere along each line across the axis: 2π or so through the
    texture, little beside it. The circular mean of the charge itself, which sits on the rim, is half a period off for
    radii above 0.383 periods (a zero of J0).
    """
    field, inside = np.asarray(m, dtype=np.float64), grid.magnetic
    if axis == 1:
        field, inside = field.swapaxes(1, 2), inside.T
    steps = np.sqrt(((np.roll(field, -1, axis=1) - field) ** 2).sum(axis=0)) * (inside & np.roll(inside, -1, axis=0))
    path = steps.sum(axis=0) if grid.periodic[1 - axis] else steps[:-1].sum(axis=0)
    weight, line, size = (path - path.min()) ** 2, (grid.x, grid.y)[axis], grid.size[axis]
    if not grid.periodic[axis]:
        return float(weight @ line / weight.sum())
    return float(np.angle(weight @ np.exp(2j * np.pi * line / size)) * size / (2 * np.pi))


def _centroid(
    charge: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    grid: Grid,
    start: tuple[float, float],
    window: float,
) -> tuple[float, float] | None:
    """Fixed point X of X = Σ W q r/Σ W q reached from `start`, W of standard deviation `window`; None if there is none.

    Not reduced to the period.
    """
    center_x, center_y = start
    for _ in range(200):
        from_x, window_x = _around(x - center_x, grid.size[0], grid.periodic[0])
        from_y, window_y = _around(y - center_y, grid.size[1], grid.periodic[1])
        weight_x = np.exp(-0.5 * (window_x / window) ** 2)
        weight_y = np.exp(-0.5 * (window_y / window) ** 2)
        along_x, along_y = weight_y @ charge, charge @ weight_x
        inside = float(along_x @ weight_x)
        if inside < 0.1:  # a skyrmion leaves about half of its charge under the window
            return None
        step_x = float(along_x @ (weight_x * from_x)) / inside
        step_y = float(along_y @ (weight_y * from_y)) / inside
        center_x, center_y = center_x + step_x, center_y + step_y
        if abs(step_x) < 1e-12 * window and abs(step_y) < 1e-12 * window:
            return center_x, center_y
    return None


def skyrmion_radius(m: ArrayLike, grid: Grid) -> float:
    """Radius of the only skyrmion of a state, R = √(area inside the contour m_z = 0 / π), in metres.

    The contour is found between neighbouring cells by interpolating arctanh m_z, linear across a wall. It is taken
    around the skyrmion's position as seen from there (star-shaped, as every compact skyrmion is). A skyrmion needs
    cells of at most R/3 to exist and of R/7 to move with the right velocity.

    Parameters
    ----------
    m : array (3, ny, nx)
        Magnetisation direction; 0 outside the mask.
    grid : Grid

    Raises
    ------
    ValueError
        As `skyrmion_position`; no closed contour m_z = 0 around the centre.

    Examples
    --------
    >>> from llgsim.grid import Grid
    >>> grid = Grid(nx=48, ny=48, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=(True, True))
    >>> x, y = grid.distance()
    >>> theta, phi = 2 * np.arctan(np.sinh(np.hypot(x, y) / 3e-9) / np.sinh(8 / 3)), np.arctan2(y, x)
    >>> m = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    >>> round(skyrmion_radius(m, grid) * 1e9, 2)
    8.0
    """
    from scipy.ndimage import binary_erosion, label

    field = checked_field(m, grid)
    center_x, center_y = skyrmion_position(m, grid)
    column, row = min(int(center_x / grid.dx), grid.nx - 1), min(int(center_y / grid.dy), grid.ny - 1)
    # the skyrmion in the middle of periodic axes, so that its core is one piece
    shift_x = grid.nx // 2 - column if grid.periodic[0] else 0
    shift_y = grid.ny // 2 - row if grid.periodic[1] else 0
    m_z, magnetic = (np.roll(f, (shift_y, shift_x), (0, 1)) for f in (field[2], grid.magnetic))
    row, column = row + shift_y, column + shift_x
    from_x = (np.arange(grid.nx) + 0.5 + shift_x * -1) * grid.dx - center_x
    from_y = (np.arange(grid.ny) + 0.5 + shift_y * -1) * grid.dy - center_y

    same_side = magnetic & (m_z * m_z[row, column] > 0)
    pieces, _ = label(same_side)
    core = pieces == pieces[row, column]
    if (core & ~binary_erosion(magnetic)).any():
        raise ValueError(
            "there is no closed contour m_z = 0 around the skyrmion: it is cut off, or below a cell in size"
        )
    height = np.arctanh(np.clip(m_z, -1 + 1e-15, 1 - 1e-15))
    points_x, points_y = [], []
    for axis, from_axis, from_other in ((1, from_x, from_y[:, None]), (0, from_y[:, None], from_x)):
        lower = np.s_[:, :-1] if axis == 1 else np.s_[:-1]
        upper = np.s_[:, 1:] if axis == 1 else np.s_[1:]
        crossed = (core[lower] != core[upper]) & magnetic[lower] & magnetic[upper]
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = height[lower] / (height[lower] - height[upper])
        start, end = (np.broadcast_to(from_axis, m_z.shape)[part] for part in (lower, upper))
        along = (start + fraction * (end - start))[crossed]
        across = np.broadcast_to(from_other, m_z.shape)[lower][crossed]
        points_x.append(along if axis == 1 else across)
        points_y.append(across if axis == 1 else along)
    return _area_radius(np.concatenate(points_x), np.concatenate(points_y))


def _area_radius(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """√(½∮r²dφ/π) of the closed contour through points around the origin, in any order."""
    angle = np.arctan2(y, x)
    order = np.argsort(angle)
    steps = np.diff(np.append(angle[order], angle[order[:1]] + 2 * np.pi))
    square = (x * x + y * y)[order]
    return math.sqrt(float((steps * (square + np.roll(square, -1))).sum()) / (4 * np.pi))


def _around(
    distance: NDArray[np.float64], size: float, periodic: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shortest distance d, and what stands for it under the window.

    On a periodic axis that is (L/π) sin(πd/L)/cos(πd/L)^(1/3) = d + O(d⁵): infinite half a period away, where d jumps,
    so that nothing else does.
    """
    near = shortest(distance, size, periodic)
    if not periodic:
        return near, near
    angle = np.pi * near / size
    return near, size / np.pi * np.sin(angle) / np.cbrt(np.maximum(np.cos(angle), 1e-30))
