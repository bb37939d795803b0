"""Momentum integrals of dressed propagators of the Rashba ferromagnet, exact in the radius.

With ħ = 1, p = (0, p₀) + k(cos φ, sin φ) and G = [E − p²/2m − (h + Σ⃗)·σ]⁻¹, where E = ε + i|Im Σ_0| and
h = (αp_y − Δ_xc m_x, −αp_x, −Δ_xc m_z), every integrand along a ray is a rational function of k with the poles of 1/D,

    D(k) = (E − p²/2m)² − (h + Σ⃗)² = c_4 Π_j (k − k_j),

and for products of G and G† also those of its conjugate. Along each ray therefore ∫_0^Λ F dk = −Σ_j Res_j F log(−k_j),
apart from ln Λ times the sum of the residues; the sum over the conjugate poles is the complex conjugate. The average
over φ is the periodic trapezoidal rule, which converges exponentially about an origin p₀ that all Fermi lines enclose:
the minimum of the upper band. The mirror image p_x → −p_x has the same poles, so that half of the rays suffice.

Small imaginary parts of the k_j set the scattering time; they come out with the precision of doubles, because an
iteration that has converged goes one step further, whose rounding they do not share with the real parts.

Logarithms are taken of k/k_ref, and ln(Λ/k_ref) is left out of what diverges: the caller adds what it wants there.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Complexes = NDArray[np.complex128]
Floats = NDArray[np.float64]

MOST_ITERATIONS = 60
ROUNDING = 4e-16


def ray_sines(angles: int) -> Floats:
    """sin φ (angles/2,) of the rays with p_x > 0, for a multiple of 2 of rays on the circle, none along an axis y."""
    return -np.cos((np.arange(angles // 2) + 0.5) * (2.0 * math.pi / angles))


@njit(cache=True, error_model="numpy")
def _refine_roots(c0: complex, c1: complex, c2: complex, c3: complex, c4: float, roots: Complexes) -> None:
    """All four roots of Σ c_n k^n at once, from guesses in `roots` (4,), by Aberth's iteration."""
    size0, size1, size2, size3 = abs(c0), abs(c1), abs(c2), abs(c3)
    for _ in range(MOST_ITERATIONS):
        converged = True  # what is left of the polynomial is rounding
        for i in range(4):
            k = roots[i]
            size = abs(k)
            value = (((c4 * k + c3) * k + c2) * k + c1) * k + c0
            noise = ROUNDING * ((((c4 * size + size3) * size + size2) * size + size1) * size + size0)
            converged = converged and abs(value) <= noise
            slope = ((4.0 * c4 * k + 3.0 * c3) * k + 2.0 * c2) * k + c1
            # k − value/(slope − value·Σ_j 1/(k − k_j)) with one division
            u, v, w = k - roots[i - 1], k - roots[i - 2], k - roots[i - 3]
            uvw = u * v * w
            roots[i] = k - value * uvw / (slope * uvw - value * (u * v + v * w + w * u))
        if converged:
            return


@njit(cache=True, error_model="numpy")
def _ray(
    E: complex, bx: complex, bz: complex, mass: float, alpha: float, origin: float, sine: float, roots: Complexes
) -> float:
    """Put the roots of D along a ray into `roots` (4,), from guesses there; c_4."""
    e0, e1, e2 = E - 0.5 * origin * origin / mass, -origin * sine / mass, -0.5 / mass
    hx = alpha * origin + bx
    c4 = e2 * e2
    _refine_roots(
        e0 * e0 - hx * hx - bz * bz,
        2.0 * (e0 * e1 - hx * alpha * sine),
        e1 * e1 + 2.0 * e0 * e2 - alpha * alpha,
        2.0 * e1 * e2 + 0.0j,
        c4,
        roots,
    )
    return c4


@njit(cache=True, error_model="numpy")
def propagator(
    E: complex,
    bx: complex,
    bz: complex,
    mass: float,
    alpha: float,
    origin: float,
    reference: float,
    sines: Floats,
    roots: Complexes,
) -> tuple[complex, complex, complex]:
    """g_0, g_x, g_z of g = ∫d²p/(2π)² G = g_0 + g_x σ_x + g_z σ_z, with −(m/π) ln(Λ/k_ref) left out of g_0.

    Parameters
    ----------
    E, bx, bz : complex
        ε + i|Im Σ_0|, −Δ_xc m_x + Σ_x and −Δ_xc m_z + Σ_z.
    mass, alpha, origin, reference : float
        m, α, p₀ and k_ref.
    sines : array (rays,), from `ray_sines`.
    roots : array (rays, 4)
        The k_j of every ray, guesses on entry; for the next call with similar parameters.
    """
    g0, gx, gz = 0.0j, 0.0j, 0.0j
    for ray in range(sines.size):
        sine = sines[ray]
        poles = roots[ray]
        c4 = _ray(E, bx, bz, mass, alpha, origin, sine, poles)
        for i in range(4):
            k = poles[i]
            slope = c4 + 0.0j
            for j in range(4):
                if j != i:
                    slope *= k - poles[j]
            weight = -k * cmath.log(-k / reference) / slope
            g0 += weight * (E - 0.5 * (origin * origin + k * (2.0 * origin * sine + k)) / mass)
            gx += weight * (alpha * (origin + k * sine) + bx)
            gz += weight * bz
    scale = 1.0 / (2.0 * math.pi * sines.size)
    return g0 * scale, gx * scale, gz * scale


