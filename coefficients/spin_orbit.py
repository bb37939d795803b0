"""Spin-orbit torques of a RashbaFerromagnet with white-noise disorder: the Edelstein effect, and the conductivity.

A field E polarises the electrons, s = K q E with q = −e and s = ⟨σ⟩/2 per area, and the exchange field of s turns the
magnetisation (m its direction, Ado, Tretiakov, Titov, PRB 95, 094401):

    ∂t m ∋ κ s×m = a m×(ẑ×E) + c m×(m×ẑ)(m·E) + b m×(m×(ẑ×E)) + d m×ẑ (m·E),     κ = 2Δ_xc/(ħ S/A)

With both subbands filled, white noise and vertex corrections, only a is there, and it does not depend on m (AOT 105
and A9): b = c = d = 0.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

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


# --- from the response tensors to the torque coefficients


class TorqueCoefficients(NamedTuple):
    """a, b, c, d of ∂t m = κq [a m×(ẑ×E) + b m×(m×(ẑ×E)) + c m×(m×ẑ)(m·E) + d m×ẑ (m·E)], in the units of K."""

    a: float
    b: float
    c: float
    d: float


def torque_coefficients(K: NDArray[np.float64], m_x: float, m_z: float) -> TorqueCoefficients:
    """The coefficients with which κ s×m is the torque of s = K q E, for m = (m_x, 0, m_z) off the axis and the plane.

    With k_xx = K_xx/m_z, k_xy = K_xy, k_yx = K_yx, k_yy = K_yy/m_z, k_zx = K_zx/m_x, k_zy = K_zy/(m_x m_z), which the
    symmetry of the model makes functions of m_z² (ATT 11),

        a = k_xy − m_x² k_zy,   c = (k_xy + k_yx)/m_x² − k_zy,   b = k_yy,   d = −k_zx − k_xx + (k_xx − k_yy)/m_x²

    (VPF 4; ATT 12b has the other sign of b and d).

    Parameters
    ----------
    K : array (3, 2)
        Rows x, y, z of s, columns x, y of E; or K_J, for the coefficients of the J-form.
    m_x, m_z : float
        Neither is 0. Rounding of K grows by 1/(m_x² |m_z|).

    Examples
    --------
    The Edelstein effect, s = K ẑ×E, is a field-like torque alone:

    >>> torque_coefficients(np.array([[0.0, 2.0], [-2.0, 0.0], [0.0, 0.0]]), 0.6, 0.8)
    TorqueCoefficients(a=2.0, b=0.0, c=0.0, d=0.0)
    """
    (k_xx, k_xy), (k_yx, k_yy), (k_zx, k_zy) = K
    k_xx, k_yy, k_zx, k_zy = k_xx / m_z, k_yy / m_z, k_zx / m_x, k_zy / (m_x * m_z)
    return TorqueCoefficients(
        a=float(k_xy - m_x**2 * k_zy),
        b=float(k_yy),
        c=float((k_xy + k_yx) / m_x**2 - k_zy),
        d=float(-k_zx - k_xx + (k_xx - k_yy) / m_x**2),
    )


EVEN_FUNCTIONS = ("a", "b", "c", "d", "a_J", "b_J", "c_J", "d_J", "along_x", "along_y", "sigma_xx", "sigma_yy", "hall")
"""Regular functions of m_z², from which K and σ at any m follow; along_x and along_y are the parts of s along m."""


def per_current(K: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """K_J = Kσ⁻¹ (3, 2), of K (3, 2) and σ (2, 2)."""
    return np.asarray(np.linalg.solve(sigma.T, K.T).T, dtype=np.float64)


def even_functions(K: NDArray[np.float64], sigma: NDArray[np.float64], m_x: float, m_z: float) -> NDArray[np.float64]:
    """The numbers of `EVEN_FUNCTIONS` (13,) of K (3, 2) and σ (2, 2) at m = (m_x, 0, m_z), off the axis and the plane.

    a … d are those of K and a_J … d_J those of Kσ⁻¹; m·s = m_x m_z along_x for E_x and m_x along_y for E_y;
    σ_xy = −σ_yx = m_z hall.
    """
    along = (m_x * K[0] + m_z * K[2]) / m_x
    return np.array(
        [
            *torque_coefficients(K, m_x, m_z),
            *torque_coefficients(per_current(K, sigma), m_x, m_z),
            along[0] / m_z,
            along[1],
            sigma[0, 0],
            sigma[1, 1],
            0.5 * (sigma[0, 1] - sigma[1, 0]) / m_z,
        ]
    )


def response_tensors(
    even: NDArray[np.float64], m_x: NDArray[np.float64], m_z: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """K (…, 3, 2) and σ (…, 2, 2) at m = (m_x, 0, m_z) from the numbers (13, …) of `even_functions`."""
    a, b, c, d, *_, along_x, along_y, sigma_xx, sigma_yy, hall = even
    k_zy = along_y - a
    k_xy = a + m_x**2 * k_zy
    k_xx = b + m_x**2 * (d + along_x)
    K = np.array(
        [[m_z * k_xx, k_xy], [m_x**2 * (c + k_zy) - k_xy, m_z * b], [m_x * (along_x - k_xx), m_x * m_z * k_zy]]
    )
    sigma = np.array([[sigma_xx, m_z * hall], [-m_z * hall, sigma_yy]])
    return np.moveaxis(K, (0, 1), (-2, -1)), np.moveaxis(sigma, (0, 1), (-2, -1))
