"""A composed kernel at work on the states of a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim.compose import Kernel
from llgsim.grid import Grid
from llgsim.layout import GHOSTS, Schedule
from llgsim.rows import close_rows
from llgsim.threads import threads

# Cells that a stage works on at a time: enough to spare overhead, few enough to stay in the cache until the next stage.
# On grids of up to about 60 × 60 cells that is all of them, and every stage runs over the whole grid before the next.
BAND_CELLS = 4096
Array = NDArray[Any]


class Engine:
    """Evaluates and integrates states, flat arrays as `llgsim.layout` describes them.

    `parameters` below are the kernel's numbers in the engine's float type (`Engine.parameters`).
    """

    def __init__(self, kernel: Kernel, grid: Grid, dtype: Any, blocks: int = 1, band: int | None = None) -> None:
        self.kernel, self.grid, self.dtype = kernel, grid, np.dtype(dtype)
        self.schedule = Schedule(
            grid, self.dtype, kernel.reach, blocks, max(2, BAND_CELLS // grid.nx) if band is None else band
        )
        self.layout = self.schedule.layout
        self._weights = kernel.wx.astype(self.dtype), kernel.wy.astype(self.dtype)

    # -- states

    def state(self, m: Array | None = None) -> Array:
        """A state with this m (3, ny, nx), or of zeros."""
        state = self.layout.state()
        if m is not None:
            self.assign(state, m)
        return state

    def cells(self, state: Array) -> Array:
        """The grid's cells of a state as a view (3, ny, nx); `close` the state after writing to it."""
        return self.layout.cells(state)

    def assign(self, state: Array, m: Array) -> None:
        self.cells(state)[:] = m
        self.close(state)

    def close(self, state: Array) -> None:
        """Set the ghost cells of periodic rows."""
        if self.grid.periodic[0]:
            rows = self.layout.first_cells(np.arange(self.grid.ny))
            close_rows(state, rows, self.grid.nx, self.layout.stride, GHOSTS)

    # -- evaluation

    def parameters(self, Ms: float, gamma: float, damping: float, t: float) -> Array:
        """The kernel's numbers at time t (s)."""
        return self.kernel.parameters(self.grid, Ms, gamma, damping, t).astype(self.dtype)

    def rate(self, state: Array, parameters: Array, out: Array) -> None:
        """∂t m (1/s) of a state into the cells of another."""
        base = self.layout.first_cells(np.full(len(self.layout.rows), self.grid.ny))  # the row of zeros
        rows, one = self.layout.rows, self.dtype.type(1)
        self.kernel.module.increment(out, state, state, rows, rows, base, one, False, *self._all_rows(parameters))

    def field(self, state: Array, parameters: Array, h: NDArray[np.float64]) -> None:
        """Ms B (J/m³) of a state into h (3, ny, nx)."""
        self.kernel.module.field(state, self.layout.rows, h, *self._all_rows(parameters))

    def totals(self, state: Array, parameters: Array) -> NDArray[np.float64]:
        """Sums of m_x, m_y, m_z, the largest |m × Ms B|² and the sum of the energy density (J/m³) of each term."""
        sums = np.zeros(4 + len(self.kernel.terms))
        self.kernel.module.totals(state, self.layout.rows, sums, *self._all_rows(parameters))
        return sums

    def _all_rows(self, parameters: Array) -> tuple[Any, ...]:
        """The last arguments of a row function that is to run over the grid."""
        reach, (ny, nx) = self.layout.reach, self.grid.shape
        numbers = np.arange(-reach, ny + reach) % ny
        return reach, reach + ny, parameters, *self._weights, numbers, nx, ny, self.layout.stride

    # -- integration

    def advance(self, state: Array, rings: tuple[Array, Array], steps: int, dt: float, parameters: Array) -> None:
        """`steps` Runge-Kutta steps of dt (s) in place, in the memory of `schedule.rings()`.

        `parameters` has one row that holds throughout, or one per step and stage.
        """
        plan = self.schedule
        tables = plan.state_rows, plan.s_rows, plan.s3_rows, plan.grid_rows, plan.ranges, plan.copies
        factors = np.array([dt / 2, dt / 2, dt, dt / 2]).astype(self.dtype)
        sizes = self.grid.nx, self.grid.ny, self.layout.stride, self.grid.periodic[0]
        arguments = steps, state, *rings, *tables, plan.band, factors, parameters, *self._weights, *sizes
        if plan.blocks == 1:
            self.kernel.module.advance(*arguments)
        else:
            with threads(plan.blocks):
                self.kernel.module.advance_in_parallel(*arguments)
