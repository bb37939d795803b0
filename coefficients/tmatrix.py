"""Spin and current response of the Rashba ferromagnet with point impurities of any strength.

With ħ = 1 the electrons are H = p²/2m + α(σ_x p_y − σ_y p_x) − Δ_xc m·σ + Σ_i W δ(r − r_i), m = (sin θ, 0, cos θ), and
a field E polarises them, s = K q E with s = ⟨σ⟩/2 per area and q the charge. To leading order in the density n of
impurities, without crossed diagrams and without the Fermi sea,

    Σ = nT,   T = (1/W − g)⁻¹,   g = ∫d²p/(2π)² G,   G = (ε − H − Σ)⁻¹,
    ρ_β = ∫ G v_β G† + ∫ G (nT ρ_β T†) G†,   K_αβ = tr[σ_α ρ_β]/4π,
    σ_αβ = (1/2π) {∫tr[v_α G v_β G†] − Re ∫tr[v_α G v_β G] + ∫tr[v_α G (nT ρ_β T†) G†]}     (e²/ħ)

(VPF 13-27, with the self-energy solved for instead of taken from the clean g). Then the Ward identity is exact: the
matrix 1 − nNΥ of the ladder, with N_μν = ½∫tr[σ_μ G σ_ν G†] and Υ_μν = ½tr[σ_μ T σ_ν T†], has the null vectors
Im g (right) and Im Σ (left), the charge mode, and is bordered by them so that no charge accumulates, ρ_β0 = 0. In σ the
integral of v_α G v_β G removes the logarithm of the other one; by parts it is −δ_αβ (2 g_0/m + 1/π). It has no vertex
correction, because ∫G v_β G = ∫∂G/∂p_β = 0.

g_0 diverges with the cutoff Λ and is absorbed in the strength, 1/W → 1/W + (m/2π) ln(Λ²/2m E_ref): a strength goes with
a reference energy E_ref. The real part of Σ_0 shifts the band and is absorbed in ε.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from coefficients import bubbles
from coefficients.bubbles import Complexes, Floats
from coefficients.spin_orbit import TorqueCoefficients, even_functions, per_current

Scheme = Literal["self-consistent", "born", "clean", "bare"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
FEWEST_ANGLES, MOST_ANGLES = 64, 16384
ANGULAR_TOLERANCE, ANGULAR_ROUNDING = 1e-11, 1e-7
"""Doubling the rays must change σ and the part of K across m by less than the first, relative to the largest element;
or by less than the second and no longer fall, where rounding exceeds the first (n → 0, α → 0)."""
CONSISTENT, CONSISTENT_ENOUGH = 4e-15, 1e-9
"""Σ is iterated until it changes by less than the first, relative to |Im Σ_0|; more than the second is an error."""
MOST_ITERATIONS = 1000
SMALL_MX, SMALL_MZ = 1e-3, 1e-6
"""Below these a, b, c, d, which are 0/0 at m_x = 0 and m_z = 0, are extrapolated instead of losing digits."""

PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
PAULI_PRODUCTS = 0.5 * np.einsum("mij,ajk,nkl,bli->mnab", PAULI, PAULI, PAULI, PAULI)
"""½tr[σ_μ σ_a σ_ν σ_b] (4, 4, 4, 4), in the order of the indices m, n, a, b."""


class Parameters(NamedTuple):
    """The numbers of a response apart from the direction of m; see `response`."""

    m: float
    alpha: float
    Delta_xc: float
    energy: float
    density: float
    inverse_strength: float
    reference_energy: float = 1.0


class Solution(NamedTuple):
    """K (3, 2), σ (2, 2) in e²/ħ, Σ_0, Σ_x, Σ_y, Σ_z (4,), the residual of the Ward identity, the number of rays."""

    K: Floats
    sigma: Floats
    self_energy: Complexes
    ward_residual: float
    angles: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Response:
    """What a field does to the electrons at one direction of the magnetisation, from `response`.

    Attributes
    ----------
    K : array (3, 2)
        Spin per area, charge and field, s_α = K_αβ q E_β; rows x, y, z, columns x, y; 1/(energy·length).
    sigma : array (2, 2)
        Conductivity (e²/ħ).
    torques : TorqueCoefficients
        a, b, c, d of K, also as the attributes `a`, `b`, `c`, `d`: ∂t m/κq in the units of K.
    torques_J : TorqueCoefficients
        The same of K_J: VPF's τ1o, τ1e, τ2o, τ2e in this order (VPF 4).
    self_energy : array (4,)
        Σ_0, Σ_x, Σ_y, Σ_z (energy), complex; the real part of Σ_0, absorbed in ε, is 0.
    ward_residual : float
        |(1 − nNΥ) Im g|/|Im g|: how exactly charge is conserved. Not small in "clean"; nan in "bare", without ladder.
    angles : int
        Rays on the circle that were used.
    """

    K: Floats
    sigma: Floats
    torques: TorqueCoefficients
    torques_J: TorqueCoefficients
    self_energy: Complexes
    ward_residual: float
    angles: int

    @cached_property
    def K_J(self) -> Floats:
        """Kσ⁻¹ (3, 2), 1/(energy·length): spin per area and current, s = K_J j ħ/q."""
        return per_current(self.K, self.sigma)

    @property
    def a(self) -> float:
        return self.torques.a

    @property
    def b(self) -> float:
        return self.torques.b

    @property
    def c(self) -> float:
        return self.torques.c

    @property
    def d(self) -> float:
        return self.torques.d


def response(
    *,
    m: float,
    alpha: float,
    Delta_xc: float,
    energy: float,
    density: float,
    inverse_strength: float,
    reference_energy: float | None = None,
    theta: float,
    scheme: Scheme = "self-consistent",
    angles: int | None = None,
) -> Response:
    """K, σ and the torque coefficients at one angle of the magnetisation; ħ = 1, any unit of energy and of length.

    Parameters
    ----------
    m : float > 0
        Effective mass, 1/(energy·length²).
    alpha : float
        Rashba coefficient α (energy·length).
    Delta_xc : float
        Exchange Δ_xc (energy), of either sign, not 0.
    energy : float
        Fermi energy ε from the band centre; above the bottom of the lower band, inside the exchange gap or above it.
    density : float > 0
        Impurities per area n (1/length²).
    inverse_strength : float
        1/W (1/(energy·length²)), of either sign: positive repels. 0 is the unitary limit. W = 2w/m with
        w = −tan(phase shift) at the reference energy without spin-orbit coupling and exchange.
    reference_energy : float > 0
        E_ref (energy) at which W is the strength; not used in the schemes "born" and "bare".
    theta : float
        Angle (rad) of m from the normal of the film, 0 to π.
    scheme : str
        - "self-consistent": as above.
        - "born": Σ = nW²g and nW² in the ladder, weak scatterers or Gaussian white noise of strength nW² (ATT, AOT).

        For comparison only:

        - "clean": T with the g of clean electrons and a ladder that is not bordered, as VPF print it. Charge is not
          conserved, and inside the gap a, c and d are wrong even for n → 0.
        - "bare": "born" without vertex corrections (the bubbles of ATT 15).
    angles : int, optional
        Rays on the circle, even. Default: doubled from 64 until K and σ change by less than 1e-11.

    Returns
    -------
    Response
        Where m_x < 1e-3 or |m_z| < 1e-6 the coefficients, 0/0 there, are extrapolated from directions close by.

    Raises
    ------
    ValueError
        A parameter out of range; an energy below the lower band, or one at which there are no states.
    RuntimeError
        The self-energy or the average over angles does not converge.

    Examples
    --------
    Unitary scatterers (meV, nm) and a Fermi energy inside the gap, where b is a sizeable part of a:

    >>> r = response(m=0.0105, alpha=17.0, Delta_xc=5.0, energy=4.5, density=5e-4, inverse_strength=0.0,
    ...              reference_energy=5.0, theta=0.5)
    >>> round(r.b / r.a, 2), r.ward_residual < 1e-13
    (0.5, True)
    """
    if scheme not in SCHEMES:
        raise ValueError(f"response: scheme = {scheme!r} must be one of {', '.join(SCHEMES)}")
    born = scheme in ("born", "bare")
    if born:
        reference_energy = 1.0  # of no consequence
    elif reference_energy is None:
        reference_energy = math.nan
    parameters = checked(Parameters(m, alpha, Delta_xc, energy, density, inverse_strength, reference_energy))
    if born and parameters.inverse_strength == 0.0:
        raise ValueError(
            f'response: inverse_strength = 0, the unitary limit, has no scheme "{scheme}": n W² is infinite'
        )
    theta = float(theta)
    if not 0.0 <= theta <= math.pi:
        raise ValueError(f"response: theta = {theta!r} must lie in [0, pi] (rad)")
    if angles is not None and not (math.isfinite(angles) and angles >= 4 and angles % 2 == 0):
        raise ValueError(f"response: angles = {angles!r} must be an even number, 4 or more, or None")
    m_x, m_z = math.sin(theta), math.cos(theta)
    solution = solve(parameters, m_x, m_z, scheme, angles=angles)
    if m_x >= SMALL_MX and abs(m_z) >= SMALL_MZ:
        even = even_functions(solution.K, solution.sigma, m_x, m_z).tolist()
    else:
        even = _extrapolated(parameters, m_x, m_z, scheme, angles).tolist()
    return Response(
        K=solution.K,
        sigma=solution.sigma,
        torques=TorqueCoefficients(*even[:4]),
        torques_J=TorqueCoefficients(*even[4:8]),
        self_energy=solution.self_energy,
        ward_residual=solution.ward_residual,
        angles=solution.angles,
    )


def checked(parameters: Parameters) -> Parameters:
    """The same as floats; ValueError where one is out of range."""
    numbers = Parameters(*(float(number) for number in parameters))
    for name, good, what in (
        ("m", numbers.m > 0, "a positive mass"),
        ("alpha", True, "a finite Rashba coefficient"),
        ("Delta_xc", numbers.Delta_xc != 0, "a finite exchange energy, not 0"),
        ("energy", True, "a finite energy"),
        ("density", numbers.density > 0, "a positive number of impurities per area; without them nothing limits K"),
        ("inverse_strength", True, "a finite 1/W; 0 is the unitary limit"),
        ("reference_energy", numbers.reference_energy > 0, "a positive energy, the one at which the strength is given"),
    ):
        number = getattr(numbers, name)
        if not (math.isfinite(number) and good):
            raise ValueError(f"response: {name} = {number!r} must be {what}")
    return numbers


def band_bottom(m: float, alpha: float, Delta_xc: float, m_x: float) -> float:
    """Lowest energy of the lower band, p²/2m − |h(p)|, where the spin-orbit field points along the in-plane Δ_xc m."""
    alpha, exchange = abs(alpha), abs(Delta_xc)

    def energy(p: float) -> float:
        return 0.5 * p * p / m - math.sqrt((alpha * p) ** 2 + 2.0 * alpha * p * exchange * m_x + exchange**2)

    if alpha == 0.0:
        return -exchange
    return float(
        minimize_scalar(energy, bounds=(0.0, m * alpha), method="bounded", options={"xatol": 1e-9 * m * alpha}).fun
    )


def upper_band_minimum(m: float, alpha: float, Delta_xc: float, m_x: float, m_z: float) -> tuple[float, float]:
    """p_y at which the upper band p²/2m + |h(p)|, a convex function, is lowest (p_x = 0 there), and its energy E*."""
    if alpha == 0.0:
        return 0.0, abs(Delta_xc)

    def field(p: float) -> float:
        return math.hypot(alpha * p - Delta_xc * m_x, Delta_xc * m_z)

    def slope(p: float) -> float:
        along = alpha * p - Delta_xc * m_x
        return p / m + (alpha * along / field(p) if along else 0.0)

    edge = 1.001 * m * abs(alpha)  # the slope of |h| is never steeper than |α|
    p = float(brentq(slope, -edge, edge, xtol=1e-15 * edge, rtol=1e-14))
    return p, 0.5 * p * p / m + field(p)


class GapEdge(NamedTuple):
    """Where the Fermi energy leaves the exchange gap: the coefficients jump, at |m_z| = √x."""

    x: float
    """m_z² at which the upper band begins at the Fermi energy."""
    width: float
    """In m_z², 2|Im Σ_0|/|dE*/dm_z²|: over this the jump is smeared, and within it the scheme is not controlled."""


def gap_edge(parameters: Parameters) -> GapEdge | None:
    """Where the minimum E* of the upper band, which rises with m_z², is the Fermi energy; None if nowhere."""
    m, alpha, exchange, energy = parameters[:4]

    def above(x: float) -> float:
        return upper_band_minimum(m, alpha, exchange, math.sqrt(1.0 - x), math.sqrt(x))[1] - energy

    if alpha == 0.0 or above(0.0) >= 0.0 or above(1.0) <= 0.0:
        return None
    x = float(brentq(above, 0.0, 1.0, xtol=1e-15))
    m_x, m_z = math.sqrt(1.0 - x), math.sqrt(x)
    p, _ = upper_band_minimum(m, alpha, exchange, m_x, m_z)
    # dE*/dx = ∂|h|/∂x at fixed p, h² = (αp − Δ m_x)² + Δ² x
    splitting = energy - 0.5 * p * p / m
    slope = alpha * exchange * p / (2.0 * m_x * splitting)
    broadening = -solve(parameters, m_x, m_z).self_energy[0].imag
    return GapEdge(x, float(2.0 * broadening / abs(slope)))


def solve(
    parameters: Parameters,
    m_x: float,
    m_z: float,
    scheme: Scheme = "self-consistent",
    *,
    angles: int | None = None,
    start: Complexes | None = None,
) -> Solution:
    """K and σ for the direction (m_x, 0, m_z), m_x ≥ 0; `start` (4,) is a self-energy to begin with.

    Raises ValueError below the lower band or without states, RuntimeError if something does not converge.
    """
    # the lower band is at −|Δ_xc| for p = 0, so that only below there its bottom need be known
    m, alpha, exchange, energy = parameters[:4]
    if energy <= -abs(exchange) and energy <= (bottom := band_bottom(m, alpha, exchange, m_x)):
        raise ValueError(
            f"response: energy = {energy:.6g} lies below the lower band, which begins at {bottom:.6g} for "
            f"m_x = {m_x:.4g}: there are no electrons; raise energy"
        )
    if angles is not None:
        return _solve_on(parameters, m_x, m_z, scheme, angles, start)
    # Spins along m turn nothing. They relax by spin-orbit coupling alone, so that their rounding grows as 1/α².
    across = np.array([[m_z, 0.0, -m_x], [0.0, 1.0, 0.0]])
    count, before = FEWEST_ANGLES, math.inf
    coarse = _solve_on(parameters, m_x, m_z, scheme, count, start)
    while count < MOST_ANGLES:
        count *= 2
        fine = _solve_on(parameters, m_x, m_z, scheme, count, coarse.self_energy)
        change = max(
            float(np.abs(one - other).max() / np.abs(other).max())
            for one, other in ((across @ coarse.K, across @ fine.K), (coarse.sigma, fine.sigma))
            if other.any()
        )
        # convergence is exponential: a small change that has stopped falling is rounding
        if change <= ANGULAR_TOLERANCE or (change <= ANGULAR_ROUNDING and change > 0.1 * before):
            return fine
        coarse, before = fine, change
    raise RuntimeError(
        f"response: the average over angles has not converged with {MOST_ANGLES} rays for energy = "
        f"{energy:.6g}, m_x = {m_x:.4g}, m_z = {m_z:.4g}: the broadening is too small where a Fermi line "
        "begins, or for one that does not enclose the minimum of the upper band (of a lower band with a maximum); move "
        "the energy, raise density, or give angles"
    )


def _solve_on(
    parameters: Parameters, m_x: float, m_z: float, scheme: Scheme, angles: int, start: Complexes | None
) -> Solution:
    m, alpha, exchange, energy, density, inverse_strength, reference_energy = parameters
    sines = bubbles.ray_sines(angles)
    origin, _ = upper_band_minimum(m, alpha, exchange, m_x, m_z)
    fixed = (m, alpha, origin, math.sqrt(2.0 * m * reference_energy), sines)
    scale = abs(energy) + abs(exchange)

    def dressed(sigma: Complexes) -> tuple[complex, complex, complex]:
        return complex(energy, -sigma[0].imag), sigma[1] - exchange * m_x, sigma[3] - exchange * m_z

    def scattering(g: Complexes) -> Complexes:
        """Components of T, or of W in the Born schemes, in which nWgW is the self-energy."""
        if scheme in ("born", "bare"):
            return g / inverse_strength**2
        scalar = inverse_strength - g[0]
        return np.array([scalar, g[1], 0.0, g[3]]) / (scalar**2 - g[1] ** 2 - g[3] ** 2)

    def integrated(sigma: Complexes, roots: Complexes) -> Complexes:
        g0, gx, gz = bubbles.propagator(*dressed(sigma), *fixed, roots)
        return np.array([g0, gx, 0.0, gz])

    if scheme == "clean":
        sigma = np.array([-1e-13j * scale, 0.0, 0.0, 0.0])
        roots = bubbles.first_roots(*dressed(sigma), m, alpha, origin, sines)
        T = scattering(integrated(sigma, roots))
        sigma = _without_shift(density * T)
        g = integrated(sigma, roots)
    else:
        sigma = np.array([-1e-3j * scale, 0.0, 0.0, 0.0]) if start is None else start
        roots = bubbles.first_roots(*dressed(sigma), m, alpha, origin, sines)
        changes = []
        for _ in range(MOST_ITERATIONS):
            T = scattering(integrated(sigma, roots))
            sigma, before = _without_shift(density * T), sigma
            if not sigma[0].imag < -1e-25 * scale:
                raise ValueError(
                    f"response: there are no states at energy = {energy:.6g} (Im Sigma_0 = {sigma[0].imag:.2g}): it "
                    "lies in a gap that the impurities open; move the energy or lower density"
                )
            changes.append(float(np.abs(sigma - before).max() / abs(sigma[0].imag)))
            # as good as doubles get: no change, or a small one that has stopped falling
            if changes[-1] < CONSISTENT or (
                changes[-1] < 1e-12 and min(changes[-30:]) > 0.5 * min(changes[:-30], default=math.inf)
            ):
                break
        if not changes[-1] <= CONSISTENT_ENOUGH:
            raise RuntimeError(
                f"response: the self-energy has not converged in {MOST_ITERATIONS} iterations (it still changes by "
                f"{changes[-1]:.1e} of |Im Sigma_0|) for energy = {energy:.6g}, m_x = {m_x:.4g}; move "
                "the energy, or change the density"
            )
        g = integrated(sigma, roots)
    n, pn, ppn = bubbles.pair_bubbles(*dressed(sigma), *fixed, roots)

    spin = np.array([[0.0, 0.0, -alpha, 0.0], [0.0, alpha, 0.0, 0.0]])  # v_β = p_β/m + spin_βν σ_ν
    x = pn[:, 0] / m + spin @ n.T  # ½∫tr[σ_ν G v_β G†]
    y = pn[:, 1] / m + spin @ n  # ½∫tr[v_α G σ_ν G†]
    if alpha == 0.0:
        x[:] = 0.0  # odd in p
    mixed = (pn[:, 1] @ spin.T + spin @ pn[:, 0].T) / m
    bubble = np.diag(ppn) / m**2 + mixed + spin @ n @ spin.T  # ½∫tr[v_α G v_β G†]
    retarded = -(2.0 / m * g[0].real + 1.0 / math.pi) * np.eye(2)
    if scheme == "bare":
        rho, vertex, residual = x.T, np.zeros((2, 2)), math.nan
    else:
        ladder = density * (np.eye(4) / inverse_strength**2 if scheme == "born" else _pauli_products(T, T.conj()))
        kernel = np.eye(4) - n @ ladder
        residual = float(np.linalg.norm(kernel @ g.imag) / np.linalg.norm(g.imag))
        rho = np.linalg.solve(kernel, x.T) if scheme == "clean" else _without_charge(kernel, sigma.imag, x.T)
        vertex = 2.0 * y @ ladder @ rho
    return Solution(
        K=rho[1:] / (2.0 * math.pi),
        sigma=(2.0 * bubble - retarded + vertex) / (2.0 * math.pi),
        self_energy=sigma,
        ward_residual=residual,
        angles=angles,
    )


def _without_shift(sigma: Complexes) -> Complexes:
    """Σ with the real part of Σ_0, which only shifts the band, absorbed in the energy."""
    result = sigma.copy()
    result.real[0] = 0.0
    return result


def _without_charge(kernel: Floats, left: Floats, x: Floats) -> Floats:
    """ρ (4, 2) of kernel·ρ = x with ρ_0 = 0, for a kernel (4, 4) whose left null vector is `left` (4,)."""
    bordered = np.zeros((5, 5))
    bordered[:4, :4] = kernel
    bordered[:4, 4] = left / np.linalg.norm(left)
    bordered[4, 0] = 1.0
    return np.asarray(np.linalg.solve(bordered, np.vstack([x, np.zeros((1, 2))]))[:4], dtype=np.float64)


def _pauli_products(a: Complexes, b: Complexes) -> Floats:
    """½tr[σ_μ A σ_ν B] (4, 4), real, of A = a·(1, σ) and B = A†, b = a*."""
    return np.asarray((PAULI_PRODUCTS @ b @ a).real, dtype=np.float64)


def _extrapolated(
    parameters: Parameters, m_x: float, m_z: float, scheme: Scheme, angles: int | None
) -> NDArray[np.float64]:
    """`even_functions` where m_x or m_z vanishes, by the parabola in its square through three directions close by."""
    near_normal = m_x < SMALL_MX
    small = m_x if near_normal else m_z
    estimates = []
    # K_xx/m_z and the like lose fewer digits than what is divided by m_x²
    for step in (0.04, 0.02, 0.01, 0.005) if near_normal else (0.02, 6e-3, 2e-3, 6e-4, 2e-4):
        squares = (step * np.array([1.0, 2.0, 3.0])) ** 2
        values = []
        for square in squares:
            one, other = math.sqrt(square), math.sqrt(1.0 - square)
            x, z = (one, math.copysign(other, m_z)) if near_normal else (other, one)
            solution = solve(parameters, x, z, scheme, angles=angles)
            values.append(even_functions(solution.K, solution.sigma, x, z))
        estimates.append(
            np.polynomial.polynomial.polyval(small**2, np.polynomial.polynomial.polyfit(squares, values, 2))
        )
    changes = [np.abs(finer - coarser)[:8].max() for coarser, finer in itertools.pairwise(estimates)]
    return np.asarray(estimates[int(np.argmin(changes)) + 1])
