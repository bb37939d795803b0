"""States in memory, and the order in which a step works on their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim import Grid
from llgsim.compose import Needs
from llgsim.layout import CACHE_LINE, GHOSTS, STAGES, Layout, Schedule
from tests.compositions import fourth_order_terms, zhang_li

DTYPES = ("float64", "float32")
BAND = 4  # rows


def grid_of(nx: int, ny: int, periodic: tuple[bool, bool] = (False, False)) -> Grid:
    return Grid(nx=nx, ny=ny, dx=1e-9, dy=1e-9, thickness=1e-9, periodic=periodic)


# -- a state


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nx", [1, 2, 7, 8, 9, 13, 16, 17, 61, 64, 65, 1000])
def test_every_row_begins_on_a_cache_line_and_has_its_ghosts(nx: int, dtype: str) -> None:
    layout = Layout(grid_of(nx, 5), np.dtype(dtype), 3, spare=2)
    size = np.dtype(dtype).itemsize
    state = layout.state()
    assert state.dtype == dtype
    assert state.ndim == 1
    assert not state.any()
    assert state.ctypes.data % CACHE_LINE == 0
    for c in range(3):
        addresses = state.ctypes.data + size * (layout.first_cells(np.arange(5)) + c * layout.stride)
        assert not (addresses % CACHE_LINE).any()
    # whole cache lines, an odd number of them: rows of a power of two in length would meet in a cache
    assert layout.stride * size % (2 * CACHE_LINE) == CACHE_LINE
    # ghosts on both sides, and no more than two lines beyond what is needed
    assert layout.lane * size == CACHE_LINE
    assert layout.lane >= GHOSTS
    assert GHOSTS <= layout.stride - layout.lane - nx < GHOSTS + 2 * layout.lane


def test_there_are_ghosts_for_the_widest_stencil() -> None:
    assert Needs(fourth_order_terms(), [zhang_li(6)]).reach == {"x": GHOSTS, "y": GHOSTS}


@pytest.mark.parametrize("dtype", DTYPES)
def test_cells_are_a_view_of_the_grid_and_of_nothing_else(dtype: str) -> None:
    layout = Layout(grid_of(6, 4), np.dtype(dtype), 3, spare=3)
    state = layout.state()
    m = np.random.default_rng(1).standard_normal((3, 4, 6)).astype(dtype)
    layout.cells(state)[:] = m
    np.testing.assert_array_equal(layout.cells(state), m)
    assert np.count_nonzero(state) == m.size
    # by hand: component after component of row after row
    for c, j, i in np.ndindex(3, 4, 6):
        assert state[j * 3 * layout.stride + c * layout.stride + layout.lane + i] == m[c, j, i]
        assert state[layout.first_cells(j) + c * layout.stride + i] == m[c, j, i]


def test_rows_of_neighbours_wrap_or_are_the_row_of_zeros() -> None:
    for ny in (1, 2, 3, 7):
        for reach in (0, 1, 2, 3):
            periodic = Layout(grid_of(4, ny, (False, True)), np.dtype("float64"), reach)
            numbers = [j % ny for j in range(-reach, ny + reach)]
            np.testing.assert_array_equal(periodic.rows, periodic.first_cells(numbers))
            opened = Layout(grid_of(4, ny, (True, False)), np.dtype("float64"), reach)
            numbers = [j if 0 <= j < ny else ny for j in range(-reach, ny + reach)]
            np.testing.assert_array_equal(opened.rows, opened.first_cells(numbers))


@pytest.mark.parametrize(("ny", "reach", "blocks"), [(1, 3, 1), (64, 3, 1), (256, 1, 1), (100, 2, 3), (50, 0, 2)])
def test_memory_is_the_state_and_a_few_rows(ny: int, reach: int, blocks: int) -> None:
    """ny rows, one of zeros, 8 reach copies per block; rings of band + 4 reach and band + 2 reach rows per block and
    one of zeros."""
    schedule = Schedule(grid_of(32, ny), np.dtype("float64"), reach, blocks, BAND)
    row = 3 * schedule.layout.stride
    assert schedule.layout.state().size == (ny + 1 + blocks * 2 * STAGES * reach) * row
    s, s3 = schedule.rings()
    longest = -(-ny // blocks) + 2 * STAGES * reach
    assert s.size == blocks * (min(BAND + 4 * reach, longest) + 1) * row
    assert s3.size == blocks * (min(BAND + 2 * reach, longest) + 1) * row
    assert s.ctypes.data % CACHE_LINE == s3.ctypes.data % CACHE_LINE == 0


# -- the order of a step


def run_on_labels(schedule: Schedule, interleaved: bool) -> list[int]:
    """One step on labels (row of the grid, what it holds) in place of rows, with a check at every read.

    Follows the text of `llgsim.integrators.BLOCK`; blocks one after another, or band by band in turn. Returns the rows
    that stage 4 has finished, in order.
    """
    grid, layout, reach = schedule.grid, schedule.layout, schedule.reach
    ny = grid.ny
    memory: dict[tuple[str, int], tuple[int, str] | None] = {}
    for j in range(ny):
        memory["y", int(layout.first_cells(j))] = (j, "y")
    for b in range(schedule.blocks):
        for target, source in schedule.copies[b]:
            if target >= 0:
                memory["y", int(target) + layout.lane] = memory["y", int(source) + layout.lane]
    tables = {"y": schedule.state_rows, "s": schedule.s_rows, "s3": schedule.s3_rows}
    finished: list[int] = []

    def row_of(b: int, k: int) -> int | None:
        """Row of the grid of table entry k, None beyond an open edge."""
        j = int(schedule.bounds[b]) - STAGES * reach + k
        if grid.periodic[1]:
            return j % ny
        return j if 0 <= j < ny else None

    def check(b: int, name: str, k: int, expected: str) -> None:
        label = memory.get((name, int(tables[name][b, k])))
        row = row_of(b, k)
        assert label == (None if row is None else (row, expected)), (schedule, b, name, k)

    def work(b: int, stage: int, first: int, last: int) -> None:
        source, contents = {1: ("y", "y"), 2: ("s", "s2"), 3: ("s3", "s3"), 4: ("s", "s4")}[stage]
        for k in range(first, last):
            row = row_of(b, k)
            assert row is not None
            assert schedule.grid_rows[b, k] == row
            for d in range(-reach, reach + 1):
                check(b, source, k + d, contents)
            place = {name: (name, int(tables[name][b, k])) for name in tables}
            if stage == 1:
                check(b, "y", k, "y")
                memory[place["s"]] = (row, "s2")
            elif stage == 2:
                check(b, "y", k, "y")
                memory[place["s3"]] = (row, "s3")
            elif stage == 3:
                check(b, "y", k, "y")
                check(b, "s", k, "s2")
                memory[place["y"]] = (row, "summed")
                memory[place["s"]] = (row, "s4")
            else:
                check(b, "y", k, "summed")
                memory[place["y"]] = (row, "y of the next step")
                finished.append(row)

    def bands(b: int) -> Any:
        ranges = schedule.ranges[b]
        begin = ranges[0, 0]
        while begin - 3 * reach < ranges[3, 1]:
            for stage in range(1, 5):
                behind = (stage - 1) * reach
                first = max(begin - behind, ranges[stage - 1, 0])
                last = min(begin + schedule.band - behind, ranges[stage - 1, 1])
                work(b, stage, first, last)
            begin += schedule.band
            yield

    waiting = [bands(b) for b in range(schedule.blocks)]
    if not interleaved:
        for block in waiting:
            list(block)
    while interleaved and waiting:
        waiting = [block for block in waiting if next(block, "end") != "end"]
    for j in range(ny):
        assert memory["y", int(layout.first_cells(j))] == (j, "y of the next step")
    # every ghost row that a neighbour is looked up in is a row of zeros, which nothing has written
    assert ("y", int(layout.first_cells(ny))) not in memory
    return finished


@settings(max_examples=250, deadline=None)
@given(
    ny=st.integers(1, 24),
    reach=st.integers(0, 3),
    blocks=st.integers(1, 5),
    band=st.integers(1, 9) | st.just(1000),
    periodic=st.booleans(),
    interleaved=st.booleans(),
)
def test_every_stage_reads_what_the_one_before_has_left(
    ny: int, reach: int, blocks: int, band: int, periodic: bool, interleaved: bool
) -> None:
    """Whatever the other blocks are at; and every row is finished exactly once."""
    schedule = Schedule(grid_of(3, ny, (False, periodic)), np.dtype("float64"), reach, min(blocks, ny), band)
    finished = run_on_labels(schedule, interleaved)
    assert sorted(finished) == list(range(ny))


@settings(max_examples=100, deadline=None)
@given(ny=st.integers(1, 300), blocks=st.integers(1, 17), reach=st.integers(0, 3), periodic=st.booleans())
def test_blocks_share_the_rows_evenly_and_their_memory_is_their_own(
    ny: int, blocks: int, reach: int, periodic: bool
) -> None:
    blocks = min(blocks, ny)
    schedule = Schedule(grid_of(2, ny, (False, periodic)), np.dtype("float32"), reach, blocks, BAND)
    counts = np.diff(schedule.bounds)
    assert schedule.bounds[0] == 0
    assert schedule.bounds[-1] == ny
    assert counts.min() >= 1
    assert counts.max() - counts.min() <= 1
    # what one block writes of a ring, no other reads; its copies are beyond the grid and its own
    for rows, ring in zip((schedule.s_rows, schedule.s3_rows), schedule.rings()):
        places = [set(block.tolist()) for block in rows]
        assert sum(map(len, places)) == len(set().union(*places))
        assert max(map(max, places)) + 2 * schedule.layout.stride + 2 <= ring.size
    targets = schedule.copies[:, :, 0][schedule.copies[:, :, 0] >= 0]
    assert len(set(targets.tolist())) == len(targets)
    assert (targets >= (ny + 1) * schedule.layout.row_length).all()
    assert (targets + schedule.layout.row_length <= schedule.layout.state().size).all()
