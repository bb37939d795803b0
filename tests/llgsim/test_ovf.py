"""OVF 2.0: files built by hand byte by byte, and round trips."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from llgsim.grid import Grid
from llgsim.ovf import read_ovf, write_ovf

GRID = Grid(nx=3, ny=2, dx=2e-9, dy=3e-9, thickness=0.4e-9)
NODES = [[float(10 * j + i), 0.5 * i - j, -1.0 - i * j] for j in range(2) for i in range(3)]  # x fastest

HEADER = """\
# OOMMF OVF 2.0
## written by hand
#
# Segment count: 1
# Begin: Segment
# Begin: Header
# Title: by hand ## a remark
# Desc: Stage 3
# Desc:  Total simulation time: 2.5e-11 seconds
# MeshType: Rectangular
# meshunit: nm
# xmin: 10
# ymin: 20
# zmin: 0
# xmax: 16
# ymax: 26
# zmax: 0.5
# x base: 11
# YBASE: 21.5
# zbase: 0.25
# xstepsize: 2
# ystepsize: 3
# zstepsize: 0.5
# xnodes: 3
# ynodes: 2
# znodes: 1
# valuedim: 3
# valuelabels: m_x m_y m_z
# valueunits: 1 1 1
# End: Header
"""
TAIL = "# End: Data {0}\n# End: Segment\n"


def by_hand(representation: str, header: str = HEADER) -> bytes:
    numbers = [value for node in NODES for value in node]
    if representation == "text":
        data = "## the data\n" + "".join(f"{a:g}\t{b:g} {c:g}\n" for a, b, c in NODES)
        body = data.encode()
    elif representation == "binary 8":
        body = struct.pack("<d", 123456789012345.0) + struct.pack("<18d", *numbers) + b"\n"
    else:
        body = struct.pack("<f", 1234567.0) + struct.pack("<18f", *numbers) + b"\n"
    return f"{header}# Begin: Data {representation}\n".encode() + body + TAIL.format(representation).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.ovf"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("representation", ["binary 8", "binary 4", "text", "BINARY 8", "Text"])
def test_reads_file_built_by_hand(file: Path, representation: str, newline: str) -> None:
    content = by_hand(representation.lower(), HEADER.replace("\n", newline))
    file.write_bytes(content.replace(f"Data {representation.lower()}".encode(), f"Data {representation}".encode()))
    field = read_ovf(file)
    assert field.values.dtype == np.float64
    assert field.values.shape == (3, 2, 3)
    for j in range(2):
        for i in range(3):
            assert field.values[:, j, i].tolist() == [10 * j + i, 0.5 * i - j, -1 - i * j]  # exact in single precision
    # the file's nm are decimal, so metres agree to rounding only
    assert (field.dx, field.dy, field.dz) == pytest.approx((2e-9, 3e-9, 0.5e-9), rel=1e-15)
    assert (field.xmin, field.ymin) == pytest.approx((10e-9, 20e-9), rel=1e-15)
    assert field.zmin == pytest.approx(0, abs=1e-24)  # 1e-15 of the thickness
    assert field.title == "by hand"
    assert field.description == ("Stage 3", "Total simulation time: 2.5e-11 seconds")
    assert field.time == 2.5e-11


def test_check_values_are_those_of_the_specification() -> None:
    # OOMMF User's Guide gives them in hexadecimal, most significant byte first
    assert struct.pack(">d", 123456789012345.0).hex() == "42dc12218377de40"
    assert struct.pack(">f", 1234567.0).hex() == "4996b438"


@pytest.mark.parametrize(
    ("representation", "code", "check"), [("binary 8", "d", 123456789012345.0), ("binary 4", "f", 1234567.0)]
)
def test_written_bytes(file: Path, representation: str, code: str, check: float) -> None:
    values = np.array(NODES).reshape(2, 3, 3).transpose(2, 0, 1)
    write_ovf(file, values, GRID, representation=representation, title="six nodes", time=1e-9)
    content = file.read_bytes()
    begin = b"# Begin: Data " + representation.capitalize().encode() + b"\n"
    header, data = content.split(begin)
    expected = struct.pack(f"<19{code}", check, *[value for node in NODES for value in node])
    assert data == expected + f"\n# End: Data {representation.capitalize()}\n# End: Segment\n".encode()
    lines = header.decode().splitlines()
    assert lines[0] == "# OOMMF OVF 2.0"
    entries = dict(line.removeprefix("# ").split(": ", 1) for line in lines if ": " in line)
    required = {  # every record that the segment header of a rectangular OVF 2.0 mesh must have
        "meshtype": "rectangular", "meshunit": "m", "valuedim": "3", "valuelabels": "m_x m_y m_z",
        "valueunits": "1 1 1", "xnodes": "3", "ynodes": "2", "znodes": "1", "Title": "six nodes",
    }  # fmt: skip
    assert {key: entries[key] for key in required} == required
    lengths = {
        "xmin": 0, "ymin": 0, "zmin": 0, "xmax": 6e-9, "ymax": 6e-9, "zmax": 0.4e-9, "xbase": 1e-9, "ybase": 1.5e-9,
        "zbase": 0.2e-9, "xstepsize": 2e-9, "ystepsize": 3e-9, "zstepsize": 0.4e-9,
    }  # fmt: skip
    # decimal constants times small integers: equal up to rounding
    assert {key: float(entries[key]) for key in lengths} == pytest.approx(lengths, rel=1e-15, abs=0)


def test_written_text(file: Path) -> None:
    values = np.array(NODES).reshape(2, 3, 3).transpose(2, 0, 1)
    write_ovf(file, values, GRID, representation="text")
    data = file.read_text().split("# Begin: Data Text\n")[1].split("# End: Data Text\n")[0]
    assert [[float(word) for word in line.split()] for line in data.splitlines()] == NODES


lengths = st.floats(1e-10, 1e-6)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), nx=st.integers(1, 5), ny=st.integers(1, 5), dx=lengths, dy=lengths, thickness=lengths)
@pytest.mark.parametrize("representation", ["binary 8", "binary 4", "text"])
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    representation: str,
    data: st.DataObject,
    nx: int,
    ny: int,
    dx: float,
    dy: float,
    thickness: float,
) -> None:
    width = 32 if representation == "binary 4" else 64
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=width)
    m = data.draw(arrays(np.float64, (3, ny, nx), elements=numbers))
    time = data.draw(st.one_of(st.none(), st.floats(0, 1e-3)))
    grid = Grid(nx=nx, ny=ny, dx=dx, dy=dy, thickness=thickness)
    file = tmp_path_factory.getbasetemp() / "round-trip.ovf"
    write_ovf(file, m, grid, representation=representation, time=time, title="µ: a title")
    field = read_ovf(file)
    np.testing.assert_array_equal(field.values, m)
    np.testing.assert_array_equal(np.signbit(field.values), np.signbit(m))
    assert (field.dx, field.dy, field.dz, field.time) == (dx, dy, thickness, time)
    assert (field.xmin, field.ymin, field.zmin) == (0, 0, 0)
    assert field.title == "µ: a title"


def test_single_precision_rounds_to_nearest(file: Path) -> None:
    m = np.full((3, 2, 3), 1 / 3)
    write_ovf(file, m, GRID, representation="binary 4")
    error = np.abs(read_ovf(file).values - m).max()
    assert 0 < error <= 2**-26  # half a unit in the last place of a single in [1/4, 1/2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# OOMMF OVF 2.0", "# OOMMF: rectangular mesh v1.0", "OVF 1.0"),
        ("# OOMMF OVF 2.0", "# OOMMF: irregular mesh v0.99", "OVF 1.0"),
        ("# OOMMF OVF 2.0", "# vtk DataFile Version 3.0", "not an OVF 2.0 file"),
        ("MeshType: Rectangular", "meshtype: irregular", "irregular; only rectangular"),
        ("# MeshType: Rectangular\n", "", "meshtype is missing"),
        ("znodes: 1", "znodes: 4", "znodes = 4; only one layer"),
        ("valuedim: 3", "valuedim: 1", "valuedim = 1"),
        ("# valuedim: 3\n", "", "no 'valuedim'"),
        ("xnodes: 3", "xnodes: three", "xnodes = 'three'"),
        ("xnodes: 3", "xnodes: 0", "0 × 2 × 1"),
        ("xstepsize: 2", "xstepsize: -2", "must be positive"),
        ("xstepsize: 2", "xstepsize: nan", "xstepsize = nan"),
        ("meshunit: nm", "meshunit: parsec", "meshunit = 'parsec'"),
        ("Segment count: 1", "Segment count: 2", "2 segments"),
    ],
)
@pytest.mark.parametrize("representation", ["binary 8", "text"])
def test_refuses_header(file: Path, representation: str, old: str, new: str, message: str) -> None:
    assert old in HEADER
    file.write_bytes(by_hand(representation, HEADER.replace(old, new)))
    with pytest.raises(ValueError, match=message) as refusal:
        read_ovf(file)
    assert str(file) in str(refusal.value)


@pytest.mark.parametrize("representation", ["binary 8", "binary 4", "text"])
def test_refuses_every_truncation(file: Path, representation: str) -> None:
    content = by_hand(representation)
    last = content.index(b"# End: Data") + len(b"# End: Data")
    for length in range(0, last, 7):
        file.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"truncated|not an OVF 2\.0 file|cut off"):
            read_ovf(file)
    file.write_bytes(content[:last])
    read_ovf(file)


@pytest.mark.parametrize(("nodes", "message"), [("2", "too long|disagree"), ("4", "truncated|disagree")])
@pytest.mark.parametrize("representation", ["binary 8", "binary 4", "text"])
def test_refuses_data_of_another_size(file: Path, representation: str, nodes: str, message: str) -> None:
    file.write_bytes(by_hand(representation, HEADER.replace("xnodes: 3", f"xnodes: {nodes}")))
    with pytest.raises(ValueError, match=message):
        read_ovf(file)


def test_refuses_big_endian(file: Path) -> None:
    swapped = by_hand("binary 8").replace(struct.pack("<d", 123456789012345.0), struct.pack(">d", 123456789012345.0))
    file.write_bytes(swapped)
    with pytest.raises(ValueError, match="check value"):
        read_ovf(file)


def test_refuses_nan_and_words_in_data(file: Path) -> None:
    for word, message in (("nan", "not finite"), ("many", "unreadable data")):
        file.write_bytes(by_hand("text").replace(b"\n11\t", f"\n{word}\t".encode()))
        with pytest.raises(ValueError, match=message):
            read_ovf(file)


def test_write_refuses(file: Path) -> None:
    m = np.zeros((3, 2, 3))
    with pytest.raises(ValueError, match=r"shape \(3, 3, 2\)"):
        write_ovf(file, m.transpose(0, 2, 1), GRID)
    with pytest.raises(ValueError, match="not finite"):
        write_ovf(file, m + np.nan, GRID)
    with pytest.raises(ValueError, match="beyond single precision"):
        write_ovf(file, m + 1e40, GRID, representation="binary 4")
    with pytest.raises(ValueError, match="representation = 'binary 16'"):
        write_ovf(file, m, GRID, representation="binary 16")  # type: ignore[arg-type]
    for title in ("two\nlines", "newline\n", "com ## ment"):
        with pytest.raises(ValueError, match="must be one line"):
            write_ovf(file, m, GRID, title=title)
    with pytest.raises(ValueError, match="time = inf"):
        write_ovf(file, m, GRID, time=float("inf"))
    assert not file.exists()
