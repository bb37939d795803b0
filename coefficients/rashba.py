"""The electrons: a two-dimensional ferromagnet with Rashba or Dresselhaus spin-orbit coupling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coefficients.units import angstrom, electron_mass, eV, hbar

LARGEST_ENERGY = 1e3 * eV
"""Upper limit of an accepted energy (J): anything larger is a slip of units."""
LARGEST_RASHBA = 1e3 * eV * angstrom
"""Upper limit of an accepted |rashba| (J·m)."""
LARGEST_MASS_RATIO = 1e4
"""An accepted effective mass lies between electron_mass divided and multiplied by this."""


SpinOrbit = Literal["rashba", "dresselhaus"]


@dataclass(frozen=True, kw_only=True)
class RashbaFerromagnet:
    """H = p²/2m + α(σ_x k_y − σ_y k_x) − Δ_xc m·σ, with m the direction of the magnetisation (AOT 9 and 16).

    With spin_orbit="dresselhaus" the coupling is α(σ_x k_x − σ_y k_y) (ATT 17): the same with the axes x and y of the
    orbital motion exchanged, spins and m as they are. So the response to (E_x, E_y) is that of the Rashba model to
    (E_y, E_x), with the same a, b, c, d, and ξ, which knows no direction in the plane but that of v_d·∇, is the same.

    AOT write the exchange as J_sd S n·σ with the spin direction n = −m, and the spin-orbit coupling as α_R [p×σ]_z, so
    that Δ_xc = exchange_sign·exchange, Δsd = |J_sd|S = exchange and α_R = −rashba/ħ.

    Parameters
    ----------
    fermi_energy : float
        ε (J) from the band centre, the midpoint of the two subbands without exchange. Two subbands are filled for
        ε > exchange; that is checked where a formula needs it, not here.
    exchange : float > 0
        Δsd (J), half the exchange splitting.
    rashba : float
        α (J·m), of either sign. ξ depends on α², the spin-orbit torques are odd in it.
    effective_mass : float > 0
        m (kg).
    exchange_sign : −1 or +1
        ς = sign J_sd. −1, the default, is ferromagnetic s-d exchange: conduction spins along n.
    spin_orbit : "rashba" or "dresselhaus"
        The form of the coupling with α.

    Raises
    ------
    ValueError
        A value that is not finite, out of range (1 keV, 1 keV·Å, 10⁻⁴ … 10⁴ electron masses catch forgotten units),
        exchange ≤ 0, a sign other than ±1, another coupling.

    Examples
    --------
    >>> from coefficients.units import eV, angstrom, electron_mass
    >>> model = RashbaFerromagnet(fermi_energy=1 * eV, exchange=0.2 * eV, rashba=0.5 * eV * angstrom,
    ...                           effective_mass=electron_mass)
    >>> round(model.spin_orbit_splitting / eV, 3), round(model.fermi_velocity / 1e5, 2)
    (0.256, 5.93)
    """

    fermi_energy: float
    exchange: float
    rashba: float
    effective_mass: float
    exchange_sign: int = -1
    spin_orbit: SpinOrbit = "rashba"

    def __post_init__(self) -> None:
        for name in ("fermi_energy", "exchange", "rashba", "effective_mass"):
            object.__setattr__(self, name, float(getattr(self, name)))
        energy, exchange, rashba, mass = self.fermi_energy, self.exchange, self.rashba, self.effective_mass
        if not abs(energy) <= LARGEST_ENERGY:
            raise ValueError(
                f"RashbaFerromagnet: fermi_energy = {energy!r} J ({energy / eV:.6g} eV) must be finite and within "
                "±1 keV; it is an energy in joules, for instance 1.0 * units.eV"
            )
        if not 0 < exchange <= LARGEST_ENERGY:
            raise ValueError(
                f"RashbaFerromagnet: exchange = {exchange!r} J ({exchange / eV:.6g} eV) must be positive and at most "
                "1 keV; it is |J_sd|S in joules, for instance 0.2 * units.eV, and its sign goes into exchange_sign"
            )
        if not abs(rashba) <= LARGEST_RASHBA:
            raise ValueError(
                f"RashbaFerromagnet: rashba = {rashba!r} J·m ({rashba / (eV * angstrom):.6g} eV·Å) must be finite and "
                "within ±1 keV·Å; it is in J·m, for instance 0.5 * units.eV * units.angstrom"
            )
        if not 1 / LARGEST_MASS_RATIO <= mass / electron_mass <= LARGEST_MASS_RATIO:
            raise ValueError(
                f"RashbaFerromagnet: effective_mass = {mass!r} kg ({mass / electron_mass:.6g} electron masses) must "
                "lie between 1e-4 and 1e4 electron masses; it is in kg, for instance 1.0 * units.electron_mass"
            )
        if self.exchange_sign not in (-1, 1):
            raise ValueError(
                f"RashbaFerromagnet: exchange_sign = {self.exchange_sign!r} must be -1 (ferromagnetic s-d exchange: "
                "conduction spins along the local spins) or +1"
            )
        object.__setattr__(self, "exchange_sign", int(self.exchange_sign))
        if self.spin_orbit not in get_args(SpinOrbit):
            raise ValueError(f'RashbaFerromagnet: spin_orbit = {self.spin_orbit!r} must be "rashba" or "dresselhaus"')

    @property
    def signed_exchange(self) -> float:
        """Δ_xc = exchange_sign·exchange (J)."""
        return self.exchange_sign * self.exchange

    def require_two_subbands(self, what: str) -> None:
        """Raise a ValueError that names both energies unless ε > Δsd; `what` says what was asked for."""
        if not self.fermi_energy > self.exchange:
            raise ValueError(
                f"{what}: fermi_energy = {self.fermi_energy / eV:.6g} eV must exceed exchange = "
                f"{self.exchange / eV:.6g} eV. The formulas hold only when both spin subbands are filled, and return "
                "unphysical numbers otherwise. Raise fermi_energy (measured from the band centre) or lower exchange."
            )

    @property
    def spin_orbit_splitting(self) -> float:
        """Δso = (|α|/ħ) √(2mε) (J), half the spin-orbit splitting at the Fermi energy; needs two filled subbands."""
        self.require_two_subbands("spin_orbit_splitting")
        return abs(self.rashba) / hbar * math.sqrt(2.0 * self.effective_mass * self.fermi_energy)

    @property
    def fermi_velocity(self) -> float:
        """v_F = √(2ε/m) (m/s), on the circle p² = 2mε; needs two filled subbands."""
        self.require_two_subbands("fermi_velocity")
        return math.sqrt(2.0 * self.fermi_energy / self.effective_mass)

    @property
    def electron_density(self) -> float:
        """n_e = (m/πħ²)(ε + mα²/ħ²) (m⁻²), for every direction of m; needs two filled subbands."""
        self.require_two_subbands("electron_density")
        shift = self.effective_mass * (self.rashba / hbar) ** 2
        return self.effective_mass / (math.pi * hbar**2) * (self.fermi_energy + shift)

    def carrier_density(self, n_z: float) -> float:
        """n_e (m⁻²) below any Fermi energy, inside the exchange gap too, for m with this z component (AOT 19).

        The area within the Fermi lines over 4π², from where they cross each of 512 rays; 0 below the lower band.
        """
        k, radial, _ = self._crossings(n_z)
        unit = self.effective_mass * self.exchange / hbar**2
        return float((np.sign(radial) * k**2).sum(axis=1).mean() * unit / (4.0 * math.pi))

    def mean_fermi_speed(self, n_z: float) -> float:
        """Group velocity |∂ε/ħ∂k| (m/s) averaged over the states at any Fermi energy; nan without states."""
        k, radial, around = self._crossings(n_z)
        states = np.divide(k, np.abs(radial), out=np.zeros_like(k), where=k > 0.0)
        if not states.any():
            return math.nan
        mean = (states * np.hypot(radial, around)).sum() / states.sum()
        return float(mean * math.sqrt(self.exchange / self.effective_mass))

    def _crossings(self, n_z: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """k of each Fermi line on 512 rays (512, 4), 0 where there is none, and the velocity there, radial and around.

        In units of √(mΔsd)/ħ for k and √(Δsd/m) for velocities.
        """
        energy = self.fermi_energy / self.exchange
        strength = self.rashba / hbar * math.sqrt(self.effective_mass / self.exchange)
        angle = (np.arange(512) + 0.5) * (2.0 * math.pi / 512)
        tilt = strength * math.sqrt((1.0 - n_z) * (1.0 + n_z))
        # (ε − k²/2)² = h² = s²k² + 2 s k n_x sin φ + 1
        companion = np.zeros((512, 4, 4))
        companion[:, 1:, :3] = np.eye(3)
        companion[:, 0, 3] = -4.0 * (energy**2 - 1.0)
        companion[:, 1, 3] = 8.0 * tilt * np.sin(angle)
        companion[:, 2, 3] = 4.0 * (energy + strength**2)
        roots = np.linalg.eigvals(companion)
        crossing = (np.abs(roots.imag) < 1e-9 * (1.0 + np.abs(roots))) & (roots.real > 0.0)
        k = np.where(crossing, roots.real, 0.0)
        # ε₊ or ε₋ = k²/2 ± |h|: the band that crosses has ±|h| = ε − k²/2
        h = np.where(crossing, energy - 0.5 * k**2, 1.0)
        radial = np.where(crossing, k + (strength**2 * k + (tilt * np.sin(angle))[:, None]) / h, 1.0)
        around = np.where(crossing, (tilt * np.cos(angle))[:, None] / h, 0.0)
        return k, radial, around

    def energies(self, kx: ArrayLike, ky: ArrayLike, *, m: Sequence[float]) -> NDArray[np.float64]:
        """The two bands ε₊ ≥ ε₋ (J) (AOT 19), shape (2, …).

        kx, ky : wave vector (m⁻¹), arrays of one shape (…).
        m : direction of the magnetisation, a unit vector (3,).
        """
        kx, ky = np.asarray(kx, dtype=np.float64), np.asarray(ky, dtype=np.float64)
        mx, my, mz = m
        if self.spin_orbit == "dresselhaus":
            kx, ky = ky, kx
        field_x = self.rashba * ky - self.signed_exchange * mx
        field_y = -self.rashba * kx - self.signed_exchange * my
        splitting = np.sqrt(field_x**2 + field_y**2 + (self.exchange * mz) ** 2)
        kinetic = (hbar * kx) ** 2 / (2 * self.effective_mass) + (hbar * ky) ** 2 / (2 * self.effective_mass)
        return np.stack([kinetic + splitting, kinetic - splitting])

    def fermi_wave_vectors(self, angle: ArrayLike, *, m: Sequence[float]) -> NDArray[np.float64]:
        """k₊ ≤ k₋ (m⁻¹), where the upper and the lower band cross ε along the direction `angle`, shape (2, …).

        The two positive roots of the quartic (ε₊(k) − ε)(ε₋(k) − ε) = 0 (AOT 21-24).

        angle : polar angle (rad) of the wave vector, array (…).
        m : direction of the magnetisation, a unit vector (3,).

        Raises ValueError unless two subbands are filled.
        """
        self.require_two_subbands("fermi_wave_vectors")
        angle = np.asarray(angle, dtype=np.float64)
        if self.spin_orbit == "dresselhaus":
            angle = 0.5 * math.pi - angle
        # in units of √(2mε)/ħ and ε the quartic is (1 − k²)² − |h(k)|² = k⁴ − (2 + s²)k² + 2 s d k + 1 − Δ² = 0
        spin_orbit = math.copysign(self.spin_orbit_splitting, self.rashba) / self.fermi_energy
        exchange = self.signed_exchange / self.fermi_energy
        linear = 2.0 * spin_orbit * exchange * (m[0] * np.sin(angle) - m[1] * np.cos(angle))
        companion = np.zeros((*angle.shape, 4, 4))
        companion[..., 1:, :3] = np.eye(3)
        companion[..., 0, 3] = exchange**2 - 1.0
        companion[..., 1, 3] = -linear
        companion[..., 2, 3] = 2.0 + spin_orbit**2
        roots = np.sort(np.linalg.eigvals(companion).real, axis=-1)
        unit = math.sqrt(2.0 * self.effective_mass * self.fermi_energy) / hbar
        return unit * np.moveaxis(roots[..., 2:], -1, 0)
