"""The simulation: a grid, a magnet, terms and torques, and a state that moves in time."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coefficients import CoefficientTable
from llgsim import store
from llgsim.compose import Kernel, compose
from llgsim.engine import Engine
from llgsim.grid import Grid
from llgsim.integrators import RK4
from llgsim.parts import checked_terms, checked_torques
from llgsim.quantities import checked_number
from llgsim.relax import Relaxation, descend
from llgsim.run import Column, Run
from llgsim.textures import normalised
from llgsim.threads import checked_threads, default_threads
from llgsim.torques.base import XI_SAMPLES
from llgsim.torques.microscopic import check_positive_spin

GAMMA = 1.760859630e11  # rad/(s T), free electron
STABILITY_FRACTION = 0.8  # of the stability limit; leaves room for what the bound of the linear operator leaves out
CHUNK = 1000  # most steps between looks at the state: for NaN, for an interrupt, and for the numbers of a moving drive
CHUNK_CELLS = 2**27  # and most steps × cells, about a second
MOST_STEPS = 10_000_000  # between two frames; a drive or a parameter that asks for more is a mistake

Field = NDArray[np.float64]


LARGEST_PRECESSION = 0.1  # rad per step
FIXED = frozenset({"grid", "Ms", "gamma", "terms", "torques", "damping", "dtype", "threads"})


class SimulationError(RuntimeError):
    """A run that cannot go on; `t` (s) and `cell` (j, i) say when and where, `run` holds what was written before."""

    def __init__(self, message: str, t: float, cell: tuple[int, int] | None, run: Run | None = None) -> None:
        super().__init__(message)
        self.t, self.cell, self.run = t, cell, run


class Simulation:
    """The anisotropic Landau-Lifshitz-Gilbert equation on a grid.

    (1 − Σξ0) ∂t m − m × (Λ ∂t m) = −γ m×B + ΣR with Λ = diag(α0 + Σξ∥, α0 + Σξ∥, α0 + Σξ⊥), B = −(1/Ms) δE/δm, R the
    rates of the torques and the sums over the torques; without a MicroscopicTorque all ξ vanish and this is
    the Gilbert equation. It is solved for ∂t m in closed form in every cell and integrated by the classical Runge-Kutta
    method at 80 % of its stability limit; m is normalised after every step.

    Parameters
    ----------
    grid : Grid
    Ms : float
        Saturation magnetisation (A/m).
    terms : sequence of energy terms
        Exchange, InterfacialDMI, …; at most one stray-field term.
    torques : sequence of torques
        MicroscopicTorque, ZhangLi, …
    damping : float
        Gilbert damping α0 ≥ 0 beyond that of the torques. Default 0 if there is any of these (ξ∥ or ξ⊥ of a
        MicroscopicTorque), required otherwise.
    m : array (3, ny, nx)
        Start state; it is normalised.
    gamma : float
        Gyromagnetic ratio γ (rad/(s T)).
    dtype : "float64" or "float32"
        Float type of the state.
    threads : int, optional
        How many threads share the rows in `run`; the result is the same to the last bit. Default: 1 for grids that are
        not worth more, otherwise what numba offers (NUMBA_NUM_THREADS, or the number of processors).

    Raises
    ------
    ValueError
        A parameter out of range, no damping given where it is required, coefficients with 1 − ξ0 ≤ 0, a bad m.

    Examples
    --------
    >>> from llgsim import Grid, Simulation, Zeeman, textures
    >>> grid = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
    >>> sim = Simulation(grid, Ms=8e5, terms=[Zeeman(B=(0, 0, 1))], damping=0.1, m=textures.uniform(grid, (1, 0, 0)))
    >>> run = sim.run(10e-12, every=5e-12, progress=False)
    >>> len(run.t), bool(sim.m[2, 0, 0] > 0)
    (3, True)
    """

    def __init__(
        self,
        grid: Grid,
        *,
        Ms: float,
        terms: Sequence[Any],
        torques: Sequence[Any] = (),
        damping: float | None = None,
        m: ArrayLike,
        gamma: float = GAMMA,
        dtype: str = "float64",
        threads: int | None = None,
    ) -> None:
        self.grid = grid
        self.Ms = checked_number("Simulation", "Ms", Ms, "A/m", above=0.0)
        self.gamma = checked_number("Simulation", "gamma", gamma, "rad/(s T)", above=0.0)
        self.terms = checked_terms(terms, grid, self.Ms, self.gamma)
        self.torques = checked_torques(torques, grid, self.Ms, self.gamma)
        stray_fields = [type(term).__name__ for term in self.terms if getattr(term, "is_stray_field", False)]
        if len(stray_fields) > 1:
            raise ValueError(f"Simulation: terms has {' and '.join(stray_fields)}; the stray field counts once")
        if damping is None:
            if not any(xi.any() for xi in self._xi_sums()[1:]):
                raise ValueError(
                    "Simulation: damping is required unless a MicroscopicTorque brings its own (xi_parallel or "
                    "xi_perpendicular other than 0); give 0 or more"
                )
            damping = 0.0
        self.damping = checked_number("Simulation", "damping", damping, "", minimum=0.0)
        if dtype not in ("float64", "float32", np.float64, np.float32):
            raise ValueError(f"Simulation: dtype = {dtype!r} must be 'float64' or 'float32'")
        self.dtype = np.dtype(dtype)
        self.t = 0.0
        check_positive_spin(self._xi_sums()[0], "Simulation")
        self.threads = default_threads(grid) if threads is None else checked_threads(threads, grid)
        kernel = compose(self.terms, self.torques, grid, self.Ms, self.gamma)
        self._engine = Engine(kernel, grid, self.dtype, blocks=self.threads)
        self._state = self._engine.state()
        self.m = m

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and name in vars(self):
            raise AttributeError(
                f"Simulation.{name} cannot be changed: the kernel and the time step are made for it; build a new "
                "Simulation with m=sim.m"
            )
        super().__setattr__(name, value)

    def _xi_sums(self) -> tuple[Field, Field, Field]:
        total = np.zeros((3, len(XI_SAMPLES)))
        for torque in self.torques:
            total += np.stack(torque.xi(self.grid, self.Ms, self.gamma, XI_SAMPLES))
        return total[0], total[1], total[2]

    # -- state and energies ----------------------------------------------------------------------------------------

    @property
    def m(self) -> NDArray[Any]:
        """Magnetisation direction (3, ny, nx), a read-only copy; assign a whole array to change the state."""
        m = np.ascontiguousarray(self._cells)
        m.setflags(write=False)
        return m

    @m.setter
    def m(self, value: ArrayLike) -> None:
        self._engine.assign(self._state, normalised(value, self.grid))

    @property
    def kernel(self) -> Kernel:
        """The composed kernel; `print(sim.kernel.source)` shows it."""
        return self._engine.kernel

    @property
    def _cells(self) -> NDArray[Any]:
        """The state as a view (3, ny, nx)."""
        return self._engine.cells(self._state)

    def _parameters(self, t: float) -> NDArray[Any]:
        return self._engine.parameters(self.Ms, self.gamma, self.damping, t)

    def _totals(self) -> Field:
        return self._engine.totals(self._state, self._parameters(self.t))

    def energies(self) -> dict[str, float]:
        """Energy of every term (J), by class name (numbered when a class occurs twice)."""
        values = self._totals()[4:] * self.grid.cell_volume
        return dict(zip(self._term_names, values.tolist(), strict=True))

    def energy(self) -> float:
        """Total energy (J)."""
        return sum(self.energies().values())

    def effective_field(self) -> Field:
        """B = −(1/Ms) δE/δm (T), shape (3, ny, nx); zero outside the magnet."""
        h = np.zeros((3, *self.grid.shape))
        self._engine.field(self._state, self._parameters(self.t), h)
        return h * self.grid.magnetic / self.Ms

    def rhs(self) -> Field:
        """∂t m (1/s) at the present state and time, shape (3, ny, nx)."""
        return self._rhs_at(self.t)

    def _rhs_at(self, t: float) -> Field:
        rate = self._engine.state()
        self._engine.rate(self._state, self._parameters(t), rate)
        return self._engine.cells(rate).astype(np.float64)

    @property
    def _term_names(self) -> list[str]:
        names = [type(term).__name__ for term in self.terms]
        return [
            name if names.count(name) == 1 else f"{name}_{names[:k].count(name) + 1}" for k, name in enumerate(names)
        ]

    # -- time step -------------------------------------------------------------------------------------------------

    def largest_rate(self, t: float | None = None) -> float:
        """Upper bound (1/s) on the eigenvalues of the equation of motion linearised near equilibrium at time t.

        The sum over terms of γ times the norm of their field operator and over torques of their `rate_bound`, times the
        largest gain 1/σ_min of (1 − ξ0) − m×Λ on the tangent plane over all m_z.
        """
        t = self.t if t is None else t
        fields = self.gamma * sum(term.field_bound(self.grid, self.Ms) for term in self.terms)
        return self._gain * (fields + self._torque_bound(self.grid, t))

    def precession_rate(self, t: float | None = None) -> float:
        """Upper bound (1/s) on how fast a uniform state turns: `largest_rate` without gradients."""
        t = self.t if t is None else t
        local = [term for term in self.terms if term.stencil == "cell"]
        fields = self.gamma * sum(term.field_bound(self.grid, self.Ms) for term in local)
        single_cell = dataclasses.replace(self.grid, nx=1, ny=1, mask=None)
        return self._gain * (fields + self._torque_bound(single_cell, t))

    def _torque_bound(self, grid: Grid, t: float) -> float:
        return float(sum(torque.rate_bound(grid, self.Ms, self.gamma, t) for torque in self.torques))

    @cached_property
    def _gain(self) -> float:
        """1/σ_min of (1 − ξ0) − m×Λ on the tangent plane, the largest over m_z."""
        xi0, xi_parallel, xi_perpendicular = self._xi_sums()
        s, along_phi = 1 - xi0, self.damping + xi_parallel
        along_theta = along_phi * XI_SAMPLES**2 + (self.damping + xi_perpendicular) * (1 - XI_SAMPLES**2)
        # σ_min of [[s, along_phi], [−along_theta, s]] = determinant / σ_max
        determinant = s**2 + along_phi * along_theta
        half_trace = s**2 + (along_phi**2 + along_theta**2) / 2
        largest = np.sqrt(half_trace + np.sqrt(np.maximum(half_trace**2 - determinant**2, 0)))
        return float((largest / np.abs(determinant)).max())

    def time_step(self, t: float | None = None) -> float:
        """The step (s) that `run` takes at most.

        80 % of the Runge-Kutta stability limit 2.83/largest_rate, and 0.1/precession_rate. The first rules wherever
        cells are small enough for exchange to dominate; there the short waves that it bounds are damped by the method.
        The second keeps the method's own damping of a uniform precession at angular frequency ω, (ω dt)⁶/144 per step,
        below 1e-8.
        """
        t = self.t if t is None else t
        return self._steady_time_step if t >= self._steady_after else self._time_step_at(t)

    @cached_property
    def _steady_time_step(self) -> float:
        return self._time_step_at(self._steady_after)

    def _time_step_at(self, t: float) -> float:
        rate, precession = self.largest_rate(t), self.precession_rate(t)
        stable = STABILITY_FRACTION * float(RK4.stability_limit) / rate if rate > 0 else math.inf
        return min(stable, LARGEST_PRECESSION / precession) if precession > 0 else stable

    # -- dynamics --------------------------------------------------------------------------------------------------

    def run(
        self,
        duration: float,
        *,
        every: float,
        output: str | Path | None = None,
        progress: bool = True,
        snapshots_every: float | None = None,
        dt: float | None = None,
        overwrite: bool = False,
        title: str = "",
        metadata: Mapping[str, Any] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Run:
        """Integrate for `duration` from the present state and record frames at 0, every, …, duration.

        Parameters
        ----------
        duration, every : float
            Length of the run and interval of the observable table (s).
        output : path, optional
            Run directory to write, with the coefficient tables of the torques; in memory without.
        progress : bool
            Whether to show a progress bar.
        snapshots_every : float, optional
            Interval of the stored m, a multiple of `every`; default: every row has its snapshot.
        dt : float, optional
            Largest time step (s), at most `time_step()`; default: that.
        overwrite, title, metadata, files
            Replace an earlier run directory; what to record with the run; files to keep in its directory.

        Returns
        -------
        Run
            run.t (from 0 at the start of this run), run.table (xarray), run.snapshots (lazy, (nt, 3, ny, nx)).

        Raises
        ------
        ValueError
            Times that are not positive or do not fit, or a dt beyond the stability limit.
        SimulationError
            The state is no longer finite, or no time step follows it; frames written before are kept.
        """
        intervals, stride = _schedule(duration, every, snapshots_every)
        if dt is not None:
            if not (math.isfinite(dt) and dt > 0):
                raise ValueError(f"run: dt = {dt!r} s must be a positive time in seconds")
            self._check_dt(dt, min(self.time_step(), self.time_step(self.t + duration)))
        if "simulation" in (metadata or {}):
            raise ValueError("run: metadata must not have the key 'simulation', under which the run describes itself")
        writer = store.create(
            output,
            grid=self.grid,
            columns=self._columns(),
            n_rows=intervals + 1,
            n_snapshots=intervals // stride + 1,
            metadata={**(metadata or {}), "simulation": self.describe()},
            dtype=self.dtype.name,
            title=title,
            overwrite=overwrite,
        )
        if writer.path is not None:
            for name, table in self._tables().items():
                table.save(writer.path / name)
            for name, content in (files or {}).items():
                (writer.path / name).write_bytes(content)
        begin = self.t
        work = self._engine.schedule.rings(), np.empty_like(self._state)
        try:
            with _progress_bar(intervals, progress) as bar:
                for index in range(intervals + 1):
                    if index:
                        self._advance(begin + index * (duration / intervals), dt, *work)
                        bar.update()
                    observed = self._observe()
                    if overflowing := [name for name, value in observed.items() if not math.isfinite(value)]:
                        message = f"{', '.join(overflowing)} is not finite at t = {self.t:.6g} s; check the parameters"
                        raise SimulationError(message, self.t, None)
                    writer.append_row(self.t - begin, observed)
                    if index % stride == 0:
                        writer.append_snapshot(self.t - begin, self._cells)
        except SimulationError as error:
            writer.finish("failed", str(error), t=error.t, cell=error.cell)
            raise SimulationError(str(error), error.t, error.cell, writer.run()) from None
        except BaseException as error:
            writer.finish("failed", f"{type(error).__name__}: {error}", t=self.t)
            raise
        writer.finish("finished")
        return writer.run()

    def _advance(
        self, until: float, dt: float | None, rings: tuple[NDArray[Any], NDArray[Any]], before: NDArray[Any]
    ) -> None:
        """Integrate up to time `until` in equal steps within the stability limit."""
        start = self.t
        interval = until - start
        steady = self._steady_after <= start
        sampled = [start] if steady else np.linspace(start, until, 9).tolist()
        limit = min(self.time_step(t) for t in sampled)
        if dt is not None:
            self._check_dt(dt, limit)
        most = MOST_STEPS if steady else MOST_STEPS // 10  # a moving drive is evaluated in Python
        if not interval < most * (limit if dt is None else dt):
            if dt is not None:
                raise ValueError(
                    f"run: dt = {dt:.3g} s makes more than {most:.0e} steps in {interval:.3g} s, the time between two "
                    "frames; leave it out or take a larger one"
                )
            raise self._too_fast(min(sampled, key=self.time_step), interval, most)
        steps = max(1, math.ceil(interval / (limit if dt is None else dt) * (1 - 1e-12)))
        h = interval / steps
        magnetic = int(self.grid.magnetic.sum())
        chunk = max(1, min(CHUNK, CHUNK_CELLS // (self.grid.nx * self.grid.ny)))
        for first in range(0, steps, chunk):
            count = min(chunk, steps - first)
            begin = start + first * h
            if self._steady_after <= begin:
                parameters = self._parameters(begin)[None]
            else:
                times = [begin + h * (step + c) for step in range(count) for c in RK4.c.tolist()]
                known = {t: self._parameters(t) for t in set(times)}
                parameters = np.stack([known[t] for t in times])
            before[:] = self._state
            try:
                self._engine.advance(self._state, rings, count, h, parameters)
            except BaseException:  # an interrupt, which is noticed when the steps are done: t has not moved yet
                self._state[:] = before
                raise
            # overflow leaves NaN, or zero where only the square of m was too large
            length = sum(float(np.einsum("ji,ji->", m, m, dtype=np.float64)) for m in self._cells)
            if not abs(length - magnetic) < max(0.5, 1e-6 * magnetic):  # rounding
                raise self._blown_up(before, rings, count, h, parameters)
            self.t = begin + count * h
        self.t = until

    @staticmethod
    def _check_dt(dt: float, limit: float) -> None:
        if dt > limit * (1 + 1e-9):
            raise ValueError(
                f"run: dt = {dt:.3g} s is beyond the largest step of {limit:.3g} s that is stable and accurate "
                "(Simulation.time_step); leave it out or take a smaller one"
            )

    def _too_fast(self, t: float, interval: float, most: int) -> SimulationError:
        """The error for a rate that no time step follows, with the cell that turns fastest at time t."""
        with np.errstate(over="ignore"):
            rate = np.abs(self._rhs_at(t)).max(axis=0)  # argmax takes NaN for the largest
        j, i = (int(index) for index in np.unravel_index(np.argmax(rate), rate.shape))
        message = (
            f"at t = {t:.6g} s m turns at up to {self.largest_rate(t):.3g}/s, fastest in cell (j, i) = ({j}, {i}): it "
            f"takes more than {most:.0e} time steps to follow that for {interval:.3g} s, the time between two "
            "frames; check the drive and the parameters; what was written before is kept"
        )
        return SimulationError(message, t, (j, i))

    def _blown_up(self, state: Any, rings: Any, steps: int, h: float, parameters: Any) -> SimulationError:
        """Repeat the last steps one by one to say when and where the state stopped being finite."""
        rows = len(RK4.b)
        for step in range(steps):
            row = parameters if len(parameters) == 1 else parameters[rows * step : rows * (step + 1)]
            self._engine.advance(state, rings, 1, h, row)
            m = self._engine.cells(state)
            bad = np.argwhere(self.grid.magnetic & ~(np.einsum("cji,cji->ji", m, m) > 0.5))
            if len(bad):
                break
        t, (j, i) = self.t + (step + 1) * h, (int(index) for index in bad[0])
        message = (
            f"m is not finite at t = {t:.6g} s in {len(bad)} of {self.grid.nx * self.grid.ny} cells, first in cell "
            f"(j, i) = ({j}, {i}); the drive or a parameter is far beyond what the grid resolves "
            f"(time step {h:.3g} s); what was written before is kept"
        )
        return SimulationError(message, t, (j, i))

    @property
    def _steady_after(self) -> float:
        return max((getattr(part, "steady_after", 0.0) for part in (*self.terms, *self.torques)), default=0.0)

    # -- observables -----------------------------------------------------------------------------------------------

    def _columns(self) -> list[Column]:
        columns = [Column(f"m{axis}", "", f"average of m_{axis} over the magnet") for axis in "xyz"]
        columns += [Column("energy", "J", "total energy")]
        columns += [Column(f"energy_{name}", "J", f"energy of {name}") for name in self._term_names]
        columns += [Column("max_torque", "T", "largest |m x B| of any cell")]
        return columns

    def _observe(self) -> dict[str, float]:
        sums = self._totals()
        mean, energies = sums[:3] / self.grid.magnetic.sum(), sums[4:] * self.grid.cell_volume
        row = dict(zip(("mx", "my", "mz"), mean.tolist(), strict=True))
        row["energy"] = float(energies.sum())
        row |= {f"energy_{name}": value for name, value in zip(self._term_names, energies.tolist(), strict=True)}
        row["max_torque"] = math.sqrt(sums[3]) / self.Ms
        return row

    def describe(self) -> dict[str, Any]:
        """The simulation as plain data in SI, as it is recorded with a run: magnet, terms, torques and their drives."""
        return {
            "Ms": self.Ms,
            "gamma": self.gamma,
            "damping": self.damping,
            "t": self.t,
            "terms": [_plain(term) for term in self.terms],
            "torques": [_plain(torque) for torque in self.torques],
        }

    def _tables(self) -> dict[str, CoefficientTable]:
        """The coefficient tables of the torques by the name of the file that a run directory keeps them in."""
        found = [getattr(torque, "coefficients", None) for torque in self.torques]
        tables = [table for table in found if isinstance(table, CoefficientTable)]
        return {f"coefficients{'' if k == 0 else f'_{k + 1}'}.json": table for k, table in enumerate(tables)}

    # -- statics ---------------------------------------------------------------------------------------------------

    def relax(self, *, torque: float = 1e-6, iterations: int = 100_000) -> Relaxation:
        """Minimise the energy in place until no cell has |m×B| above `torque` (T); time and torques play no part.

        Random tilts, always the same, keep it from returning an unstable symmetric state: 1e-6 rad before the descent,
        and after it a common rotation of 1e-2 rad with 1e-3 rad per cell. If the descent from there ends lower by more
        than 1e-6 of the energies' magnitudes, the first state was a saddle and the lower one takes its place.

        A texture that nothing holds, such as a wall near a canted edge, slides on without end; the warning then says
        what torque is left.

        Parameters
        ----------
        torque : float
            Tolerance on |m×B| (T).
        iterations : int
            Largest number of descent steps.

        Raises
        ------
        ValueError
            A tolerance that is not positive.
        SimulationError
            A field that is not finite.

        Warns
        -----
        RuntimeWarning
            The tolerance was not reached within `iterations`.
        """
        if not (math.isfinite(torque) and torque > 0):
            raise ValueError(f"relax: torque = {torque!r} T must be a positive tolerance in tesla")
        random = np.random.default_rng(2016)
        state = self._tilted(self._cells, 1e-6 * random.standard_normal((3, *self.grid.shape)))
        count, largest, energy, scale = self._descend(state, torque, iterations)
        while largest <= torque and count < iterations:
            common, single = random.standard_normal((3, 1, 1)), random.standard_normal((3, *self.grid.shape))
            other = self._tilted(state, 1e-2 * common + 1e-3 * single)
            short = min(max(10 * count, 1000), iterations - count)
            more, other_largest, other_energy, _ = self._descend(other, torque, short)
            count += more
            gain = (energy - other_energy) / scale if scale else 0.0
            if other_largest > torque and gain > 1e-3:
                more, other_largest, other_energy, _ = self._descend(other, torque, iterations - count)
                count += more
            # what gains little and slowly only slides, as a skyrmion does from cell to cell of a coarse grid
            elif other_largest > torque or gain < 1e-6:
                break
            state, largest, energy = other, other_largest, other_energy
        self.m = state
        result = Relaxation(count, largest, largest <= torque)
        if not result.converged:
            warnings.warn(
                f"relax stopped after {count} iterations with |m x B| = {result.largest_torque:.3g} T, above the "
                f"tolerance {torque:.3g} T; allow more iterations or a larger torque",
                RuntimeWarning,
                stacklevel=2,
            )
        return result

    def _tilted(self, m: Field, tilt: Field) -> Field:
        """m + m × tilt."""
        return normalised(m + np.cross(m, np.broadcast_to(tilt, m.shape), axis=0), self.grid)

    def _descend(self, m: Field, torque: float, iterations: int) -> tuple[int, float, float, float]:
        """Minimise from m in place: iterations, |m×B| (T), energy and the sum of its magnitudes (J/m³)."""
        engine = Engine(self.kernel, self.grid, np.float64)
        parameters = engine.parameters(self.Ms, self.gamma, self.damping, self.t)
        state, trial = engine.state(m), engine.state()

        def energy(state: Field) -> tuple[float, float]:
            densities = engine.totals(state, parameters)[4:]
            return float(densities.sum()), float(np.abs(densities).sum())

        bound = sum(term.field_bound(self.grid, self.Ms) for term in self.terms) * self.Ms
        try:
            count, largest = descend(
                engine,
                state,
                trial,
                parameters,
                energy,
                tolerance=torque * self.Ms,
                first_step=1 / bound if bound else 1.0,
                most=iterations,
            )
        except FloatingPointError as error:
            raise SimulationError(f"{error}; check the parameters of the terms", self.t, None) from None
        m[:] = engine.cells(state)
        return count, largest / self.Ms, *energy(state)


def _schedule(duration: float, every: float, snapshots_every: float | None) -> tuple[int, int]:
    """Number of table intervals, and how many of them lie between two snapshots."""
    for name, value in (("duration", duration), ("every", every)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"run: {name} = {value!r} s must be a positive time in seconds")
    intervals = round(duration / every)
    if intervals < 1 or abs(intervals * every - duration) > 1e-6 * duration:
        raise ValueError(f"run: duration = {duration:g} s must be a whole multiple of every = {every:g} s")
    if snapshots_every is None:
        return intervals, 1
    stride = round(snapshots_every / every)
    if stride < 1 or abs(stride * every - snapshots_every) > 1e-6 * snapshots_every or intervals % stride:
        raise ValueError(
            f"run: snapshots_every = {snapshots_every:g} s must be a whole multiple of every = {every:g} s and divide "
            f"duration = {duration:g} s"
        )
    return intervals, stride


def _plain(part: Any) -> dict[str, Any]:
    """A term or torque as its class name and the fields that it was made with; functions by name."""
    described: dict[str, Any] = {"kind": type(part).__name__}
    for field in dataclasses.fields(part) if dataclasses.is_dataclass(part) else ():
        value = getattr(part, field.name)
        if isinstance(value, CoefficientTable):
            value = "coefficient table"
        elif dataclasses.is_dataclass(value):
            value = {key: v for key, v in _plain(value).items() if key != "series"}
        elif callable(value):
            value = f"function {getattr(value, '__qualname__', value)}"
        elif not isinstance(value, float | int | str | tuple | None):
            value = repr(value)
        described[field.name] = value
    return described


def _progress_bar(intervals: int, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=intervals, unit="frame", disable=None if shown else True, leave=False)  # None: not into a file
