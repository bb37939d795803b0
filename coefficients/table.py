"""Coefficients of the LLG equation versus n_z: values, errors, provenance, warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coefficients import closed_form, spin_orbit
from coefficients.closed_form import Floats, clipped_n_z
from coefficients.disorder import PointImpurities, WhiteNoise
from coefficients.piecewise import PiecewiseChebyshev
from coefficients.rashba import RashbaFerromagnet
from coefficients.spin_orbit import ELECTRON_CHARGE, EVEN_FUNCTIONS, Form
from coefficients.tmatrix import GapEdge
from coefficients.units import eV, fs, hbar, nm

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

N_Z_GRID = np.linspace(0.0, 1.0, 21)
"""n_z at which a table is checked, saved and exported; the coefficients are even in n_z."""


class Quantity(NamedTuple):
    """A column of a table: its name is the method of CoefficientTable that gives it."""

    name: str
    symbol: str
    unit: dict[Form, str]
    description: str


FUNCTIONS = {
    **dict.fromkeys(EVEN_FUNCTIONS, "1/(J m)"),
    **dict.fromkeys(("a_J", "b_J", "c_J", "d_J"), "s/m"),
    **dict.fromkeys(("sigma_xx", "sigma_yy", "hall"), "S"),
    "broadening": "J",
}
"""Functions of n_z² in `CoefficientTable.response`, with units: those of `spin_orbit.even_functions`, and −Im Σ_0."""
COLUMN = {name: index for index, name in enumerate(FUNCTIONS)}
LEGENDRE = np.polynomial.legendre.leggauss(64)
"""Nodes and weights on [−1, 1] of averages over n_z², for each piece."""

_ONE: dict[Form, str] = {"E": "1", "J": "1"}
_SHEET: dict[Form, str] = {"E": "S", "J": "S"}
_TORQUE: dict[Form, str] = {"E": "1/s per V/m", "J": "1/s per A/m"}
QUANTITIES = (
    Quantity("xi0", "ξ0", _ONE, "spin renormalisation and adiabatic torque"),
    Quantity("xi_parallel", "ξ∥", _ONE, "damping and nonadiabatic torque of the in-plane component of m"),
    Quantity("xi_perpendicular", "ξ⊥", _ONE, "damping and nonadiabatic torque of the component m_z"),
    Quantity("a", "a", _TORQUE, "spin-orbit torque a m×(ẑ×E), field-like"),
    Quantity("b", "b", _TORQUE, "spin-orbit torque b m×(m×(ẑ×E)), damping-like"),
    Quantity("c", "c", _TORQUE, "spin-orbit torque c m×(m×ẑ)(m·E), field-like"),
    Quantity("d", "d", _TORQUE, "spin-orbit torque d m×ẑ (m·E), damping-like"),
    Quantity("sigma_xx", "σ_xx", _SHEET, "sheet conductivity along x for m in the xz plane"),
    Quantity("sigma_yy", "σ_yy", _SHEET, "sheet conductivity along y for m in the xz plane"),
    Quantity("sigma_xy", "σ_xy", _SHEET, "anomalous Hall conductivity, odd in m_z, here for m_z = +|n_z|"),
)


@dataclass(frozen=True, kw_only=True)
class CoefficientTable:
    """The coefficients of ∂t m for one electron model, disorder and magnet, at any n_z; made by `tabulate`.

    ∂t m ∋ ξ0 D_t m + m×(ξ∥ D_t m_∥ + ξ⊥ D_t m_⊥), D_t = ∂t + v_d·∇ (AOT 2 and 96 with m = −n), and the spin-orbit
    torques a, b, c, d of `coefficients.spin_orbit`, in which E becomes the sheet current in the J-form.

    For white noise ξ_i is evaluated by the exact closed form, a does not depend on n_z, and b = c = d = 0. For point
    impurities a, b, c, d, K and σ are Chebyshev series in n_z² on pieces, with a bound on their error; ξ is that of
    white noise with the same scattering time, the average of ħ/(−2 Im Σ_0) over n_z². It does not exist while the Fermi
    energy lies inside the exchange gap for some n_z (fermi_energy ≤ exchange): then `has_xi` is False, and asking for ξ
    is an error.

    Parameters
    ----------
    model, disorder : the electrons (RashbaFerromagnet) and what they scatter from (WhiteNoise, PointImpurities).
    spin_density : float
        S/A (m⁻²) of the magnet. ξ_i·(S/A) belongs to the electrons alone; for a magnet of another spin density divide
        by that instead.
    form : "E" or "J"
        Whether a, b, c, d multiply the electric field (V/m) or the sheet current density (A/m). ξ does not
        depend on it.
    numerical_error : float
        Largest relative error of what the table holds, found when it was made: of the closed form against the Kubo
        quadrature at `n_z`, and of the series of a, b, c, d (in both forms), K and σ, each relative to the larger of
        its own largest value and 1e-4 of the largest of its kind.
    version : str
        Version of the package that made the table.
    response : PiecewiseChebyshev
        The functions of n_z² that `FUNCTIONS` names, in SI.
    gap_edge : GapEdge or None
        The n_z² at which the Fermi energy leaves the gap, if there is one.
    blurred : (float, float) or None
        The n_z² between which the Fermi energy lies within |Im Σ_0| of the upper band's minimum, where the scheme is
        not controlled.
    resolved : bool
        False if the series have not reached the tolerance; `warnings` says so.

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
    disorder: WhiteNoise | PointImpurities
    spin_density: float
    form: Form
    numerical_error: float
    version: str
    response: PiecewiseChebyshev = field(repr=False, hash=False)
    gap_edge: GapEdge | None = None
    blurred: tuple[float, float] | None = None
    resolved: bool = True

    # --- the dimensionless electron model

    @property
    def has_xi(self) -> bool:
        """Whether ξ0, ξ∥, ξ⊥ exist: both subbands are filled for every n_z."""
        return self.model.fermi_energy > self.model.exchange

    @cached_property
    def scattering_time(self) -> float:
        """τ_s (s): that of the white noise, or for point impurities the average of ħ/(−2 Im Σ_0) over n_z².

        Inside the gap, where Im Σ_0 is not the width of the one band, that of the conductivity, σ = q² n_e τ_s/m.
        """
        if isinstance(self.disorder, WhiteNoise):
            return self.disorder.scattering_time
        if not self.has_xi:
            density = self._mean_of_model(self.model.carrier_density)
            return self.mean_conductivity * self.model.effective_mass / (ELECTRON_CHARGE**2 * density)
        return self._average(lambda values: hbar / (2.0 * values[COLUMN["broadening"]]))

    def _average(self, quantity: Callable[[Floats], Floats]) -> float:
        """Average over n_z² of a quantity made of the functions of `response`."""
        nodes, weights = LEGENDRE
        left, right = self.response.edges[:-1, None], self.response.edges[1:, None]
        values = quantity(self.response(0.5 * (left + right) + 0.5 * (right - left) * nodes))
        return float((values * (0.5 * (right - left) * weights)).sum())

    @cached_property
    def D(self) -> float:
        """Δsd τ_s/ħ, dimensionless."""
        return self.model.exchange * self.scattering_time / hbar

    @cached_property
    def S(self) -> float:
        """Δso τ_s/ħ, dimensionless; ValueError without ξ."""
        return self.model.spin_orbit_splitting * self.scattering_time / hbar

    @cached_property
    def xi_scale(self) -> float:
        """Δsd² m (τ_s/ħ)/(πħ² S/A), dimensionless: ξ_i = xi_scale·t_i (AOT 65)."""
        return self.D * self.model.exchange * self.model.effective_mass / (math.pi * hbar**2 * self.spin_density)

    @cached_property
    def fermi_velocity(self) -> float:
        """v_F (m/s): √(2ε/m), or inside the gap the mean group velocity at the Fermi energy."""
        return self.model.fermi_velocity if self.has_xi else self._mean_of_model(self.model.mean_fermi_speed)

    def _mean_of_model(self, quantity: Callable[[float], float]) -> float:
        """Average over n_z² of a quantity of the clean electrons, which changes little with n_z."""
        nodes, weights = np.polynomial.legendre.leggauss(5)
        return float(sum(0.5 * w * quantity(math.sqrt(0.5 + 0.5 * node)) for node, w in zip(nodes, weights)))

    @property
    def mean_free_path(self) -> float:
        """ℓ = v_F τ_s (m)."""
        return self.fermi_velocity * self.scattering_time

    # --- the coefficients; n_z = ±m_z array_like (…), all even

    def _xi(self, index: int, n_z: ArrayLike) -> Floats:
        if not self.has_xi:
            raise ValueError(
                f"xi0, xi_parallel and xi_perpendicular do not exist for fermi_energy = "
                f"{self.model.fermi_energy / eV:.6g} eV inside the exchange gap (exchange = "
                f"{self.model.exchange / eV:.6g} eV): they are known with both subbands filled only. The table holds "
                "a, b, c, d; a torque made of it must be told its spin-transfer part"
            )
        return self.xi_scale * closed_form.t_coefficients(self.D, self.S, n_z, sign=self.model.exchange_sign)[index]

    def xi0(self, n_z: ArrayLike) -> Floats:
        """ξ0 (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN, and without ξ."""
        return self._xi(0, n_z)

    def xi_parallel(self, n_z: ArrayLike) -> Floats:
        """ξ∥ (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN, and without ξ."""
        return self._xi(1, n_z)

    def xi_perpendicular(self, n_z: ArrayLike) -> Floats:
        """ξ⊥ (…), dimensionless; ValueError where |n_z| > 1 + 1e-9 or NaN, and without ξ."""
        return self._xi(2, n_z)

    def a(self, n_z: ArrayLike) -> Floats:
        """a (…) (1/s per V/m, or 1/s per A/m in the J-form); for white noise the Edelstein torque (AOT 105)."""
        return self._torque("a", n_z)

    def b(self, n_z: ArrayLike) -> Floats:
        """b (…), in the unit of a; 0 for white noise with two filled subbands."""
        return self._torque("b", n_z)

    def c(self, n_z: ArrayLike) -> Floats:
        """c (…), in the unit of a; 0 for white noise with two filled subbands."""
        return self._torque("c", n_z)

    def d(self, n_z: ArrayLike) -> Floats:
        """d (…), in the unit of a; 0 for white noise with two filled subbands."""
        return self._torque("d", n_z)

    @cached_property
    def torque_factor(self) -> float:
        """κq in the E-form, κħ/q in the J-form: from `response` to the coefficients of ∂t m (`FUNCTIONS` is in SI)."""
        kappa = spin_orbit.exchange_rate(self.model, self.spin_density)
        return kappa * ELECTRON_CHARGE if self.form == "E" else kappa / ELECTRON_CHARGE

    def _index(self, name: str) -> int:
        return COLUMN[name if self.form == "E" else f"{name}_J"]

    def _torque(self, name: str, n_z: ArrayLike) -> Floats:
        return (self.torque_factor * self.response(clipped_n_z(n_z) ** 2)[self._index(name)])[()]

    def torque_pieces(self) -> PiecewiseChebyshev:
        """a, b, c, d as functions of n_z², in the unit of a, as a kernel takes them."""
        return self.response.columns([self._index(name) for name in "abcd"]).scaled(self.torque_factor)

    def error(self, name: str, n_z: ArrayLike) -> Floats:
        """Bound (…) on the absolute error of the series of a quantity, in its unit; 0 for white noise.

        name : "a", "b", "c", "d", "sigma_xx", "sigma_yy" or "sigma_xy"; ValueError for another.
        """
        names = (*"abcd", "sigma_xx", "sigma_yy", "sigma_xy")
        if name not in names:
            raise ValueError(f"error: name = {name!r} must be one of {', '.join(names)}; ξ is no series")
        z = clipped_n_z(n_z)
        piece = np.clip(np.searchsorted(self.response.edges, z**2, side="right") - 1, 0, len(self.response.series) - 1)
        errors = self.response.errors[piece]
        if name == "sigma_xy":
            return (errors[..., COLUMN["hall"]] * np.abs(z))[()]
        if name in "abcd":
            return (errors[..., self._index(name)] * abs(self.torque_factor))[()]
        if self.model.spin_orbit == "dresselhaus":  # see `_tensors`
            name = {"sigma_xx": "sigma_yy", "sigma_yy": "sigma_xx"}[name]
        return errors[..., COLUMN[name]][()]

    def sigma_xx(self, n_z: ArrayLike) -> Floats:
        """σ_xx (…) (S), along the in-plane part (m_x, m_y) of m (Dresselhaus: along (m_x, −m_y))."""
        return self.sigma(n_z)[..., 0, 0][()]

    def sigma_yy(self, n_z: ArrayLike) -> Floats:
        """σ_yy (…) (S), across the in-plane part (m_x, m_y) of m (Dresselhaus: across (m_x, −m_y))."""
        return self.sigma(n_z)[..., 1, 1][()]

    def sigma_xy(self, n_z: ArrayLike) -> Floats:
        """σ_xy (…) (S), the anomalous Hall conductivity for m_z = n_z; odd in n_z."""
        return self.sigma(n_z)[..., 0, 1][()]

    def K(self, n_z: ArrayLike) -> Floats:
        """K (…, 3, 2) (1/(J·m)), the spin density s = K q E (m⁻², units of ħ) per charge q = −e and field.

        Rows x, y, z of s and columns x, y of E in the frame where m = (m_x, 0, m_z), m_x ≥ 0, m_z = n_z; in both forms
        the response to E.
        """
        return self._tensors(n_z)[0]

    def sigma(self, n_z: ArrayLike) -> Floats:
        """Sheet conductivity σ (…, 2, 2) (S per square) in the frame of `K`, j = σE."""
        return self._tensors(n_z)[1]

    def _tensors(self, n_z: ArrayLike) -> tuple[Floats, Floats]:
        z = clipped_n_z(n_z)
        even = self.response(z**2)[: len(EVEN_FUNCTIONS)]
        K, sigma = spin_orbit.response_tensors(even, np.sqrt((1.0 - z) * (1.0 + z)), z)
        if self.model.spin_orbit == "dresselhaus":
            return K[..., ::-1], sigma[..., ::-1, ::-1]
        return K, sigma

    # --- the drive

    def drift_velocity(
        self, *, E: Sequence[float] | None = None, sheet_current: Sequence[float] | None = None
    ) -> NDArray[np.float64]:
        """v_d = (qτ_s/m) E = (qτ_s/m) σ⁻¹ j (2,) (m/s), q = −e; against E, as electrons go.

        For point impurities σ, which depends on the direction of m, is `mean_conductivity`.

        E : (Ex, Ey) in V/m. sheet_current : (jx, jy) in A/m, current per width of the film. Exactly one of them.

        Raises ValueError for none or both, or values that are not two finite numbers.
        """
        if (E is None) == (sheet_current is None):
            raise ValueError("drift_velocity: give exactly one of E=(Ex, Ey) in V/m and sheet_current=(jx, jy) in A/m")
        mobility = ELECTRON_CHARGE * self.scattering_time / self.model.effective_mass
        if E is not None:
            return mobility * _pair(E, "E", "V/m") + 0.0  # no −0
        return mobility / self.mean_conductivity * _pair(sheet_current, "sheet_current", "A/m")

    @cached_property
    def mean_conductivity(self) -> float:
        """Average of σ (S per square) over all directions of m; the Hall part averages to 0."""
        xx, yy = COLUMN["sigma_xx"], COLUMN["sigma_yy"]
        return self._average(lambda values: 0.5 * (values[xx] + values[yy]))

    def electric_field(self, *, drift_velocity: Sequence[float]) -> NDArray[np.float64]:
        """E = m v_d/(qτ_s) (2,) (V/m), the field that gives the drift velocity (vx, vy) in m/s."""
        inverse_mobility = self.model.effective_mass / (ELECTRON_CHARGE * self.scattering_time)
        return inverse_mobility * _pair(drift_velocity, "drift_velocity", "m/s")

    # --- how far to trust it

    @property
    def n_z(self) -> Floats:
        """The n_z (21,) at which the table is checked, saved and exported."""
        return N_Z_GRID.copy()

    @property
    def scheme_error(self) -> float:
        """ħ/(2ετ_s): relative error of ξ left by the leading order in ħ/ετ_s, an estimate and not a bound.

        Inside the gap, where ε counts from the band centre and may vanish, m v_F²/2 stands for it, which is ε above.
        """
        energy = self.model.fermi_energy if self.has_xi else 0.5 * self.model.effective_mass * self.fermi_velocity**2
        return 0.5 * hbar / (energy * self.scattering_time)

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
        found = []
        broadening = hbar / (2 * self.scattering_time)
        sharpness = (self.model.fermi_energy - self.model.exchange) * self.scattering_time / hbar
        if self.has_xi and sharpness < 5:
            found.append(
                f"(fermi_energy - exchange) scattering_time/hbar = {sharpness:.3g} is below 5: with fermi_energy "
                f"{self.model.fermi_energy / eV:.4g} eV and exchange {self.model.exchange / eV:.4g} eV the upper "
                f"subband is blurred by the broadening {broadening / eV:.3g} eV, and the "
                f"coefficients hold to leading order only (error about {self.scheme_error:.0%} or more)"
            )
        if not self.has_xi and self.scheme_error > 0.1:
            found.append(
                f"the broadening {broadening / eV:.3g} eV is {self.scheme_error:.0%} of the kinetic energy of the "
                "electrons: a, b, c, d are of leading order in it, and the density of impurities is too high for them"
            )
        exchange, spin_orbit_energy = self.model.exchange, self.model.effective_mass * (self.model.rashba / hbar) ** 2
        if spin_orbit_energy > exchange and self.model.fermi_energy < (soft := 0.5 * exchange**2 / spin_orbit_energy):
            found.append(
                f"with m rashba²/hbar² above the exchange the lower band has a maximum and a saddle of its own: below "
                f"{soft / eV:.4g} eV the Fermi energy, {self.model.fermi_energy / eV:.4g} eV, may cross them as m "
                "turns; a, b, c, d then change sharply and are not controlled there, and these places are not marked"
            )
        if not self.resolved:
            left, right = self.least_resolved
            found.append(
                f"the series of a, b, c, d do not reach the tolerance that was asked for: their error is up to "
                f"{self.numerical_error:.1e} of the largest value, between |n_z| = {left:.6g} and {right:.6g}; ask for "
                "a larger tolerance, or for more impurities, with which everything changes less sharply"
            )
        return tuple(found)

    @property
    def least_resolved(self) -> tuple[float, float]:
        """The range of |n_z| in which the errors of the series are largest."""
        errors = self.response.errors
        piece = int(np.argmax((errors / np.maximum(errors.max(axis=0), 1e-300)).sum(axis=1)))
        left, right = np.sqrt(self.response.edges[piece : piece + 2])
        return float(left), float(right)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the numbers, in words; nothing for white noise."""
        if isinstance(self.disorder, WhiteNoise):
            return ()
        found = []
        if self.has_xi:
            found.append(
                f"xi0, xi_parallel and xi_perpendicular are those of white noise with the average scattering time of "
                f"the impurities, {self.scattering_time / fs:.4g} fs; a, b, c, d are those of the impurities themselves"
            )
        else:
            found.append("xi0, xi_parallel and xi_perpendicular do not exist: the Fermi energy lies inside the gap")
        found.append(
            "a, b, c, d are of leading order in the density of impurities, without crossed diagrams and the Fermi sea: "
            f"parts of them smaller than about {self.scheme_error:.1g} a are not controlled"
        )
        hall = float(np.abs(self.sigma_xy(N_Z_GRID) / self.sigma_xx(N_Z_GRID)).max())
        if hall > 0.01:
            found.append(
                f"|σ_xy/σ_xx| is up to {hall:.2g}: where m varies neither the field nor the current is uniform, and b "
                "and d differ between the two forms; compare a run with each (docs/spin-orbit-torques.md)"
            )
        return tuple(found)

    def check_texture(self, m_z: ArrayLike) -> list[str]:
        """[] or one warning: a texture with these m_z passes `blurred`, where the scheme is not controlled.

        A texture is continuous: it passes what lies between two of its m_z as well.
        """
        z = np.asarray(m_z, dtype=np.float64)
        lowest = 0.0 if z.min() < 0.0 < z.max() else float(np.abs(z).min()) ** 2
        if self.blurred is None or lowest > self.blurred[1] or float(np.abs(z).max()) ** 2 < self.blurred[0]:
            return []
        left, right = (math.sqrt(edge) for edge in self.blurred)
        if self.gap_edge is None:
            what = "where the Fermi energy lies within the broadening of the edge of the exchange gap"
        else:
            what = (
                f"where a, b, c, d jump: the Fermi energy leaves the exchange gap at {math.sqrt(self.gap_edge.x):.4g}"
            )
        return [f"m passes |m_z| from {left:.4g} to {right:.4g}, {what}; a, b, c, d are not controlled there"]

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
            "gradients of m assumes the opposite, and the coefficients are not reliable there"
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
        """Every coefficient that exists at `n_z`, by name, n_z first; arrays (21,)."""
        return {"n_z": self.n_z, **{q.name: getattr(self, q.name)(N_Z_GRID) for q in self.quantities}}

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """`QUANTITIES`, without ξ where that does not exist."""
        return tuple(q for q in QUANTITIES if self.has_xi or not q.name.startswith("xi"))

    @property
    def scheme(self) -> str:
        """The approximation, in words."""
        return self.disorder.scheme

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
            for q in self.quantities
        }
        coordinate = ("n_z", columns["n_z"], {"units": "1", "long_name": "z component of the magnetisation"})
        attributes: dict[str, Any] = {
            "scheme": self.scheme,
            "form": self.form,
            "model": repr(self.model),
            "disorder": repr(self.disorder),
            "scattering_time_s": self.scattering_time,
            "gap_edge": list(self.gap_edge or ()),
            "blurred": list(self.blurred or ()),
            "spin_density_per_m2": self.spin_density,
            "numerical_error": self.numerical_error,
            "resolved": int(self.resolved),
            "scheme_error": self.scheme_error,
            "warnings": "\n".join(self.warnings),
            "notes": "\n".join(self.notes),
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
