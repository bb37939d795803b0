"""A finished, running or killed run as its reader sees it: snapshots, table, record.

`llgsim.store` writes run directories and says how they are laid out.
"""

from __future__ import annotations

import csv
import io
import json
import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from llgsim.grid import Grid
from llgsim.ovf import Representation, write_ovf

if TYPE_CHECKING:
    import xarray

FORMAT = "llgsim run"
FORMAT_VERSION = 1

Status = Literal["running", "finished", "failed"]


@dataclass(frozen=True)
class Column:
    """An observable of the table, declared once: CSV header, xarray attributes and plot labels follow from it.

    Parameters
    ----------
    name : str
        Letters, digits and underscores; "t" is taken by the time.
    unit : str
        "m", "J", …; "" if dimensionless.
    description : str
        What it is, in words.

    Examples
    --------
    >>> Column("x", "m", "position of the skyrmion along x").header
    'x (m)'
    """

    name: str
    unit: str
    description: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w*", self.name):
            raise ValueError(f"Column: name = {self.name!r} must be letters, digits and underscores")

    @property
    def header(self) -> str:
        """Name and unit, as in the header of the CSV table."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def attributes(self) -> dict[str, str]:
        """For xarray and zarr; xarray's own plots look for units and long_name."""
        names = {"unit": self.unit, "description": self.description}
        return names | {"units": self.unit, "long_name": self.description}


TIME = Column("t", "s", "time")


DIRECTION = Column("m", "", "magnetisation direction")


