"""The run directory: round trips, what a crash leaves behind, refusals."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from llgsim import store
from llgsim.grid import Grid
from llgsim.ovf import read_ovf
from llgsim.run import Column, Run
from llgsim.store import RunWriter

MASK = np.array([[False, True, True], [True, True, False]])
GRID = Grid(nx=3, ny=2, dx=2e-9, dy=3e-9, thickness=0.4e-9, periodic=(True, False), mask=MASK)
COLUMNS = [Column("energy", "J", "total energy"), Column("Q", "", "topological charge")]


def frame(k: int, shape: tuple[int, int] = (2, 3)) -> NDArray[np.float64]:
    return np.random.default_rng(k).normal(size=(3, *shape))


def row(k: int) -> dict[str, float]:
    return {"energy": -1e-18 / (k + 3), "Q": math.nan if k == 1 else float(k)}


def start(output: Path | None, **changes: Any) -> RunWriter:
    arguments: dict[str, Any] = {"grid": GRID, "columns": COLUMNS, "n_rows": 5, "n_snapshots": 3, **changes}
    return store.create(output, **arguments)


def record(output: Path | None, **changes: Any) -> RunWriter:
    writer = start(output, **changes)
    for k in range(5):
        writer.append_row(k * 1e-12, row(k))
        if k % 2 == 0:
            writer.append_snapshot(k * 1e-12, frame(k))
    return writer


@pytest.fixture(params=["disk", "memory", "reopened"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    metadata = {"electrons": {"rashba": np.float64(1.5), "signs": (1, -1)}, "list": np.arange(2)}
    output = None if request.param == "memory" else tmp_path / "new" / "run"
    writer = record(output, metadata=metadata, title="Néel skyrmion")
    writer.finish("finished")
    if request.param == "reopened":
        return Run.open(str(output))
    assert writer.run().path == output
    return writer.run()


def test_round_trip(run: Run) -> None:
    assert run.status == "finished"
    assert run.title == "Néel skyrmion"
    assert run.metadata == {"electrons": {"rashba": 1.5, "signs": [1, -1]}, "list": [0, 1]}
    assert run.columns == tuple(COLUMNS)
    assert run.record["started"] <= run.record["finished"]
    assert set(run.record["versions"]) == {"python", "llgsim", "numpy", "numba", "zarr"}
    for name in ("nx", "ny", "dx", "dy", "thickness", "periodic"):
        assert getattr(run.grid, name) == getattr(GRID, name)
    np.testing.assert_array_equal(run.grid.magnetic, MASK)
    np.testing.assert_array_equal(run.t, [0, 2e-12, 4e-12])
    np.testing.assert_array_equal(np.asarray(run.snapshots), [frame(0), frame(2), frame(4)])


def test_snapshots_index_as_numpy_does(run: Run) -> None:
    expected = np.stack([frame(0), frame(2), frame(4)])
    assert run.snapshots.shape == expected.shape
    assert len(run.snapshots) == 3
    for key in (0, 2, -1, -3, np.int64(1), (1, 2), (-1, slice(None), 0), (0, 2, 1, 2)):
        np.testing.assert_array_equal(run.snapshots[key], expected[key])
    for key in (slice(None), slice(1, None), slice(None, None, -1), slice(3, 9), (slice(None), 2), (slice(0, 0), 2)):
        assert run.snapshots[key].shape == expected[key].shape
        np.testing.assert_array_equal(run.snapshots[key], expected[key])
    for number, one in enumerate(run.snapshots):
        np.testing.assert_array_equal(one, expected[number])
    for outside in (3, -4):
        with pytest.raises(IndexError, match=f"snapshot {outside} of a run that has 3"):
            run.snapshots[outside]
    with pytest.raises(TypeError):
        run.snapshots["m"]
    run.snapshots[0][:] = 0  # must not reach what is stored
    np.testing.assert_array_equal(run.snapshots[0], expected[0])
    assert np.asarray(run.snapshots, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray(run.snapshots, copy=False)


def test_table(run: Run) -> None:
    table = run.table
    np.testing.assert_array_equal(table.t, np.arange(5) * 1e-12)
    np.testing.assert_array_equal(table.energy, [row(k)["energy"] for k in range(5)])
    np.testing.assert_array_equal(table.Q, [0, math.nan, 2, 3, 4])
    assert table.t.attrs["unit"] == "s"
    assert (table.energy.attrs["unit"], table.energy.attrs["description"]) == ("J", "total energy")
    assert (table.energy.attrs["units"], table.energy.attrs["long_name"]) == ("J", "total energy")


def test_csv(run: Run, tmp_path: Path) -> None:
    run.to_csv(tmp_path / "copy.csv")
    files = [tmp_path / "copy.csv"] + ([] if run.path is None else [run.path / "table.csv"])
    for file in files:
        with file.open(newline="") as lines:
            header, *rows = csv.reader(lines)
        assert header == ["t (s)", "energy (J)", "Q"]
        numbers = np.array(rows, dtype=float)
        np.testing.assert_array_equal(numbers[:, 0], np.arange(5) * 1e-12)
        np.testing.assert_array_equal(numbers[:, 1], [row(k)["energy"] for k in range(5)])
        np.testing.assert_array_equal(numbers[:, 2], [0, math.nan, 2, 3, 4])


def test_save_ovf(run: Run, tmp_path: Path) -> None:
    run.save_ovf(-1, tmp_path / "last.ovf")
    field = read_ovf(tmp_path / "last.ovf")
    np.testing.assert_array_equal(field.values, frame(4))
    assert (field.time, field.dx, field.dy, field.dz) == (4e-12, 2e-9, 3e-9, 0.4e-9)


@pytest.mark.parametrize("output", ["disk", None])
def test_single_precision(tmp_path: Path, output: str | None) -> None:
    run = record(output and tmp_path / output, dtype="float32").run()
    assert run.snapshots[0].dtype == run.snapshots.dtype == np.float32
    np.testing.assert_array_equal(run.snapshots[1], frame(2).astype(np.float32))


def test_run_in_progress_and_failure(tmp_path: Path) -> None:
    writer = start(tmp_path / "run")
    assert len(writer.run().snapshots) == 0
    assert writer.run().table.sizes["t"] == 0
    writer.append_row(0.0, row(0))
    writer.append_snapshot(0.0, frame(0))
    before = writer.run()
    assert before.status == "running"
    writer.append_snapshot(1e-12, frame(1))
    writer.finish("failed", "m is not finite", t=1.5e-12, cell=(1, 2))
    assert len(before.snapshots) == 1  # as it was when opened
    after = Run.open(tmp_path / "run")
    assert after.status == "failed"
    assert after.record["message"] == "m is not finite"
    assert after.record["failure"] == {"t": 1.5e-12, "cell": [1, 2]}
    np.testing.assert_array_equal(np.asarray(after.snapshots), [frame(0), frame(1)])
    assert len((tmp_path / "run" / "table.csv").read_text().splitlines()) == 2
    for call in (
        lambda: writer.append_row(2e-12, row(2)),
        lambda: writer.append_snapshot(2e-12, frame(2)),
        lambda: writer.finish("finished"),
    ):
        with pytest.raises(RuntimeError, match="already failed"):
            call()


def test_xarray_opens_the_store(tmp_path: Path) -> None:
    import xarray

    record(tmp_path / "run").finish("finished")
    with xarray.open_zarr(tmp_path / "run" / "data.zarr", consolidated=False) as data:
        assert data.m.dims == ("t", "component", "y", "x")
        np.testing.assert_array_equal(data.m[1], frame(2))
        np.testing.assert_array_equal(data.t, [0, 2e-12, 4e-12])
    with xarray.open_zarr(tmp_path / "run" / "data.zarr", group="table", consolidated=False) as table:
        np.testing.assert_array_equal(table.energy, [row(k)["energy"] for k in range(5)])


def test_table_longer_than_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROWS_PER_CHUNK", 4)
    for interval in (0.0, 1e9):  # a commit per row, one commit at the end
        monkeypatch.setattr(store, "COMMIT_INTERVAL", interval)
        writer = start(tmp_path / f"{interval}", n_rows=11)
        for k in range(10):
            writer.append_row(k * 1e-12, row(k))
            if interval == 0:
                assert len(Run.open(tmp_path / f"{interval}").rows) == k + 1
        np.testing.assert_array_equal(writer.run().table.energy, [row(k)["energy"] for k in range(10)])
        np.testing.assert_array_equal(writer.run().table.t, np.arange(10) * 1e-12)


@settings(deadline=None, max_examples=50)
@given(data=st.data(), nx=st.integers(1, 6), ny=st.integers(1, 6))
def test_any_mask_survives(data: st.DataObject, nx: int, ny: int) -> None:
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=nx * ny, max_size=nx * ny))).reshape(ny, nx)
    mask.flat[data.draw(st.integers(0, nx * ny - 1))] = True
    grid = Grid(nx=nx, ny=ny, dx=1e-9, dy=1e-9, thickness=1e-9, mask=mask)
    run = store.create(None, grid=grid, columns=[], n_rows=0, n_snapshots=0).run()
    np.testing.assert_array_equal(run.grid.magnetic, mask)
    assert (run.grid.mask is None) == mask.all()


# what a crash leaves behind


def assert_consistent_prefix(run: Run) -> None:
    """Every committed frame and row is the one written, and the table covers the snapshots (rows at every step)."""
    np.testing.assert_array_equal(run.t, np.arange(len(run.t)) * 1e-12)
    for k in range(len(run.snapshots)):
        np.testing.assert_array_equal(run.snapshots[k], frame(k, run.grid.shape))
    np.testing.assert_array_equal(run.rows[:, 0], np.arange(len(run.rows)) * 1e-12)
    expected = [list(row(k).values()) for k in range(len(run.rows))]
    np.testing.assert_array_equal(run.rows[:, 1:], np.reshape(expected, (-1, 2)))
    assert len(run.rows) >= len(run.t)
    assert run.table.sizes["t"] == len(run.rows)


class Crash(Exception):
    pass


def test_crash_at_every_single_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file of a run comes into being by a rename; let each of them in turn be the one that never happens."""
    monkeypatch.setattr(store, "COMMIT_INTERVAL", 0.0)
    rename = Path.replace
    done = 0

    def crashing(self: Path, target: Path) -> Path:
        nonlocal done
        if done == limit:
            raise Crash
        done += 1
        return rename(self, target)

    def simulate(path: Path) -> None:
        writer = start(path, n_snapshots=3, n_rows=3)
        for k in range(3):
            writer.append_row(k * 1e-12, row(k))
            writer.append_snapshot(k * 1e-12, frame(k))
        writer.finish("finished")

    monkeypatch.setattr(Path, "replace", crashing)
    seen = []
    for limit in range(1000):
        path, done = tmp_path / f"{limit}", 0
        try:
            simulate(path)
        except Crash:
            if not (path / "run.json").exists():
                assert limit == 0
                continue
            run = Run.open(path)
            assert run.status == "running"
            assert_consistent_prefix(run)
            seen.append((len(run.t), len(run.rows)))
        else:
            break
    assert Run.open(path).status == "finished"
    # run.json twice; group and table; m, t, table/t and two columns; per step 3 files for the row, 2 for the frame
    assert limit == 2 + 2 + 5 + 3 * (3 + 2)
    assert sorted(set(seen)) == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3)]
    assert seen == sorted(seen)


