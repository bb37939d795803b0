"""Explicit Runge-Kutta methods as data, and the one loop that runs the classical one.

With s2 = y + h/2 k1, s3 = y + h/2 k2 and s4 = y + h k3, where k1 … k4 are the rates at y, s2, s3 and s4, the classical
step y + h/6 (k1 + 2 k2 + 2 k3 + k4) is a third of (s2 + 2 s3 + h k3) + h/2 k4. So no k is kept: stage 3 leaves the
first part in place of y, stage 4 adds the rest and normalises, which takes care of the third, each in the loop that
evaluates the rate, and the state is read and written once per step (`llgsim.layout.Schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ButcherTableau:
    """An explicit Runge-Kutta method: y + dt Σ b_i k_i with k_i = f(t + c_i dt, y + dt Σ_j a_ij k_j).

    `stability_limit` is |λ| dt on the imaginary axis up to which the method damps or keeps an oscillation.
    """

    name: str
    order: int
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    c: NDArray[np.float64]
    stability_limit: float


RK4 = ButcherTableau(
    name="classical Runge-Kutta",
    order=4,
    a=np.array([[0, 0, 0, 0], [1 / 2, 0, 0, 0], [0, 1 / 2, 0, 0], [0, 0, 1, 0]]),
    b=np.array([1 / 6, 1 / 3, 1 / 3, 1 / 6]),
    c=np.array([0, 1 / 2, 1 / 2, 1]),
    stability_limit=2 * np.sqrt(2),
)

# Written into every kernel module: the loops call its row functions (a compiled function given as an argument could
# not be cached on disk). Every order of the rows calls the same compiled `block`, so that all give the same bits.
BLOCK = '''
@njit(**COMPILE_OPTIONS)
def block(
    y, s, s3, y_rows, s_rows, s3_rows, grid_rows, ranges, band, h, p, q, wx, wy, nx, ny, stride, close
):
    """One step of the rows of one block, the stages following one another REACH rows apart; p from row q on."""
    stand_alone()
    fixed = p.shape[0] == 1
    p1, p2, p3, p4 = p[q], p[q if fixed else q + 1], p[q if fixed else q + 2], p[q if fixed else q + 3]
    begin = ranges[0, 0]
    while begin - 3 * REACH < ranges[3, 1]:
        end = begin + band
        first, last = max(begin, ranges[0, 0]), min(end, ranges[0, 1])
        increment(
            s, y, y, s_rows, y_rows, y_rows, h[0], close, first, last, p1, wx, wy, grid_rows, nx, ny, stride
        )
        first, last = max(begin - REACH, ranges[1, 0]), min(end - REACH, ranges[1, 1])
        increment(
            s3, s, y, s3_rows, s_rows, y_rows, h[1], close, first, last, p2, wx, wy, grid_rows, nx, ny, stride
        )
        first, last = max(begin - 2 * REACH, ranges[2, 0]), min(end - 2 * REACH, ranges[2, 1])
        stage_3(
            s, s3, y, s_rows, s3_rows, y_rows, h[2], close, first, last, p3, wx, wy, grid_rows, nx, ny, stride
        )
        first, last = max(begin - 3 * REACH, ranges[3, 0]), min(end - 3 * REACH, ranges[3, 1])
        stage_4(s, y, s_rows, y_rows, h[3], close, first, last, p4, wx, wy, grid_rows, nx, ny, stride)
        begin = end
'''

ADVANCE = '''
@njit(**COMPILE_OPTIONS)
def advance(
    steps, y, s, s3, y_rows, s_rows, s3_rows, grid_rows, ranges, copies, band, h, p, wx, wy, nx, ny, stride,
    close,
):
    """`steps` Runge-Kutta steps in place on y, block by block; in parallel, every block by a thread of its own.

    h holds dt/2, dt/2, dt and dt/2; p one row of parameters that hold throughout, or one per step and stage.
    """
    for step_number in range(steps):
        q = 0 if p.shape[0] == 1 else 4 * step_number
        for index in range(ranges.shape[0]):
            b = np.int64(index)  # prange counts in unsigned numbers, which do not index well
            for k in range(copies.shape[1]):
                if copies[b, k, 0] >= 0:
                    copy_row(y, copies[b, k, 0], copies[b, k, 1], 3 * stride)
        for index in range(ranges.shape[0]):
            b = np.int64(index)  # prange counts in unsigned numbers, which do not index well
            block(
                y, s, s3, y_rows[b], s_rows[b], s3_rows[b], grid_rows[b], ranges[b],
                band, h, p, q, wx, wy, nx, ny, stride, close,
            )
'''
PARALLEL = (
    ADVANCE.replace("@njit(", "@njit(parallel=True, ").replace("def advance", "def advance_in_parallel")
    .replace("for index in range", "for index in prange")
)  # fmt: skip
STEP = (BLOCK.strip(), ADVANCE.strip(), PARALLEL.strip())
