"""A three-dimensional picture of a texture and its path, rendered by pyvista in a process of its own.

Without EGL or OSMesa VTK ends in a segmentation fault, which no try/except catches; a child process can be replaced.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from llgsim.grid import Grid
from llgsim.plots.scene_drawing import matplotlib_scene, pyvista_scene
from llgsim.plots.trajectories import folded
from llgsim.textures import normalised

if TYPE_CHECKING:
    from llgsim.analysis.velocity import Track

Values = NDArray[np.float64]

TIME_LIMIT = 60.0  # s
# libegl1 brings libegl-mesa0, but on a machine without GPU that is of no use without the driver in libgl1-mesa-dri
PACKAGES = "install the Debian packages libegl1 and libgl1-mesa-dri (or libosmesa6)"


@dataclass(frozen=True)
class SceneResult:
    """Where the picture is, what drew it, and why it was not pyvista when it was not."""

    path: Path
    renderer: Literal["pyvista", "matplotlib"]
    message: str | None = None


def scene(m: ArrayLike, grid: Grid, track: Track | None = None, path: str | Path = "scene.png") -> SceneResult:
    """Write a picture (PNG) of m as arrows on a relief of m_z, coloured by m_z, with the path of the texture as a tube.

    pyvista renders it off-screen in a child process. If that fails, crashes or takes more than 60 s, matplotlib draws
    a plainer picture to the same path, and the result's message says why and what to install.

    Parameters
    ----------
    m : array (3, ny, nx)
        Direction of the magnetisation.
    grid : Grid
        Cells without magnet are left empty. On a line of cells only arrows are drawn, around the path.
    track : Track, optional
        x and y (m, unwrapped), folded back into a periodic box; y all nan (a wall) is drawn along the middle.
    path : str or Path
        The PNG to write; its directory must exist.

    Raises
    ------
    ValueError
        m of another shape, not finite or zero in a magnetic cell; a path that does not end in .png.
    FileNotFoundError
        The directory of `path` does not exist.

    Examples
    --------
    >>> from llgsim.textures import neel_skyrmion
    >>> grid = Grid(nx=32, ny=32, dx=2e-9, dy=2e-9, thickness=1e-9, periodic=(True, True))
    >>> result = scene(neel_skyrmion(grid, radius=12e-9), grid, path="skyrmion.png")  # doctest: +SKIP
    >>> result.renderer  # doctest: +SKIP
    'pyvista'
    """
    field = normalised(m, grid)
    path = Path(path).resolve()
    if path.suffix.lower() != ".png":
        raise ValueError(f"path = {str(path)!r} must end in .png")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} does not exist; make it first")
    pieces = path_pieces(track, grid)
    with tempfile.TemporaryDirectory(prefix="llgsim-scene-") as folder:
        data, picture = Path(folder) / "scene.npz", Path(folder) / "scene.png"
        _save(data, field, grid, pieces)
        problem = _render(data, picture)
        if problem is None:
            path.write_bytes(picture.read_bytes())
            return SceneResult(path, "pyvista")
    matplotlib_scene(field, grid, pieces).savefig(path)
    return SceneResult(path, "matplotlib", f"3D scene drawn by matplotlib instead of pyvista: {problem}")


def path_pieces(track: Track | None, grid: Grid) -> list[tuple[Values, Values]]:
    """The path in pieces (x, y) in metres, inside the box; a wall's along the middle of the grid."""
    if track is None or track.x.size == 0:
        return []
    y = np.where(np.isnan(track.y), grid.size[1] / 2, track.y)
    return folded(track.x, y, grid)


def _save(data: Path, m: Values, grid: Grid, pieces: list[tuple[Values, Values]]) -> None:
    np.savez(
        data,
        m=m,
        cell=(grid.dx, grid.dy, grid.thickness),
        mask=grid.magnetic,
        lengths=np.array([x.size for x, _ in pieces], dtype=int),
        path=np.concatenate([np.stack(piece) for piece in pieces], axis=1) if pieces else np.zeros((2, 0)),
    )


def _load(data: str | Path) -> tuple[Values, Grid, list[tuple[Values, Values]]]:
    with np.load(data) as arrays:
        m, mask, path, lengths = arrays["m"], arrays["mask"], arrays["path"], arrays["lengths"]
        dx, dy, thickness = arrays["cell"]
    grid = Grid(nx=mask.shape[1], ny=mask.shape[0], dx=dx, dy=dy, thickness=thickness, mask=mask)
    pieces = [(piece[0], piece[1]) for piece in np.split(path, np.cumsum(lengths)[:-1], axis=1)] if lengths.size else []
    return m, grid, pieces


def child_command(data: Path, picture: Path) -> list[str]:
    """The command that renders `data` to `picture`."""
    return [sys.executable, "-m", "llgsim.plots.scene3d", str(data), str(picture)]


def _render(data: Path, picture: Path) -> str | None:
    """Run the child; None when the picture is there, otherwise what went wrong, in one line."""
    environment = os.environ | {
        "PYVISTA_OFF_SCREEN": "true",
        "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
    }
    try:
        child = subprocess.run(
            child_command(data, picture),
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"rendering took more than {TIME_LIMIT:g} s"
    except OSError as error:
        return f"the rendering process did not start ({error})"
    if child.returncode == 0 and picture.is_file():
        return None
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        if name in ("SIGSEGV", "SIGABRT"):
            return f"VTK found no way to render (ended by {name}); {PACKAGES}"
        return f"the rendering process was ended by {name}"
    lines = [line.strip() for line in child.stderr.splitlines() if line.strip()]
    return f"rendering failed ({lines[-1] if lines else f'exit status {child.returncode}'})"


def main(arguments: list[str]) -> int:
    """Render the data file written by `scene` to a picture: DATA.npz PICTURE.png."""
    if len(arguments) != 2:
        print("usage: python -m llgsim.plots.scene3d DATA.npz PICTURE.png", file=sys.stderr)
        return 2
    pyvista_scene(*_load(arguments[0]), arguments[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