KILLED = """
    import os, random, signal, sys, time
    from pathlib import Path
    import zarr, zarr.codecs  # imported here, used by the children only: forking is safe before zarr starts its thread
    sys.path.insert(0, sys.argv[2])
    from test_store import COLUMNS, frame, row
    from llgsim import store
    from llgsim.grid import Grid
    grid = Grid(nx=64, ny=64, dx=1e-9, dy=1e-9, thickness=1e-9)
    random.seed(1)
    for trial in range(12):
        child = os.fork()
        if child == 0:
            store.COMMIT_INTERVAL = 0.02 * (trial % 2)
            n = 100_000
            writer = store.create(Path(sys.argv[1]) / f"{trial}", grid=grid, columns=COLUMNS, n_rows=n, n_snapshots=n)
            for k in range(n):
                writer.append_row(k * 1e-12, row(k))
                writer.append_snapshot(k * 1e-12, frame(k, grid.shape))
        time.sleep(random.uniform(0.002, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_kill_at_random_times(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), here], check=True, timeout=120)
    lengths = []
    for trial in range(12):
        path = tmp_path / f"{trial}"
        if not (path / "run.json").exists():  # killed before its first file
            assert not (path / "data.zarr").exists()
            continue
        run = Run.open(path)
        assert run.status == "running"
        assert_consistent_prefix(run)
        lengths.append(len(run.t))
    assert max(lengths) >= 3  # it did see runs that were under way
    assert len(set(lengths)) > 1


# refusals


def test_never_replaces_what_is_not_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="thesis holds something that is not a run"):
            start(folder, overwrite=overwrite)
        (folder / "run.json").write_text('{"format": "something else"}')
    (folder / "run.json").write_text("not JSON")
    with pytest.raises(FileExistsError, match="not a run"):
        start(folder, overwrite=True)
    assert (folder / "chapter1.tex").read_text() == "precious"
    with pytest.raises(FileExistsError, match="is a file"):
        start(folder / "chapter1.tex", overwrite=True)
    assert (folder / "chapter1.tex").read_text() == "precious"


def test_replaces_a_run_only_when_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "data.txt").write_text("precious")
    record(tmp_path / "run").finish("finished")
    (tmp_path / "run" / "report").symlink_to(outside)
    with pytest.raises(FileExistsError, match=r"holds a run already.*overwrite=True"):
        start(tmp_path / "run")
    assert len(Run.open(tmp_path / "run").t) == 3
    writer = start(tmp_path / "run", overwrite=True, title="second")
    assert len(writer.run().t) == 0
    assert Run.open(tmp_path / "run").title == "second"
    assert (outside / "data.txt").read_text() == "precious"


def test_empty_directory_is_taken(tmp_path: Path) -> None:
    assert start(tmp_path).run().path == tmp_path


def test_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file/run cannot be written: .*file is not a directory"):
        start(tmp_path / "file" / "run")


def test_open_refuses(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere: no such run directory"):
        Run.open(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"not a run directory: it has no run\.json"):
        Run.open(tmp_path)
    start(tmp_path / "run")
    file = tmp_path / "run" / "run.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"format_version": store.FORMAT_VERSION + 1}))
    with pytest.raises(ValueError, match=r"reads formats up to 1: use a newer one"):
        Run.open(tmp_path / "run")
    file.write_text(json.dumps(content | {"format": "other"}))
    with pytest.raises(ValueError, match="not a run directory"):
        Run.open(tmp_path / "run")
    file.write_text(json.dumps(content)[:-5])
    with pytest.raises(ValueError, match="not readable as JSON"):
        Run.open(tmp_path / "run")


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("-inf"), np.array([1.0, math.nan])])
def test_metadata_must_be_finite(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValueError, match=r"metadata\.disorder\.cases\[1\].* = (nan|inf|-inf): .*finite"):
        start(tmp_path / "run", metadata={"disorder": {"cases": [0, value]}})
    assert not (tmp_path / "run").exists()


def test_create_refuses() -> None:
    with pytest.raises(ValueError, match=r"metadata\.model is a object"):
        start(None, metadata={"model": object()})
    with pytest.raises(ValueError, match="n_rows = -1"):
        start(None, n_rows=-1)
    with pytest.raises(ValueError, match="float16"):
        start(None, dtype="float16")
    with pytest.raises(ValueError, match="same name"):
        start(None, columns=[COLUMNS[0], COLUMNS[0]])
    with pytest.raises(ValueError, match="t is the time"):
        start(None, columns=[Column("t", "s", "time")])
    for name in ("", "a/b", "a b", "2x", "x\n"):
        with pytest.raises(ValueError, match="letters, digits and underscores"):
            Column(name, "m", "")


@pytest.mark.parametrize("output", ["disk", None])
def test_append_refuses(tmp_path: Path, output: str | None) -> None:
    writer = start(output and tmp_path / output, n_snapshots=2, n_rows=2)
    writer.append_snapshot(1e-12, frame(0))
    writer.append_row(1e-12, row(0))
    for t in (1e-12, 0.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="append_snapshot: t = "):
            writer.append_snapshot(t, frame(0))
        with pytest.raises(ValueError, match="append_row: t = "):
            writer.append_row(t, row(0))
    with pytest.raises(ValueError, match=r"shape \(3, 3, 2\)"):
        writer.append_snapshot(2e-12, frame(0, (3, 2)))
    broken = frame(1)
    broken[2, 1, 0] = math.nan
    with pytest.raises(ValueError, match=r"cell \(j, i\) = \(1, 0\)"):
        writer.append_snapshot(2e-12, broken)
    with pytest.raises(ValueError, match=r"missing \['Q'\], unknown \['charge'\]"):
        writer.append_row(2e-12, {"energy": 0.0, "charge": 1.0})
    with pytest.raises(ValueError, match="energy = inf"):
        writer.append_row(2e-12, {"energy": math.inf, "Q": 1.0})
    with pytest.raises(ValueError, match="status = 'done'"):
        writer.finish("done")  # type: ignore[arg-type]
    run = writer.run()
    assert (len(run.t), len(run.rows)) == (1, 1)
    writer.append_snapshot(2e-12, frame(1))
    writer.append_row(2e-12, row(1))
    with pytest.raises(ValueError, match="all of the n_snapshots = 2"):
        writer.append_snapshot(3e-12, frame(2))
    with pytest.raises(ValueError, match="all of the n_rows = 2"):
        writer.append_row(3e-12, row(2))


def test_import_stays_light() -> None:
    heavy = "{'zarr', 'xarray', 'numcodecs', 'pandas'}"
    code = f"import sys, llgsim.store, llgsim.ovf; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
