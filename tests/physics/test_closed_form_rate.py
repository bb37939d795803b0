"""∂t m = [(1−ξ0) R + m×(Λ R)]/[(1−ξ0)² + Λ∥(Λ∥ m_z² + Λ⊥(1−m_z²))] solves (1−ξ0) ∂t m − m×(Λ ∂t m) = R."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from llgsim import Coefficients, MicroscopicTorque, Simulation, ZhangLi
from tests import oracle
from tests.compositions import GAMMA, MS, all_terms, anisotropic, expected_rate, rough, smooth
from tests.conftest import make_grid


@settings(max_examples=100, deadline=None)
@given(
    xi0=st.floats(-3, 0.95),
    in_plane=st.floats(0, 3),
    normal=st.floats(0, 3),
    seed=st.integers(0, 10**6),
)
def test_closed_form_solves_the_implicit_equation(xi0: float, in_plane: float, normal: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = rng.standard_normal((3, 2, 3))
    m /= np.sqrt((m**2).sum(0))
    R = np.cross(m, rng.standard_normal(m.shape), axis=0)
    Lambda = np.reshape([in_plane, in_plane, normal], (3, 1, 1))
    s, C = 1 - xi0, m[2] ** 2
    scale = s**2 + in_plane * (in_plane * C + normal * (1 - C))
    rate = (s * R + np.cross(m, Lambda * R, axis=0)) / scale
    ones = np.ones(m.shape[1:])
    solved = oracle.implicit_rate(m, R, xi0 * ones, in_plane * ones, normal * ones)
    # the condition of the matrix, up to (s + Λ)/s = 60 here, times rounding
    np.testing.assert_allclose(rate, solved, rtol=0, atol=1e-13 * max(1.0, np.abs(rate).max()))
    np.testing.assert_allclose(s * rate - np.cross(m, Lambda * rate, axis=0), R, rtol=0, atol=1e-13 * (s + 6))


def test_kernel_satisfies_the_implicit_equation() -> None:
    """The residual, without any solve: (1−ξ0) ∂t m − m×(Λ ∂t m) = R with R of the same torque without ∂t m in it."""
    grid, alpha = make_grid("disk"), 0.07
    m = rough(grid, 1)
    torque = anisotropic()
    sim = Simulation(grid, Ms=MS, gamma=GAMMA, terms=all_terms(), torques=[torque], damping=alpha, m=m)
    rate = sim.rhs()
    gradient = [(matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6)]
    R, xi0, in_plane, normal = torque.evaluate(m, *gradient, grid, MS, GAMMA, 0.0)
    R = R - GAMMA * np.cross(m, sim.effective_field(), axis=0)
    Lambda = np.stack([alpha + in_plane, alpha + in_plane, alpha + normal])
    residual = (1 - xi0) * rate - np.cross(m, Lambda * rate, axis=0) - R
    assert np.abs(residual[:, grid.magnetic]).max() < 1e-13 * np.abs(R).max()


def test_constant_isotropic_coefficients_are_zhang_li() -> None:
    """γ′ = γ/(1−ξ0), α = (α0+ξ)/(1−ξ0), u = −ξ0 v/(1−ξ0), β = −ξ/ξ0."""
    xi0, xi, alpha0, v = -0.15, 0.08, 0.03, np.array((120.0, -45.0))
    s = 1 - xi0
    microscopic = MicroscopicTorque(
        Coefficients(xi0=xi0, xi_parallel=xi, xi_perpendicular=xi), drift_velocity=(float(v[0]), float(v[1]))
    )
    u = -xi0 * v / s
    zhang_li = ZhangLi(u=(float(u[0]), float(u[1])), beta=-xi / xi0)
    for name in ("open", "periodic", "necks"):
        grid = make_grid(name)
        for m in (rough(grid, 2), smooth(grid, 3)):
            one = Simulation(grid, Ms=MS, gamma=GAMMA, terms=all_terms(), torques=[microscopic], damping=alpha0, m=m)
            other = Simulation(
                grid, Ms=MS, gamma=GAMMA / s, terms=all_terms(), torques=[zhang_li], damping=(alpha0 + xi) / s, m=m
            )
            expected = other.rhs()
            np.testing.assert_allclose(one.rhs(), expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_alpha0_and_isotropic_xi_add_up() -> None:
    """Damping from the electrons and from the lattice are alike where ξ∥ = ξ⊥ and nothing drifts."""
    grid = make_grid("disk")
    m = rough(grid, 4)
    rates = []
    for alpha0, xi in ((0.25, 0.0), (0.05, 0.2)):
        torque = MicroscopicTorque(
            Coefficients(xi0=-0.1, xi_parallel=xi, xi_perpendicular=xi), drift_velocity=(0.0, 0.0)
        )
        sim = Simulation(grid, Ms=MS, gamma=GAMMA, terms=all_terms(), torques=[torque], damping=alpha0, m=m)
        rates.append(sim.rhs())
        np.testing.assert_allclose(rates[-1], expected_rate(sim)(m, 0.0), rtol=0, atol=1e-12 * np.abs(rates[-1]).max())
    np.testing.assert_allclose(rates[1], rates[0], rtol=0, atol=1e-13 * np.abs(rates[0]).max())
