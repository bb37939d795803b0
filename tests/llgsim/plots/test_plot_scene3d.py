from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from llgsim import textures
from llgsim.analysis.velocity import Track
from llgsim.grid import Grid
from llgsim.plots import scene3d
from llgsim.plots.scene_drawing import scene_layout


def picture_of(path: Path) -> np.ndarray:
    return imread(path)[..., :3]


def shows_a_texture(picture: np.ndarray) -> bool:
    """Neither blank nor of one domain: both red and blue areas of at least a permille of the picture."""
    red, blue = picture[..., 0] - picture[..., 2], picture[..., 2] - picture[..., 0]
    return bool((red > 0.2).mean() > 1e-3 and (blue > 0.1).mean() > 1e-3)


def test_the_scene_is_rendered_or_says_why_not(film: Grid, skyrmion_track: Track, tmp_path: Path, carrying) -> None:
    path = tmp_path / "scene.png"
    result = scene3d.scene(carrying(skyrmion_track, film), film, skyrmion_track, path)
    assert result.path == path
    assert shows_a_texture(picture_of(path))
    # a machine without EGL and OSMesa is a supported one
    assert (result.message is None) == (result.renderer == "pyvista")


def test_a_crash_of_the_renderer_is_survived(
    film: Grid, skyrmion_track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, carrying
) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(scene3d, "child_command", lambda data, picture: [sys.executable, "-c", crash])
    result = scene3d.scene(carrying(skyrmion_track, film), film, skyrmion_track, tmp_path / "scene.png")
    assert result.renderer == "matplotlib"
    assert result.message is not None
    assert "SIGSEGV" in result.message
    assert "libegl1" in result.message
    assert "libosmesa6" in result.message
    assert "\n" not in result.message
    assert shows_a_texture(picture_of(result.path))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('no pyvista here')", "ImportError: no pyvista here"),
        ("pass", "exit status 0"),  # ends well but leaves no picture
        ("import time; time.sleep(60)", "took more than 0.5 s"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_other_failures_are_named(
    code: str, said: str, line: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene3d, "child_command", lambda data, picture: [sys.executable, "-c", code])
    monkeypatch.setattr(scene3d, "TIME_LIMIT", 0.5 if "sleep" in code else 60.0)
    result = scene3d.scene(textures.domain_wall(line, width=8e-9), line, path=tmp_path / "scene.png")
    assert result.message is not None
    assert said in result.message
    assert "libegl1" not in result.message
    assert result.path.is_file()


def test_a_renderer_that_cannot_be_started_is_survived(
    line: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene3d, "child_command", lambda data, picture: [str(tmp_path / "nowhere")])
    result = scene3d.scene(textures.domain_wall(line, width=8e-9), line, path=tmp_path / "scene.png")
    assert result.message is not None
    assert "did not start" in result.message


def test_the_child_gets_the_texture_the_mask_and_the_path(
    notched_track: Grid, skyrmion_track: Track, tmp_path: Path
) -> None:
    m = textures.uniform(notched_track)
    pieces = scene3d.path_pieces(skyrmion_track, notched_track)
    scene3d._save(tmp_path / "scene.npz", m, notched_track, pieces)
    loaded_m, loaded_grid, loaded_pieces = scene3d._load(tmp_path / "scene.npz")
    np.testing.assert_array_equal(loaded_m, m)
    np.testing.assert_array_equal(loaded_grid.magnetic, notched_track.magnetic)
    assert (loaded_grid.dx, loaded_grid.size) == (notched_track.dx, notched_track.size)
    assert len(loaded_pieces) == len(pieces) > 1
    for loaded, piece in zip(loaded_pieces, pieces, strict=True):
        np.testing.assert_array_equal(loaded, piece)


def test_no_arrow_stands_where_there_is_no_magnet(notched_track: Grid) -> None:
    layout = scene_layout(textures.uniform(notched_track, (1.0, 0.0, 0.0)), notched_track, [])
    i, j = (layout.points[:, 0] / 1.25).astype(int), (layout.points[:, 1] / 1.25).astype(int)
    assert notched_track.magnetic[j, i].all()
    np.testing.assert_array_equal(layout.arrows, np.broadcast_to([1.0, 0.0, 0.0], layout.arrows.shape))
    assert layout.ends == []


def test_the_stem_ends_on_the_core_which_lies_below_the_path(film: Grid, skyrmion_track: Track, carrying) -> None:
    m = carrying(skyrmion_track, film)
    layout = scene_layout(m, film, scene3d.path_pieces(skyrmion_track, film))
    (name, _, end), stem = layout.ends[1], layout.stems[1]
    assert name == "end"
    np.testing.assert_allclose(stem[0], end)
    # the core is at −height, to within an arrow spacing of its bottom
    assert stem[1][2] == pytest.approx(-layout.height, rel=0.1)


def test_a_wall_on_a_line_is_a_row_of_arrows(line: Grid, wall_track: Track) -> None:
    layout = scene_layout(textures.domain_wall(line, width=8e-9), line, scene3d.path_pieces(wall_track, line))
    assert layout.surface is None
    assert layout.arrows.shape == layout.points.shape
    assert 40 <= len(layout.points) <= 100
    assert np.isfinite(layout.pieces[0]).all()  # y of a wall is nan in the track


def test_on_a_line_only_the_surroundings_of_the_path_are_drawn(line: Grid, wall_track: Track) -> None:
    m = textures.domain_wall(line, width=8e-9, center=wall_track.x[-1])
    layout = scene_layout(m, line, scene3d.path_pieces(wall_track, line))
    right = layout.left + layout.size[0]
    assert 0 <= layout.left < 80  # the path goes from 80 nm to 320 nm
    assert 320 < right <= 400
    assert ((layout.points[:, 0] > layout.left) & (layout.points[:, 0] < right)).all()
    # |m_z| < 0.8 within 1.1 widths to either side, 17.6 nm
    assert (np.abs(layout.arrows[:, 2]) < 0.8).sum() >= 3


def test_ends_that_coincide_are_one(film: Grid, carrying, moving) -> None:
    track = moving((40e-9, 40e-9), (0.5, 0.0), 1e-9)
    layout = scene_layout(carrying(track, film), film, scene3d.path_pieces(track, film))
    assert [name for name, _, _ in layout.ends] == ["start = end"]
    assert len(layout.stems) == len(layout.label_places) == 1


def test_names_stand_beside_the_path_and_apart(film: Grid, skyrmion_track: Track, carrying) -> None:
    layout = scene_layout(carrying(skyrmion_track, film), film, scene3d.path_pieces(skyrmion_track, film))
    start, end = layout.label_places
    path = np.concatenate(layout.pieces, axis=1)
    for place in (start, end):
        # higher than a letter, 2 % of the picture, away from the line
        assert np.hypot(*(path[:2] - place[:2, None])).min() > 0.03 * layout.longest
    assert np.hypot(*(end - start)[:2]) > 0.1 * layout.longest


def test_the_path_keeps_inside_the_box(film: Grid, skyrmion_track: Track, carrying) -> None:
    layout = scene_layout(carrying(skyrmion_track, film), film, scene3d.path_pieces(skyrmion_track, film))
    path = np.concatenate(layout.pieces, axis=1)
    assert path[0].min() > 0
    assert path[0].max() < 80


def test_bad_paths_are_refused_before_any_work(film: Grid, tmp_path: Path) -> None:
    m = textures.uniform(film)
    with pytest.raises(ValueError, match=r"\.png"):
        scene3d.scene(m, film, path=tmp_path / "scene.pdf")
    with pytest.raises(FileNotFoundError, match="make it first"):
        scene3d.scene(m, film, path=tmp_path / "nowhere" / "scene.png")


def test_wrong_arguments_to_the_child_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert scene3d.main([]) == 2
    assert "usage" in capsys.readouterr().err
