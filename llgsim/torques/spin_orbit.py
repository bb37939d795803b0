"""Spin-orbit torque: its four coefficients in a kernel, and a torque that consists of nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, get_args

import numpy as np

from coefficients.piecewise import PiecewiseChebyshev
from coefficients.rashba import SpinOrbit
from llgsim.grid import Grid
from llgsim.percell import dot, per_cell
from llgsim.torques.base import Field, Torque
from llgsim.torques.drive import Drive, DriveLike, checked_ramp
from llgsim.torques.series import (
    CoefficientLike,
    KernelSeries,
    chebyshev_series,
    number_count,
    one_piece,
    series_evaluator,
    vanishing,
)

DRIVES = {"E": "V/m", "sheet_current": "A/m"}


@dataclass(frozen=True, eq=False)
class SpinOrbitCoefficients:
    """a, b, c, d as functions of m_z² and the coupling that they belong to.

    The torque is that of `SpinOrbitTorque`.
    """

    functions: PiecewiseChebyshev
    coupling: str = "rashba"

    @cached_property
    def vanish(self) -> bool:
        """Whether a, b, c and d are zero everywhere."""
        return bool(vanishing(self.functions).all())

    @property
    def is_uniform_field(self) -> bool:
        """Whether the torque is that of a field that does not depend on m: of a constant a alone."""
        return set(self._series.lengths) == {(1,)}

    @cached_property
    def _series(self) -> KernelSeries:
        """What a kernel evaluates: a alone if the others vanish."""
        alone = vanishing(self.functions)[1:].all()
        return KernelSeries(self.functions.columns([0]) if alone else self.functions)

    @property
    def angular_velocity(self) -> Any:
        """The per-cell function (m, ddx, ddy, *parameters) → Ω (rad/s) with R = Ω × m."""
        return spin_orbit_angular_velocity(self._series.lengths)

    def parameters(self, force: Field, scale: float = 1.0) -> tuple[float, ...]:
        """One, the directed drive, the numbers of the series: for a field or current (2,) and coefficients × scale."""
        x, y = force if self.coupling == "rashba" else force[::-1]
        return (1.0, float(x), float(y), *self._series.parameters(scale))

    def rate(self, m: Field, force: Field, scale: float = 1.0) -> Field:
        """R (3, ny, nx) in 1/s for a whole field."""
        cell = tuple(m)
        turning = self.angular_velocity(cell, cell, cell, *self.parameters(force, scale))
        return np.cross(np.stack([np.broadcast_to(part, m.shape[1:]) for part in turning]), m, axis=0)

    def rate_bound(self, force: Field, scale: float = 1.0) -> float:
        """A bound (1/s) on how fast R turns m and on how fast small deviations grow, also where coefficients jump."""
        return abs(scale) * self._series.steepness * float(np.hypot(*force))


def check_coupling(owner: str, coupling: str) -> None:
    """ValueError for a coupling that the electron model does not have."""
    if coupling not in get_args(SpinOrbit):
        raise ValueError(f'{owner}: coupling = {coupling!r} must be "rashba" or "dresselhaus"')


@per_cell
def m_z_squared(m, one):  # type: ignore[no-untyped-def]
    """m_z² of the unit vector along m, to first order in |m|² − 1.

    A stage of a time step has |m| a little above 1, where a series in m_z² is not to be trusted; this never exceeds 1.
    """
    return m[2] * m[2] * (one + one - dot(m, m))


@per_cell
def field_like(m, fx, fy, a):  # type: ignore[no-untyped-def]
    """Ω = −a ẑ×F, so that Ω×m = a m×(ẑ×F) (a difference makes a zero of the right float type)."""
    return (a * fy, -a * fx, fx - fx)


@per_cell
def spin_orbit_torque(m, fx, fy, a, b, c, d):  # type: ignore[no-untyped-def]
    """Ω = −[a e + b m×e + (m·F)(c m×ẑ + d ẑ)] with e = ẑ×F."""
    along = m[0] * fx + m[1] * fy
    damping_like = (-m[2] * fx, -m[2] * fy, along)  # m×e
    return (
        a * fy - b * damping_like[0] - c * along * m[1],
        c * along * m[0] - a * fx - b * damping_like[1],
        -b * damping_like[2] - d * along,
    )


@lru_cache
def spin_orbit_angular_velocity(lengths: tuple[tuple[int, ...], ...]) -> Any:
    """The per-cell function (m, ddx, ddy, one, fx, fy, *numbers) → Ω for a, or for a, b, c, d.

    `lengths` and the numbers are those of their `KernelSeries`.
    """
    numbers = ", ".join(f"p{index}" for index in range(number_count(lengths)))
    names, turning = ("a,", field_like) if len(lengths[0]) == 1 else ("a, b, c, d", spin_orbit_torque)
    text = f"""def angular_velocity(m, ddx, ddy, one, fx, fy, {numbers}):
    {names} = evaluate(m_z_squared(m, one), one, {numbers})
    return turning(m, fx, fy, {names})
