"""The run directory: what a simulation writes while it runs and what is read back afterwards.

    DIR/run.json        what was run: format version, title, versions of the software, grid, columns, metadata of the
                        caller, start, end, status ("running", "finished", "failed"), message, time and cell of failure
    DIR/data.zarr       Zarr v3 group
        m               (n_snapshots, 3, ny, nx) magnetisation direction, one frame per chunk
        t               (n_snapshots,) snapshot times (s), nan until the frame is committed
        table/NAME      (n_rows,) one array per observable
        table/t         (n_rows,) times of the rows (s), nan until the row is committed
    DIR/table.csv       the same table as text, one line per row, extended with every commit
    DIR/…               whatever the caller adds (case file, coefficients)

Arrays are allocated at their full length when the run starts and only ever filled in: nothing is resized. Times are
written after the data they stamp, the table's before the snapshots', so that at whatever instant the process is killed
the leading finite times mark a complete prefix, and the table covers every snapshot in it. Each file is replaced in one
step. Times are committed at most once per `COMMIT_INTERVAL`: a kill costs that much work at most (a loss of power also
what the operating system had not written yet). Opening a run never writes.

Without a directory the same `Run` lives in memory.
"""

from __future__ import annotations

import json
import math
import operator
import os
import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata as packages
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid
from llgsim.run import DIRECTION, FORMAT, FORMAT_VERSION, TIME, Column, Run, Snapshots, csv_text, read_record

if TYPE_CHECKING:
    pass

COMMIT_INTERVAL = 1.0  # s; a commit rewrites a small file per column, about 1 ms each


ROWS_PER_CHUNK = 1024  # of the table and of t: a commit rewrites the last chunk only


class RunWriter:
    """Records a run as it goes; made by `create`. `run()` gives what is recorded so far."""

    def __init__(self, record: dict[str, Any], grid: Grid, columns: Sequence[Column], path: Path | None) -> None:
        self.path = path
        self._record = record
        self._grid = grid
        self._names = [column.name for column in columns]
        self._rows = np.empty((record["n_rows"], 1 + len(columns)))
        self._t = np.empty(record["n_snapshots"])
        self._n_rows = self._n_snapshots = 0
        self._frames: list[NDArray[Any]] = []
        self._arrays: _Arrays | None = None
        if path is not None:
            self._arrays = _Arrays(path, record, grid, columns)

    def append_row(self, t: float, values: Mapping[str, float]) -> None:
        """Add a row to the table: time t (s), later than the last one, and a value per column; nan where undefined.

        Raises
        ------
        ValueError
            Values that do not match the columns, an infinite value, a time that is not later, more rows than announced.
        RuntimeError
            The run is finished.
        """
        self._check_next("append_row", "n_rows", t, self._rows[: self._n_rows, 0])
        if values.keys() != set(self._names):
            missing, unknown = set(self._names) - values.keys(), values.keys() - set(self._names)
            raise ValueError(f"append_row: missing {sorted(missing)}, unknown {sorted(unknown)} columns")
        row = [float(t), *(float(values[name]) for name in self._names)]
        for name, value in zip(self._names, row[1:]):
            if math.isinf(value):
                raise ValueError(f"append_row: {name} = {value} at t = {t} s; a table holds finite values, or nan")
        self._rows[self._n_rows] = row
        self._n_rows += 1
        self._commit_when_due()

    def append_snapshot(self, t: float, m: ArrayLike) -> None:
        """Add a frame m (3, ny, nx), finite, at time t (s), later than the last one.

        Raises
        ------
        ValueError
            m of another shape or not finite, a time that is not later, more snapshots than announced.
        RuntimeError
            The run is finished.
        """
        self._check_next("append_snapshot", "n_snapshots", t, self._t[: self._n_snapshots])
        frame = np.array(m, dtype=self._record["dtype"])
        if frame.shape != (3, *self._grid.shape):
            raise ValueError(f"append_snapshot: m has shape {frame.shape}, expected {(3, *self._grid.shape)}")
        if not np.isfinite(frame).all():
            _, j, i = np.argwhere(~np.isfinite(frame))[0].tolist()
            raise ValueError(f"append_snapshot: m is not finite at t = {t} s in cell (j, i) = {(j, i)}")
        if self._arrays is None:
            self._frames.append(frame)
        else:
            self._arrays.m[self._n_snapshots] = frame
        self._t[self._n_snapshots] = t
        self._n_snapshots += 1
        self._commit_when_due()

    def finish(
        self,
        status: Literal["finished", "failed"],
        message: str = "",
        *,
        t: float | None = None,
        cell: tuple[int, int] | None = None,
    ) -> None:
        """Commit everything and record how the run ended; of a failure also the time t (s) and the cell (j, i)."""
        if self._record["status"] != "running":
            raise RuntimeError(f"the run is already {self._record['status']}")
        if status not in ("finished", "failed"):
            raise ValueError(f"finish: status = {status!r}, expected 'finished' or 'failed'")
        failure = None if t is None and cell is None else {"t": t, "cell": cell}
        end = {"status": status, "message": message, "failure": failure, "finished": _now()}
        record = self._record | _plain(end, "finish")
        self._commit()
        self._record = record
        if self.path is not None:
            _write_record(self.path, record)

    def run(self) -> Run:
        """The run as recorded so far; from its directory if it has one."""
        if self.path is not None:
            self._commit()
            return Run.open(self.path)
        return Run(
            t=self._t[: self._n_snapshots].copy(),
            snapshots=Snapshots(list(self._frames), self._n_snapshots, self._grid.shape, self._record["dtype"]),
            rows=self._rows[: self._n_rows].copy(),
            record=json.loads(json.dumps(self._record)),
        )

    def _commit_when_due(self) -> None:
        if self._arrays is not None and time.monotonic() >= self._arrays.next_commit:
            self._commit()

    def _commit(self) -> None:
        if self._arrays is not None:
            self._arrays.commit(self._rows[: self._n_rows], self._t[: self._n_snapshots])

    def _check_next(self, what: str, capacity: str, t: float, before: NDArray[np.float64]) -> None:
        if self._record["status"] != "running":
            raise RuntimeError(f"{what}: the run is already {self._record['status']}")
        if len(before) == self._record[capacity]:
            raise ValueError(f"{what}: all of the {capacity} = {len(before)} that the run was created with are there")
        if not math.isfinite(t) or (len(before) and t <= before[-1]):
            last = f"; the last one is at {before[-1]} s" if len(before) else ""
            raise ValueError(f"{what}: t = {t} s must be finite and later than what is there{last}")


