from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from llgsim.analysis import Track, track
from llgsim.grid import Grid

nm, ns = 1e-9, 1e-9
Build = Callable[..., np.ndarray]
FILM = Grid(nx=40, ny=40, dx=2 * nm, dy=2 * nm, thickness=nm, periodic=(True, True))


def run(grid: Grid, t: np.ndarray, frames: list[np.ndarray]) -> SimpleNamespace:
    return SimpleNamespace(grid=grid, t=t, snapshots=np.array(frames))


def path(x: np.ndarray, y: np.ndarray | None = None, t: np.ndarray | None = None) -> Track:
    t = np.linspace(0, ns, x.size) if t is None else t
    y = 0 * t if y is None else y
    return Track(t=t, x=x, y=y, Q=-np.ones(t.size), kind="skyrmion")


@pytest.mark.parametrize("kind", ["auto", "skyrmion"])
def test_skyrmion_is_followed_over_periodic_boundaries(skyrmion: Build, kind: str) -> None:
    t = np.linspace(0, ns, 13)
    centers = [((70e-9 + 150 * s) % 80e-9, (5e-9 - 90 * s) % 80e-9) for s in t]  # 150 and −90 m/s: 2 and 1 periods
    followed = track(run(FILM, t, [skyrmion(FILM, c) for c in centers]), kind)
    assert followed.kind == "skyrmion"
    assert followed.lost_at is None
    np.testing.assert_allclose(followed.x, 70e-9 + 150 * t, atol=1e-8 * nm)
    np.testing.assert_allclose(followed.y, 5e-9 - 90 * t, atol=1e-8 * nm)
    np.testing.assert_allclose(followed.Q, -1, atol=1e-12)
    velocity, error, steady = followed.velocity()
    np.testing.assert_allclose(velocity, [150, -90], atol=1e-7)  # 1e-17 m over 1 ns, and some
    assert error.max() < 1e-6
    assert steady


def test_wall_in_an_open_wire(wall: Build) -> None:
    grid = Grid(nx=100, ny=2, dx=2 * nm, dy=2 * nm, thickness=nm)
    t = np.linspace(0, ns, 16)
    followed = track(run(grid, t, [wall(grid, 50e-9 + 60 * s, polarity=-1) for s in t]))
    assert followed.kind == "wall"
    assert np.isnan(followed.y).all()
    velocity, error, steady = followed.velocity()
    assert velocity[0] == pytest.approx(60, rel=1e-9)
    assert np.isnan(velocity[1])
    assert np.isnan(error[1])
    assert steady
    t_mid, v_x, v_y = followed.instantaneous_velocity()
    np.testing.assert_allclose(t_mid, t[:-1] + ns / 30)
    np.testing.assert_allclose(v_x, 60, rtol=1e-6)
    assert np.isnan(v_y).all()


def test_one_of_two_walls_in_a_periodic_wire() -> None:
    grid = Grid(nx=100, ny=1, dx=2 * nm, dy=2 * nm, thickness=nm, periodic=(True, False))
    t = np.linspace(0, ns, 11)
    frames = []
    for s in t:
        m_z = np.tanh((np.abs(grid.distance(((100e-9 + 300 * s) % 200e-9, 0.0))[0]) - 50 * nm) / (5 * nm))
        frames.append(np.array([np.sqrt(1 - m_z**2), 0 * m_z, m_z]))
    with pytest.raises(ValueError, match=r"t = 0 s.*2 times.*near"):
        track(run(grid, t, frames))
    followed = track(run(grid, t, frames), near=140 * nm)
    np.testing.assert_allclose(followed.x, 150e-9 + 300 * t, atol=1e-6 * nm)


@pytest.mark.parametrize(
    ("after", "reason"), [("uniform", "charge went from -1 to 0"), ("nan", "not finite"), ("two", "from -1 to -2")]
)
def test_lost_skyrmion(skyrmion: Build, after: str, reason: str) -> None:
    t = np.linspace(0, ns, 11)
    uniform = np.zeros((3, 40, 40))
    uniform[2] = 1
    two = np.where(FILM.x < 40 * nm, skyrmion(FILM, (20 * nm, 40 * nm)), skyrmion(FILM, (60 * nm, 40 * nm)))
    end = {"uniform": uniform, "nan": uniform * np.nan, "two": two}[after]
    followed = track(run(FILM, t, [skyrmion(FILM, (20e-9 + 10 * s, 40e-9)) for s in t[:9]] + [end] * 2))
    assert followed.lost_at == t[9]
    assert reason in followed.lost_because
    np.testing.assert_array_equal(followed.t, t[:9])
    assert followed.x.shape == followed.y.shape == followed.Q.shape == (9,)
    velocity, _, steady = followed.velocity(fit_from=0)
    np.testing.assert_allclose(velocity, [10, 0], atol=1e-6)
    assert not steady


