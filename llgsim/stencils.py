"""Weights of the finite differences that torques take their gradients from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid

GHOSTS = 3
CENTRAL = {2: (1 / 2,), 4: (2 / 3, -1 / 12), 6: (3 / 4, -3 / 20, 1 / 60)}


def central_weights(order: int, n: int, h: float, periodic: bool) -> list[float]:
    """w_k of ∂m ≈ Σ_k w_k (m[i+k] − m[i−k]), k = 1 … order/2; lower order on a short periodic axis, 0 for one cell."""
    fits = order
    if periodic:
        while fits and n < fits + 1:
            fits -= 2
    if n == 1:
        fits = 0
    weights = [w / h for w in CENTRAL[fits]] if fits else []
    return weights + [0.0] * (order // 2 - len(weights))


def derivative_weights(offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights of the first derivative at 0 from samples at `offsets` (cells, 0 among them), exact for full degree."""
    weights = np.zeros(len(offsets))
    for q, here in enumerate(offsets):
        if here != 0:
            others = offsets[(offsets != here) & (offsets != 0)]
            # of the Lagrange polynomial; the products are exact integers, a linear solve would lose two digits
            weights[q] = np.prod(-others) / (here * np.prod(here - others))
    weights[offsets == 0] = -weights.sum()
    return weights


def edge_stencils(
    grid: Grid, orders: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Cells whose central stencil meets an edge, with the narrower stencils that they use.

    Returns cells (n, 2) as (j, i) in row order, and for each order, cell and axis (x, y) the seven indices along that
    axis in the padded array and their weights (1/m), both (orders, n, 2, 7). A cell uses the widest central difference
    of at most the given order that fits between the ends of its unbroken run of magnetic cells; the last cell of a run
    takes the difference to its one neighbour, a run of one cell has none. Every cell outside the magnet is listed, with
    zero weights.

    One-sided differences of high order would be more accurate but amplify: with them a uniform state in an open strip
    blows up from its inflow edge at drives of 5 % of 2γA/(Ms h), whatever the damping and the time step. These do not
    in a strip, at any drive; the stepped edges of a mask still do from about 10 % on, of which `llgsim.validity` warns
    (tests/physics/test_open_edges.py).
    """
    reach = max(orders, default=0) // 2
    irregular = ~grid.magnetic
    runs = {}
    for axis, n in ((0, grid.nx), (1, grid.ny)):
        magnetic = grid.magnetic if axis == 0 else grid.magnetic.T
        before, after = run_lengths(magnetic, grid.periodic[axis])
        runs[axis] = (before, after) if axis == 0 else (before.T, after.T)
        if n == 1:
            continue
        reaches = min(reach, (n - 1) // 2) if grid.periodic[axis] else reach
        irregular |= (runs[axis][0] < reaches) | (runs[axis][1] < reaches)
    cells = np.ascontiguousarray(np.argwhere(irregular), dtype=np.int64)  # one layout, one compilation
    indices = np.empty((len(orders), len(cells), 2, 7), dtype=np.int64)
    indices[:] = GHOSTS + cells[None, :, ::-1, None]  # with weight 0 where a stencil is shorter
    weights = np.zeros(indices.shape)
    cached = lru_cache(None)(lambda first, count: derivative_weights(np.arange(first, first + count)))
    magnetic = grid.magnetic
    for axis, n, h in ((0, grid.nx, grid.dx), (1, grid.ny, grid.dy)):
        before, after = runs[axis]
        for row in np.flatnonzero(magnetic[cells[:, 0], cells[:, 1]]):
            j, i = cells[row]
            left, right = int(before[j, i]), int(after[j, i])
            for index, order in enumerate(orders):
                widest = order // 2
                while grid.periodic[axis] and widest and n < 2 * widest + 1:
                    widest -= 1
                half = min(widest, left, right)
                # a periodic axis too short for any central difference has no derivative either
                first, last = (-half, half) if half or not widest else (-min(left, 1), min(right, 1))
                count = last - first + 1
                along = (i, j)[axis] + np.arange(first, first + count)
                indices[index, row, axis, :count] = GHOSTS + along % n
                weights[index, row, axis, :count] = cached(first, count) / h
    return cells, indices, weights


def run_lengths(magnetic: NDArray[np.bool_], periodic: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every cell, how many magnetic cells follow without a gap on its left and right (along the last axis)."""
    n = magnetic.shape[1]

    def before(field: NDArray[np.bool_]) -> NDArray[np.int64]:
        extended = np.concatenate([field, field], axis=1) if periodic else field
        count = np.zeros(extended.shape, dtype=np.int64)
        for i in range(1, extended.shape[1]):
            count[:, i] = np.where(extended[:, i - 1], count[:, i - 1] + 1, 0)
        return np.minimum(count, n)[:, -n:]

    left = before(magnetic)
    right = before(magnetic[:, ::-1])[:, ::-1]
    return np.where(magnetic, left, 0), np.where(magnetic, right, 0)
