"""ATT Eqs. (21)-(28): the force of spin-orbit torques on an axially symmetric texture, and the Hall ratio.

m = (cos Φ sin θ, sin Φ sin θ, cos θ) with Φ = nφ + δ and θ(ρ). A torque T = κ s×m has m×T = κs − m (m·κs), so that
`forces`, −∫∂_i m·(m×T), is −4π times ATT's F = (κ/4π) ∫(∂_i m)·s, and (−G ε + D^GD) V = Σ `forces` is −4π times (21).

With e1 = ∂m/∂θ and e2 = ẑ×u, u = (cos Φ, sin Φ), the gradient is ∂_i m = e1 θ′ ρ̂_i + e2 (n/ρ) sin θ φ̂_i. For n = 1 the
angular means ⟨ρ̂ (J·u)⟩ = ½ J_δ, ⟨φ̂ (J·u)⟩ = ½ ẑ×J_δ, ⟨ρ̂ (J·e2)⟩ = −½ ẑ×J_δ, ⟨φ̂ (J·e2)⟩ = ½ J_δ, J_δ being J turned
by −δ, give (26) with −a (ρ sin θ)′ in place of ρ a′ sin θ. For n = −1 the texture is mirrored, y → −y, and so is F; for
any other n the means vanish.

A Dresselhaus torque has (20), (27) and (28) with an overall minus: the unitary transformation that turns the
coupling of (18) into one of Rashba form reverses its sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.integrate import quad

from llgsim import Coefficients, Grid, MicroscopicTorque, SpinOrbitTorque, analysis
from llgsim.analysis import thiele

Field = NDArray[np.float64]
nm = 1e-9
WIDTH = 5.0  # nm, of every wall
# The Fourier coefficients of a texture fall as exp(−k (π/2) WIDTH), because ring(ρ)² + 1 vanishes at that distance from
# the real axis. This is what cells of 1 nm, π/nm, do not hold.
RESOLVED = math.exp(-math.pi * math.pi / 2 * WIDTH)  # 2e-11
DAMPING = 0.07
E = np.array([2.3e4, -1.1e4])  # V/m
HELICITIES = {"Néel +": 0.0, "Bloch +": math.pi / 2, "Néel -": math.pi, "Bloch -": -math.pi / 2}


@dataclass(frozen=True)
class Texture:
    """m_z = core·cos Θ, Θ = Σ over rings 2 arctan[(sinh(ρ/w)/sinh(R/w))^|n|], w = |n| WIDTH (lengths in nm).

    sin Θ ~ ρ^|n| makes m smooth at the centre, so that a Fourier transform differentiates it exponentially well.
    """

    radii: tuple[float, ...] = (7.5,)
    winding: int = 1
    core: int = -1
    helicity: float = 0.0

    def ring(self, rho: Any, radius: float) -> Any:
        width = WIDTH * abs(self.winding)
        return (np.sinh(rho / width) / math.sinh(radius / width)) ** abs(self.winding)

    def theta(self, rho: Any) -> Any:
        """Angle of m from +z."""
        angle = sum(2 * np.arctan(self.ring(rho, radius)) for radius in self.radii)
        return angle if self.core == 1 else np.pi - angle

    def slope(self, rho: float) -> float:
        """dθ/dρ, with d(2 arctan f) = 2f/(1 + f²) d ln f."""
        rings = [self.ring(rho, radius) for radius in self.radii]
        steepness = 1 / math.tanh(rho / WIDTH / abs(self.winding)) / WIDTH
        return self.core * steepness * sum(2 * f / (1 + f * f) for f in rings)

    def m(self, grid: Grid) -> Field:
        x, y = grid.distance((0.497 * grid.size[0], 0.506 * grid.size[1]))  # off every symmetry of the cells
        theta, phi = self.theta(np.hypot(x, y) / nm), self.winding * np.arctan2(y, x) + self.helicity
        return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])

    @property
    def charge(self) -> float:
        """Q = (n/2) ∫θ′ sin θ dρ = (n/2) [cos θ(0) − cos θ(∞)]."""
        return self.winding * self.core * (1 - (-1) ** len(self.radii)) / 2

    def radial(self, density: Any) -> float:
        """∫density(ρ, θ, dθ/dρ) dρ, ρ in nm."""
        points = [radius for radius in self.radii if radius > 0]
        return float(
            quad(
                lambda rho: density(rho, self.theta(rho), self.slope(rho)),
                1e-9,
                200,
                points=points,
                epsabs=1e-12,
                epsrel=1e-12,
                limit=400,
            )[0]
        )


TEXTURES = {
    "skyrmion, core -1": Texture(),
    "skyrmion, core +1": Texture(core=1),
    "antiskyrmion": Texture(winding=-1),
    "antiskyrmion, core +1": Texture(winding=-1, core=1),
    "skyrmionium": Texture(radii=(6.0, 16.0)),
}
MANY_TEXTURES = {
    **TEXTURES,
    "winding 2": Texture(radii=(15.0,), winding=2),
    "winding -2, core +1": Texture(radii=(15.0,), winding=-2, core=1),
    "target of three rings": Texture(radii=(6.0, 14.0, 22.0)),
}


def film(h: float = nm) -> Grid:
    n = round(256 * nm / h)
    return Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=(True, True))


def random_coefficients(seed: int) -> dict[str, Polynomial]:
    """a, b, c, d as polynomials of fourth degree in m_z² (1/s per V/m)."""
    rng = np.random.default_rng(seed)
    return {name: Polynomial(1e5 * rng.standard_normal(5)) for name in "abcd"}


def functions(polynomials: dict[str, Polynomial]) -> dict[str, Any]:
    """Polynomials in m_z² as functions of m_z."""
    return {name: lambda m_z, p=p: p(m_z**2) for name, p in polynomials.items()}


def result(m: Field, grid: Grid, torque: Any) -> analysis.Thiele:
    sim: Any = SimpleNamespace(m=m, grid=grid, t=0.0, Ms=580e3, gamma=1.76e11, damping=DAMPING, torques=[torque])
    return thiele(sim)


def att_force(m: Field, grid: Grid, torque: Any) -> Field:
    """ATT's F (m/s) as the program has it."""
    (force,) = result(m, grid, torque).forces.values()
    return -force / (4 * math.pi)


