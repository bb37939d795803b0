"""The exact t0, t∥ and t⊥ of a Rashba ferromagnet with white-noise disorder, for every direction of the magnetisation.

With D = Δsd τ_s/ħ, S = Δso τ_s/ħ, C = n_z² and ς the sign of the exchange,

    R  = √(1 + 8(D² + S²) + 16(D² − S²)² + 64 C D² S²)
    Y  = 4(D² − S²)² + D²(1 + R) + C D²(1 + 4D² + R + 16S²)
    t⊥ = S²(1 + 4CD²)/Y
    t∥ = S²(1 + 4CD² + R)/Y
    t0 = ςD [1 + g + C(1 + 4D² + R + 12S²)]/(2Y),      g = R + 4(D² − S²)

to leading order in ħ/ετ_s, exact in D, S and n_z. They are the elements of T = UM(1 − M)⁻¹ (AOT 41, 62), where M is the
matrix of one dressing (AOT 38), and give ξ_i = xi_scale·t_i (AOT 65). docs/closed-form.md derives them;
`coefficients.kubo` computes the same three numbers from M itself.
"""

from __future__ import annotations

import math

import numpy as np
from numba.extending import register_jitable
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LARGEST = 1e50
"""D must lie between 1/LARGEST and LARGEST, S must not exceed it; beyond, doubles overflow."""
N_Z_TOLERANCE = 1e-9
"""|n_z| may exceed 1 by this much (rounding of a normalised vector) and is then taken as 1."""


def clipped_n_z(n_z: ArrayLike) -> Floats:
    """n_z as an array of float64 in [−1, 1]; ValueError where it is NaN or beyond 1 + 1e-9 in magnitude."""
    values = np.asarray(n_z, dtype=np.float64)
    bad = ~(np.abs(values) <= 1.0 + N_Z_TOLERANCE)
    if bad.any():
        raise ValueError(
            f"n_z = {float(values[bad].flat[0])!r} must lie in [-1, 1]: it is the z component of a unit vector. "
            "Normalise the magnetisation first."
        )
    return np.clip(values, -1.0, 1.0)


def check_parameters(D: ArrayLike, S: ArrayLike, sign: int) -> tuple[Floats, Floats]:
    """D and S as arrays of float64; ValueError where they are out of range, or sign is not ±1."""
    d, s = np.asarray(D, dtype=np.float64), np.asarray(S, dtype=np.float64)
    bad = ~((d >= 1.0 / LARGEST) & (d <= LARGEST))
    if bad.any():
        raise ValueError(
            f"D = Δsd τ_s/ħ = {float(d[bad].flat[0])!r} must be positive and finite (between {1 / LARGEST:g} and "
            f"{LARGEST:g}); check exchange and scattering_time"
        )
    bad = ~((s >= 0.0) & (s <= LARGEST))
    if bad.any():
        raise ValueError(
            f"S = Δso τ_s/ħ = {float(s[bad].flat[0])!r} must be finite and not negative (at most {LARGEST:g}); it is "
            "formed with |rashba|, check rashba and scattering_time"
        )
    if sign not in (-1, 1):
        raise ValueError(f"sign = {sign!r} must be -1 or +1, the sign of the exchange J_sd")
    return d, s


def t_coefficients(D: ArrayLike, S: ArrayLike, n_z: ArrayLike, *, sign: int) -> tuple[Floats, Floats, Floats]:
    """t0, t∥ and t⊥ (AOT 61-63), dimensionless, by the closed form; even in n_z, accurate to a few 1e-15.

    Parameters
    ----------
    D, S : array_like, dimensionless
        Δsd τ_s/ħ > 0 and Δso τ_s/ħ ≥ 0.
    n_z : array_like, dimensionless
        z component of the spin direction n = −m; up to 1e-9 beyond ±1 is clipped.
    sign : −1 or +1
        ς, the sign of the exchange J_sd; t0 is odd in it.

    Returns
    -------
    (t0, t_par, t_perp), each of the common broadcast shape of D, S and n_z.

    Raises
    ------
    ValueError
        D ≤ 0, S < 0, |n_z| > 1 + 1e-9, NaN or infinity, a sign other than ±1.

    Examples
    --------
    >>> t0, t_par, t_perp = t_coefficients(1.0, 1.0, [0.0, 1.0], sign=-1)
    >>> print(t0, t_par, t_perp)        # at n_z = 0 and D = S the two subbands touch: 2D|t0| = 2t∥ = 2·½
    [-0.5  -0.45] [1.   0.35] [0.1951941 0.125    ]
    """
    d, s = check_parameters(D, S, sign)
    C = clipped_n_z(n_z) ** 2
    D2, S2 = d * d, s * s
    gap = 4.0 * (d - s) * (d + s)
    inner = 1.0 + 8.0 * (D2 + S2) + 64.0 * C * D2 * S2
    R = np.sqrt(inner + gap * gap)
    Y = 0.25 * gap * gap + D2 * (1.0 + R) + C * D2 * (1.0 + 4.0 * D2 + R + 16.0 * S2)
    # R + gap loses its digits for S > D, where R ≈ −gap; (R + gap)(R − gap) = inner does not
    larger = R + np.abs(gap)
    g = np.where(gap >= 0.0, larger, inner / larger)
    t0 = sign * d * (1.0 + g + C * (1.0 + 4.0 * D2 + R + 12.0 * S2)) / (2.0 * Y)
    along = 1.0 + 4.0 * C * D2
    return t0[()], (S2 * (along + R) / Y)[()], (S2 * along / Y)[()]


