"""The torque of a microscopic electron model: anisotropic spin transfer, Gilbert damping and spin-orbit torque."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coefficients import CoefficientTable, closed_form, spin_density
from llgsim.grid import Grid
from llgsim.percell import cross, dot, per_cell
from llgsim.quantities import checked_vector
from llgsim.torques.base import XI_SAMPLES, Field, Torque, advection_bound
from llgsim.torques.drive import Drive, DriveLike, checked_ramp
from llgsim.torques.series import (
    CoefficientLike,
    KernelSeries,
    chebyshev_series,
    number_count,
    one_piece,
    series_evaluator,
)
from llgsim.torques.spin_orbit import SpinOrbitCoefficients, check_coupling, m_z_squared

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
    coupling : "rashba" or "dresselhaus"
        The spin-orbit coupling that a-d belong to (see `SpinOrbitTorque`).

    Raises
    ------
    ValueError
        A value that is not finite, a function that is not even or not smooth, ξ0 ≥ 1 somewhere, another coupling.

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
    coupling: str = "rashba"
    series: tuple[NDArray[np.float64], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_coupling("Coefficients", self.coupling)
        series = tuple(chebyshev_series("Coefficients", name, getattr(self, name)) for name in NAMES)
        object.__setattr__(self, "series", series)
        check_positive_spin(self.evaluate(XI_SAMPLES)[0], "Coefficients")

    def evaluate(self, m_z: Any) -> tuple[NDArray[np.float64], ...]:
        """ξ0, ξ∥, ξ⊥, a, b, c, d at m_z."""
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
    T_SOT the torque of `SpinOrbitTorque` with F = E or the sheet current.
    Constant isotropic ξ is Zhang-Li: γ′ = γ/(1−ξ0), α = (α0+ξ)/(1−ξ0), u = −ξ0 v/(1−ξ0), β = −ξ/ξ0.

    Parameters
    ----------
    coefficients : CoefficientTable or Coefficients
        A table is rescaled to the simulation's spin density Ms t/(ħγ). It takes exactly one drive.
    spin_transfer : None, "none" or (ξ0, ξ∥, ξ⊥)
        None: as the coefficients say. With a table it may be stated otherwise, and must be for one without ξ (Fermi
        energy inside the exchange gap): "none" for neither spin transfer nor damping by electrons, or three numbers
        that belong to the magnet simulated.
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
        No drive or two drives for a table, a drive that does not fit the table's form, a table without ξ and no
        spin_transfer, spin_transfer with `Coefficients` or with ξ0 ≥ 1, values that are not finite, a negative ramp, a
        ramp although every drive is a function of time.

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
    spin_transfer: str | tuple[float, float, float] | None = None

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
            if self.spin_transfer is None and not table.has_xi:
                raise ValueError(
                    "MicroscopicTorque: xi does not exist in this table, whose Fermi energy lies inside the exchange "
                    'gap; state the spin transfer: spin_transfer="none", or three numbers '
                    "spin_transfer=(xi0, xi_parallel, xi_perpendicular)"
                )
        elif isinstance(table, Coefficients):
            if self.E is not None and self.sheet_current is not None:
                raise ValueError("MicroscopicTorque: give E or sheet_current, not both; a-d refer to one of them")
            if self.spin_transfer is not None:
                raise ValueError("MicroscopicTorque: spin_transfer is for tables; Coefficients state xi themselves")
        else:
            raise ValueError(
                f"MicroscopicTorque: coefficients = {table!r} must be a coefficients.tabulate table or Coefficients"
            )
        if self.spin_transfer is not None and self.spin_transfer != "none":
            object.__setattr__(self, "spin_transfer", _checked_spin_transfer(self.spin_transfer))
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
        """The axes along which electrons drift; both unless every drive is a constant pair, none without ξ."""
        if not self.renormalises:
            return ""
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
    def renormalises(self) -> bool:
        """Whether there is ξ: spin transfer, and damping by electrons."""
        return self.spin_transfer != "none"

    @property
    def has_spin_orbit(self) -> bool:
        """Whether a-d act: asked for, driven, and not all zero."""
        driven = isinstance(self.coefficients, CoefficientTable) or self.E is not None or self.sheet_current is not None
        return self.spin_orbit and driven and not self._spin_orbit.vanish

    @property
    def is_uniform_field(self) -> bool:
        """Whether the spin-orbit torque is that of a uniform field: a alone, and the same for every m."""
        return self._spin_orbit.is_uniform_field

    @cached_property
    def _spin_orbit(self) -> SpinOrbitCoefficients:
        source = self.coefficients
        if isinstance(source, CoefficientTable):
            return SpinOrbitCoefficients(source.torque_pieces(), source.model.spin_orbit)
        return SpinOrbitCoefficients(one_piece(source.series[3:]), source.coupling)

    @cached_property
    def _xi_series(self) -> KernelSeries | None:
        """ξ0, ξ∥, ξ⊥ unless they are those of a table, which has a closed form."""
        if isinstance(self.coefficients, Coefficients):
            return KernelSeries(one_piece(self.coefficients.series[:3]))
        stated = self.spin_transfer
        return KernelSeries(one_piece([np.array([xi]) for xi in stated])) if stated else None

    # -- kernel ----------------------------------------------------------------------------------------------------

    @property
    def angular_velocity(self) -> Any:
        if not self.renormalises:
            return self._spin_orbit.angular_velocity
        return composed_angular_velocity(
            self._xi_series.lengths if self._xi_series else None,
            self._spin_orbit.angular_velocity if self.has_spin_orbit else None,
        )

    def _xi_parameters(self, scale: float) -> tuple[float, ...]:
        """The numbers that ξ is evaluated from; for a series one first."""
        table = self.coefficients
        if self._xi_series is not None:
            return (1.0, *self._xi_series.parameters())
        assert isinstance(table, CoefficientTable)
        sign = table.model.exchange_sign
        return closed_form.kernel_parameters(table.D, table.S, sign=sign, scale=table.xi_scale * scale)

    def parameters(self, grid: Grid, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
        """Drift velocity and the numbers for ξ; those of the spin-orbit torque."""
        v, force = self.drives_at(t)
        scale = self.magnet_scale(grid, Ms, gamma)
        if not self.renormalises:
            return self._spin_orbit.parameters(force, scale if self.has_spin_orbit else 0.0)
        numbers = (float(v[0]), float(v[1]), *self._xi_parameters(scale))
        return (*numbers, *self._spin_orbit.parameters(force, scale)) if self.has_spin_orbit else numbers

    def rate_bound(self, grid: Grid, Ms: float, gamma: float, t: float) -> float:
        v, force = self.drives_at(t)
        wx, wy = advection_bound(grid, self.derivative_order)
        xi0, xi_parallel, xi_perpendicular = (np.abs(xi) for xi in self.xi(grid, Ms, gamma, XI_SAMPLES))
        strength = float((xi0 + np.maximum(xi_parallel, xi_perpendicular)).max())
        bound = (abs(v[0]) * wx + abs(v[1]) * wy) * strength
        if self.has_spin_orbit:
            bound += self._spin_orbit.rate_bound(force, self.magnet_scale(grid, Ms, gamma))
        return bound

    def spin_orbit_rate(self, m: Field, grid: Grid, Ms: float, gamma: float, t: float) -> Field:
        if not self.has_spin_orbit:
            return np.zeros(m.shape)
        return self._spin_orbit.rate(m, self.drives_at(t)[1], self.magnet_scale(grid, Ms, gamma))


def _checked_spin_transfer(value: Any) -> tuple[float, ...]:
    if isinstance(value, str):
        raise ValueError(
            f'MicroscopicTorque: spin_transfer = {value!r} must be "none" or (xi0, xi_parallel, xi_perpendicular)'
        )
    xi = checked_vector("MicroscopicTorque", "spin_transfer (xi0, xi_parallel, xi_perpendicular)", value, "", 3)
    check_positive_spin(np.full(XI_SAMPLES.shape, xi[0]), "MicroscopicTorque")
    return xi


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


@lru_cache
def composed_angular_velocity(lengths: tuple[tuple[int, ...], ...] | None, spin_orbit: Any) -> Any:
    """The per-cell function (m, ddx, ddy, vx, vy, *xi_numbers, *spin_orbit_numbers) of a torque with ξ.

    ξ is evaluated from series of these `lengths`, its numbers then one and those of the series, or by the closed form.
    `spin_orbit` is the per-cell function of the spin-orbit torque, or None.
    """
    if lengths is None:  # X ξ0, X ξ∥, X ξ⊥ and the common denominator X
        count = len(closed_form.kernel_parameters(1.0, 1.0, sign=1, scale=1.0))
    else:
        count = 1 + number_count(lengths)
    xi_numbers = ", ".join(f"x{index}" for index in range(count))
    if lengths is None:
        lines = [f"xi0, xi_parallel, xi_perpendicular, X = numerators(m[2] * m[2], {xi_numbers})"]
    else:
        lines = [f"xi0, xi_parallel, xi_perpendicular = evaluate(m_z_squared(m, x0), {xi_numbers})", "X = x0"]
    lines += ["w = spin_transfer(m, ddx, ddy, vx, vy, xi0, xi_parallel, xi_perpendicular)"]
    arguments = f"m, ddx, ddy, vx, vy, {xi_numbers}"
    if spin_orbit is not None:
        numbers = ", ".join(f"s{index}" for index in range(spin_orbit.__code__.co_argcount - 3))
        factor = "X * " if lengths is None else ""
        lines += [f"s = spin_orbit(m, ddx, ddy, {numbers})"]
        lines += [f"w = ({', '.join(f'w[{c}] + {factor}s[{c}]' for c in range(3))})"]
        arguments += f", {numbers}"
    lines += ["return (w[0], w[1], w[2], xi0, xi_parallel, xi_perpendicular, X)"]
    text = "\n    ".join([f"def angular_velocity({arguments}):", *lines])
    namespace = {
        "__name__": __name__,  # imported when a compiled kernel is read back from disk
        "numerators": closed_form.numerators,
        "evaluate": series_evaluator(lengths) if lengths else None,
        "m_z_squared": m_z_squared,
        "spin_transfer": spin_transfer,
        "spin_orbit": spin_orbit,
    }
    exec(compile(text, f"<microscopic torque {lengths}>", "exec"), namespace)
    return per_cell(namespace["angular_velocity"])