def create(
    output: Path | str | None,
    *,
    grid: Grid,
    columns: Sequence[Column],
    n_rows: int,
    n_snapshots: int,
    metadata: Mapping[str, Any] | None = None,
    dtype: str = "float64",
    title: str = "",
    overwrite: bool = False,
) -> RunWriter:
    """Start recording a run.

    Parameters
    ----------
    output : path or None
        Run directory, made with its parents; None keeps the run in memory.
    grid : Grid
        Grid of the magnetisation.
    columns : sequence of Column
        Observables of the table.
    n_rows, n_snapshots : int
        How many there will be at most; on disk they take room only once written.
    metadata : mapping, optional
        Anything JSON can hold, to be kept with the run. numpy numbers and arrays become numbers and lists.
    dtype : {"float64", "float32"}
        Of the stored frames.
    title : str
        Title of the run.
    overwrite : bool
        Replace the directory if it is a run directory. Anything else is never touched.

    Raises
    ------
    FileExistsError
        The directory holds something, and it is not a run directory that may be overwritten.
    OSError
        The directory cannot be written.
    ValueError
        A count that is negative, columns of the same name, another dtype, metadata that JSON cannot hold (nan, inf).

    Examples
    --------
    See `Run`.
    """
    for name, count in (("n_rows", n_rows), ("n_snapshots", n_snapshots)):
        if operator.index(count) < 0:
            raise ValueError(f"create: {name} = {count} must not be negative")
    names = ["t", *(column.name for column in columns)]
    if len(set(names)) < len(names):
        raise ValueError(f"create: several columns of the same name in {names} (t is the time)")
    if dtype not in ("float64", "float32"):
        raise ValueError(f"create: dtype = {dtype!r}, expected 'float64' or 'float32'")
    record = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "title": title,
        "status": "running",
        "message": "",
        "failure": None,
        "started": _now(),
        "finished": None,
        "versions": _versions(),
        "dtype": dtype,
        "n_rows": int(n_rows),
        "n_snapshots": int(n_snapshots),
        "columns": [asdict(column) for column in columns],
        "grid": _record_of_grid(grid),
        "metadata": _plain(metadata or {}, "metadata"),
    }
    path = None if output is None else Path(output).expanduser()
    if path is not None:
        _prepare(path, record, overwrite)
    return RunWriter(record, grid, columns, path)


