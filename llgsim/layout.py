"""How a state lies in memory, and in which order its rows are worked on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid

CACHE_LINE = 64  # bytes
STAGES = 4
GHOSTS = 3  # cells beyond the end of a row that a kernel may look at
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layout:
    """A state as a flat array: row after row of cells, each row m_x, m_y and m_z in runs of `stride` numbers.

    Every run starts with a cache line of ghost cells, so that the first cell is aligned, and has three or more of
    them behind its last cell. Ghosts of a periodic row repeat its other end; those of an open row are zero, which is
    how a term sees that a neighbour is missing. Behind the ny rows of the grid come one row of zeros, the neighbour of
    the edge rows of an open axis, and `spare` rows.

    Parameters
    ----------
    grid : Grid
    dtype : numpy float type
    reach : int
        How many rows away the farthest neighbour is that a kernel looks at.
    spare : int
        Rows for copies that a time step keeps.
    """

    grid: Grid
    dtype: Any
    reach: int
    spare: int = 0

    @cached_property
    def lane(self) -> int:
        """Numbers in a cache line, the place of the first cell in a row."""
        return CACHE_LINE // np.dtype(self.dtype).itemsize

    @cached_property
    def stride(self) -> int:
        """Numbers between m_x, m_y and m_z of a cell: an odd number of cache lines, so that rows do not compete for
        the same places of a cache."""
        lines = -(-(self.lane + self.grid.nx + GHOSTS) // self.lane)
        return (lines + 1 - lines % 2) * self.lane

    @cached_property
    def row_length(self) -> int:
        return 3 * self.stride

    def empty_rows(self, count: int) -> NDArray[Any]:
        """`count` rows of zeros, a flat array that starts on a cache line."""
        length = count * self.row_length
        memory = np.zeros(length + self.lane, self.dtype)
        shift = -(memory.ctypes.data // memory.itemsize) % self.lane
        return memory[shift : shift + length]

    def state(self) -> NDArray[Any]:
        """A state of zeros."""
        return self.empty_rows(self.grid.ny + 1 + self.spare)

    def cells(self, state: NDArray[Any]) -> NDArray[Any]:
        """The grid's cells of a state as a view (3, ny, nx)."""
        rows = state.reshape(-1, 3, self.stride)[: self.grid.ny]
        return rows[:, :, self.lane : self.lane + self.grid.nx].transpose(1, 0, 2)

    def first_cells(self, rows: Any) -> Rows:
        """Where the first cells of these rows are in the flat array."""
        return np.asarray(rows, dtype=np.int64) * self.row_length + self.lane

    @cached_property
    def rows(self) -> Rows:
        """First cells of rows −reach … ny + reach − 1 as neighbours see them: wrapped, or the row of zeros."""
        ny, numbers = self.grid.ny, np.arange(-self.reach, self.grid.ny + self.reach)
        exists = self.grid.periodic[1] | ((numbers >= 0) & (numbers < ny))
        return self.first_cells(np.where(exists, numbers % ny, ny))


