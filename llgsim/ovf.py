"""OVF 2.0, the vector field files that OOMMF, mumax³, Ubermag, Spirit and most viewers of the field exchange.

One layer of a regular mesh, three values per node, x fastest. Format: OOMMF User's Guide, "Vector Field File Format".
OVF 2.0 binary data are little-endian (OVF 1.0: big-endian) and open with a check value, which tells the two apart.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid

Representation = Literal["binary 8", "binary 4", "text"]

_BINARY = {"binary 8": ("<f8", 123456789012345.0), "binary 4": ("<f4", 1234567.0)}  # dtype and check value
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9, "pm": 1e-12}
_TIME = re.compile(r"(?:total simulation time|time \(s\))\s*:\s*([-+]?\d+\.?\d*(?:e[-+]?\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, eq=False, kw_only=True)
class OvfField:
    """What an OVF 2.0 file holds.

    Attributes
    ----------
    values : array (3, ny, nx), float64
        The field as stored, not normalised.
    dx, dy, dz : float
        Cell size (m); dz is the thickness of the layer.
    xmin, ymin, zmin : float
        Lower corner of the first cell (m).
    title : str
        Title of the file; "" if it has none.
    description : tuple of str
        Its `Desc:` lines.
    time : float or None
        Simulation time (s) if a `Desc:` line states it as OOMMF and mumax³ do.
    """

    values: NDArray[np.float64]
    dx: float
    dy: float
    dz: float
    xmin: float
    ymin: float
    zmin: float
    title: str
    description: tuple[str, ...]
    time: float | None


def write_ovf(
    path: Path | str,
    m: ArrayLike,
    grid: Grid,
    *,
    representation: Representation = "binary 8",
    title: str = "m",
    time: float | None = None,
) -> None:
    """Write a vector field to an OVF 2.0 file.

    Parameters
    ----------
    path : path
        File to write; replaced if it exists.
    m : array (3, ny, nx)
        Field, dimensionless, 0 outside the magnet. Node order in the file: x fastest, then y; (mx, my, mz) per node.
    grid : Grid
        Cell sizes and thickness (m); the first node is at (dx/2, dy/2, thickness/2).
    representation : {"binary 8", "binary 4", "text"}
        Double, single, or decimal text that reads back to the same double.
    title : str
        One line.
    time : float, optional
        Simulation time (s).

    Raises
    ------
    ValueError
        m of another shape, not finite, or out of range of "binary 4"; unknown representation; title not one line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> grid = Grid(nx=4, ny=2, dx=2e-9, dy=2e-9, thickness=1e-9)
    >>> m = np.zeros((3, 2, 4)); m[2] = 1
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "m.ovf"
    >>> write_ovf(path, m, grid, time=1e-9)
    >>> field = read_ovf(path)
    >>> field.values.shape, field.dx, field.time
    ((3, 2, 4), 2e-09, 1e-09)
    """
    values = np.asarray(m, dtype=np.float64)
    if values.shape != (3, *grid.shape):
        raise ValueError(f"write_ovf: m has shape {values.shape}, expected (3, ny, nx) = {(3, *grid.shape)}")
    if not np.isfinite(values).all():
        raise ValueError("write_ovf: m has values that are not finite")
    if representation not in ("text", *_BINARY):
        raise ValueError(f"write_ovf: representation = {representation!r}, expected 'binary 8', 'binary 4' or 'text'")
    if title.splitlines() not in ([], [title]) or "##" in title:
        raise ValueError(f"write_ovf: title = {title!r} must be one line without '##', which opens a comment in OVF")
    if time is not None and not math.isfinite(time):
        raise ValueError(f"write_ovf: time = {time!r} s must be finite")

    nodes = np.ascontiguousarray(np.moveaxis(values, 0, -1))  # (ny, nx, 3): file order
    if representation == "text":
        data = "".join(f"{x!r} {y!r} {z!r}\n" for x, y, z in nodes.reshape(-1, 3).tolist()).encode()
    else:
        dtype, check = _BINARY[representation]
        if np.abs(nodes).max() > np.finfo(dtype).max:
            raise ValueError("write_ovf: m has values beyond single precision; use representation='binary 8'")
        data = np.array(check, dtype).tobytes() + nodes.astype(dtype).tobytes() + b"\n"

    label = representation.capitalize()
    width, height = grid.size
    lines = [
        "OOMMF OVF 2.0",
        "Segment count: 1",
        "Begin: Segment",
        "Begin: Header",
        f"Title: {title}",
        *([] if time is None else [f"Desc: Total simulation time: {float(time)!r} s"]),
        "meshtype: rectangular",
        "meshunit: m",
        "xmin: 0.0",
        "ymin: 0.0",
        "zmin: 0.0",
        f"xmax: {width!r}",
        f"ymax: {height!r}",
        f"zmax: {grid.thickness!r}",
        f"xbase: {grid.dx / 2!r}",
        f"ybase: {grid.dy / 2!r}",
        f"zbase: {grid.thickness / 2!r}",
        f"xstepsize: {grid.dx!r}",
        f"ystepsize: {grid.dy!r}",
        f"zstepsize: {grid.thickness!r}",
        f"xnodes: {grid.nx}",
        f"ynodes: {grid.ny}",
        "znodes: 1",
        "valuedim: 3",
        "valuelabels: m_x m_y m_z",
        "valueunits: 1 1 1",
        "End: Header",
        f"Begin: Data {label}",
    ]
    header = "".join(f"# {line}\n" for line in lines)
    Path(path).write_bytes(header.encode() + data + f"# End: Data {label}\n# End: Segment\n".encode())


def read_ovf(path: Path | str) -> OvfField:
    """Read one layer of vectors from an OVF 2.0 file on a rectangular mesh, in any of its three representations.

    Lengths come back in metres whatever the mesh unit of the file.

    Raises
    ------
    ValueError
        OVF 1.0, not OVF, irregular mesh, more than one layer or segment, other than three values per node, missing or
        unreadable header entry, wrong check value, data that are truncated, too long or not finite.

    Examples
    --------
    See `write_ovf`.
    """
    path = Path(path)
    content = path.read_bytes()
    entries, start = _read_header(path, content)
    description = tuple(entries.pop("desc"))

    def number(key: str, kind: type[int] | type[float]) -> Any:
        if key not in entries:
            raise ValueError(f"{path}: the header has no {key!r}, which OVF 2.0 requires on a rectangular mesh")
        try:
            value = kind(entries[key])
        except ValueError:
            raise ValueError(f"{path}: {key} = {entries[key]!r} in the header is not a number") from None
        if not math.isfinite(value):
            raise ValueError(f"{path}: {key} = {value!r} in the header is not finite")
        return value

    meshtype = str(entries.get("meshtype", "missing")).lower()
    if meshtype != "rectangular":
        raise ValueError(f"{path}: meshtype is {meshtype}; only rectangular meshes can be read")
    if number("valuedim", int) != 3:
        raise ValueError(f"{path}: valuedim = {entries['valuedim']}; only fields with 3 values per node can be read")
    nx, ny, nz = (number(f"{axis}nodes", int) for axis in "xyz")
    if nx < 1 or ny < 1:
        raise ValueError(f"{path}: {nx} × {ny} × {nz} nodes; every count must be at least 1")
    if nz != 1:
        raise ValueError(f"{path}: znodes = {nz}; only one layer can be read, extract it before (llgsim is a 2D code)")
    unit = str(entries.get("meshunit", "m"))
    if unit not in _METRES:
        raise ValueError(f"{path}: meshunit = {unit!r} is not a length among {', '.join(_METRES)}")
    steps = [number(f"{axis}stepsize", float) * _METRES[unit] for axis in "xyz"]
    if min(steps) <= 0:
        raise ValueError(f"{path}: step sizes {steps} m must be positive")
    low = [number(f"{axis}base", float) * _METRES[unit] - step / 2 for axis, step in zip("xyz", steps)]

    nodes = _read_data(path, content, start, str(entries["data"]), 3 * nx * ny).reshape(ny, nx, 3)
    if not np.isfinite(nodes).all():
        raise ValueError(f"{path}: the data have values that are not finite")
    stated = [match for match in map(_TIME.search, description) if match]
    return OvfField(
        values=np.ascontiguousarray(np.moveaxis(nodes, -1, 0)),
        dx=steps[0],
        dy=steps[1],
        dz=steps[2],
        xmin=low[0],
        ymin=low[1],
        zmin=low[2],
        title=str(entries.get("title", "")),
        description=description,
        time=float(stated[0].group(1)) if stated else None,
    )


def _read_header(path: Path, content: bytes) -> tuple[dict[str, Any], int]:
    """Header entries by lower-case key ('desc' a list, 'data' the representation) and the offset of the first datum."""
    entries: dict[str, Any] = {"desc": []}
    position = 0
    first = True
    while position < len(content):
        newline = content.find(b"\n", position)
        if newline < 0:
            break
        raw = content[position:newline]
        position = newline + 1
        # "##" opens a comment; case and blanks in the key do not count
        text = raw.decode("utf-8", errors="replace").strip().split("##")[0]
        if first:
            compact = re.sub(r"\s", "", text).lower()
            if re.match(r"#oommf:\w+mesh", compact):
                raise ValueError(f"{path}: this is an OVF 1.0 file; convert it to OVF 2.0")
            if compact != "#oommfovf2.0":
                raise ValueError(f"{path}: not an OVF 2.0 file, its first line is not '# OOMMF OVF 2.0'")
            first = False
            continue
        key, colon, value = text.lstrip("#").partition(":")
        key, value = re.sub(r"\s", "", key).lower(), value.strip()
        words = value.lower().split()
        if key == "begin" and words[:1] == ["data"]:
            entries["data"] = " ".join(words[1:])
            return entries, position
        if key == "segmentcount" and value != "1":
            raise ValueError(f"{path}: {value} segments; only files with one can be read")
        if key == "desc":
            entries["desc"].append(value)
        elif colon and key not in ("begin", "end"):
            entries[key] = value
    if first:
        raise ValueError(f"{path}: not an OVF 2.0 file, its first line is not '# OOMMF OVF 2.0'")
    raise ValueError(f"{path}: truncated, the header is not followed by 'Begin: Data'")


def _read_data(path: Path, content: bytes, start: int, representation: str, count: int) -> NDArray[np.float64]:
    """The `count` numbers of the data block that begins at byte `start`."""
    if representation == "text":
        return _read_text(path, content[start:], count)
    if representation not in _BINARY:
        raise ValueError(f"{path}: data are {representation!r}; 'text', 'binary 4' and 'binary 8' can be read")
    dtype, check = _BINARY[representation]
    size = np.dtype(dtype).itemsize
    stop = start + (count + 1) * size
    if len(content) < stop:
        raise ValueError(f"{path}: truncated, {len(content) - start} of {stop - start} bytes of data are there")
    if not _ends_data(content[stop : stop + 80].lstrip()):
        raise ValueError(f"{path}: no 'End: Data' after {count} values; the header and the data disagree, or cut off")
    numbers = np.frombuffer(content, dtype, count + 1, start)
    if numbers[0] != np.array(check, dtype):
        raise ValueError(f"{path}: check value {numbers[0]!r} is not {check!r}; corrupt, or not little-endian data")
    return numbers[1:].astype(np.float64)


def _read_text(path: Path, block: bytes, count: int) -> NDArray[np.float64]:
    tokens: list[bytes] = []
    for line in block.splitlines():
        if _ends_data(line.lstrip()):
            break
        tokens += line.split(b"#")[0].split()
    else:
        raise ValueError(f"{path}: truncated, the data do not close with 'End: Data'")
    if len(tokens) != count:
        state = "truncated" if len(tokens) < count else "too long"
        raise ValueError(f"{path}: {state}, {len(tokens)} values where the header announces {count}")
    try:
        return np.array([float(token) for token in tokens])
    except ValueError as error:
        raise ValueError(f"{path}: unreadable data: {error}") from None


def _ends_data(line: bytes) -> bool:
    return re.match(rb"#\s*end\s*:\s*data", line, re.IGNORECASE) is not None
