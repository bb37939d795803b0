"""The torque of a microscopic electron model: anisotropic spin transfer, Gilbert damping and spin-orbit torque."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coefficients import CoefficientTable, closed_form, spin_density
from llgsim.grid import Grid
from llgsim.percell import cross, dot, per_cell
from llgsim.torques.base import XI_SAMPLES, Field, Torque, advection_bound
from llgsim.torques.drive import Drive, DriveLike, checked_ramp
from llgsim.torques.series import chebyshev_series, series_evaluator

CoefficientLike = float | Callable[[NDArray[np.float64]], Any]
DRIVES = {"E": "V/m", "sheet_current": "A/m", "drift_velocity": "m/s"}
NAMES = ("xi0", "xi_parallel", "xi_perpendicular", "a", "b", "c", "d")


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """Coefficients given as numbers or functions of m_z, in place of a computed table.

    Each is a float or a Python function of an array of m_z; a function must be even and smooth in m_z. They belong to
    the magnet that is simulated: unlike a table they are not rescaled with its spin density.

    Parameters
    ----------
    xi0, xi_parallel, xi_perpendicular
        ξ0, ξ∥, ξ⊥ (dimensionless).
    a, b, c, d
        Spin-orbit torque coefficients of ∂t m, 1/s per V/m (with an E drive) or 1/s per A/m (with a sheet current).

    Raises
    ------
    ValueError
        A value that is not finite, a function that is not even or not smooth, or ξ0 ≥ 1 somewhere.

    Examples
    --------
    >>> c = Coefficients(xi0=-0.15, xi_parallel=lambda m_z: 0.1 / (1 + m_z**2), xi_perpendicular=0.1)
    >>> round(float(c.evaluate(1.0)[1]), 12)
    0.05
    """

    xi0: CoefficientLike
    xi_parallel: CoefficientLike
    xi_perpendicular: CoefficientLike
    a: CoefficientLike = 0.0
    b: CoefficientLike = 0.0
    c: CoefficientLike = 0.0
    d: CoefficientLike = 0.0
    series: tuple[NDArray[np.float64], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        series = tuple(chebyshev_series(name, getattr(self, name)) for name in NAMES)
        object.__setattr__(self, "series", series)
        check_positive_spin(self.evaluate(XI_SAMPLES)[0], "Coefficients")

    def evaluate(self, m_z: Any) -> tuple[NDArray[np.float64], ...]:
        """ξ0, ξ∥, ξ⊥, a, b, c, d at m_z, as the kernel evaluates them."""
        x = 2 * np.asarray(m_z, dtype=float) ** 2 - 1
        return tuple(np.polynomial.chebyshev.chebval(x, series) for series in self.series)


def check_positive_spin(xi0: NDArray[np.float64], owner: str) -> None:
    """Refuse coefficients for which 1 − ξ0 ≤ 0 somewhere: the total spin would point against m."""
    worst = float(np.max(xi0))
    if not worst < 1:
        at = float(XI_SAMPLES[int(np.argmax(xi0))])
        raise ValueError(
            f"{owner}: xi0 = {worst:.4g} at |m_z| = {at:.3g}, but 1 - xi0 must be positive (the conduction electrons "
            "would carry more spin than the magnet); use a thicker or stronger magnet or a weaker exchange"
        )


@dataclass(frozen=True, eq=False)
class MicroscopicTorque(Torque):
    """Current-induced torque and damping of conduction electrons, with coefficients that depend on m_z.

    ∂t m ∋ ξ0 (v·∇)m + ξ∥ m×(v·∇)m∥ + ξ⊥ m×(v·∇)m⊥ + ξ0 ∂t m + ξ∥ m×∂t m∥ + ξ⊥ m×∂t m⊥ + T_SOT with v the electrons'
    drift velocity, ∥ the in-plane part and ⊥ = ẑ m_z (Ado, Ostrovsky, Titov, Eqs. 34-35, written for the magnetisation
    direction m = −n), and
    T_SOT = a m×(ẑ×F) + b m×(m×(ẑ×F)) + c m×(m×ẑ)(m·F) + d m×ẑ (m·F), where F is E or the sheet current.
    Constant isotropic ξ is Zhang-Li: γ′ = γ/(1−ξ0), α = (α0+ξ)/(1−ξ0), u = −ξ0 v/(1−ξ0), β = −ξ/ξ0.

    Parameters
    ----------
    coefficients : CoefficientTable or Coefficients
        A table is rescaled to the simulation's spin density Ms t/(ħγ). It takes exactly one drive.
    E, sheet_current, drift_velocity : (float, float) or function t → (float, float)
        Electric field (V/m), sheet current (A/m) or drift velocity (m/s) of the electrons. E and drift_velocity need a
        table with form="E", sheet_current one with form="J". `Coefficients` take `drift_velocity` for the
        spin-transfer part and `E` or `sheet_current` for a-d independently, each zero unless given.
    spin_orbit : bool
        Whether a-d act.
    ramp : float
        Constant drives are switched on over this time (s) by a smoothstep from t = 0.

    Raises
    ------
    ValueError
        No drive or two drives for a table, a drive that does not fit the table's form, values that are not finite, a
        negative ramp, a ramp although every drive is a function of time.

    Examples
    --------
    >>> torque = MicroscopicTorque(Coefficients(xi0=-0.1, xi_parallel=0.05, xi_perpendicular=0.05),
    ...                            drift_velocity=(100.0, 0.0))
    >>> torque.drift_velocity_at(0.0)
    array([100.,   0.])
    """

    coefficients: CoefficientTable | Coefficients
    E: DriveLike | None = None
    sheet_current: DriveLike | None = None
    drift_velocity: DriveLike | None = None
    spin_orbit: bool = True
    ramp: float = 0.0
    renormalises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        given = [name for name in DRIVES if getattr(self, name) is not None]
        table = self.coefficients
        if isinstance(table, CoefficientTable):
            if len(given) != 1:
                raise ValueError(
                    "MicroscopicTorque: a coefficient table takes exactly one of E, sheet_current and drift_velocity, "
                    f"got {' and '.join(given) or 'none'}"
                )
            form = "J" if given == ["sheet_current"] else "E"
            if table.form != form:
                raise ValueError(
                    f"MicroscopicTorque: a drive by {given[0]} needs a table with form={form!r}, this one has "
                    f"form={table.form!r}; call tabulate(..., form={form!r})"
                )
        elif isinstance(table, Coefficients):
            if self.E is not None and self.sheet_current is not None:
                raise ValueError("MicroscopicTorque: give E or sheet_current, not both; a-d refer to one of them")
        else:
            raise ValueError(
                f"MicroscopicTorque: coefficients = {table!r} must be a coefficients.tabulate table or Coefficients"
            )
        object.__setattr__(self, "ramp", checked_ramp(self.ramp))
        for name, drive in self._drives.items():
            object.__setattr__(self, name, drive.value)
        if self.ramp and given and all(callable(getattr(self, name)) for name in given):
            raise ValueError("MicroscopicTorque: a drive given as a function of time cannot be ramped; ramp it inside")

    # -- drive -----------------------------------------------------------------------------------------------------

    @cached_property
    def _drives(self) -> dict[str, Drive]:
        """What is given of E, sheet_current and drift_velocity; the ramp is that of the constant ones."""
        given = {name: value for name in DRIVES if (value := getattr(self, name)) is not None}
        return {n: Drive(n, DRIVES[n], value, 0.0 if callable(value) else self.ramp) for n, value in given.items()}

    @property
    def derivative_axes(self) -> str:
        """The axes along which electrons drift; both unless every drive is a constant pair."""
        if any(callable(drive.value) for drive in self._drives.values()):
            return "xy"
        return "".join(axis for axis, v in zip("xy", self.drift_velocity_at(self.steady_after)) if v != 0)

    @property
    def steady_after(self) -> float:
        return max((drive.steady_after for drive in self._drives.values()), default=0.0)

    def drives_at(self, t: float) -> tuple[Field, Field]:
        """Drift velocity (2,) in m/s and the F (2,) that a-d multiply (V/m or A/m) at time t."""
        values = {name: drive.at(t) for name, drive in self._drives.items()}
        table = self.coefficients
        if isinstance(table, Coefficients):
            v = values.get("drift_velocity", (0.0, 0.0))
            force = values.get("E", values.get("sheet_current", (0.0, 0.0)))
            return np.array(v), np.array(force)
        if "sheet_current" in values:
            j = values["sheet_current"]
            return table.drift_velocity(sheet_current=j), np.array(j)
        if "E" in values:
            return table.drift_velocity(E=values["E"]), np.array(values["E"])
        v = values["drift_velocity"]
        return np.array(v), table.electric_field(drift_velocity=v)

    def drift_velocity_at(self, t: float) -> Field:
        return self.drives_at(t)[0]

    def electric_direction(self, t: float) -> Field | None:
        v, force = self.drives_at(t)
        for vector in (v, -force):
            if (length := float(np.hypot(*vector))) > 0:
                return vector / length
        return None

    # -- coefficients ----------------------------------------------------------------------------------------------

    def magnet_scale(self, grid: Grid, Ms: float, gamma: float) -> float:
        """Factor from the table's spin density to this magnet's; 1 for `Coefficients`."""
        if isinstance(self.coefficients, Coefficients):
            return 1.0
        return self.coefficients.spin_density / spin_density(Ms=Ms, thickness=grid.thickness, gamma=gamma)

    @property
    def has_spin_orbit(self) -> bool:
        """Whether a-d act: asked for, driven, and not all zero."""
        if not self.spin_orbit:
            return False
        if isinstance(self.coefficients, Coefficients):
            driven = self.E is not None or self.sheet_current is not None
            return driven and any(np.any(series) for series in self.coefficients.series[3:])
        return True

    # -- kernel ----------------------------------------------------------------------------------------------------

    @property
    def _series(self) -> tuple[NDArray[np.float64], ...]:
        assert isinstance(self.coefficients, Coefficients)
        return self.coefficients.series if self.has_spin_orbit else self.coefficients.series[:3]

    @property
    def angular_velocity(self) -> Any:
        if isinstance(self.coefficients, Coefficients):
            evaluator = series_evaluator(tuple(len(series) for series in self._series))
            count = 1 + sum(len(series) for series in self._series)
            return composed_angular_velocity(evaluator, count, "full" if self.has_spin_orbit else "")
        count = len(self._xi_parameters(1.0))
        return composed_angular_velocity(closed_form.numerators, count, "a" if self.has_spin_orbit else "")

    def _xi_parameters(self, scale: float) -> tuple[float, ...]:
        table = self.coefficients
        assert isinstance(table, CoefficientTable)
        sign = table.model.exchange_sign
        return closed_form.kernel_parameters(table.D, table.S, sign=sign, scale=table.xi_scale * scale)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """Drift velocity, F, for a table its a, and the numbers that the coefficients are evaluated from."""
        v, force = (tuple(float(component) for component in pair) for pair in self.drives_at(t))
        if isinstance(self.coefficients, Coefficients):
            series = tuple(float(number) for series in self._series for number in series)
            return (*v, *(force if self.has_spin_orbit else ()), 1.0, *series)
        scale = self.magnet_scale(grid, Ms, gamma)
        numbers = self._xi_parameters(scale)
        if not self.has_spin_orbit:
            return (*v, *numbers)
        return (*v, *force, scale * float(self.coefficients.a(0.0)), *numbers)

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        v, force = self.drives_at(t)
        wx, wy = advection_bound(grid, self.derivative_order)
        xi0, xi_parallel, xi_perpendicular = (np.abs(xi) for xi in self.xi(grid, Ms, gamma, XI_SAMPLES))
        strength = float((xi0 + np.maximum(xi_parallel, xi_perpendicular)).max())
        bound = (abs(v[0]) * wx + abs(v[1]) * wy) * strength
        if self.has_spin_orbit:
            if isinstance(self.coefficients, Coefficients):
                total = sum(np.abs(values) for values in self.coefficients.evaluate(XI_SAMPLES)[3:])
                bound += float(np.max(total)) * float(np.hypot(*force))
            else:
                scale = self.magnet_scale(grid, Ms, gamma)
                bound += abs(scale * float(self.coefficients.a(0.0))) * float(np.hypot(*force))
        return bound


@per_cell
def spin_transfer(m, ddx, ddy, vx, vy, xi0, xi_parallel, xi_perpendicular):  # type: ignore[no-untyped-def]
    """Ω = ξ0 m×a − Λg, so that Ω×m = ξ0 g + m×Λg, with a = (v·∇)m, its tangent part g and Λ = diag(ξ∥, ξ∥, ξ⊥).
    A common factor of the ξ is one of Ω.

    In −Λg the difference between a and g matters only in the z component, where ξ⊥ ≠ ξ∥: the rest of it is along m.
    """
    a = (vx * ddx[0] + vy * ddy[0], vx * ddx[1] + vy * ddy[1], vx * ddx[2] + vy * ddy[2])
    g_z = a[2] - dot(m, a) * m[2]
    turned = cross(m, a)
    return (
        xi0 * turned[0] - xi_parallel * a[0],
        xi0 * turned[1] - xi_parallel * a[1],
        xi0 * turned[2] - xi_parallel * a[2] - (xi_perpendicular - xi_parallel) * g_z,
    )


@per_cell
def field_like(m, X, fx, fy, a):  # type: ignore[no-untyped-def]
    """X Ω with Ω = −a ẑ×F, so that Ω×m = a m×(ẑ×F) (a difference makes a zero of the right float type)."""
    return (X * (a * fy), -X * (a * fx), X - X)


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
def composed_angular_velocity(evaluate: Any, count: int, spin_orbit: str) -> Any:
    """The per-cell function that takes its coefficients from `evaluate(m_z², *numbers)` with `count` numbers.

    `evaluate` returns X ξ0, X ξ∥, X ξ⊥, X a-d if `spin_orbit` is "full", and the common denominator X.
    `spin_orbit` is "" (none), "a" (a constant field-like coefficient) or "full" (a-d from `evaluate`).
    """
    numbers = ", ".join(f"p{index}" for index in range(count))
    drive = {"": "vx, vy", "a": "vx, vy, fx, fy, a", "full": "vx, vy, fx, fy"}[spin_orbit]
    # A stage of a time step has |m| a little above 1, where a series in m_z² is not to be trusted: take that of the
    # unit vector, to first order, which never exceeds 1.
    C = "m[2] * m[2]" if evaluate is closed_form.numerators else "m[2] * m[2] * (p0 + p0 - dot(m, m))"
    values = "xi0, xi_parallel, xi_perpendicular" + (", a, b, c, d" if spin_orbit == "full" else "")
    text = f"""def angular_velocity(m, ddx, ddy, {drive}, {numbers}):
    {values}, X = evaluate({C}, {numbers})
    w = spin_transfer(m, ddx, ddy, vx, vy, xi0, xi_parallel, xi_perpendicular)
"""
    if spin_orbit:
        call = "field_like(m, X, fx, fy, a)" if spin_orbit == "a" else "spin_orbit_torque(m, fx, fy, a, b, c, d)"
        text += f"    s = {call}\n    w = (w[0] + s[0], w[1] + s[1], w[2] + s[2])\n"
    text += "    return (w[0], w[1], w[2], xi0, xi_parallel, xi_perpendicular, X)\n"
    namespace = {
        "__name__": __name__,  # imported when a compiled kernel is read back from disk
        "dot": dot,
        "evaluate": evaluate,
        "spin_transfer": spin_transfer,
        "field_like": field_like,
        "spin_orbit_torque": spin_orbit_torque,
    }
    exec(compile(text, f"<microscopic torque {count} {spin_orbit}>", "exec"), namespace)
    return per_cell(namespace["angular_velocity"])
