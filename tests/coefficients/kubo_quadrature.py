"""The T-matrix Kubo response of a Rashba or Dresselhaus ferromagnet by plain quadrature with explicit 2 × 2 matrices.

Written from the formulas and sharing nothing with the package: it inverts ε − H − Σ at every momentum, integrates along
each ray by panels that are halved until they agree with their halves, averages over rays, and iterates the self-energy.
Slow (seconds per point) and meant for tests only. ħ = 1, any one set of units.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

PAULI: Complex = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
DIRECTIONS = {  # the components x, y, z of σ that p_x and p_y couple to
    "rashba": ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0)),
    "dresselhaus": ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
}
SCHEMES = ("self-consistent", "born", "clean", "bare")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
MAX_PANELS = 64  # per ray and halving; it takes two per pole, and more only where rounding is all that is left
MAX_ITERATIONS = 500


@dataclass(frozen=True)
class KuboResponse:
    """Spin density and current per electric field, with the disorder they were computed for.

    K (3, 2): spin (σ/2) per area, charge and field, rows x, y, z, 1/(energy·length). sigma (2, 2): conductivity in
    e²/ħ. self_energy (4,): retarded, components 1, x, y, z, without the real scalar part, which ε absorbs.
    ward_residual: |(1 − nNΥ) Im g| / |Im g|, zero for a conserving scheme.
    """

    K: Real
    sigma: Real
    self_energy: Complex
    ward_residual: float


@dataclass(frozen=True)
class _Model:
    """H(p) = p²/2m + α s·σ − Δ_xc m·σ, with polar coordinates about the minimum of its upper band."""

    m: float
    alpha: float
    Delta_xc: float
    energy: float
    reference_energy: float
    theta: float
    directions: tuple[tuple[float, float, float], tuple[float, float, float]]

    def spin_field(self, p: Real) -> Real:
        """The vector b (..., 3) of H = p²/2m + b·σ at p (..., 2)."""
        magnetisation = np.array([math.sin(self.theta), 0.0, math.cos(self.theta)])
        found: Real = self.alpha * p @ np.array(self.directions) - self.Delta_xc * magnetisation
        return found

    def hamiltonian(self, p: Real) -> Complex:
        kinetic = (p * p).sum(axis=-1) / (2 * self.m)
        matrix: Complex = kinetic[..., None, None] * PAULI[0] + np.tensordot(self.spin_field(p), PAULI[1:], axes=1)
        return matrix

    def velocity(self, p: Real) -> Complex:
        """∂H/∂p_β, (..., 2, 2, 2) with β first of the last three axes."""
        constant = self.alpha * np.tensordot(np.array(self.directions), PAULI[1:], axes=1)
        found: Complex = p[..., None, None] / self.m * PAULI[0] + constant
        return found

    def green(self, p: Real, self_energy: Complex) -> Complex:
        """G^R = (ε − H − Σ)⁻¹, (..., 2, 2)."""
        sigma = np.tensordot(self_energy, PAULI, axes=1)
        inverse: Complex = np.linalg.inv(self.energy * PAULI[0] - self.hamiltonian(p) - sigma)
        return inverse

    def upper_band(self, p: Real) -> float:
        return float(p @ p / (2 * self.m) + np.linalg.norm(self.spin_field(p)))

    def origin(self) -> Real:
        """The minimum of the upper band: it is convex, p² plus the length of a linear function, so there is one."""
        step = self.m * abs(self.alpha) + 1e-3 * math.sqrt(2 * self.m * abs(self.Delta_xc))
        simplex = step * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        options = {"initial_simplex": simplex, "xatol": 1e-9 * step, "fatol": 0.0, "maxiter": 1000}
        found: Real = minimize(self.upper_band, np.zeros(2), method="Nelder-Mead", options=options).x
        return found

    def momentum_scale(self) -> float:
        return math.sqrt(2 * self.m * (abs(self.energy) + abs(self.Delta_xc))) + self.m * abs(self.alpha)


def components(matrix: Complex) -> Complex:
    """½ tr σ_ν A of A (..., 2, 2): (..., 4)."""
    found: Complex = 0.5 * np.einsum("vij,...ji->...v", PAULI, matrix)
    return found


def dagger(matrix: Complex) -> Complex:
    return matrix.conj().swapaxes(-1, -2)


def trace(product: Complex) -> Complex:
    found: Complex = np.trace(product, axis1=-2, axis2=-1)
    return found


def _integrate(
    integrand: Callable[[Real, Real], list[Real]], origin: Real, scale: float, angles: int, tolerance: float
) -> list[Real]:
    """∫d²p/(2π)² of each array that integrand(p, r) lists, with p = origin + r (cos φ, sin φ) and r = scale t/(1 − t).

    On every ray the panels of t are halved, each on its own, until the halves change none of the integrals by more than
    tolerance times its greatest element. The halves are what is kept, and with 16 nodes much better than that.
    """
    phi = 2 * np.pi * np.arange(angles) / angles
    rays = np.stack([np.cos(phi), np.sin(phi)], axis=-1)
    shapes: list[tuple[int, ...]] = []

    def panels(ray: NDArray[np.int64], low: Real, high: Real) -> Real:
        t = (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * NODES
        r = scale * t / (1 - t)
        measure = WEIGHTS * (high - low)[:, None] / 2 * scale / (1 - t) ** 2 * r / (2 * np.pi * angles)
        values = integrand(origin + r[..., None] * rays[ray][:, None], r)
        shapes[:] = [value.shape[2:] for value in values]
        flat = np.concatenate([value.reshape(*r.shape, -1) for value in values], axis=-1)
        sums: Real = np.einsum("pk,pkc->pc", measure, flat)
        return sums

    count = 8
    ray = np.repeat(np.arange(angles), count)
    low = np.tile(np.arange(count) / count, angles)
    high = low + 1 / count
    value = panels(ray, low, high)
    finished = np.zeros(value.shape[1])
    while len(ray) <= MAX_PANELS * angles:
        middle = (low + high) / 2
        left, right = panels(ray, low, middle), panels(ray, middle, high)
        total = np.abs(finished + (left + right).sum(axis=0))
        ends = np.cumsum([math.prod(shape) for shape in shapes])
        greatest = np.concatenate([np.full(len(part), part.max()) for part in np.split(total, ends[:-1])])
        # a panel holds 1/angles of an integral, hence the same share of the error
        refine = (np.abs(left + right - value) > tolerance / angles * greatest).any(axis=1)
        finished += (left + right)[~refine].sum(axis=0)
        if not refine.any():
            return [part.reshape(shape) for part, shape in zip(np.split(finished, ends[:-1]), shapes)]
        ray = np.concatenate([ray[refine], ray[refine]])
        low, high = np.concatenate([low[refine], middle[refine]]), np.concatenate([middle[refine], high[refine]])
        value = np.concatenate([left[refine], right[refine]])
    raise RuntimeError(f"rounding keeps the radial integrals from {tolerance:g}: is the broadening too small?")


class _Quadrature:
    """The two kinds of integral that the response needs, for one model."""

    def __init__(self, model: _Model, angles: int, tolerance: float) -> None:
        self.model, self.angles, self.tolerance = model, angles, tolerance
        self.origin = model.origin()

    def _integrate(self, integrand: Callable[[Real, Real], list[Real]]) -> list[Real]:
        return _integrate(integrand, self.origin, self.model.momentum_scale(), self.angles, self.tolerance)

    def green(self, self_energy: Complex) -> Complex:
        """g (4,) = ∫ G^R, with (m/2π) ln(Λ²/2mE_ref) = ∫ 2m/(r² + 2mE_ref) up to Λ → ∞ added to the scalar part."""
        model = self.model

        def integrand(p: Real, r: Real) -> list[Real]:
            g = components(model.green(p, self_energy))
            g[..., 0] += 2 * model.m / (r * r + 2 * model.m * model.reference_energy)
            return [np.stack([g.real, g.imag], axis=-1)]

        (found,) = self._integrate(integrand)
        g: Complex = found[:, 0] + 1j * found[:, 1]
        return g

    def bubbles(self, self_energy: Complex) -> tuple[Real, Real, Real, Real]:
        """N (4, 4); X (2, 4), Y (2, 4): components of ∫ G^R v G^A and ∫ G^A v G^R; ∫ tr v G^R v (G^A − G^R) (2, 2)."""
        model = self.model

        def integrand(p: Real, r: Real) -> list[Real]:
            G = model.green(p, self_energy)
            A = dagger(G)
            v = model.velocity(p)
            ladder = components(G[..., None, :, :] @ PAULI @ A[..., None, :, :])  # (..., μ, α)
            X = components(G[..., None, :, :] @ v @ A[..., None, :, :])
            Y = components(A[..., None, :, :] @ v @ G[..., None, :, :])
            vG = v @ G[..., None, :, :]
            # tr v_α G^R v_β G^A is real, and its subtraction makes the integral converge
            loop = trace(vG[..., :, None, :, :] @ (v @ (A - G)[..., None, :, :])[..., None, :, :, :])
            return [ladder.swapaxes(-1, -2).real, X.real, Y.real, loop.real]

        N, X, Y, loop = self._integrate(integrand)
        return N, X, Y, loop


def _absorbed(self_energy: Complex) -> Complex:
    """The self-energy without its real scalar part."""
    found: Complex = self_energy - np.array([self_energy[0].real, 0, 0, 0])
    return found


def _self_consistent(update: Callable[[Complex], Complex], start: Complex, tolerance: float) -> Complex:
    """The fixed point of Σ → update(Σ), by Anderson mixing with two earlier steps."""
    inputs: list[Complex] = []
    changes: list[Complex] = []
    sigma = start
    for _ in range(MAX_ITERATIONS):
        change = update(sigma) - sigma
        if np.abs(change).max() <= tolerance * np.abs(sigma).max():
            return sigma + change
        inputs, changes = [*inputs[-2:], sigma], [*changes[-2:], change]
        if len(inputs) == 1:
            sigma = sigma + change
            continue
        steps = np.diff(np.array(inputs), axis=0).T
        falls = np.diff(np.array(changes), axis=0).T
        real = np.concatenate([falls.real, falls.imag])
        weights = np.linalg.lstsq(real, np.concatenate([change.real, change.imag]), rcond=None)[0]
        sigma = sigma + change - (steps + falls) @ weights
    raise RuntimeError(f"the self-energy did not converge to {tolerance:g} in {MAX_ITERATIONS} iterations")


def _clean_green(quadrature: _Quadrature, tolerance: float) -> Complex:
    """g for infinitesimal broadening: g(Σ = −iη) is analytic in η, and polynomials in η are taken to η = 0."""
    model = quadrature.model
    distance = abs(model.energy - model.upper_band(quadrature.origin))  # to the nearest branch point in η
    eta = [0.2 * distance / 2**k for k in range(10)]
    row: list[Complex] = []  # of the scheme of Neville
    for k, width in enumerate(eta):
        new = [quadrature.green(np.array([-1j * width, 0, 0, 0]))]
        for j in range(1, k + 1):
            new.append(new[j - 1] + (new[j - 1] - row[j - 1]) / (eta[k - j] / width - 1))
        if k and np.abs(new[-1] - row[-1]).max() <= tolerance * np.abs(new[-1]).max():
            return new[-1]
        row = new
    raise RuntimeError(f"g does not tend to a limit for energy = {model.energy:g}; is it at a band edge?")


def response(
    *,
    m: float,
    alpha: float,
    Delta_xc: float,
    energy: float,
    density: float,
    inverse_strength: float,
    reference_energy: float,
    theta: float,
    scheme: str,
    spin_orbit: str = "rashba",
    angles: int = 256,
    tolerance: float = 1e-10,
) -> KuboResponse:
    """K, σ and Σ of H = p²/2m + α(σ_x p_y − σ_y p_x) − Δ_xc m·σ or H = p²/2m + α(σ_x p_x − σ_y p_y) − Δ_xc m·σ.

    m is the mass, m = (sin θ, 0, cos θ), energy is ε with the real scalar self-energy absorbed, density is n of the
    impurities, inverse_strength is 1/W, renormalised at reference_energy: g_0 = ∫d²p/(2π)² G_0 + (m/2π) ln(Λ²/2mE_ref).

    scheme: "self-consistent" is Σ = nT, T = (1/W − g)⁻¹ with g of G = (ε − H − Σ)⁻¹ and the ladder nT…T†; "born" is
    Σ = nW² g and the ladder nW²; "clean" is "self-consistent" with g of the clean system, as in VPF, whose ladder lacks
    the conservation of charge; "bare" is "born" without a ladder.

    tolerance bounds what halving a panel may change, relative to the greatest element of an integral; the result is
    better by some orders. Rounding of ε − H allows tolerances down to about 1e-16 times ε over the broadening.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme = {scheme!r} is not one of {SCHEMES}")
    if scheme in ("born", "bare") and inverse_strength == 0.0:
        raise ValueError(f"inverse_strength = 0 has no Born approximation: scheme = {scheme!r}")
    model = _Model(m, alpha, Delta_xc, energy, reference_energy, theta, DIRECTIONS[spin_orbit])
    quadrature = _Quadrature(model, angles, tolerance)
    born = scheme in ("born", "bare")

    def vertex(g: Complex) -> Complex:
        """T^R (2, 2), which is W in the Born approximation."""
        inverse = inverse_strength * PAULI[0]
        found: Complex = np.linalg.inv(inverse if born else inverse - np.tensordot(g, PAULI, axes=1))
        return found

    def self_energy_of(g: Complex) -> Complex:
        return _absorbed(density * (g / inverse_strength**2 if born else components(vertex(g))))

    if scheme == "clean":
        g = _clean_green(quadrature, tolerance)
        self_energy = self_energy_of(g)
    else:
        start = self_energy_of(quadrature.green(np.array([-0.01j * abs(energy), 0, 0, 0])))
        # a hundredth, so that the iteration is not what limits the result
        self_energy = _self_consistent(lambda s: self_energy_of(quadrature.green(s)), start, tolerance / 100)
        g = quadrature.green(self_energy)

    T = vertex(g)
    N, X, Y, loop = quadrature.bubbles(self_energy)
    Upsilon = components(T @ PAULI @ dagger(T)).T.real  # ½ tr σ_μ T σ_ν T†
    matrix = np.eye(4) - density * N @ Upsilon
    rho = np.empty((2, 4))
    dressed = np.zeros((2, 4))  # components of n T ρ T†
    for beta in range(2):
        if scheme == "bare":
            rho[beta] = X[beta]
            continue
        if scheme == "clean":
            rho[beta] = np.linalg.solve(matrix, X[beta])
        else:
            bordered = np.zeros((5, 5))
            bordered[:4, :4], bordered[:4, 4], bordered[4, 0] = matrix, self_energy.imag, 1.0
            rho[beta] = np.linalg.solve(bordered, [*X[beta], 0.0])[:4]
        dressed[beta] = density * Upsilon @ rho[beta]
    return KuboResponse(
        K=rho[:, 1:].T / (2 * np.pi),
        sigma=(loop + 2 * Y @ dressed.T) / (2 * np.pi),  # tr AB is twice the product of the components
        self_energy=self_energy,
        ward_residual=float(np.linalg.norm(matrix @ g.imag) / np.linalg.norm(g.imag)),
    )


POINTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "sot.json").read_text(encoding="utf-8")
)["points"]


def arguments(point: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `response` for one of POINTS, in meV and nm."""
    schemes = {"sct": "self-consistent", "scba": "born"}
    return {
        "m": point["m_code"],
        "alpha": point["alpha"],
        "Delta_xc": point["Delta_xc"],
        "energy": point["eps"],
        "density": point["n_imp"],
        "inverse_strength": point["inv_W"],
        "reference_energy": point["Eref"],
        "theta": point["theta"],
        "scheme": schemes[point["scheme"]],
    }