def across(J: Field) -> Field:
    """ẑ×J."""
    return np.array([-J[1], J[0]])


def turned(J: Field, delta: float) -> Field:
    """J_δ = J cos δ + (J×ẑ) sin δ."""
    return J * math.cos(delta) - across(J) * math.sin(delta)


def integrals(texture: Texture, p: dict[str, Polynomial]) -> tuple[float, float]:
    """The two radial integrals of (26) and (28), with their factor 1/4 (m/s per V/m)."""
    p = {name: p.get(name, Polynomial([0.0])) for name in "abcd"}

    def field_like(rho: float, theta: float, slope: float) -> float:
        x, sine = math.cos(theta) ** 2, math.sin(theta)
        a_slope = -p["a"].deriv()(x) * math.sin(2 * theta) * slope
        return (rho * a_slope + p["c"](x) * sine**2) * sine / 4

    def damping_like(rho: float, theta: float, slope: float) -> float:
        x, sine = math.cos(theta) ** 2, math.sin(theta)
        return (p["b"](x) / 2 * math.sin(2 * theta) + (p["b"](x) + p["d"](x) * sine**2) * rho * slope) / 4

    return nm * texture.radial(field_like), nm * texture.radial(damping_like)


def equation_26(texture: Texture, p: dict[str, Polynomial], J: Field) -> Field:
    first, second = integrals(texture, p)
    J_delta = turned(J, texture.helicity)
    return across(J_delta) * first + J_delta * second


def equation_28(texture: Texture, p: dict[str, Polynomial], J: Field) -> Field:
    """As printed."""
    first, second = integrals(texture, p)
    J_delta = turned(J * [1, -1], texture.helicity)
    return J_delta * first - across(J_delta) * second


def mirrored(texture: Texture, force: Field) -> Field:
    """The force of a texture of winding ±1 from that of +1."""
    return force * [1, texture.winding]


def assert_same(found: Field, expected: Field) -> None:
    # RESOLVED is the error of a Fourier derivative. The tails are cut where they are exp(−110/5) of their start; beyond
    # that the force is that of a total derivative and of squares. 5e-12 measured at worst.
    np.testing.assert_allclose(found, expected, rtol=0, atol=5 * RESOLVED * float(np.linalg.norm(expected)))


def with_helicity(texture: Texture, helicity: float) -> Texture:
    return Texture(texture.radii, texture.winding, texture.core, helicity)


# -- the force


@pytest.mark.parametrize("helicity", HELICITIES)
@pytest.mark.parametrize("name", TEXTURES)
def test_rashba_force(name: str, helicity: str) -> None:
    texture, grid = with_helicity(TEXTURES[name], HELICITIES[helicity]), film()
    p = random_coefficients(seed=1)
    expected = mirrored(texture, equation_26(texture, p, E))
    assert_same(att_force(texture.m(grid), grid, SpinOrbitTorque(**functions(p), E=tuple(E))), expected)