@dataclass(frozen=True, eq=False)
class Schedule:
    """The order in which the four stages of a Runge-Kutta step work on the rows of a grid.

    The rows are cut into `blocks`, one for each thread. In a block, stage 1 works on `band` rows, stage 2 on as many
    rows that lie `reach` rows behind, and so on, so that a stage finds its neighbours in the rows that the one before
    it has just left in the cache, and the step reads and writes the state once. Stages 1 and 3 share the rows of the
    ring `s`, which hold s2 and then s4, stage 2 leaves s3 in a second ring. Stage 1 runs 3·reach rows ahead of the
    block on both sides, stage 2 2·reach, stage 3 reach; the rows that these need are copied beforehand, because the
    neighbouring block, or the other end of this one, is updated in place meanwhile. With band ≥ ny + 6 reach every
    stage runs over the whole block before the next.

    All tables are (blocks, rows): entry k is of row k + first row of the block − 4·reach.
    """

    grid: Grid
    dtype: Any
    reach: int
    blocks: int
    band: int

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.grid, self.dtype, self.reach, spare=self.blocks * 2 * self.halo)

    @property
    def halo(self) -> int:
        """Rows beyond a block that a step starts from."""
        return STAGES * self.reach

    @cached_property
    def bounds(self) -> Rows:
        """First row of every block, and ny."""
        return np.linspace(0, self.grid.ny, self.blocks + 1).round().astype(np.int64)

    @cached_property
    def _numbers(self) -> Rows:
        """Row of the grid for every table entry; negative or ≥ ny beyond an edge."""
        longest = int(np.diff(self.bounds).max())
        return self.bounds[:-1, None] - self.halo + np.arange(longest + 2 * self.halo)

    @cached_property
    def _own(self) -> NDArray[np.bool_]:
        return (self._numbers >= self.bounds[:-1, None]) & (self._numbers < self.bounds[1:, None])

    @cached_property
    def _exists(self) -> NDArray[np.bool_]:
        """Whether an entry is of a row within the halo, and of the grid if that is open."""
        near = self._numbers < self.bounds[1:, None] + self.halo
        if self.grid.periodic[1]:
            return near
        return near & (self._numbers >= 0) & (self._numbers < self.grid.ny)

    @cached_property
    def grid_rows(self) -> Rows:
        """Row of the grid, wrapped; 0 where there is none."""
        return np.where(self._exists, self._numbers % self.grid.ny, 0)

    @cached_property
    def state_rows(self) -> Rows:
        """First cell of a row in the state: in place within the block, of a copy beyond."""
        inside = self._numbers
        before = self._numbers - (self.bounds[:-1, None] - self.halo)
        after = self._numbers - self.bounds[1:, None] + self.halo
        spare = self.grid.ny + 1 + np.arange(self.blocks)[:, None] * 2 * self.halo
        copy = spare + np.where(self._numbers < self.bounds[:-1, None], before, after)
        return self.layout.first_cells(np.where(self._exists, np.where(self._own, inside, copy), self.grid.ny))

    @cached_property
    def copies(self) -> Rows:
        """(blocks, 2·halo, 2): target and source row starts to copy before each step; −1 where there is nothing to."""
        pairs = np.full((self.blocks, 2 * self.halo, 2), -1, dtype=np.int64)
        for b in range(self.blocks):
            wanted = np.flatnonzero(self._exists[b] & ~self._own[b])
            pairs[b, : len(wanted), 0] = self.state_rows[b, wanted] - self.layout.lane
            pairs[b, : len(wanted), 1] = self.grid_rows[b, wanted] * self.layout.row_length
        return pairs

    @cached_property
    def _ring_lengths(self) -> tuple[int, int]:
        entries = self._numbers.shape[1]
        return min(self.band + 4 * self.reach, entries), min(self.band + 2 * self.reach, entries)

    def _ring_rows(self, length: int) -> Rows:
        """First cell of a row in a ring of `length` rows per block; rows that do not exist share one of zeros."""
        entries = np.arange(self._numbers.shape[1]) % length
        ring = np.where(self._exists, entries, length)
        return self.layout.first_cells(np.arange(self.blocks)[:, None] * (length + 1) + ring)

    @cached_property
    def s_rows(self) -> Rows:
        """First cell of a row in the ring of s2 and s4."""
        return self._ring_rows(self._ring_lengths[0])

    @cached_property
    def s3_rows(self) -> Rows:
        """First cell of a row in the ring of s3."""
        return self._ring_rows(self._ring_lengths[1])

    def rings(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Memory for s2 and s4, and for s3."""
        s, s3 = (self.layout.empty_rows(self.blocks * (length + 1)) for length in self._ring_lengths)
        return s, s3

    @cached_property
    def ranges(self) -> Rows:
        """(blocks, 4, 2): first entry of each stage, and the one after its last."""
        ahead = self.reach * np.arange(STAGES - 1, -1, -1)
        first, last = self.bounds[:-1, None] - ahead, self.bounds[1:, None] + ahead
        if not self.grid.periodic[1]:
            first, last = np.maximum(first, 0), np.minimum(last, self.grid.ny)
        shift = self.bounds[:-1, None] - self.halo
        return np.stack([first - shift, last - shift], axis=-1)
