"""The vertex-corrected Kubo core: t0, t∥ and t⊥ from the matrix of one dressing, by quadrature over the Fermi circle.

To leading order in ħ/ετ_s the matrix of one dressing (AOT 38) is, exactly, an average over the circle p = √(2mε),

    M = ⟨(1 + [ε·w])⁻¹⟩_φ,   w = 2ςD n + 2S(−sin φ, cos φ, 0),   [ε·w]_ij = Σ_k ε_ijk w_k,

and the corrections to the torque vertex are T = UM(1 − M)⁻¹, U v = v×n (AOT 39-41). In the frame (θ̂, φ̂, n)

    t∥ = θ̂·T·φ̂,    t0 = φ̂·T·φ̂ = θ̂·T·θ̂,    t⊥ = −(φ̂·T·θ̂ + t∥ cos²θ)/sin²θ.

1 − M is singular for S → 0 (spin along n is conserved), and t∥, t⊥ are then O(S²) differences of O(1) numbers. Three
steps avoid that: 1 − M is averaged as it stands (its Ward form), never as 1 minus M; the direction n is
eliminated by a Schur complement; and what cancels is cancelled on paper, with ⟨1⟩ + ⟨w²⟩ = 1 (below ⟨f⟩ is the average
of f/(1 + w²)) and with the points φ and −φ, φ and π/2 − φ taken together. The last also removes the 0/0 in t⊥ at
n_z = ±1, where the value is the limit sin θ → 0. `dressing_matrix` and `vertex_matrix` have none of this algebra.

The trapezoidal rule converges as exp(−N arcosh(a/b)), a = 1 + 4D² + 4S², b = 8DS sin θ.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from coefficients.closed_form import Floats, check_parameters, clipped_n_z

MOST_ANGLES = 20_000_000
"""Angles that the automatic choice may ask for; reached only near the touching of the subbands at D = S > 2e5."""
# exp(−40) = 4e-18: the error of the trapezoidal rule is below the rounding of doubles
DIGITS = 40.0


def number_of_angles(D: float, S: float, n_z: float) -> int:
    """Points on the whole circle, a multiple of 4, with which the trapezoidal rule is exact to rounding.

    Grows to about 80 D where the subbands touch (D = S at n_z = 0). Raises ValueError above `MOST_ANGLES`.
    """
    sin_theta = math.sqrt((1.0 - n_z) * (1.0 + n_z))
    b = 8.0 * D * S * sin_theta
    # (a − b) written so that nothing cancels where the subbands touch
    a_minus_b = 1.0 + 4.0 * (D - S) ** 2 + 8.0 * D * S * n_z * n_z / (1.0 + sin_theta)
    root = math.sqrt(a_minus_b) * math.sqrt(a_minus_b + 2.0 * b)
    strip = math.asinh(root / b) if b > 0 else math.inf
    angles = max(16.0, DIGITS / strip)
    if angles > MOST_ANGLES:
        raise ValueError(
            f"kubo: D = {D:g}, S = {S:g}, n_z = {n_z:g} lie so close to the touching of the subbands that the "
            f"quadrature needs {angles:.2g} angles; use closed_form, or give angles"
        )
    return 4 * math.ceil(angles / 4.0)


def t_coefficients(
    D: ArrayLike, S: ArrayLike, n_z: ArrayLike, *, sign: int, angles: int | None = None
) -> tuple[Floats, Floats, Floats]:
    """t0, t∥ and t⊥ (AOT 61-63), dimensionless, by quadrature and matrix inversion; even in n_z.

    Parameters
    ----------
    D, S : array_like, dimensionless
        Δsd τ_s/ħ > 0 and Δso τ_s/ħ ≥ 0. At S = 0, where 1 − M has no inverse, the limit S → 0 (AOT 67-73).
    n_z : array_like, dimensionless
        z component of the spin direction n = −m; up to 1e-9 beyond ±1 is clipped. At ±1 t⊥ multiplies a torque that
        vanishes, and its value is the limit sin θ → 0 (AOT 79), taken analytically.
    sign : −1 or +1
        ς, the sign of the exchange J_sd; t0 is odd in it.
    angles : int, optional
        Points on the circle, rounded up to a multiple of 4. Default: `number_of_angles`, separately for each point.

    Returns
    -------
    (t0, t_par, t_perp), each of the common broadcast shape of D, S and n_z. One Python step per element.
    The error is rounding alone, for S > D up to 4e-15(1 + S²) relative in t0 and t⊥.

    Raises
    ------
    ValueError
        D ≤ 0, S < 0, |n_z| > 1 + 1e-9, NaN or infinity, a sign other than ±1, angles < 4.

    Examples
    --------
    >>> t0, t_par, t_perp = t_coefficients(1.0, 1.0, 1.0, sign=1)
    >>> print(round(t0, 12), round(t_par, 12), round(t_perp, 12))
    0.45 0.35 0.125
    """
    d, s = check_parameters(D, S, sign)
    if angles is not None and not angles >= 4:
        raise ValueError(f"kubo: angles = {angles!r} must be at least 4, or None for the automatic choice")
    d, s, z = np.broadcast_arrays(d, s, clipped_n_z(n_z))
    result = np.empty((3, *d.shape))
    for index in np.ndindex(d.shape):
        result[(slice(None), *index)] = _point(float(d[index]), float(s[index]), float(z[index]), angles)
    return (sign * result[0])[()], result[1][()], result[2][()]


def _point(D: float, S: float, n_z: float, angles: int | None) -> tuple[float, float, float]:
    """|t0|, t∥, t⊥ for scalars."""
    count = number_of_angles(D, S, n_z) if angles is None else 4 * math.ceil(angles / 4)
    # half-offset points of one quadrant; the other three follow from φ → −φ and φ → π − φ
    angle = (np.arange(count // 4) + 0.5) * (2.0 * math.pi / count)
    sin, cos = np.sin(angle), np.cos(angle)
    sin2, cos2 = sin * sin, cos * cos
    C = n_z * n_z
    sin2_theta = (1.0 - n_z) * (1.0 + n_z)
    p, r = 2.0 * D, 2.0 * S * math.sqrt(sin2_theta) * sin  # w_n = p ∓ r at ±φ
    S2 = 4.0 * S * S
    tangent = S2 * (C * sin2 + cos2)  # w_θ² + w_φ²
    plus, minus = 1.0 + tangent + (p - r) ** 2, 1.0 + tangent + (p + r) ** 2  # 1 + w² at ±φ
    both = plus * minus
    even = 0.5 * (1.0 / plus + 1.0 / minus)

    one = float(np.mean(even))  # ⟨1⟩
    normal = p * float(np.mean((1.0 + tangent + (p - r) * (p + r)) / both))  # ⟨w_n⟩
    normal2 = float(np.mean(0.5 * ((p - r) ** 2 / plus + (p + r) ** 2 / minus)))  # ⟨w_n²⟩
    # ⟨1⟩⟨w_n²⟩ − ⟨w_n⟩² as the variance about the mean p − shift, which is a sum of squares
    shift = 2.0 * p * float(np.mean(r * r / both)) / one
    variance = one * float(np.mean(0.5 * ((shift - r) ** 2 / plus + (shift + r) ** 2 / minus)))
    phi2 = S2 * float(np.mean(cos2 * even))  # ⟨w_φ²⟩
    theta2 = S2 * float(np.mean(sin2 * even))  # ⟨w_θ²⟩/cos²θ
    # (⟨w_θ²⟩/cos²θ − ⟨w_φ²⟩)/sin²θ: the anisotropy of the circle; reversing the array maps φ to π/2 − φ
    a, b = 1.0 + 4.0 * D * D + S2, 8.0 * D * S
    anisotropy = S2 * a * b * b * 0.5 * float(np.mean((sin2 - cos2) ** 2 / (both * both[::-1])))
    # ⟨w_θ⟩ and ⟨w_θ w_n⟩, both divided by sin θ cos θ
    u = -2.0 * p * S2 * float(np.mean(sin2 / both))
    v = -S2 * float(np.mean(sin2 * ((p - r) * (p + r) - 1.0 - tangent) / both))

    # Schur complement: ⟨w_θ² + w_φ²⟩ is the element nn of 1 − M; u, v vanish faster, so S = 0 needs no special case
    nn = phi2 + C * theta2
    over_nn = 1.0 / nn if nn > 0.0 else 0.0
    uu, uv, vv = u * u * over_nn, u * v * over_nn, v * v * over_nn
    P_theta = phi2 + normal2 - C * sin2_theta * vv
    P_phi = C * theta2 + normal2 + C * sin2_theta * uu
    P_mixed = normal - C * sin2_theta * uv
    determinant = P_theta * P_phi + P_mixed * P_mixed

    from_theta = (phi2 + normal2) * uu - 2.0 * normal * uv + (one + phi2) * vv
    from_phi = (C * theta2 + normal2) * vv + 2.0 * normal * uv + (one + C * theta2) * uu
    parallel = variance + phi2 * (one + normal2 + phi2) - C * sin2_theta * from_theta
    spread = anisotropy * (one + normal2 + theta2 + phi2) - theta2 * theta2
    perpendicular = variance + C * (spread + from_phi + C * from_theta)
    return P_mixed / determinant, parallel / determinant, perpendicular / determinant


def _fields(D: float, S: float, n_z: float, sign: int, angles: int | None) -> tuple[Floats, Floats, Floats]:
    """w(φ) (N, 3), the matrix [ε·w] (N, 3, 3) and 1 + w² (N, 1, 1) on the whole circle, for n in the xz plane."""
    check_parameters(D, S, sign)
    z = float(clipped_n_z(n_z))
    count = number_of_angles(D, S, z) if angles is None else angles
    phi = (np.arange(count) + 0.5) * (2.0 * math.pi / count)
    x = math.sqrt((1.0 - z) * (1.0 + z))
    w = 2.0 * sign * D * np.array([x, 0.0, z]) + 2.0 * S * np.stack([-np.sin(phi), np.cos(phi), 0.0 * phi], axis=-1)
    levi_civita = np.zeros((3, 3, 3))
    levi_civita[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1.0
    levi_civita[[0, 2, 1], [2, 1, 0], [1, 0, 2]] = -1.0
    return w, np.einsum("ijk,nk->nij", levi_civita, w), (1.0 + (w * w).sum(axis=-1))[:, None, None]


def dressing_matrix(D: float, S: float, n_z: float, *, sign: int, angles: int | None = None) -> Floats:
    """M (3, 3), dimensionless: σ_i dressed by one impurity line is Σ_j M_ij σ_j (AOT 38), for n = (√(1−n_z²), 0, n_z).

    Parameters and errors as `t_coefficients`, scalars only.

    Examples
    --------
    >>> M = dressing_matrix(0.5, 0.0, 1.0, sign=1)         # no spin-orbit coupling: AOT 66
    >>> print(np.round(M, 6) + 0.0)
    [[ 0.5 -0.5  0. ]
     [ 0.5  0.5  0. ]
     [ 0.   0.   1. ]]
    """
    w, cross, norm = _fields(D, S, n_z, sign, angles)
    M: Floats = ((np.eye(3) + w[:, :, None] * w[:, None, :] - cross) / norm).mean(axis=0)
    return M


def one_minus_dressing_matrix(D: float, S: float, n_z: float, *, sign: int, angles: int | None = None) -> Floats:
    """1 − M (3, 3) in its Ward form ⟨(w² − w wᵀ + [ε·w])/(1 + w²)⟩, which keeps its digits as S → 0."""
    _, cross, norm = _fields(D, S, n_z, sign, angles)
    # [ε·w][ε·w]ᵀ = w² − w wᵀ, with sums of squares on the diagonal instead of a difference
    ward: Floats = ((cross @ cross.transpose(0, 2, 1) + cross) / norm).mean(axis=0)
    return ward


def vertex_matrix(D: float, S: float, n_z: float, *, sign: int, angles: int | None = None) -> Floats:
    """T = UM(1 − M)⁻¹ (3, 3), dimensionless: the impurity ladder on the torque σ×n (AOT 41), n = (√(1−n_z²), 0, n_z).

    Straight from the two matrices, for S > 0. For small S it loses digits as 1e-16/S², more for t∥ and t⊥ than for t0.
    T is defined up to a gauge: only its action on vectors perpendicular to n means anything (AOT 55).
    """
    if not S > 0:
        raise ValueError(f"vertex_matrix: S = {S!r} must be positive: at S = 0 the matrix 1 - M has no inverse")
    z = float(clipped_n_z(n_z))
    x = math.sqrt((1.0 - z) * (1.0 + z))
    U = np.array([[0.0, z, 0.0], [-z, 0.0, x], [0.0, -x, 0.0]])
    M = dressing_matrix(D, S, z, sign=sign, angles=angles)
    kernel = one_minus_dressing_matrix(D, S, z, sign=sign, angles=angles)
    return np.asarray(np.linalg.solve(kernel.T, (U @ M).T).T, dtype=np.float64)
