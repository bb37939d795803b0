"""Models of the disorder that the conduction electrons scatter from, one frozen dataclass each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from coefficients.units import angstrom, eV, fs, nm

LONGEST_SCATTERING_TIME = 1e-6
"""Upper limit of an accepted scattering time (s): anything longer is a slip of units."""


@dataclass(frozen=True, kw_only=True)
class WhiteNoise:
    """Spin-independent Gaussian white-noise potential, ⟨V(r)V(r′)⟩ = (ħ³/m τ_s) δ(r − r′) (AOT 11).

    The self-consistent Born approximation gives the self-energy ∓iħ/2τ_s (AOT 32). AOT's τ, an inverse energy, is
    τ_s/ħ.

    Parameters
    ----------
    scattering_time : float > 0
        τ_s (s), up to 1 µs.

    Raises
    ------
    ValueError
        A time that is not positive and finite, or longer than 1 µs.

    Examples
    --------
    >>> WhiteNoise(scattering_time=5e-15).scattering_time
    5e-15
    """

    scheme: ClassVar[str] = "self-consistent Born, leading order in hbar/(fermi_energy scattering_time)"
    """The approximation, in words."""

    scattering_time: float

    def __post_init__(self) -> None:
        time = float(self.scattering_time)
        if not (math.isfinite(time) and 0 < time <= LONGEST_SCATTERING_TIME):
            raise ValueError(
                f"WhiteNoise: scattering_time = {time!r} s ({time / fs:.6g} fs) must be positive and at most 1 µs; "
                "it is a time in seconds, for instance 10 * units.fs"
            )
        object.__setattr__(self, "scattering_time", time)


MOST_IMPURITIES = 1.0 / angstrom**2
"""Upper limit of an accepted density of impurities (m⁻²), 100 per nm²: more is a slip of units."""
FEWEST_IMPURITIES = 1e8
"""Lower limit (m⁻²), one in 100 µm × 100 µm: fewer is a slip of units."""
LARGEST_STRENGTH = 1e4 * (eV * nm**2)
"""Upper limit of an accepted |strength| that is not infinite (J·m²)."""
LARGEST_REFERENCE = 1e3 * eV
"""Upper limit of an accepted reference energy (J)."""


@dataclass(frozen=True, kw_only=True)
class PointImpurities:
    """Spin-independent point scatterers Σ_i W δ(r − r_i) at random places, of any strength (VPF 9).

    In two dimensions the strength of a δ potential depends on the energy at which it is told, because
    g = ∫d²p/(2π)² G diverges with the cutoff Λ: 1/W = 1/W_bare + (m/2πħ²) ln(Λ²/2mE_ref). Without spin-orbit coupling
    and exchange, w = mW/2ħ² = −tan(phase shift) at E_ref.

    Parameters
    ----------
    density : float > 0
        n (m⁻²), impurities per area; up to 100 per nm².
    strength : float
        W (J·m²) = 2wħ²/m, positive for repulsive, negative for attractive impurities, inf (or −inf) in the unitary
        limit, where w is infinite.
    reference_energy : float > 0
        E_ref (J), from the band centre, at which W is the strength; for unitary impurities that where they resonate.

    Raises
    ------
    ValueError
        A density or reference energy that is not positive, a strength of 0 or NaN, values out of range, text.

    Examples
    --------
    Unitary impurities, one per 2000 nm²:

    >>> from coefficients.units import meV, nm
    >>> PointImpurities(density=5e-4 / nm**2, strength=math.inf, reference_energy=5 * meV).inverse_strength
    0.0
    """

    scheme: ClassVar[str] = "self-consistent T-matrix, leading order in the density of impurities"
    """The approximation, in words."""

    density: float
    strength: float
    reference_energy: float

    def __post_init__(self) -> None:
        for name in ("density", "strength", "reference_energy"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise ValueError(f"PointImpurities: {name} = {value!r} must be a number; math.inf is the unitary limit")
            object.__setattr__(self, name, float(value))
        if not FEWEST_IMPURITIES <= self.density <= MOST_IMPURITIES:
            raise ValueError(
                f"PointImpurities: density = {self.density!r} m⁻² ({self.density * nm**2:.6g} per nm²) must "
                "be positive, from 1e8 m⁻² to at most 100 per nm²: without impurities nothing limits the response; "
                "give for instance 0.02 / units.nm**2"
            )
        if math.isnan(self.strength) or self.strength == 0:
            raise ValueError(
                f"PointImpurities: strength = {self.strength!r} J·m² must not be 0 or NaN; impurities of strength 0 do "
                "not scatter, and math.inf is the unitary limit"
            )
        if math.isfinite(self.strength) and abs(self.strength) > LARGEST_STRENGTH:
            raise ValueError(
                f"PointImpurities: strength = {self.strength!r} J·m² ({self.strength / (eV * nm**2):.6g} eV·nm²) must "
                "be within ±1e4 eV·nm², or math.inf for the unitary limit; it is in J·m², 2 w ħ²/m"
            )
        if not 0 < self.reference_energy <= LARGEST_REFERENCE:
            raise ValueError(
                f"PointImpurities: reference_energy = {self.reference_energy!r} J ({self.reference_energy / eV:.6g} "
                "eV) must be positive and at most 1 keV; it is the energy at which strength is told, in joules, for "
                "instance 1.0 * units.eV"
            )

    @property
    def inverse_strength(self) -> float:
        """1/W (1/(J·m²)); 0 in the unitary limit."""
        return 0.0 if math.isinf(self.strength) else 1.0 / self.strength