@pytest.mark.parametrize("name", "abcd")
@pytest.mark.parametrize("seed", range(3))
def test_force_of_each_coefficient_alone(name: str, seed: int) -> None:
    grid, texture = film(), Texture(helicity=0.6)
    p = {name: random_coefficients(seed)[name]}
    expected = equation_26(texture, p, E)
    assert np.linalg.norm(expected) > 1e-2  # m/s
    assert_same(att_force(texture.m(grid), grid, SpinOrbitTorque(**functions(p), E=tuple(E))), expected)


@pytest.mark.parametrize("helicity", HELICITIES)
@pytest.mark.parametrize("name", TEXTURES)
def test_dresselhaus_force(name: str, helicity: str) -> None:
    """Minus (28)."""
    texture, grid = with_helicity(TEXTURES[name], HELICITIES[helicity]), film()
    p = random_coefficients(seed=2)
    expected = mirrored(texture, -equation_28(texture, p, E))
    torque = SpinOrbitTorque(**functions(p), E=tuple(E), coupling="dresselhaus")
    assert_same(att_force(texture.m(grid), grid, torque), expected)


@pytest.mark.parametrize("winding", [-3, -2, 2, 3])
def test_no_force_on_other_windings(winding: int) -> None:
    grid, p = film(), random_coefficients(seed=3)
    m = Texture((7.5 * abs(winding),), winding, helicity=0.4).m(grid)
    driven = np.linalg.norm(equation_26(Texture(), p, E))
    # Of winding ±3 the tails end at exp(−100/5) = 2e-9 of their start on a square, which is no circle. 3e-11 measured.
    assert np.abs(att_force(m, grid, SpinOrbitTorque(**functions(p), E=tuple(E)))).max() < 1e-9 * driven


def test_constant_field_like_torque_has_no_force() -> None:
    grid, same_size = film(), np.linalg.norm(equation_26(Texture(), {"b": Polynomial([1e5])}, E))
    for texture in MANY_TEXTURES.values():
        # a sum over a period of a derivative by Fourier transform: rounding
        force = att_force(texture.m(grid), grid, SpinOrbitTorque(a=1e5, E=tuple(E)))
        assert np.abs(force).max() < 1e-12 * same_size


def test_force_converges_with_the_order_of_the_derivatives() -> None:
    """Of tenth order on an open film, exponentially on a periodic one."""
    texture = Texture(helicity=0.6)
    # nothing where m = ẑ, so that the tails matter cubed: exp(−48/5)³ = 3e-13
    p = {name: q * Polynomial([1, -1]) for name, q in random_coefficients(seed=5).items()}
    torque, expected = SpinOrbitTorque(**functions(p), E=tuple(E)), equation_26(texture, p, E)

    def errors(cells: Field, periodic: bool) -> Field:
        found = []
        for h in 112 * nm / cells:
            n = round(112 * nm / h)
            grid = Grid(nx=n, ny=n, dx=h, dy=h, thickness=nm, periodic=(periodic, periodic))
            found.append(np.linalg.norm(att_force(texture.m(grid), grid, torque) - expected))
        return np.array(found) / np.linalg.norm(expected)

    cells = np.array([112, 140, 168, 224])
    slopes = -np.diff(np.log(errors(cells, periodic=False))) / np.diff(np.log(cells))
    assert (np.diff(slopes) > 0).all()  # 9.24, 9.51, 9.66, 9.79
    assert 9.7 < slopes[-1] < 10.1

    cells = np.array([56, 84, 112])
    ratios = errors(cells, periodic=True) / RESOLVED ** (cells / 112)
    assert ((ratios > 0.1) & (ratios < 10)).all()


# -- the torque


unit = st.floats(-1, 1)