@njit(cache=True, error_model="numpy")
def pair_bubbles(
    E: complex,
    bx: complex,
    bz: complex,
    mass: float,
    alpha: float,
    origin: float,
    reference: float,
    sines: Floats,
    roots: Complexes,
) -> tuple[Floats, Floats, Floats]:
    """Integrals of n_μν = ½tr[σ_μ G σ_ν G†], of p_i n_μν and of p_i² n_00, all real.

    Parameters as `propagator`, with the roots that it left.

    Returns
    -------
    n : array (4, 4)
        ∫d²p/(2π)² n_μν; μ, ν = 0, x, y, z.
    pn : array (2, 2, 4)
        ∫d²p/(2π)² p_i n_μ0 in pn[i, 0], p_i n_0μ in pn[i, 1]; i = x, y.
    ppn : array (2,)
        ∫d²p/(2π)² p_i² n_00, with (m²/π)·ln(Λ/k_ref)·2 left out.
    """
    n = np.zeros((4, 4))
    pn = np.zeros((2, 2, 4))
    ppn = np.zeros(2)
    for ray in range(sines.size):
        sine = sines[ray]
        cosine2 = (1.0 - sine) * (1.0 + sine)
        poles = roots[ray]
        c4 = 0.25 / (mass * mass)
        for i in range(4):
            k = poles[i]
            denominator = c4 * c4 + 0.0j
            for j in range(4):
                if j != i:
                    denominator *= k - poles[j]
                denominator *= k - poles[j].conjugate()
            weight = -k * cmath.log(-k / reference) / denominator
            # G = (a_0 + a·σ)/D and G† = (b_0 + b·σ)/D̄, continued to complex k; a_y = b_y = −αp_x
            kinetic = 0.5 * (origin * origin + k * (2.0 * origin * sine + k)) / mass
            spin_orbit = alpha * (origin + k * sine)
            a0, ax, az = weight * (E - kinetic), weight * (spin_orbit + bx), weight * bz
            b0, b1, b3 = E.conjugate() - kinetic, spin_orbit + bx.conjugate(), bz.conjugate()
            ay2 = weight * (alpha * alpha * cosine2) * k * k
            scalar, along_x, along_z = a0 * b0, ax * b1, az * b3
            # even in p_x
            charge = scalar + along_x + along_z + ay2
            spin = scalar - along_x - along_z - ay2
            n_0x, n_0z, n_xz = a0 * b1 + ax * b0, a0 * b3 + az * b0, ax * b3 + az * b1
            n_0y = -1j * (az * b1 - ax * b3)
            n_xy, n_yz = 1j * (a0 * b3 - az * b0), 1j * (a0 * b1 - ax * b0)
            n[0, 0] += charge.real
            n[1, 1] += (spin + 2.0 * along_x).real
            n[2, 2] += (spin + 2.0 * ay2).real
            n[3, 3] += (spin + 2.0 * along_z).real
            n[0, 1] += n_0x.real
            n[0, 3] += n_0z.real
            n[1, 3] += n_xz.real
            n[0, 2] += n_0y.real
            n[1, 2] += n_xy.real
            n[2, 3] += n_yz.real
            p_y = origin + k * sine
            pn[1, 0, 0] += (p_y * charge).real
            pn[1, 0, 1] += (p_y * n_0x).real
            pn[1, 0, 2] -= (p_y * n_0y).real
            pn[1, 0, 3] += (p_y * n_0z).real
            # odd in p_x
            px_ay = -alpha * cosine2 * k * k
            pn[0, 0, 1] += (1j * px_ay * (weight * b3 - az)).real
            pn[0, 0, 2] += (px_ay * (a0 + weight * b0)).real
            pn[0, 0, 3] += (1j * px_ay * (ax - weight * b1)).real
            ppn[0] += (cosine2 * k * k * charge).real
            ppn[1] += (p_y * p_y * charge).real
    n[1, 0], n[3, 0], n[3, 1] = n[0, 1], n[0, 3], n[1, 3]
    n[2, 0], n[2, 1], n[3, 2] = -n[0, 2], -n[1, 2], -n[2, 3]
    # with the factors in the other order the products of two different components of a and b change sign
    pn[1, 1, 0], pn[1, 1, 1], pn[1, 1, 2], pn[1, 1, 3] = pn[1, 0, 0], pn[1, 0, 1], -pn[1, 0, 2], pn[1, 0, 3]
    pn[0, 1, 1], pn[0, 1, 2], pn[0, 1, 3] = -pn[0, 0, 1], pn[0, 0, 2], -pn[0, 0, 3]
    scale = 2.0 / (2.0 * math.pi * sines.size)  # 2: the conjugate poles
    return n * scale, pn * scale, ppn * scale


@njit(cache=True, error_model="numpy")
def first_roots(
    E: complex, bx: complex, bz: complex, mass: float, alpha: float, origin: float, sines: Floats
) -> Complexes:
    """The poles (rays, 4) of every ray, found one ray after the other without a guess."""
    roots = np.empty((sines.size, 4), dtype=np.complex128)
    scale = 2.0 * mass * (abs(alpha) + math.sqrt((abs(E) + abs(bx) + abs(bz)) / mass))
    guess = scale * np.exp(1j * (0.4 + 0.5 * math.pi * np.arange(4)))
    for ray in range(sines.size):
        roots[ray] = guess
        _ray(E, bx, bz, mass, alpha, origin, sines[ray], roots[ray])
        guess = roots[ray]
    return roots
