"""From the frames of a run to a trajectory and a velocity with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from llgsim.analysis.skyrmions import skyrmion_position
from llgsim.analysis.topology import topological_charge
from llgsim.analysis.walls import wall_position

if TYPE_CHECKING:
    from llgsim.run import Run

POSITION_ACCURACY = 1e-15  # m; displacements below this say nothing


class Velocity(NamedTuple):
    """Velocity (2,) in m/s, its standard error (2,) in m/s, and whether the motion was steady."""

    velocity: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    steady: bool


@dataclass(frozen=True, eq=False)
class Track:
    """The trajectory of one texture.

    Attributes
    ----------
    t : array (n,)
        Times (s).
    x, y : arrays (n,)
        Position (m), unwrapped over periodic boundaries; y is nan for a wall.
    Q : array (n,)
        Topological charge.
    kind : "skyrmion" or "wall"
    lost_at : float or None
        Time of the first frame that no longer holds the texture (s); the arrays end before it.
    lost_because : str
        Why, in words; empty while the texture lasts.
    """

    t: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    Q: NDArray[np.float64]
    kind: Literal["skyrmion", "wall"]
    lost_at: float | None = None
    lost_because: str = ""

    def velocity(self, fit_from: float = 0.4) -> Velocity:
        """Velocity from straight lines through x(t) and y(t) over the last part of the track.

        The standard error of a slope is the larger of two estimates: ordinary least squares with the number of
        frames n reduced to n(1 − ρ)/(1 + ρ), ρ ≥ 0 the lag-1 autocorrelation of the residuals; and a quarter of the
        difference between the slopes of the two halves of the window, which for independent noise has that size,
        and which sees slow changes that residuals hide. Noise that stays correlated over more than about a tenth of
        the window defeats both: the error is then too small, and a longer run is the remedy.

        Steady means that the slopes of the two halves agree: in each component their difference is at most three
        times its own standard error (each half's residuals about its own line), or 1e-3 of the speed, or too small
        to displace the texture by 1e-6 nm. It is never granted to fewer than 8 frames or to a texture that was lost.

        Parameters
        ----------
        fit_from : float, 0 ≤ fit_from < 1
            Fraction of the duration that is left out at the start.

        Returns
        -------
        Velocity
            velocity (2,) m/s, standard_error (2,) m/s, steady. Components that the track does not have (y of a wall)
            are nan.

        Raises
        ------
        ValueError
            fit_from out of range; fewer than 3 frames to fit, with the reason if the texture was lost.

        Examples
        --------
        >>> t = np.linspace(0, 1e-9, 101)
        >>> track = Track(t=t, x=30 * t, y=-4 * t, Q=-np.ones(101), kind="skyrmion")
        >>> velocity, error, steady = track.velocity()
        >>> velocity.round(9).tolist(), bool(error.max() < 1e-9), steady
        ([30.0, -4.0], True, True)
        """
        if not 0 <= fit_from < 1:
            raise ValueError(f"fit_from = {fit_from} must be a fraction of the duration, 0 ≤ fit_from < 1")
        first, last = (self.t[0], self.t[-1]) if self.t.size else (0.0, 0.0)
        start = first + fit_from * (last - first)
        chosen = self.t >= start - 1e-9 * (last - first)
        t = self.t[chosen]
        if t.size < 3:
            lost = "" if self.lost_at is None else f"; the texture is lost at {self.lost_at:.4g} s: {self.lost_because}"
            raise ValueError(
                f"{t.size} of {self.t.size} frames lie after {start:.4g} s; a velocity with an error needs at least 3: "
                f"store more snapshots or lower fit_from{lost}"
            )
        paths = [self.x[chosen], self.y[chosen]]
        fits = [_line(t, path) for path in paths]
        slopes = np.array([slope for slope, _ in fits])
        errors = np.array([error for _, error in fits])
        if t.size < 8:
            return Velocity(slopes, errors, False)

        speed = math.sqrt(float(np.nansum(slopes**2)))
        resolution = POSITION_ACCURACY / (t[-1] - t[0])
        half = t.size // 2
        steady = self.lost_at is None
        for i, path in enumerate(paths):
            (early, early_error), (late, late_error) = _line(t[:half], path[:half]), _line(t[-half:], path[-half:])
            change = abs(late - early)
            errors[i] = np.maximum(errors[i], change / 4)
            noise = 3 * math.hypot(early_error, late_error)
            steady = steady and not change > max(noise, 1e-3 * speed, resolution)  # a nan component does not count
        return Velocity(slopes, errors, steady)

    def instantaneous_velocity(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Velocity between neighbouring frames, for plots: (t_mid, v_x, v_y), each (n − 1,); s and m/s.

        Differences are central about t_mid = (t_k + t_{k+1})/2.

        Examples
        --------
        >>> t = np.array([0, 1e-9, 2e-9])
        >>> Track(t=t, x=5 * t, y=0 * t, Q=0 * t, kind="skyrmion").instantaneous_velocity()[1].tolist()
        [5.0, 5.0]
        """
        steps = np.diff(self.t)
        return (self.t[1:] + self.t[:-1]) / 2, np.diff(self.x) / steps, np.diff(self.y) / steps


def _line(t: NDArray[np.float64], path: NDArray[np.float64]) -> tuple[float, float]:
    """Least-squares slope of path(t) and its standard error, autocorrelation of the residuals included."""
    time, place = t - t.mean(), path - path.mean()
    scatter = float(time @ time)
    slope = float(time @ place) / scatter
    residual = place - slope * time
    variance = float(residual @ residual)
    if not variance > 0:
        return slope, variance  # exactly on the line, or nan
    correlation = min(max(float(residual[1:] @ residual[:-1]) / variance, 0.0), 0.999)
    inflation = (1 + correlation) / (1 - correlation)
    return slope, math.sqrt(variance / (t.size - 2) * inflation / scatter)


def track(run: Run, kind: Literal["auto", "skyrmion", "wall"] = "auto", *, near: float | None = None) -> Track:
    """Follow the skyrmion or the wall of a run through its snapshots.

    Positions are those of `skyrmion_position` and `wall_position`, unwrapped over periodic boundaries: store
    snapshots often enough that the texture moves by less than half a period between two of them. A texture that
    vanishes on the way (annihilated, driven out, multiplied, a topological charge that jumps by more than 1/2) ends
    the track: `lost_at` names the time, and the frames before it are kept.

    Parameters
    ----------
    run : Run
        Of which t, snapshots and grid are read.
    kind : "auto", "skyrmion" or "wall"
        "auto" takes a skyrmion if |Q| ≥ 0.5 in the first snapshot, else a wall.
    near : float, optional
        For a wall: which crossing to follow, by its x in the first snapshot (m). Needed with periodic x.

    Raises
    ------
    ValueError
        An unknown kind; no snapshots; a first snapshot without texture, or with several (crop or mask to one).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from llgsim.grid import Grid
    >>> grid = Grid(nx=100, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    >>> t = np.linspace(0, 1e-9, 11)
    >>> frames = [[[1 / np.cosh(u)], [0 * u], [np.tanh(u)]] for u in ((grid.x - 40e-9 - 10 * s) / 5e-9 for s in t)]
    >>> followed = track(SimpleNamespace(t=t, snapshots=np.array(frames), grid=grid))
    >>> followed.kind, round(float(followed.velocity().velocity[0]), 9)
    ('wall', 10.0)
    """
    if kind not in ("auto", "skyrmion", "wall"):
        raise ValueError(f'kind = {kind!r} must be "auto", "skyrmion" or "wall"')
    grid, times = run.grid, np.asarray(run.t, dtype=np.float64)
    if times.size == 0:
        raise ValueError("this run has no snapshots to follow a texture through")

    first = np.asarray(run.snapshots[0])
    chosen: Literal["skyrmion", "wall"]
    chosen = ("skyrmion" if abs(topological_charge(first, grid)) >= 0.5 else "wall") if kind == "auto" else kind
    places: list[Sequence[float]] = []  # x, y, Q of each frame
    lost_at, lost_because = None, ""
    for k, time in enumerate(times):
        m = first if k == 0 else np.asarray(run.snapshots[k])
        try:
            charge = topological_charge(m, grid)
            if chosen == "wall":
                x, y = wall_position(m, grid, near=places[-1][0] if places else near), math.nan
            else:
                if places and abs(charge - places[0][2]) > 0.5:
                    raise ValueError(f"the topological charge went from {places[0][2]:.3g} to {charge:.3g}")
                x, y = skyrmion_position(m, grid)
        except ValueError as problem:
            if k == 0:
                hint = "" if chosen == "wall" else ". track follows one texture; crop or mask to one (track_all)"
                raise ValueError(f"no single {chosen} to follow at t = {time:.4g} s: {problem}{hint}") from problem
            lost_at, lost_because = float(time), str(problem)
            break
        places.append((x, y, charge))

    x_path, y_path, charges = np.array(places).T
    return Track(
        t=times[: len(places)],
        x=_unwrap(x_path, grid.size[0] if grid.periodic[0] else math.inf),
        y=_unwrap(y_path, grid.size[1] if grid.periodic[1] else math.inf),
        Q=charges,
        kind=chosen,
        lost_at=lost_at,
        lost_because=lost_because,
    )


def _unwrap(path: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    if not math.isfinite(period):
        return path
    turns = np.round(np.diff(path) / period)
    return path - period * np.concatenate([[0.0], np.cumsum(turns)])