@given(
    direction=st.tuples(unit, unit, unit).filter(lambda v: math.hypot(*v) > 1e-3),
    field=st.tuples(unit, unit),
    coefficients=st.tuples(unit, unit, unit, unit),
)
def test_dresselhaus_torque_is_that_of_the_mirrored_field(
    direction: tuple[float, ...], field: tuple[float, float], coefficients: tuple[float, ...]
) -> None:
    """T_D(E_x, E_y) = T_R(E_y, E_x) with the same a-d, which is minus (20)."""
    m, z = np.array(direction) / math.hypot(*direction), np.array([0.0, 0.0, 1.0])
    a, b, c, d = coefficients
    J_D = np.array([field[0], -field[1], 0.0])
    m_J, m_z, along = np.cross(m, J_D), np.cross(m, z), np.cross(z, m) @ J_D
    equation_20 = a * m_J + c * np.cross(m, m_z) * along + b * np.cross(m, m_J) + d * m_z * along

    given = {"a": a, "b": b, "c": c, "d": d}
    bare = {"xi0": 0.0, "xi_parallel": 0.0, "xi_perpendicular": 0.0}
    torques = [
        SpinOrbitTorque(**given, E=field, coupling="dresselhaus"),
        SpinOrbitTorque(**given, E=field[::-1], coupling="rashba"),
        MicroscopicTorque(Coefficients(**bare, **given, coupling="dresselhaus"), E=field),
        MicroscopicTorque(Coefficients(**bare, **given), E=field[::-1]),
    ]
    grid = Grid(nx=1, ny=1, dx=nm, dy=nm, thickness=nm)
    cell, flat = m.reshape(3, 1, 1), np.zeros((3, 1, 1))
    for torque in torques:
        rate = torque.evaluate(cell, flat, flat, grid, 580e3, 1.76e11, 0.0)[0]
        np.testing.assert_allclose(rate.ravel(), -equation_20, rtol=0, atol=2e-14)  # rounding of numbers up to 4


# -- the equation of motion


@pytest.mark.parametrize("name", MANY_TEXTURES)
def test_charge_dissipation_and_hall_ratio(name: str) -> None:
    """(22), (23) with n² sin²θ, and (24) with Q: ν_y/ν_x = (D F_y − Q F_x)/(D F_x + Q F_y).

    Spin transfer with ξ0 = 0 adds ξ to the damping and −(ξ/4π) ∫∂_i m·∂_j m v_j to F, all that there is for n = ±2.
    """
    texture, grid, p, xi = with_helicity(MANY_TEXTURES[name], 0.7), film(), random_coefficients(seed=6), 0.05
    shape = texture.radial(
        lambda rho, theta, slope: ((texture.winding * math.sin(theta)) ** 2 + (rho * slope) ** 2) / (4 * rho)
    )
    drift = np.array([3.0, 2.0])
    coefficients = Coefficients(xi0=0.0, xi_parallel=xi, xi_perpendicular=xi, **functions(p))
    torque = MicroscopicTorque(coefficients, E=tuple(E), drift_velocity=tuple(drift))
    found = result(texture.m(grid), grid, torque)

    Q, D = texture.charge, (DAMPING + xi) * shape
    F = -xi * shape * drift
    if abs(texture.winding) == 1:
        F = F + mirrored(texture, equation_26(texture, p, E))
    np.testing.assert_allclose(found.G / (4 * math.pi), Q, rtol=0, atol=5 * RESOLVED)
    np.testing.assert_allclose(found.D_gd / (4 * math.pi), D * np.eye(2), rtol=0, atol=5 * RESOLVED * D)
    (force,) = found.forces.values()
    assert_same(-force / (4 * math.pi), F)

    ratio = (D * F[1] - Q * F[0]) / (D * F[0] + Q * F[1])
    assert found.velocity[1] / found.velocity[0] == pytest.approx(ratio, rel=100 * RESOLVED)
    assert_same(found.velocity, -np.array([D * F[0] + Q * F[1], D * F[1] - Q * F[0]]) / (D**2 + Q**2))


@pytest.mark.parametrize("core", [-1, 1])
def test_hall_ratio_without_damping_like_torques(core: int) -> None:
    """For b = d = 0 and a current along x it is D/Q or −Q/D, whatever a and c are (ATT after (28), where Q = 1)."""
    grid, p = film(), functions(random_coefficients(seed=7))
    for helicity, bloch in ((0.0, False), (math.pi / 2, True), (math.pi, False), (-math.pi / 2, True)):
        texture = Texture(core=core, helicity=helicity)
        m, Q = texture.m(grid), texture.charge
        for coupling in ("rashba", "dresselhaus"):
            found = result(m, grid, SpinOrbitTorque(a=p["a"], c=p["c"], E=(1e4, 0.0), coupling=coupling))
            D = found.D_gd[0, 0] / (4 * math.pi)
            expected = D / Q if bloch == (coupling == "dresselhaus") else -Q / D
            assert found.velocity[1] / found.velocity[0] == pytest.approx(expected, rel=100 * RESOLVED)