def test_velocity_of_a_skyrmion_lost_too_soon_says_why(skyrmion: Build) -> None:
    t = np.linspace(0, ns, 11)
    uniform = np.zeros((3, 40, 40))
    uniform[2] = 1
    followed = track(run(FILM, t, [skyrmion(FILM, (20e-9, 40e-9))] * 2 + [uniform] * 9))
    with pytest.raises(ValueError, match=r"at least 3.*lost at 2e-10 s: the topological charge went from -1 to 0"):
        followed.velocity()


def test_nothing_to_follow(skyrmion: Build) -> None:
    t = np.array([0.0, ns])
    uniform = np.zeros((3, 40, 40))
    uniform[2] = 1
    with pytest.raises(ValueError, match="no wall"):
        track(run(FILM, t, [uniform] * 2))
    with pytest.raises(ValueError, match="no skyrmion"):
        track(run(FILM, t, [uniform] * 2), "skyrmion")
    two = np.where(FILM.x < 40 * nm, skyrmion(FILM, (20 * nm, 40 * nm)), skyrmion(FILM, (60 * nm, 40 * nm)))
    with pytest.raises(ValueError, match=r"2 skyrmions.*track follows one texture; crop or mask to one \(track_all\)"):
        track(run(FILM, t, [two] * 2))
    with pytest.raises(ValueError, match="kind = 'vortex'"):
        track(run(FILM, t, [two] * 2), "vortex")
    with pytest.raises(ValueError, match="no snapshots"):
        track(run(FILM, t[:0], []))


def test_the_start_is_left_out() -> None:
    t = np.linspace(0, ns, 101)
    ramped = path(np.where(t < 0.4 * ns, 0, 50 * (t - 0.4 * ns)))
    assert ramped.velocity().velocity[0] == pytest.approx(50, rel=1e-9)
    assert ramped.velocity().steady
    assert not ramped.velocity(fit_from=0).steady
    assert ramped.velocity(fit_from=0).velocity[0] < 45


def test_slow_changes_are_not_steady() -> None:
    t = np.linspace(0, ns, 101)
    late = t / ns
    for x in (
        50 * t * (1 + 0.05 * late),  # 3 % faster at the end of the window than at its start
        50 * t + 2 * nm * np.exp(-late / 0.3),  # still relaxing
        50 * t + 0.5 * nm * np.sin(2 * np.pi * late / 1.2),  # half an oscillation
    ):
        assert not path(x).velocity().steady
        assert not path(50 * t, x - 50 * t).velocity().steady
    # below a thousandth of the speed it counts as steady
    assert path(50 * t * (1 + 2e-4 * late)).velocity().steady


def test_rest_is_steady() -> None:
    rounding = 1e-23 * np.arange(50) ** 2
    velocity, error, steady = path(1e-8 + rounding).velocity()
    assert steady
    assert abs(velocity[0]) < 1e-9
    assert error[0] < 1e-9


def test_a_lattice_wiggle_that_averages_out_is_steady_with_an_error() -> None:
    t = np.linspace(0, 2 * ns, 401)
    wiggle = path(50 * t + 0.05 * nm * np.sin(2 * np.pi * 50 * t / (2 * nm)), t=t)
    velocity, error, steady = wiggle.velocity()
    assert steady
    assert abs(velocity[0] - 50) < 3 * error[0]
    assert error[0] < 0.3


@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_error_covers_the_truth(memory: float) -> None:
    rng = np.random.default_rng(7)
    t = np.linspace(0, ns, 200)
    deviations, verdicts = [], []
    for _ in range(300):
        noise = np.zeros(t.size)
        kicks = 0.1 * nm * rng.normal(size=t.size)
        for k in range(t.size):
            noise[k] = memory * noise[k - 1] + kicks[k]
        velocity, error, steady = path(20 * t + noise).velocity()
        deviations.append((velocity[0] - 20) / error[0])
        verdicts.append(steady)
    spread = float(np.std(deviations))
    # 1 if the error were exact; the larger of two estimates makes it smaller, autocorrelations estimated from few
    # frames make it larger. Ordinary least squares alone gives 2.5 at memory 0.7. 300 draws: ± 0.04
    assert 0.6 < spread < 1.2
    assert abs(np.mean(deviations)) < 4 / math.sqrt(300)
    assert np.mean(verdicts) > 0.95


def test_few_frames() -> None:
    t = np.linspace(0, ns, 9)
    assert not path(10 * t, t=t).velocity().steady  # 6 frames in the window say nothing about steadiness
    with pytest.raises(ValueError, match="needs at least 3"):
        path(10 * t[:4], t=t[:4]).velocity()
    with pytest.raises(ValueError, match="fit_from = 1"):
        path(10 * t, t=t).velocity(fit_from=1.0)
