"""Weights of the finite differences that terms and torques are evaluated with, also at edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid

Weights = NDArray[np.float64]
CENTRAL = {2: (1 / 2,), 4: (2 / 3, -1 / 12), 6: (3 / 4, -3 / 20, 1 / 60)}


def gradient_weights(grid: Grid, order: int, axis: int) -> Weights:
    """w_k(j, i) of ∂m ≈ Σ_k w_k (m[+k] − m[−k]) along axis 0 (x) or 1 (y), shape (order/2, ny, nx), in 1/m.

    A cell uses the widest central difference of at most the given order that fits between the ends of its unbroken run
    of magnetic cells, and on a periodic axis between a cell and itself. The last cell of a run takes the difference to
    its one neighbour; since the other one is a zero vector, that is w_1 = 1/h, up to the part ∓m/h along m, which no
    torque feels. A run of one cell has no derivative, nor have cells outside the magnet.

    One-sided differences of high order would be more accurate but amplify: with them a uniform state in an open strip
    blows up from its inflow edge at drives of 5 % of 2γA/(Ms h), whatever the damping and the time step. These do not
    in a strip, at any drive; the stepped edges of a mask still do from about 10 % on, of which `llgsim.validity` warns
    (tests/physics/test_open_edges.py).
    """
    n, h = ((grid.nx, grid.dx), (grid.ny, grid.dy))[axis]
    widest = order // 2
    while grid.periodic[axis] and widest and n < 2 * widest + 1:
        widest -= 1
    weights = np.zeros((order // 2, *grid.shape))
    if n == 1 or not widest:
        return weights
    before, after = run_lengths(grid.magnetic if axis == 0 else grid.magnetic.T, grid.periodic[axis])
    left, right = (before, after) if axis == 0 else (before.T, after.T)
    half = np.minimum(np.minimum(left, right), widest)
    for fits in range(1, widest + 1):
        for k, weight in enumerate(CENTRAL[2 * fits]):
            weights[k][half == fits] = weight / h
    weights[0][(half == 0) & (left + right > 0)] = 1 / h
    return weights


def check_stencil_order(owner: str, order: int) -> None:
    if order not in (2, 4):
        raise ValueError(f"{owner}: stencil_order = {order!r} must be 2 or 4")


def bond_weights(grid: Grid, axis: int) -> Weights:
    """Weights of a cell's bonds for terms of fourth order: to [+1], [−1], [+2], [−2] along an axis, (4, ny, nx).

    With a = m[+1] − m and b = m − m[−1] the exchange energy is A/h² (Σ|a|² over bonds + ¹⁄₁₂ Σ|a − b|² over cells that
    have both neighbours), and the bilinear bonds of a DMI are combined in the same way. In terms of bonds, each such
    cell adds 1/6 to its two bonds of length one, 4/3 in all inside a film, and makes a bond of length two between its
    neighbours, which the term itself weights (exchange by −1/12, DMI by −1/6). At an edge this leaves the second-order
    energy, whose natural boundary condition is that of the continuum, and the energy of exchange is never negative.
    """
    magnetic = grid.magnetic

    def there(offset: int) -> NDArray[np.float64]:
        shifted = np.roll(magnetic, -offset, axis=1 - axis)
        if not grid.periodic[axis]:
            n = grid.shape[1 - axis]
            inside = (np.arange(n) + offset >= 0) & (np.arange(n) + offset < n)
            shifted = shifted & (inside[None, :] if axis == 0 else inside[:, None])
        return shifted.astype(float)

    return np.stack([1 + (there(-1) + there(2)) / 6, 1 + (there(1) + there(-2)) / 6, there(1), there(-1)])


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