class _Arrays:
    """The arrays of data.zarr, open for writing."""

    def __init__(self, path: Path, record: dict[str, Any], grid: Grid, columns: Sequence[Column]) -> None:
        import zarr
        from zarr.codecs import BloscCodec

        n_rows, n_snapshots = max(record["n_rows"], 1), max(record["n_snapshots"], 1)
        frame = (3, *grid.shape)
        group: Any = zarr.create_group(path / "data.zarr")
        table = group.create_group("table")

        def series(parent: Any, column: Column, length: int) -> Any:
            return parent.create_array(
                column.name,
                shape=(length,),
                chunks=(min(length, ROWS_PER_CHUNK),),
                dtype="float64",
                fill_value=math.nan,
                compressors=None,
                dimension_names=("t",),
                attributes=column.attributes,
                config={"write_empty_chunks": True},
            )

        self.m: Any = group.create_array(
            DIRECTION.name,
            shape=(n_snapshots, *frame),
            chunks=(1, *frame),
            dtype=record["dtype"],
            fill_value=math.nan,
            # byte-shuffled LZ4 costs no more than writing the bytes it saves
            compressors=BloscCodec(cname="lz4", clevel=1, shuffle="shuffle"),
            dimension_names=("t", "component", "y", "x"),
            attributes=DIRECTION.attributes,
            config={"write_empty_chunks": True},
        )
        self._columns = [series(table, column, n_rows) for column in columns]
        self._row_times = series(table, TIME, n_rows)
        self._t = series(group, TIME, n_snapshots)  # last: see Run.open
        self._rows_done = self._t_done = 0
        self.next_commit = -math.inf
        self._csv = path / "table.csv"
        self._csv.write_text(csv_text([TIME, *columns], np.empty((0, 0))), encoding="utf-8")

    def commit(self, rows: NDArray[np.float64], t: NDArray[np.float64]) -> None:
        """Make rows and t, which only ever grow, visible; data before the times that stamp them, table before t."""
        for k, column in enumerate(self._columns):
            _extend(column, self._rows_done, rows[:, 1 + k])
        _extend(self._row_times, self._rows_done, rows[:, 0])
        _extend(self._t, self._t_done, t)
        with self._csv.open("a", encoding="utf-8") as table:
            table.write(csv_text((), rows[self._rows_done :]))
        self._rows_done, self._t_done = len(rows), len(t)
        self.next_commit = time.monotonic() + COMMIT_INTERVAL


def _extend(array: Any, done: int, values: NDArray[np.float64]) -> None:
    """Write values[done:], chunk by whole chunk: zarr replaces a chunk in one step, and need not read it first."""
    (length,), (chunk,) = array.shape, array.chunks
    if len(values) == done:
        return
    for start in range(done - done % chunk, len(values), chunk):
        piece = np.full(min(chunk, length - start), math.nan)
        piece[: len(values) - start] = values[start : start + chunk]
        array[start : start + len(piece)] = piece


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse a path that cannot become a run directory, before any work is done.

    Raises
    ------
    FileExistsError
        It is a file, holds something that is not a run, or holds a run and `overwrite` is not set.
    PermissionError
        It lies below something that is not a directory, or that may not be written to.
    """
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file; name another directory for the run")
    if path.is_dir() and any(path.iterdir()):
        try:
            read_record(path)
        except (OSError, ValueError):
            raise FileExistsError(
                f"{path} holds something that is not a run, which is never overwritten; name another directory"
            ) from None
        if not overwrite:
            raise FileExistsError(
                f"{path} holds a run already; name another directory, or replace it with overwrite=True"
            )
    parent = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise PermissionError(f"{path} cannot be written: {parent} is not a directory that you may write to")


def _prepare(path: Path, record: dict[str, Any], overwrite: bool) -> None:
    """Make `path` a run directory that holds run.json only, or say why not."""
    check_output(path, overwrite)
    if path.is_dir():
        # run.json last: cut short, the rest is still a run directory
        for entry in sorted(path.iterdir(), key=lambda entry: entry.name == "run.json"):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    try:
        path.mkdir(parents=True, exist_ok=True)
        _write_record(path, record)
    except OSError as error:
        raise OSError(
            error.errno, f"cannot write the run directory {path}: {error.strerror}; name another directory"
        ) from error


def _write_record(path: Path, record: dict[str, Any]) -> None:
    partial = path / "run.json.partial"
    partial.write_text(json.dumps(record, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path / "run.json")


def _record_of_grid(grid: Grid) -> dict[str, Any]:
    record = {name: getattr(grid, name) for name in ("nx", "ny", "dx", "dy", "thickness")}
    record["periodic"] = list(grid.periodic)
    if grid.mask is not None:
        # lengths of the runs of equal cells in row order, the first without magnet (it may be 0 long)
        ends = np.flatnonzero(np.diff(grid.mask.ravel(), prepend=False, append=not grid.mask.flat[-1]))
        record["mask_runs"] = np.diff(ends, prepend=0).tolist()
    return record


def _plain(value: Any, where: str) -> Any:
    """`value` as JSON holds it; what it cannot hold is refused with its dotted path."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{k}]") for k, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} = {value}: a run records finite numbers only; put the text {str(value)!r} if meant")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Path):
        return str(value)
    raise ValueError(f"{where} is a {type(value).__name__}, which JSON cannot hold: {value!r}")


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ("llgsim", "numpy", "numba", "zarr"):
        try:
            versions[name] = packages.version(name)
        except packages.PackageNotFoundError:
            versions[name] = "not installed"  # a source tree on the path
    return versions


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
