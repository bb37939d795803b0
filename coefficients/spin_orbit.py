"""Spin-orbit torques of a RashbaFerromagnet with white-noise disorder: the Edelstein effect, and the conductivity.

A field E polarises the electrons, s = K q E with q = −e and s = ⟨σ⟩/2 per area, and the exchange field of s turns the
magnetisation (m its direction, Ado, Tretiakov, Titov, PRB 95, 094401):

    ∂t m ∋ κ s×m = a m×(ẑ×E) + c m×(m×ẑ)(m·E) + b m×(m×(ẑ×E)) + d m×ẑ (m·E),     κ = 2Δ_xc/(ħ S/A)

With both subbands filled, white noise and vertex corrections, only a is there, and it does not depend on m (AOT 105
and A9): b = c = d = 0.
"""

from __future__ import annotations

import math
from typing import Literal

from coefficients.rashba import RashbaFerromagnet
from coefficients.units import elementary_charge, hbar

Form = Literal["E", "J"]
ELECTRON_CHARGE = -elementary_charge
"""q (C), the charge of the carriers."""


def edelstein(model: RashbaFerromagnet, scattering_time: float) -> float:
    """K_xy = −K_yx = −τ_s α m/(2πħ³) (1/(J·m)), the spin per area, charge and field, s_x = K_xy q E_y.

    AOT A4-A9 in the conventions of this package (α = −ħα_R). Raises ValueError unless two subbands are filled.

    Examples
    --------
    >>> from coefficients.units import eV, angstrom, electron_mass
    >>> model = RashbaFerromagnet(fermi_energy=1 * eV, exchange=0.2 * eV, rashba=1 * eV * angstrom,
    ...                           effective_mass=electron_mass)
    >>> print(f"{edelstein(model, 10e-15):.4e}")
    -1.9806e+28
    """
    model.require_two_subbands("edelstein")
    return -scattering_time * model.rashba * model.effective_mass / (2.0 * math.pi * hbar**3)


def sheet_conductivity(model: RashbaFerromagnet, scattering_time: float) -> float:
    """σ_xx = σ_yy = (q²τ_s/πħ²)(ε + mα²/ħ²) = q² n_e τ_s/m (S per square); σ_xy = 0 to this order.

    Raises ValueError unless two subbands are filled.
    """
    return ELECTRON_CHARGE**2 * model.electron_density * scattering_time / model.effective_mass


def exchange_rate(model: RashbaFerromagnet, spin_density: float) -> float:
    """κ = 2Δ_xc/(ħ S/A) (m²/s), so that the exchange torque of a spin density s (m⁻²) is ∂t m = κ s×m."""
    return 2.0 * model.signed_exchange / (hbar * spin_density)


def field_like(model: RashbaFerromagnet, scattering_time: float, *, spin_density: float, form: Form) -> float:
    """a = κ q K_xy in the E-form (1/s per V/m), or κ q K_xy/σ in the J-form (1/s per A/m of sheet current).

    Examples
    --------
    >>> from coefficients.units import eV, angstrom, electron_mass, spin_density
    >>> model = RashbaFerromagnet(fermi_energy=1 * eV, exchange=0.2 * eV, rashba=1 * eV * angstrom,
    ...                           effective_mass=electron_mass, exchange_sign=1)
    >>> print(f"{field_like(model, 10e-15, spin_density=spin_density(Ms=580e3, thickness=1e-9), form='E'):.4g}")
    6.174e+04
    """
    per_field = exchange_rate(model, spin_density) * ELECTRON_CHARGE * edelstein(model, scattering_time)
    return per_field if form == "E" else per_field / sheet_conductivity(model, scattering_time)
