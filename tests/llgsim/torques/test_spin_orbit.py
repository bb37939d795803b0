"""The spin-orbit torque: its formula for both couplings, its kernels, exact motions, what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from coefficients.rashba import SpinOrbit
from llgsim import Coefficients, Grid, MicroscopicTorque, Simulation, SpinOrbitTorque
from llgsim.torques import Torque
from tests import oracle
from tests.compositions import GAMMA, MS, anisotropic, rough
from tests.conftest import make_grid

Field = NDArray[np.float64]
FUNCTIONS: dict[str, Any] = {
    "a": lambda z: 4e3 * (1 + 0.3 * z**2),
    "b": lambda z: -3e3 / (1 + 0.5 * z**2),
    "c": lambda z: 2e3 * (1 + z**2) ** 2,
    "d": lambda z: 1e3 * np.cos(2 * z),
}
E = (2e5, 7e4)
COUPLINGS = get_args(SpinOrbit)


def formula(m: Field, F: Any, coefficients: dict[str, Any]) -> Field:
    a_to_d = (oracle.number_or_function(coefficients.get(name, 0.0), m[2]) for name in "abcd")
    return oracle.spin_orbit_torque(m, F, *a_to_d)


def directed(F: Any, coupling: str) -> Any:
    return F if coupling == "rashba" else F[::-1]


# -- the rate


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("names", ["abcd", "a", "c", "bd"])
def test_rate_is_the_formula(coupling: str, names: str) -> None:
    grid = make_grid("disk")
    m, given = rough(grid, 1), {name: FUNCTIONS[name] for name in names}
    torque = SpinOrbitTorque(**given, E=E, coupling=coupling)
    expected = formula(m, directed(E, coupling), given)
    rate, *xi = torque.evaluate(m, m, m, grid, MS, GAMMA, 0.0)
    assert xi == [0.0, 0.0, 0.0]
    # series miss their functions by 2e-14 of the largest value
    np.testing.assert_allclose(rate, expected, rtol=0, atol=1e-13 * np.abs(expected).max())
    np.testing.assert_array_equal(torque.spin_orbit_rate(m, grid, MS, GAMMA, 0.0), rate)


@pytest.mark.parametrize(("dtype", "accuracy"), [("float64", 1e-13), ("float32", 2e-6)])
def test_kernel_computes_the_formula(dtype: str, accuracy: float) -> None:
    """With damping, R is what (1 − α m×) ∂t m makes of ∂t m; in single precision to a dozen roundings."""
    grid = make_grid("open")
    for coupling in COUPLINGS:
        torque = SpinOrbitTorque(**FUNCTIONS, E=E, coupling=coupling)
        sim = Simulation(grid, Ms=MS, terms=[], torques=[torque], damping=0.2, m=rough(grid, 2), dtype=dtype)
        m, rate = np.asarray(sim.m, dtype=float), sim.rhs()
        found = rate - 0.2 * oracle.cross(m, rate)
        expected = formula(m, directed(E, coupling), FUNCTIONS)
        np.testing.assert_allclose(found, expected, rtol=0, atol=accuracy * np.abs(expected).max())


def test_microscopic_torque_without_xi_is_the_same() -> None:
    grid = make_grid("open")
    m = rough(grid, 3)
    for coupling in COUPLINGS:
        alone = SpinOrbitTorque(**FUNCTIONS, sheet_current=(3.0, -1.0), coupling=coupling)
        zero = {"xi0": 0.0, "xi_parallel": 0.0, "xi_perpendicular": 0.0}
        coefficients = Coefficients(**zero, **FUNCTIONS, coupling=coupling)
        torque = MicroscopicTorque(coefficients, sheet_current=(3.0, -1.0))
        rates = [part.evaluate(m, m, m, grid, MS, GAMMA, 0.0)[0] for part in (alone, torque)]
        # ξ = 0 makes zeros, which are added
        np.testing.assert_allclose(rates[1], rates[0], rtol=1e-15)
        bounds = [part.rate_bound(grid, MS, GAMMA, 0.0) for part in (alone, torque)]
        assert bounds[0] == pytest.approx(bounds[1], rel=1e-15)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize(("name", "sign"), [("a", -1), ("b", 1), ("c", -1), ("d", 1)])
def test_parity_under_reversal_of_m(name: str, sign: int, coupling: str) -> None:
    """a and c are odd in m: reversible when the field turns round as well; b and d are even."""
    grid = make_grid("open")
    m = rough(grid, 4)
    torque = SpinOrbitTorque(**{name: FUNCTIONS[name]}, E=E, coupling=coupling)
    rate, reversed_rate = (torque.spin_orbit_rate(state, grid, MS, GAMMA, 0.0) for state in (m, -m))
    assert np.abs(rate).max() > 0
    np.testing.assert_allclose(reversed_rate, sign * rate, rtol=0, atol=1e-15 * np.abs(rate).max())


def test_base_torques_have_no_spin_orbit_part() -> None:
    grid = make_grid("open")
    m = rough(grid, 5)
    np.testing.assert_array_equal(Torque().spin_orbit_rate(m, grid, MS, GAMMA, 0.0), np.zeros(m.shape))
    np.testing.assert_array_equal(
        anisotropic(spin_orbit=False).spin_orbit_rate(m, grid, MS, GAMMA, 0.0), np.zeros(m.shape)
    )


# -- motion of one spin, F along x (or, for Dresselhaus coupling, E along y)

CELL = Grid(nx=1, ny=1, dx=1e-9, dy=1e-9, thickness=1e-9)
MOTIONS: dict[str, Any] = {
    # about −a ŷ
    "a": lambda s: (math.cos(s), 0.0, math.sin(s)),
    # m·ŷ = −tanh(b t)
    "b": lambda s: (1 / math.cosh(s), -math.tanh(s), 0.0),
    # θ̇ = c sin²θ from the equator
    "c": lambda s: (1 / math.hypot(1.0, s), 0.0, -s / math.hypot(1.0, s)),
    # φ̇ = −d cos φ on the equator
    "d": lambda s: (1 / math.cosh(s), -math.tanh(s), 0.0),
}


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("name", "abcd")
def test_one_spin_moves_as_the_formula_integrates(name: str, coupling: str) -> None:
    """From m = x̂ without field and damping; s = coefficient × field × time."""
    field, strength, duration = 1e5, 8e3, 1.5e-9
    drive = directed((field, 0.0), coupling)
    torque = SpinOrbitTorque(**{name: strength}, E=drive, coupling=coupling)
    sim = Simulation(CELL, Ms=MS, terms=[], torques=[torque], damping=0.0, m=np.array([1.0, 0, 0]).reshape(3, 1, 1))
    sim.run(duration, every=duration, progress=False)
    # steps of 0.1 rad: an error of 0.1⁵/120 = 8e-8 each, a dozen of them
    np.testing.assert_allclose(sim.m[:, 0, 0], MOTIONS[name](strength * field * duration), rtol=0, atol=1e-6)


def test_coefficients_that_vary_keep_the_fourth_order_of_the_method() -> None:
    """On the way through the pole, where a stage with |m| > 1 must not see the kink at the end of a series."""

    def spin(E: tuple[float, float]) -> Simulation:
        m, torque = np.array([0, 0, 1.0]).reshape(3, 1, 1), SpinOrbitTorque(**FUNCTIONS, E=E)
        return Simulation(CELL, Ms=MS, terms=[], torques=[torque], damping=0.0, m=m)

    before = spin((-E[0], -E[1]))  # R is linear in E: this goes back in time
    half = 20.37 * before.time_step()
    before.run(half, every=half, dt=half / 400, progress=False)
    sim, duration, ends = spin(E), 40 * before.time_step(), []
    for steps in (40, 80, 160, 2560):
        sim.m, sim.t = before.m, 0.0
        sim.run(duration, every=duration, dt=duration / steps, progress=False)
        assert np.linalg.norm(sim.m) == pytest.approx(1.0, abs=1e-15)
        ends.append(sim.m[:, 0, 0])
    errors = [float(np.linalg.norm(end - ends[-1])) for end in ends[:-1]]
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 4.0, atol=0.1)


# -- bounds and drives


def test_bound_covers_the_rate_and_its_linearisation() -> None:
    grid = make_grid("one cell")
    m_z, azimuth = np.meshgrid(np.linspace(-0.99, 0.99, 301), 2 * np.pi * np.arange(24) / 24)
    in_plane = np.sqrt(1 - m_z**2)
    m = np.stack([in_plane * np.cos(azimuth), in_plane * np.sin(azimuth), m_z])
    for coefficients in (FUNCTIONS, {"b": lambda z: 1e3 * np.tanh(10 * (z**2 - 0.5))}):
        torque = SpinOrbitTorque(**coefficients, E=E)
        bound = torque.rate_bound(grid, MS, GAMMA, 0.0)
        rate = formula(m, E, coefficients)
        assert np.sqrt((rate**2).sum(0)).max() <= bound
        # the largest eigenvalue of ∂R/∂m on the tangent plane
        basis = oracle.cross(m, oracle.constant((0.6, 0, 0.8), m))
        basis = basis / np.sqrt((basis**2).sum(0))
        basis = np.array([basis, oracle.cross(m, basis)])
        h = 1e-6
        slopes = [(formula(m + h * t, E, coefficients) - formula(m - h * t, E, coefficients)) / (2 * h) for t in basis]
        matrices = np.einsum("acyx,bcyx->yxab", basis, np.array(slopes))
        largest = np.abs(np.linalg.eigvals(matrices)).max()
        assert 0.2 * bound < largest <= bound


def test_drive_is_a_pair_a_ramp_or_a_function() -> None:
    torque = SpinOrbitTorque(a=1.0, sheet_current=(3.0, 4.0), ramp=2e-10)
    grid = make_grid("one cell")
    assert torque.parameters(grid, MS, GAMMA, 1e-10)[1:3] == pytest.approx((1.5, 2.0))
    assert torque.steady_after == torque.finished(0.0) == 2e-10
    np.testing.assert_allclose(torque.electric_direction(1.0), (-0.6, -0.8))
    np.testing.assert_allclose(replace(torque, coupling="dresselhaus").electric_direction(1.0), (-0.6, -0.8))
    assert torque.electric_direction(0.0) is None
    np.testing.assert_array_equal(torque.drift_velocity_at(1.0), (0, 0))
    moving = SpinOrbitTorque(b=1.0, E=lambda t: (t, 0.0), coupling="dresselhaus")
    assert moving.steady_after == math.inf
    assert moving.parameters(grid, MS, GAMMA, 5.0)[1:3] == (0.0, 5.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": 1.0}, r"SpinOrbitTorque: give exactly one of E and sheet_current, got none"),
        ({"E": (1, 0), "sheet_current": (1, 0)}, r"exactly one of E and sheet_current, got E and sheet_current"),
        ({"E": (1, math.nan)}, r"E = \(1, nan\) must be 2 finite numbers in V/m"),
        ({"sheet_current": 5.0}, r"sheet_current = 5\.0 must be 2 numbers in A/m"),
        ({"E": (1, 0), "b": math.inf}, r"SpinOrbitTorque: b = inf must be finite"),
        ({"E": (1, 0), "c": lambda z: z}, r"SpinOrbitTorque: c\(m_z\) must be even"),
        (
            {"E": (1, 0), "coupling": "Rashba"},
            r'SpinOrbitTorque: coupling = .Rashba. must be "rashba" or "dresselhaus"',
        ),
        ({"E": (1, 0), "ramp": -1.0}, r"ramp = -1\.0 s must be a time"),
        ({"E": lambda t: (t, 0.0), "ramp": 1e-9}, r"E: a function of time cannot be ramped"),
    ],
)
def test_bad_values_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SpinOrbitTorque(**values)


def test_damping_must_be_stated() -> None:
    arguments: dict[str, Any] = {"Ms": MS, "terms": [], "m": np.array([1.0, 0, 0]).reshape(3, 1, 1)}
    with pytest.raises(ValueError, match="damping is required"):
        Simulation(CELL, torques=[SpinOrbitTorque(a=1.0, E=(1.0, 0.0))], **arguments)
    undamped = MicroscopicTorque(Coefficients(xi0=-0.1, xi_parallel=0.0, xi_perpendicular=0.0))
    with pytest.raises(ValueError, match="damping is required"):
        Simulation(CELL, torques=[undamped], **arguments)
    Simulation(CELL, torques=[undamped, anisotropic()], **arguments)