def kernel_parameters(D: float, S: float, sign: int, scale: float) -> tuple[float, ...]:
    """Everything in the closed form that does not depend on n_z, as plain floats, in the order that `numerators` takes.

    D, S, sign as in `t_coefficients`; scale is the factor of ξ_i = scale·t_i (`CoefficientTable.xi_scale`,
    dimensionless). Raises ValueError as `t_coefficients` does, or for a scale that is not finite.
    """
    check_parameters(D, S, sign)
    if not math.isfinite(scale):
        raise ValueError(f"scale = {scale!r} must be finite")
    D2, S2 = float(D) ** 2, float(S) ** 2
    gap = 4.0 * (D - S) * (D + S)
    inner, mixed = 1.0 + 8.0 * (D2 + S2), 64.0 * D2 * S2
    half = 0.5 * sign * D
    # g = (g0 + g1 C + g2 R)/(h0 + h1 R): R + gap for D ≥ S, inner/(R − gap) for S > D
    g = (half * gap, 0.0, half, 1.0, 0.0) if gap >= 0 else (half * inner, half * mixed, 0.0, -gap, 1.0)
    r = (inner + gap * gap, mixed)  # R² = r0 + r1 C
    y = (0.25 * gap * gap + D2, D2, D2 * (1.0 + 4.0 * D2 + 16.0 * S2))  # Y = y0 + y1 R + C(y2 + y1 R)
    # both denominators 1 at C = 1/2, so that products of them keep within the range of single precision
    R = math.sqrt(r[0] + 0.5 * r[1])
    Y, h = y[0] + y[1] * R + 0.5 * (y[2] + y[1] * R), g[3] + g[4] * R
    parameters = (
        *r,
        *(value / Y for value in y),
        *(half, half * (1.0 + 4.0 * D2 + 12.0 * S2)),  # N0 − g = n0 + C(n1 + n0 R)
        *(value / h for value in g),
        *(S2, 4.0 * S2 * D2),
        scale / Y,
    )
    return tuple(float(value) for value in parameters)


# inlined by force and without a branch for a division by zero, so that the loop around it is vectorised
@register_jitable(fastmath={"contract", "reassoc", "arcp", "nsz"}, error_model="numpy", forceinline=True)
def numerators(C, r0, r1, y0, y1, y2, n0, n1, g0, g1, g2, h0, h1, s0, s1, scale):  # type: ignore[no-untyped-def]
    """X ξ0, X ξ∥, X ξ⊥ and their common denominator X at C = n_z², from `kernel_parameters`.

    One square root, no division, no branch. No literal either: one would turn float32 into float64. In float32, D and
    S between 1e-4 and 1e4 stay clear of overflow.
    """
    R = np.sqrt(r0 + r1 * C)
    along = y1 * R
    Y = y0 + along + C * (y2 + along)
    h = h0 + h1 * R
    transverse = s0 + s1 * C
    scaled = scale * h
    xi0 = scale * (g0 + g1 * C + g2 * R + h * (n0 + C * (n1 + n0 * R)))
    return xi0, scaled * (transverse + s0 * R), scaled * transverse, Y * h


@register_jitable(fastmath={"contract", "reassoc", "arcp", "nsz"}, error_model="numpy", forceinline=True)
def kernel(C, r0, r1, y0, y1, y2, n0, n1, g0, g1, g2, h0, h1, s0, s1, scale):  # type: ignore[no-untyped-def]
    """ξ0, ξ∥ and ξ⊥ at C = n_z², from `kernel_parameters`; for use inside compiled functions and on NumPy arrays.

    Examples
    --------
    >>> xi0, xi_parallel, xi_perpendicular = kernel(np.array([0.0, 1.0]), *kernel_parameters(1.0, 1.0, -1, 0.1))
    >>> print(xi0, xi_parallel)
    [-0.05  -0.045] [0.1   0.035]
    """
    xi0, xi_parallel, xi_perpendicular, X = numerators(C, r0, r1, y0, y1, y2, n0, n1, g0, g1, g2, h0, h1, s0, s1, scale)
    return xi0 / X, xi_parallel / X, xi_perpendicular / X
