"""Rows shared between threads: the same bits, and only where that is worth it."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
import pytest

from llgsim import Grid, Simulation
from llgsim import threads as threading
from llgsim.threads import choose_layer, default_threads, threads
from tests.compositions import MS, all_terms, rough, zhang_li
from tests.conftest import make_grid


def simulation(grid: Grid, count: Any, **options: Any) -> Simulation:
    make: dict[str, Any] = {"terms": all_terms(), "torques": [zhang_li(6)], "damping": 0.1} | options
    return Simulation(grid, Ms=MS, m=rough(grid, 1), threads=count, **make)


def use_only(sim: Simulation, name: str) -> None:
    """Leave the engine without the other way to integrate."""
    sim._engine.kernel = replace(sim.kernel, module=SimpleNamespace(**{name: getattr(sim.kernel.module, name)}))


@pytest.mark.parametrize("periodic", [True, False])
def test_any_number_of_threads_gives_the_same_bits(periodic: bool) -> None:
    grid = Grid(nx=33, ny=29, dx=2e-9, dy=1.7e-9, thickness=1e-9, periodic=(False, periodic))
    results = []
    for count in (1, 2, 3, 29):
        sim = simulation(grid, count)
        assert sim.threads == count
        steps, h, before = 20, sim.time_step(), numba.get_num_threads()
        use_only(sim, "advance" if count == 1 else "advance_in_parallel")
        sim._engine.advance(sim._state, sim._engine.schedule.rings(), steps, h, sim._parameters(0.0)[None])
        assert numba.get_num_threads() == before
        results.append(sim.m.tobytes())
    assert len(set(results)) == 1
    start = simulation(grid, 1)
    start.run(steps * h, every=steps * h, progress=False)
    assert start.m.tobytes() == results[0]


def test_threads_follow_a_moving_drive() -> None:
    """Every block takes the parameters of its step and stage."""
    grid = Grid(nx=9, ny=12, dx=2e-9, dy=2e-9, thickness=1e-9)
    ends = []
    for count in (1, 3):
        sim = simulation(grid, count, torques=[zhang_li(6, u=lambda t: (5e16 * t, -2e3))])
        sim.run(30 * sim.time_step(1e-12), every=10 * sim.time_step(1e-12), progress=False)
        ends.append(sim.m.tobytes())
    assert ends[0] == ends[1]


def test_there_are_no_more_threads_than_rows() -> None:
    for name, most in (("line along x", 1), ("2 x 2", 2), ("4 x 5", 5), ("open", 8)):
        assert simulation(make_grid(name), 8).threads == most
    assert simulation(make_grid("open"), np.int32(3)).threads == 3


@pytest.mark.parametrize("bad", [0, -1, True, "2", 2.0])
def test_bad_numbers_of_threads_are_named(bad: Any) -> None:
    with pytest.raises(ValueError, match=rf"Simulation: threads = {bad!r} must be a whole number, at least 1"):
        simulation(make_grid("open"), bad)


@pytest.mark.parametrize(
    ("nx", "ny", "offered", "expected"),
    [(64, 64, 8, 1), (128, 255, 8, 1), (128, 256, 8, 2), (256, 256, 8, 4), (256, 256, 3, 3), (10**6, 2, 8, 2)],
)
def test_default_is_what_numba_offers_as_long_as_every_thread_has_work(
    nx: int, ny: int, offered: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba, "get_num_threads", lambda: offered)
    grid = Grid(nx=nx, ny=ny, dx=1e-9, dy=1e-9, thickness=1e-9)
    assert default_threads(grid) == expected
    if nx * ny < 10**6:
        assert simulation(grid, None).threads == expected


# -- the threading layer


def test_number_of_threads_is_put_back_also_after_an_error() -> None:
    before, inside = numba.get_num_threads(), []

    def fail() -> None:
        with threads(1):
            inside.append(numba.get_num_threads())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert inside == [1]
    assert numba.get_num_threads() == before
    with threads(10**6):
        assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS


def test_openmp_is_chosen_unless_the_user_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba.np.ufunc.omppool")
    for chosen, expected in (("default", "omp"), ("workqueue", "workqueue"), ("threadsafe", "threadsafe")):
        monkeypatch.setattr(numba.config, "THREADING_LAYER", chosen)
        choose_layer.__wrapped__()
        assert expected == numba.config.THREADING_LAYER


def test_a_missing_openmp_is_said_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(numba.config, "THREADING_LAYER", "default")
    monkeypatch.setattr(threading, "importlib", SimpleNamespace(import_module=refuse))
    with pytest.warns(RuntimeWarning, match="OpenMP library of GCC was not found"):
        choose_layer.__wrapped__()
    assert numba.config.THREADING_LAYER == "default"


def test_threads_run_on_openmp() -> None:
    pytest.importorskip("numba.np.ufunc.omppool")
    if os.environ.get("NUMBA_THREADING_LAYER"):
        pytest.skip("the user has chosen a threading layer")
    sim = simulation(make_grid("open"), 2)
    sim.run(sim.time_step(), every=sim.time_step(), progress=False)
    assert numba.threading_layer() == "omp"