"""
    namespace = {
        "__name__": __name__,  # imported when a compiled kernel is read back from disk
        "evaluate": series_evaluator(lengths),
        "m_z_squared": m_z_squared,
        "turning": turning,
    }
    exec(compile(text, f"<spin-orbit torque {lengths}>", "exec"), namespace)
    return per_cell(namespace["angular_velocity"])


@dataclass(frozen=True, kw_only=True)
class SpinOrbitTorque(Torque):
    """Spin-orbit torque with given coefficients,

    ∂t m ∋ a m×(ẑ×F) + b m×(m×(ẑ×F)) + c m×(m×ẑ)(m·F) + d m×ẑ (m·F)

    (Ado, Tretiakov, Titov, Phys. Rev. B 95, 094401, Eqs. 7 and 14), with F the electric field or the sheet current. a
    and c are field-like (odd in m), b and d damping-like (even).

    This is for Rashba coupling α(σ_x p_y − σ_y p_x). Dresselhaus coupling α(σ_x p_x − σ_y p_y) is the same Hamiltonian
    with x and y of the orbital motion exchanged, spins and m as they are: spins respond to (F_x, F_y) as with Rashba
    coupling to (F_y, F_x), which therefore takes the place of F. With E_D = (E_x, −E_y) the torque reads
    −a m×E_D − b m×(m×E_D) − …; in ATT (20) this sign is missing.

    Parameters
    ----------
    a, b, c, d : float or function of an array of m_z
        Coefficients, 1/s per V/m with E, 1/s per A/m with sheet_current; functions must be even and smooth in m_z. They
        belong to the magnet that is simulated. Default 0.
    E, sheet_current : (float, float) or function t → (float, float)
        Electric field (V/m) or current per width of the film (A/m); exactly one of them.
    coupling : "rashba" or "dresselhaus"
        The spin-orbit coupling.
    ramp : float
        A constant drive is switched on over this time (s) by a smoothstep from t = 0.

    Raises
    ------
    ValueError
        No drive or two, values that are not finite, a function that is not even or not smooth, another coupling, a
        negative ramp, a ramp although the drive is a function of time.

    Examples
    --------
    The field −a (ẑ×E)/γ of 20 mT along −y, and a damping-like torque of half that strength:

    >>> gamma = 1.76e11
    >>> torque = SpinOrbitTorque(a=gamma * 20e-3 / 1e5, b=gamma * 10e-3 / 1e5, E=(1e5, 0.0))
    >>> torque.coupling
    'rashba'
    """

    a: CoefficientLike = 0.0
    b: CoefficientLike = 0.0
    c: CoefficientLike = 0.0
    d: CoefficientLike = 0.0
    E: DriveLike | None = None
    sheet_current: DriveLike | None = None
    coupling: str = "rashba"
    ramp: float = 0.0

    derivative_order = 0
    derivative_axes = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ramp", checked_ramp(self.ramp))
        given = [name for name in DRIVES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"SpinOrbitTorque: give exactly one of E and sheet_current, got {' and '.join(given) or 'none'}"
            )
        object.__setattr__(self, given[0], self.drive.value)
        check_coupling("SpinOrbitTorque", self.coupling)
        self._coefficients  # noqa: B018  checks them

    @cached_property
    def drive(self) -> Drive:
        """The electric field or the sheet current."""
        name = "E" if self.E is not None else "sheet_current"
        return Drive(name, DRIVES[name], getattr(self, name), self.ramp)

    @cached_property
    def _coefficients(self) -> SpinOrbitCoefficients:
        series = [chebyshev_series("SpinOrbitTorque", name, getattr(self, name)) for name in "abcd"]
        return SpinOrbitCoefficients(one_piece(series), self.coupling)

    @property
    def steady_after(self) -> float:
        return self.drive.steady_after

    def electric_direction(self, t: float) -> Field | None:
        force = np.array(self.drive.at(t))
        size = float(np.hypot(*force))
        return -force / size if size else None

    @property
    def angular_velocity(self) -> Any:
        return self._coefficients.angular_velocity

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """One, the drive as the coupling directs it, and the numbers that the coefficients are evaluated from."""
        return self._coefficients.parameters(np.array(self.drive.at(t)))

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        return self._coefficients.rate_bound(np.array(self.drive.at(t)))

    def spin_orbit_rate(self, m: Field, grid: Grid, Ms: float, gamma: float, t: float) -> Field:
        return self._coefficients.rate(m, np.array(self.drive.at(t)))
