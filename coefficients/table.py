"""Coefficients of the LLG equation versus n_z: values, errors, provenance, warnings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coefficients import closed_form, spin_orbit
from coefficients.closed_form import Floats, clipped_n_z
from coefficients.disorder import WhiteNoise
from coefficients.rashba import RashbaFerromagnet
from coefficients.spin_orbit import ELECTRON_CHARGE, Form
from coefficients.units import eV, hbar, nm

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

SCHEME = "self-consistent Born, leading order in hbar/(fermi_energy scattering_time)"
N_Z_GRID = np.linspace(0.0, 1.0, 21)
"""n_z at which a table is checked, saved and exported; the coefficients are even in n_z."""


class Quantity(NamedTuple):
    """A column of a table: its name is the method of CoefficientTable that gives it."""

    name: str
    symbol: str
    unit: dict[Form, str]
    description: str


_ONE: dict[Form, str] = {"E": "1", "J": "1"}
_TORQUE: dict[Form, str] = {"E": "1/s per V/m", "J": "1/s per A/m"}
QUANTITIES = (
    Quantity("xi0", "ξ0", _ONE, "spin renormalisation and adiabatic torque"),
    Quantity("xi_parallel", "ξ∥", _ONE, "damping and nonadiabatic torque of the in-plane component of m"),
    Quantity("xi_perpendicular", "ξ⊥", _ONE, "damping and nonadiabatic torque of the component m_z"),
    Quantity("a", "a", _TORQUE, "spin-orbit torque a m×(ẑ×E), field-like"),
    Quantity("b", "b", _TORQUE, "spin-orbit torque b m×(m×(ẑ×E)), damping-like"),
    Quantity("c", "c", _TORQUE, "spin-orbit torque c m×(m×ẑ)(m·E), field-like"),
    Quantity("d", "d", _TORQUE, "spin-orbit torque d m×ẑ (m·E), damping-like"),
)


@dataclass(frozen=True, kw_only=True)
class CoefficientTable:
    """The coefficients of ∂t m for one electron model, disorder and magnet, at any n_z; made by `tabulate`.

    ∂t m ∋ ξ0 D_t m + m×(ξ∥ D_t m_∥ + ξ⊥ D_t m_⊥), D_t = ∂t + v_d·∇ (AOT 2 and 96 with m = −n), and the spin-orbit
    torques a, b, c, d of `coefficients.spin_orbit`, in which E becomes the sheet current in the J-form. ξ_i is
    evaluated by the exact closed form, not interpolated.

    Parameters
    ----------
    model, disorder : the electrons (RashbaFerromagnet) and what they scatter from (WhiteNoise).
    spin_density : float
        S/A (m⁻²) of the magnet. ξ_i·(S/A) belongs to the electrons alone; for a magnet of another spin density divide
        by that instead.
    form : "E" or "J"
        Whether a, b, c, d multiply the electric field (V/m) or the sheet current density (A/m). ξ does not
        depend on it.
    numerical_error : float
        Largest relative difference of the closed form and the Kubo quadrature at `n_z`, found when the table was made.
    version : str
        Version of the package that made the table.

    Examples
    --------
    >>> import coefficients as co
    >>> from coefficients.units import eV, angstrom, electron_mass, fs
    >>> model = co.RashbaFerromagnet(fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=0.6 * eV * angstrom,
    ...                              effective_mass=electron_mass)
    >>> table = co.tabulate(model, co.WhiteNoise(scattering_time=5 * fs),
    ...                     spin_density=co.spin_density(Ms=580e3, thickness=0.6e-9), form="J")
    >>> table.drift_velocity(sheet_current=(100.0, 0.0)).round(2)         # 1e11 A/m² in 1 nm
    array([-72.98,  -0.  ])
    """

    model: RashbaFerromagnet
    disorder: WhiteNoise
    spin_density: float
    form: Form
    numerical_error: float
    version: str

    # --- the dimensionless electron model

    @cached_property
    def D(self) -> float:
        """Δsd τ_s/ħ, dimensionless."""
        return self.model.dimensionless(self.disorder.scattering_time)[0]

    @cached_property
    def S(self) -> float:
        """Δso τ_s/ħ, dimensionless."""
        return self.model.dimensionless(self.disorder.scattering_time)[1]

    @cached_property
    def xi_scale(self) -> float:
        """Δsd² m (τ_s/ħ)/(πħ² S/A), dimensionless: ξ_i = xi_scale·t_i (AOT 65)."""
        return self.D * self.model.exchange * self.model.effective_mass / (math.pi * hbar**2 * self.spin_density)

    @property
    def fermi_velocity(self) -> float:
        """v_F = √(2ε/m) (m/s)."""
        return self.model.fermi_velocity

    @property
    def mean_free_path(self) -> float:
        """ℓ = v_F τ_s (m)."""
        return self.fermi_velocity * self.disorder.scattering_time

    # --- the coefficients; n_z = ±m_z array_like (…), all even

    def _xi(self, index: int, n_z: ArrayLike) -> Floats:
        return self.xi_scale * closed_form.t_coefficients(self.D, self.S, n_z, sign=self.model.exchange_sign)[index]

    def xi0(self, n_z: ArrayLike) -> Floats:
        """ξ0 (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN."""
        return self._xi(0, n_z)

    def xi_parallel(self, n_z: ArrayLike) -> Floats:
        """ξ∥ (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN."""
        return self._xi(1, n_z)

    def xi_perpendicular(self, n_z: ArrayLike) -> Floats:
        """ξ⊥ (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN."""
        return self._xi(2, n_z)

    def a(self, n_z: ArrayLike) -> Floats:
        """a (…) (1/s per V/m, or 1/s per A/m in the J-form), the Edelstein torque, the same for every n_z (AOT 105)."""
        return np.full(clipped_n_z(n_z).shape, self._field_like)[()]

    def b(self, n_z: ArrayLike) -> Floats:
        """b (…) = 0: no damping-like torque for white noise with two filled subbands."""
        return np.zeros(clipped_n_z(n_z).shape)[()]

    def c(self, n_z: ArrayLike) -> Floats:
        """c (…) = 0 for white noise with two filled subbands."""
        return np.zeros(clipped_n_z(n_z).shape)[()]

    def d(self, n_z: ArrayLike) -> Floats:
        """d (…) = 0 for white noise with two filled subbands."""
        return np.zeros(clipped_n_z(n_z).shape)[()]

    @cached_property
    def _field_like(self) -> float:
        time = self.disorder.scattering_time
        return spin_orbit.field_like(self.model, time, spin_density=self.spin_density, form=self.form)

    def K(self, n_z: ArrayLike) -> Floats:
        """K (…, 3, 2) (1/(J·m)), the spin density s = K q E (m⁻², units of ħ) per charge q = −e and field.

        Rows x, y, z of s and columns x, y of E in the frame where m = (m_x, 0, m_z), m_x ≥ 0; in both forms the
        response to E. Here K_xy = −K_yx, independent of m, so the frame does not matter.
        """
        K = np.zeros((*clipped_n_z(n_z).shape, 3, 2))
        K[..., 0, 1] = spin_orbit.edelstein(self.model, self.disorder.scattering_time)
        K[..., 1, 0] = -K[..., 0, 1]
        return K

    def sigma(self, n_z: ArrayLike) -> Floats:
        """Sheet conductivity σ (…, 2, 2) (S per square) in the frame of `K`, j = σE."""
        conductivity = spin_orbit.sheet_conductivity(self.model, self.disorder.scattering_time)
        return np.broadcast_to(conductivity * np.eye(2), (*clipped_n_z(n_z).shape, 2, 2)).copy()

    # --- the drive

    def drift_velocity(
        self, *, E: Sequence[float] | None = None, sheet_current: Sequence[float] | None = None
    ) -> NDArray[np.float64]:
        """v_d = (qτ_s/m) E = (qτ_s/m) σ⁻¹ j (2,) (m/s), q = −e; against E, as electrons go.

        E : (Ex, Ey) in V/m. sheet_current : (jx, jy) in A/m, current per width of the film. Exactly one of them.

        Raises ValueError for none or both, or values that are not two finite numbers.
        """
        if (E is None) == (sheet_current is None):
            raise ValueError("drift_velocity: give exactly one of E=(Ex, Ey) in V/m and sheet_current=(jx, jy) in A/m")
        mobility = ELECTRON_CHARGE * self.disorder.scattering_time / self.model.effective_mass
        if E is not None:
            return mobility * _pair(E, "E", "V/m") + 0.0  # no −0
        field = np.linalg.solve(self.sigma(0.0), _pair(sheet_current, "sheet_current", "A/m"))
        return mobility * np.asarray(field, dtype=np.float64)

    def electric_field(self, *, drift_velocity: Sequence[float]) -> NDArray[np.float64]:
        """E = m v_d/(qτ_s) (2,) (V/m), the field that gives the drift velocity (vx, vy) in m/s."""
        inverse_mobility = self.model.effective_mass / (ELECTRON_CHARGE * self.disorder.scattering_time)
        return inverse_mobility * _pair(drift_velocity, "drift_velocity", "m/s")

    # --- how far to trust it

    @property
    def n_z(self) -> Floats:
        """The n_z (21,) at which the table is checked, saved and exported."""
        return N_Z_GRID.copy()

    @property
    def scheme_error(self) -> float:
        """ħ/(2ετ_s): relative error of ξ left by the leading order in ħ/ετ_s, an estimate and not a bound."""
        return 0.5 * hbar / (self.model.fermi_energy * self.disorder.scattering_time)

    @property
    def estimated_error(self) -> float:
        """numerical_error + scheme_error, relative, of ξ0, ξ∥ and ξ⊥; in practice scheme_error.

        It compares the formulas with the model. Crossed impurity diagrams, small for ε ≫ Δsd, and whatever the model
        leaves out are not in it.
        """
        return self.numerical_error + self.scheme_error

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful about the electron model itself, in words with numbers; empty when nothing is."""
        sharpness = (self.model.fermi_energy - self.model.exchange) * self.disorder.scattering_time / hbar
        if sharpness >= 5:
            return ()
        return (
            f"(fermi_energy - exchange) scattering_time/hbar = {sharpness:.3g} is below 5: with fermi_energy "
            f"{self.model.fermi_energy / eV:.4g} eV and exchange {self.model.exchange / eV:.4g} eV the upper "
            f"subband is blurred by the broadening {hbar / (2 * self.disorder.scattering_time) / eV:.3g} eV, and the "
            f"coefficients hold to leading order only (error about {self.scheme_error:.0%} or more)",
        )

    def check_length(self, length: float, name: str) -> list[str]:
        """[] or one warning: the mean free path exceeds `length` (m) of the texture, called `name` in the text.

        AOT expand in gradients of m that are smooth on the scale of ℓ.

        Examples
        --------
        >>> import coefficients as co
        >>> from coefficients.units import eV, angstrom, electron_mass, fs, nm
        >>> model = co.RashbaFerromagnet(fermi_energy=1.0 * eV, exchange=0.2 * eV, rashba=0.1 * eV * angstrom,
        ...                              effective_mass=electron_mass)
        >>> table = co.tabulate(model, co.WhiteNoise(scattering_time=10 * fs), spin_density=2e19)
        >>> table.check_length(5 * nm, "wall width")[0][:48]
        'mean free path 5.93 nm exceeds wall width 5 nm: '
        """
        if not length > 0:
            raise ValueError(f"check_length: {name} = {length!r} m must be positive")
        if self.mean_free_path <= length:
            return []
        return [
            f"mean free path {self.mean_free_path / nm:.3g} nm exceeds {name} {length / nm:.3g} nm: the expansion in "
            "gradients of m assumes the opposite, and ξ is not reliable there"
        ]

    def check_drift_velocity(self, v_d: ArrayLike) -> list[str]:
        """[] or one warning: the drift velocity exceeds a tenth of v_F.

        v_d : (m/s) a speed, a pair (vx, vy), or an array (2, …) of pairs, of which the fastest counts.
        """
        components = np.atleast_1d(np.asarray(v_d, dtype=np.float64))
        speed = float(np.sqrt((components**2).sum(axis=0)).max())
        if not math.isfinite(speed):
            raise ValueError(f"check_drift_velocity: v_d = {v_d!r} m/s must be finite")
        if speed <= 0.1 * self.fermi_velocity:
            return []
        return [
            f"drift velocity {speed:.3g} m/s is {speed / self.fermi_velocity:.2g} of the Fermi velocity "
            f"{self.fermi_velocity:.3g} m/s: linear response assumes it far below 1 (0.1 at most)"
        ]

    # --- out and in

    def columns(self) -> dict[str, Floats]:
        """Every coefficient at `n_z`, by name, n_z first; arrays (21,)."""
        return {"n_z": self.n_z, **{q.name: getattr(self, q.name)(N_Z_GRID) for q in QUANTITIES}}

    def save(self, path: str | Path) -> None:
        """Write a JSON file that `load_table` reads back exactly and a person can read: parameters, units, rows."""
        from coefficients.table_file import save_table  # which needs this class

        save_table(self, path)

    def to_xarray(self) -> xarray.Dataset:
        """xarray Dataset of `columns` over n_z, with units, descriptions and the provenance as attributes."""
        import xarray

        columns = self.columns()
        variables = {
            q.name: ("n_z", columns[q.name], {"units": q.unit[self.form], "long_name": q.description})
            for q in QUANTITIES
        }
        coordinate = ("n_z", columns["n_z"], {"units": "1", "long_name": "z component of the magnetisation"})
        attributes: dict[str, Any] = {
            "scheme": SCHEME,
            "form": self.form,
            "model": repr(self.model),
            "disorder": repr(self.disorder),
            "spin_density_per_m2": self.spin_density,
            "numerical_error": self.numerical_error,
            "scheme_error": self.scheme_error,
            "package_version": self.version,
        }
        return xarray.Dataset(variables, coords={"n_z": coordinate}, attrs=attributes)

    def plot(self) -> Figure:
        """matplotlib Figure of ξ0, ξ∥, ξ⊥ with their error and of a, b, c, d, against |n_z|; save it with `savefig`."""
        from coefficients.figure import coefficients_figure  # which imports matplotlib only to draw

        return coefficients_figure(self)


def _pair(value: Sequence[float] | None, name: str, unit: str) -> NDArray[np.float64]:
    pair = np.asarray(value, dtype=np.float64)
    if pair.shape != (2,) or not np.isfinite(pair).all():
        raise ValueError(f"{name} = {value!r} must be a pair of finite numbers, x and y components in {unit}")
    return pair
