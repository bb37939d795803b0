"""Models of the disorder that the conduction electrons scatter from, one frozen dataclass each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coefficients.units import fs

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

    scattering_time: float

    def __post_init__(self) -> None:
        time = float(self.scattering_time)
        if not (math.isfinite(time) and 0 < time <= LONGEST_SCATTERING_TIME):
            raise ValueError(
                f"WhiteNoise: scattering_time = {time!r} s ({time / fs:.6g} fs) must be positive and at most 1 µs; "
                "it is a time in seconds, for instance 10 * units.fs"
            )
        object.__setattr__(self, "scattering_time", time)