class Snapshots:
    """The committed frames of a run, read when asked for: a sequence of (3, ny, nx) arrays of the run's dtype.

    `[k]` and `[-1]` read one frame, `[a:b:c]` stacks several into (n, 3, ny, nx); further indices apply to each frame,
    as in numpy: `snapshots[:, 2]` is m_z of all. `numpy.asarray(snapshots)` reads everything.
    """

    def __init__(self, frames: Any, count: int, shape: tuple[int, int], dtype: str) -> None:
        self._frames = frames  # list of arrays, or a zarr array
        self.shape = (count, 3, *shape)
        self.dtype = np.dtype(dtype)
        self.ndim = 4

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return map(self._frame, range(len(self)))

    def _frame(self, k: int) -> NDArray[Any]:
        return np.array(self._frames[k])  # a copy: what is stored must not change through it

    def __getitem__(self, key: Any) -> NDArray[Any]:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, slice):
            chosen = [self._frame(k)[tuple(rest)] for k in range(*first.indices(len(self)))]
            return np.stack(chosen) if chosen else np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *rest)]
        k = operator.index(first)
        if not -len(self) <= k < len(self):
            raise IndexError(f"snapshot {k} of a run that has {len(self)}")
        return self._frame(k % len(self))[tuple(rest)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("the snapshots of a run cannot become an array without a copy")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __repr__(self) -> str:
        return f"<Snapshots {self.shape} {self.dtype}>"


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A simulation run, in memory or read from its directory as it was when opened.

    Attributes
    ----------
    t : array (nt,)
        Times of the snapshots (s).
    snapshots : Snapshots
        Frames (nt, 3, ny, nx), read when indexed.
    rows : array (n, 1 + number of columns)
        The table: time (s), then one value per column; nan where an observable is not defined.
    record : dict
        What run.json holds.
    path : Path or None
        The run directory; None in memory.

    Examples
    --------
    >>> from llgsim.store import create
    >>> writer = create(None, grid=Grid(nx=2, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9),
    ...                 columns=[Column("mz", "", "average of m_z")], n_rows=1, n_snapshots=1)
    >>> writer.append_row(0.0, {"mz": 1.0})
    >>> writer.append_snapshot(0.0, np.ones((3, 1, 2)) / np.sqrt(3))
    >>> writer.finish("finished")
    >>> run = writer.run()
    >>> run.status, run.snapshots.shape, float(run.table.mz[0])
    ('finished', (1, 3, 1, 2), 1.0)
    """

    t: NDArray[np.float64]
    snapshots: Snapshots
    rows: NDArray[np.float64]
    record: dict[str, Any]
    path: Path | None = None

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run directory; of a run in progress or killed, what it has committed.

        Raises
        ------
        FileNotFoundError
            No such directory, or not a run directory.
        ValueError
            run.json is unreadable, of something else, or of a newer format.
        """
        path = Path(path).expanduser()
        if not path.is_dir():
            raise FileNotFoundError(f"{path}: no such run directory")
        record = read_record(path)
        columns = [Column(**column) for column in record["columns"]]
        grid = grid_from_record(record["grid"])
        frames: Any = []
        t, rows = np.empty(0), np.empty((0, 1 + len(columns)))
        # t is the last array to be created: without it the run was killed before its first step
        if (path / "data.zarr" / "t" / "zarr.json").is_file():
            import zarr

            group: Any = zarr.open_group(path / "data.zarr", mode="r")
            # t before the table, the other way round than written: a run in progress may commit in between
            t, frames = _committed(group["t"]), group["m"]
            row_times = _committed(group["table/t"])
            rows = np.column_stack(
                [row_times, *(group[f"table/{column.name}"][: len(row_times)] for column in columns)]
            )
        snapshots = Snapshots(frames, len(t), grid.shape, record["dtype"])
        return cls(t=t, snapshots=snapshots, rows=rows, record=record, path=path)

    @cached_property
    def grid(self) -> Grid:
        """The grid of the run."""
        return grid_from_record(self.record["grid"])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The observables of the table."""
        return tuple(Column(**column) for column in self.record["columns"])

    @property
    def metadata(self) -> dict[str, Any]:
        """What the caller of `create` recorded about the run."""
        metadata: dict[str, Any] = self.record["metadata"]
        return metadata

    @property
    def title(self) -> str:
        """Title of the run."""
        return str(self.record["title"])

    @property
    def status(self) -> Status:
        """ "running" (or killed), "finished" or "failed"; the message of a failure is in `record`."""
        status: Status = self.record["status"]
        return status

    @cached_property
    def table(self) -> xarray.Dataset:
        """The observables as an xarray Dataset over t (s); attributes unit and description per variable."""
        import xarray

        return xarray.Dataset(
            {column.name: ("t", self.rows[:, 1 + k], column.attributes) for k, column in enumerate(self.columns)},
            coords={"t": ("t", self.rows[:, 0], TIME.attributes)},
            attrs={"title": self.title},
        )

    def to_csv(self, path: Path | str) -> None:
        """Write the table as CSV: a header of names with units, then SI values that read back exactly."""
        Path(path).write_text(csv_text([TIME, *self.columns], self.rows), encoding="utf-8")

    def save_ovf(self, k: int, path: Path | str, *, representation: Representation = "binary 8") -> None:
        """Write snapshot k to an OVF 2.0 file."""
        write_ovf(path, self.snapshots[k], self.grid, representation=representation, title="m", time=float(self.t[k]))

    def __repr__(self) -> str:
        where = "in memory" if self.path is None else str(self.path)
        return f"<Run {where}: {self.status}, {len(self.t)} snapshots of {self.grid.shape}, {len(self.rows)} rows>"


def _committed(times: Any) -> NDArray[np.float64]:
    """The leading finite times of a zarr array."""
    t = np.asarray(times[:], dtype=np.float64)
    holes = np.flatnonzero(np.isnan(t))
    return t[: holes[0]] if len(holes) else t


def csv_text(header: Sequence[Column], rows: NDArray[np.float64]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow([column.header for column in header])
    writer.writerows(map(repr, row) for row in rows.tolist())
    return text.getvalue()


def read_record(path: Path) -> dict[str, Any]:
    try:
        text = (path / "run.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is not a run directory: it has no run.json") from None
    try:
        record = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path / 'run.json'} is not readable as JSON: {error}") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"{path} is not a run directory: its run.json does not say format = {FORMAT!r}")
    if record["format_version"] > FORMAT_VERSION:
        raise ValueError(
            f"{path} has run format {record['format_version']}, written by llgsim {record['versions']['llgsim']}; "
            f"this llgsim reads formats up to {FORMAT_VERSION}: use a newer one"
        )
    return record


def grid_from_record(record: dict[str, Any]) -> Grid:
    lengths = {name: record[name] for name in ("nx", "ny", "dx", "dy", "thickness")}
    mask = None
    if "mask_runs" in record:
        runs = record["mask_runs"]
        mask = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(record["ny"], record["nx"])
    return Grid(**lengths, periodic=tuple(record["periodic"]), mask=mask)
