"""The microscopic torque: drives, forms, switches and its formula per cell."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import coefficients as co
from coefficients.units import angstrom, electron_mass, eV, fs, nm
from llgsim import Coefficients, MicroscopicTorque, Simulation
from llgsim.torques import Torque
from tests import oracle
from tests.compositions import (
    GAMMA,
    JUMP,
    MS,
    anisotropic,
    anisotropic_coefficients,
    jumping_table,
    rough,
    smooth,
    white_noise_table,
)
from tests.conftest import make_grid

XI: dict[str, Any] = {"xi0": -0.1, "xi_parallel": 0.05, "xi_perpendicular": 0.07}


@pytest.fixture(scope="module")
def tables() -> dict[str, co.CoefficientTable]:
    model = co.RashbaFerromagnet(
        fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=0.3 * eV * angstrom, effective_mass=electron_mass
    )
    density = co.spin_density(Ms=MS, thickness=1e-9)
    disorder = co.WhiteNoise(scattering_time=4 * fs)
    return {form: co.tabulate(model, disorder, spin_density=density, form=form) for form in ("E", "J")}  # type: ignore[arg-type]


# -- the rate


def test_rate_is_the_formula() -> None:
    """ξ0 g + m×(ξ∥ g∥ + ξ⊥ g⊥) and the spin-orbit torque, g = (v·∇)m made tangent."""
    grid, torque = make_grid("disk"), anisotropic()
    m = smooth(grid, 1)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    rate, *xi = torque.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)
    source = anisotropic_coefficients()
    # the functions as they were given
    x0, x1, x2, *a_to_d = (getattr(source, name)(m[2]) for name in oracle.COEFFICIENTS)
    np.testing.assert_allclose(xi, [x0, x1, x2], rtol=1e-12)
    g = 90.0 * ddx - 40.0 * ddy
    g = g - m * (m * g).sum(0)
    expected = x0 * g + oracle.cross(m, np.stack([x1 * g[0], x1 * g[1], x2 * g[2]]))
    expected = expected + oracle.spin_orbit_torque(m, (2e5, 7e4), *a_to_d)
    inside = grid.magnetic
    np.testing.assert_allclose(rate[:, inside], expected[:, inside], rtol=0, atol=1e-12 * np.abs(expected).max())


def test_a_table_and_its_values_as_coefficients_give_the_same_rate(tables: dict[str, co.CoefficientTable]) -> None:
    grid, table, E = make_grid("open"), tables["E"], (1.5e5, -4e4)
    Ms = MS * 1e-9 / grid.thickness  # the spin density of the table, for the same γ
    values = Coefficients(
        xi0=table.xi0, xi_parallel=table.xi_parallel, xi_perpendicular=table.xi_perpendicular, a=table.a
    )
    v = table.drift_velocity(E=E)
    m, gamma = smooth(grid, 3), 1.760859630e11
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    one, other = (
        torque.evaluate(m, ddx, ddy, grid, Ms, gamma, 0.0)
        for torque in (MicroscopicTorque(table, E=E), MicroscopicTorque(values, E=E, drift_velocity=(v[0], v[1])))
    )
    for found, expected in zip(other, one, strict=True):
        # a series misses its function by 2e-14 of the largest value, at best
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("coupling", ["rashba", "dresselhaus"])
@pytest.mark.parametrize(
    ("dtype", "accuracy"), [("float64", 1e-12), pytest.param("float32", 5e-4, marks=pytest.mark.slow)]
)
def test_kernel_takes_a_to_d_of_a_table_on_their_pieces(dtype: str, accuracy: float, coupling: str) -> None:
    """With ξ by the closed form over its common denominator, within a jump as well, rescaled to the magnet.

    Rounding of m_z², 1e-16 or 6e-8, over half the width of the jump is 2e-13 or 1e-4 of it, times a slope of a few.
    """
    grid, E = make_grid("open"), (1.5e5, -4e4)
    table = jumping_table()
    table = replace(table, model=replace(table.model, spin_orbit=coupling))
    m = rough(grid, 7)
    m[2, :, :7] = np.sqrt(np.linspace(JUMP[0] - 2e-4, JUMP[1] + 2e-4, 63)).reshape(9, 7) * np.sign(m[2, :, :7])
    m[:2] *= np.sqrt((1 - m[2] ** 2) / (m[:2] ** 2).sum(0))
    torque = MicroscopicTorque(table, E=E)
    sim = Simulation(grid, Ms=2 * MS, gamma=GAMMA, terms=[], torques=[torque], damping=0.02, m=m, dtype=dtype)
    m = np.asarray(sim.m, dtype=float)
    scale = (MS * 1e-9 / 1.760859630e11) / (2 * MS * grid.thickness / GAMMA)
    x0, x1, x2 = (scale * np.asarray(f(m[2])) for f in (table.xi0, table.xi_parallel, table.xi_perpendicular))
    F, v = (E if coupling == "rashba" else E[::-1]), table.drift_velocity(E=E)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    g = v[0] * ddx + v[1] * ddy
    g = g - m * (m * g).sum(0)
    a_to_d = (getattr(table, name)(m[2]) for name in "abcd")
    spin_orbit = scale * oracle.spin_orbit_torque(m, F, *a_to_d)
    R = x0 * g + oracle.cross(m, np.stack([x1 * g[0], x1 * g[1], x2 * g[2]])) + spin_orbit
    expected = oracle.implicit_rate(m, R, x0, 0.02 + x1, 0.02 + x2)
    np.testing.assert_allclose(sim.rhs(), expected, rtol=0, atol=accuracy * np.abs(expected).max())
    assert np.abs(spin_orbit).max() > 0.1 * np.abs(R).max()
    found = torque.spin_orbit_rate(m, grid, 2 * MS, GAMMA, 0.0)
    np.testing.assert_allclose(found, spin_orbit, rtol=0, atol=accuracy * np.abs(spin_orbit).max())


def test_spin_orbit_part_can_be_switched_off() -> None:
    """What is left is the torque without E."""
    grid = make_grid("open")
    m = smooth(grid, 4)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    full, off, alone = (
        torque.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)[0]
        for torque in (anisotropic(), anisotropic(spin_orbit=False), anisotropic(E=None))
    )
    np.testing.assert_array_equal(off, alone)
    assert np.abs(full - off).max() > 0.01 * np.abs(full).max()


def test_bound_covers_the_explicit_rate() -> None:
    grid, torque = make_grid("periodic"), anisotropic()
    m = smooth(grid, 2)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    rate = torque.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)[0]
    assert np.sqrt((rate**2).sum(0)).max() <= torque.rate_bound(grid, MS, GAMMA, 0.0)


# -- drives


def test_drives_of_coefficients_are_independent_and_zero_unless_given() -> None:
    coefficients = Coefficients(**XI, a=1.0)
    cases: list[tuple[dict[str, Any], Any, Any]] = [
        ({}, (0, 0), (0, 0)),
        ({"drift_velocity": (1.0, 2.0)}, (1, 2), (0, 0)),
        ({"E": (3.0, 4.0)}, (0, 0), (3, 4)),
        ({"drift_velocity": (1.0, 2.0), "sheet_current": (5.0, 6.0)}, (1, 2), (5, 6)),
    ]
    for arguments, velocity, force in cases:
        v, F = MicroscopicTorque(coefficients, **arguments).drives_at(0.0)
        np.testing.assert_array_equal(v, velocity)
        np.testing.assert_array_equal(F, force)


def test_drives_of_a_table_are_converted_into_each_other(tables: dict[str, co.CoefficientTable]) -> None:
    table = tables["E"]
    v, E = MicroscopicTorque(table, E=(1e5, -2e4)).drives_at(0.0)
    np.testing.assert_allclose(v, table.drift_velocity(E=(1e5, -2e4)), rtol=1e-15)
    other_v, other_E = MicroscopicTorque(table, drift_velocity=tuple(v)).drives_at(0.0)
    np.testing.assert_allclose(other_v, v, rtol=1e-15)
    np.testing.assert_allclose(other_E, E, rtol=1e-14)
    v, j = MicroscopicTorque(tables["J"], sheet_current=(50.0, 0.0)).drives_at(0.0)
    np.testing.assert_array_equal(j, (50, 0))
    assert v[0] < 0  # electrons go against the current


def test_ramp_acts_on_every_constant_drive_and_has_an_end() -> None:
    torque = anisotropic(ramp=2e-10)
    v, F = torque.drives_at(1e-10)
    np.testing.assert_allclose(v, (45.0, -20.0), rtol=1e-14)
    np.testing.assert_allclose(F, (1e5, 3.5e4), rtol=1e-14)
    np.testing.assert_array_equal(torque.drift_velocity_at(0.0), (0, 0))
    np.testing.assert_array_equal(torque.drift_velocity_at(torque.finished(0.0)), (90, -40))
    assert torque.steady_after == torque.finished(1e-10) == 2e-10
    assert torque.finished(3e-10) == 3e-10
    moving = anisotropic(E=lambda t: (t, 0.0))
    assert moving.steady_after == math.inf
    assert moving.finished(3e-10) == 3e-10
    assert replace(torque, ramp=1e-10).steady_after == 1e-10


def test_bad_values_of_a_moving_drive_are_named_with_their_unit() -> None:
    for name, unit in (("E", "V/m"), ("sheet_current", "A/m"), ("drift_velocity", "m/s")):
        torque = MicroscopicTorque(Coefficients(**XI), **{name: lambda t: (math.nan, 0.0)})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=rf"{name} at t = 1 s = \(nan, 0\.0\) must be 2 finite numbers in {unit}"):
            torque.drives_at(1.0)


def test_direction_of_the_electrons_is_v_or_against_the_field() -> None:
    coefficients = Coefficients(**XI, a=1.0)
    for arguments, expected in (
        ({"drift_velocity": (3.0, 4.0)}, (0.6, 0.8)),
        ({"E": (3.0, 4.0)}, (-0.6, -0.8)),
        ({"drift_velocity": (0.0, 0.0), "sheet_current": (0.0, 2.0)}, (0.0, -1.0)),
    ):
        torque = MicroscopicTorque(coefficients, **arguments)  # type: ignore[arg-type]
        np.testing.assert_allclose(torque.electric_direction(0.0), expected, atol=1e-15)
    assert MicroscopicTorque(coefficients).electric_direction(0.0) is None


# -- the magnet


def test_xi_of_a_table_is_rescaled_to_the_magnet_and_that_of_coefficients_is_not(
    tables: dict[str, co.CoefficientTable],
) -> None:
    grid = make_grid("open")
    torque = MicroscopicTorque(tables["E"], E=(1.0, 0.0))
    scale = (MS * 1e-9 / 1.760859630e11) / (2 * MS * grid.thickness / GAMMA)
    z = np.linspace(-1, 1, 11)
    for found, name in zip(torque.xi(grid, 2 * MS, GAMMA, z), ("xi0", "xi_parallel", "xi_perpendicular")):
        np.testing.assert_allclose(found, scale * getattr(tables["E"], name)(z), rtol=1e-12)
    given = MicroscopicTorque(Coefficients(**XI), drift_velocity=(1.0, 0.0))
    np.testing.assert_allclose(np.array(given.xi(grid, 2 * MS, GAMMA, z))[:, 0], (-0.1, 0.05, 0.07), rtol=1e-15)


def test_coefficients_that_need_a_long_series_run() -> None:
    """ξ of a steep table given as functions: more than 65 terms each."""
    model = co.RashbaFerromagnet(
        fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=0.6 * eV * angstrom, effective_mass=electron_mass
    )
    table = co.tabulate(
        model, co.WhiteNoise(scattering_time=5 * fs), spin_density=co.spin_density(Ms=MS, thickness=1e-9)
    )
    given = Coefficients(xi0=table.xi0, xi_parallel=table.xi_parallel, xi_perpendicular=table.xi_perpendicular)
    assert max(len(series) for series in given.series) > 65
    z = np.linspace(-1, 1, 301)
    for found, function in zip(given.evaluate(z), (table.xi0, table.xi_parallel, table.xi_perpendicular)):
        np.testing.assert_allclose(found, function(z), rtol=0, atol=1e-12 * np.abs(function(z)).max())
    found = MicroscopicTorque(given).xi(make_grid("one cell"), MS, GAMMA, z)
    np.testing.assert_allclose(found, given.evaluate(z)[:3], rtol=0, atol=1e-13)


def test_xi_of_a_torque_is_what_its_angular_velocity_returns() -> None:
    class Renormalising(Torque):
        renormalises = True

        def parameters(self, grid: Any, Ms: float, gamma: float, t: float) -> tuple[float, ...]:
            return (0.1 + t, 3.0)

        @staticmethod
        def angular_velocity(m: Any, ddx: Any, ddy: Any, strength: float, power: float) -> Any:
            zero = ddx[0]
            X = 1 + m[2] ** 2  # a denominator
            return (zero, zero, zero, -strength * X, strength * m[2] ** 2 * X, m[0] ** 2 / power * X, X)

    z = np.linspace(-1, 1, 11)
    found = Renormalising().xi(make_grid("one cell"), MS, GAMMA, z)
    for values, expected in zip(found, (-0.1 + 0 * z, 0.1 * z**2, (1 - z**2) / 3), strict=True):
        np.testing.assert_allclose(values, expected, atol=1e-15)


def test_spin_orbit_part_acts_only_where_it_can() -> None:
    with_a, without = Coefficients(**XI, a=1.0), Coefficients(**XI)
    assert MicroscopicTorque(with_a, E=(1.0, 0.0)).has_spin_orbit
    assert not MicroscopicTorque(with_a, E=(1.0, 0.0), spin_orbit=False).has_spin_orbit
    assert not MicroscopicTorque(with_a, drift_velocity=(1.0, 0.0)).has_spin_orbit
    assert not MicroscopicTorque(without, E=(1.0, 0.0)).has_spin_orbit


# -- the spin-transfer part stated


@pytest.fixture(scope="module")
def gap_table() -> co.CoefficientTable:
    """A Fermi energy inside the exchange gap for m out of the plane."""
    model = co.RashbaFerromagnet(
        fermi_energy=0.19 * eV, exchange=0.2 * eV, rashba=1.0 * eV * angstrom, effective_mass=electron_mass
    )
    impurities = co.PointImpurities(density=0.02 / nm**2, strength=0.15 * eV * nm**2, reference_energy=1.0 * eV)
    density = co.spin_density(Ms=MS, thickness=1e-9)
    return co.tabulate(model, impurities, spin_density=density, form="J", tolerance=1e-3)


def test_a_table_without_xi_needs_its_spin_transfer_stated(gap_table: co.CoefficientTable) -> None:
    drive: dict[str, Any] = {"sheet_current": (50.0, 20.0)}
    with pytest.raises(ValueError, match=r'xi does not exist .* inside the exchange gap; .*spin_transfer="none", or'):
        MicroscopicTorque(gap_table, **drive)
    grid, z = make_grid("periodic"), np.linspace(-1, 1, 401)
    m = smooth(grid, 5)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    without = MicroscopicTorque(gap_table, spin_transfer="none", **drive)
    given = MicroscopicTorque(gap_table, spin_transfer=(-0.1, 0.05, 0.07), **drive)
    scale = (MS * 1e-9 / 1.760859630e11) / (MS * grid.thickness / GAMMA)
    coefficients = (scale * np.asarray(getattr(gap_table, name)(m[2])) for name in "abcd")
    expected = oracle.spin_orbit_torque(m, (50.0, 20.0), *coefficients)
    rate, *xi = without.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)
    # a width of 2e-3 of the narrowest piece: x to rounding times slopes of 1e2 over it
    np.testing.assert_allclose(rate, expected, rtol=0, atol=1e-11 * np.abs(expected).max())
    assert xi == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(without.xi(grid, MS, GAMMA, z), np.zeros((3, 401)))
    assert (without.derivative_axes, without.renormalises) == ("", False)
    np.testing.assert_array_equal(without.drift_velocity_at(0.0), gap_table.drift_velocity(sheet_current=(50.0, 20.0)))

    rate, *xi = given.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)
    assert [float(value) for value in xi] == [-0.1, 0.05, 0.07]  # not rescaled
    v = gap_table.drift_velocity(sheet_current=(50.0, 20.0))
    g = v[0] * ddx + v[1] * ddy
    g = g - m * (m * g).sum(0)
    transfer = -0.1 * g + oracle.cross(m, np.stack([0.05 * g[0], 0.05 * g[1], 0.07 * g[2]]))
    np.testing.assert_allclose(rate, transfer + expected, rtol=0, atol=1e-11 * np.abs(rate).max())
    assert given.derivative_axes == "xy"


def test_xi_of_any_table_can_be_replaced() -> None:
    grid, table, z = make_grid("open"), white_noise_table(), np.linspace(-1, 1, 11)
    torque = MicroscopicTorque(table, E=(1e5, 0.0), spin_transfer=(0.2, 0.0, 0.1))
    np.testing.assert_allclose(np.array(torque.xi(grid, 3 * MS, GAMMA, z))[:, 4], (0.2, 0.0, 0.1), rtol=1e-15)
    np.testing.assert_array_equal(torque.drift_velocity_at(0.0), table.drift_velocity(E=(1e5, 0.0)))


def test_a_torque_without_anything_turns_nothing() -> None:
    grid = make_grid("open")
    m = smooth(grid, 6)
    torque = MicroscopicTorque(white_noise_table(), E=(1e5, 0.0), spin_transfer="none", spin_orbit=False)
    np.testing.assert_array_equal(torque.evaluate(m, m, m, grid, MS, GAMMA, 0.0)[0], np.zeros(m.shape))
    assert torque.rate_bound(grid, MS, GAMMA, 0.0) == 0.0


def test_no_spin_transfer_is_no_damping() -> None:
    grid = make_grid("one cell")
    arguments: dict[str, Any] = {"Ms": MS, "terms": [], "m": np.array([1.0, 0, 0]).reshape(3, 1, 1)}
    torque = MicroscopicTorque(white_noise_table(), E=(1e5, 0.0), spin_transfer="none")
    with pytest.raises(ValueError, match="damping is required"):
        Simulation(grid, torques=[torque], **arguments)
    for numbers in ((0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)):
        torque = MicroscopicTorque(white_noise_table(), E=(1e5, 0.0), spin_transfer=numbers)
        if not any(numbers[1:]):
            with pytest.raises(ValueError, match="damping is required"):
                Simulation(grid, torques=[torque], **arguments)
        else:
            assert Simulation(grid, torques=[torque], **arguments).damping == 0.0


# -- Dresselhaus coupling


def test_dresselhaus_coupling_exchanges_the_axes_of_the_drive_of_a_to_d_alone() -> None:
    grid = make_grid("open")
    m = smooth(grid, 8)
    ddx, ddy = ((matrix @ m.reshape(3, -1).T).T.reshape(m.shape) for matrix in oracle.derivative_matrices(grid, 6))
    coefficients = replace(anisotropic_coefficients(), coupling="dresselhaus")
    dresselhaus = MicroscopicTorque(coefficients, drift_velocity=(90.0, -40.0), E=(2e5, 7e4))
    rate, *xi = dresselhaus.evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)
    expected, *expected_xi = anisotropic(E=(7e4, 2e5)).evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)
    np.testing.assert_array_equal(rate, expected)
    np.testing.assert_array_equal(xi, expected_xi)
    rashba = anisotropic().evaluate(m, ddx, ddy, grid, MS, GAMMA, 0.0)[0]
    assert np.abs(rate - rashba).max() > 0.05 * np.abs(rate).max()
    alone = MicroscopicTorque(coefficients, E=(2e5, 7e4))
    np.testing.assert_allclose(alone.electric_direction(0.0), -np.array((2e5, 7e4)) / np.hypot(2e5, 7e4))


# -- what is refused


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"xi0": 1.0}, r"Coefficients: xi0 = 1 at \|m_z\| = 0, but 1 - xi0 must be positive"),
        ({"xi0": lambda z: 0.9 + 0.2 * z**2}, r"Coefficients: xi0 = 1\.1 at \|m_z\| = 1"),
        ({"b": math.nan}, r"Coefficients: b = nan must be finite"),
        ({"coupling": "both"}, r'Coefficients: coupling = .both. must be "rashba" or'),
        ({"d": lambda z: z}, r"Coefficients: d\(m_z\) must be even"),
        ({"xi_parallel": lambda z: np.abs(z)}, r"xi_parallel\(m_z\) is not a smooth function"),
    ],
)
def test_bad_coefficients_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Coefficients(**(XI | values))


def test_drives_that_do_not_fit_are_named(tables: dict[str, co.CoefficientTable]) -> None:
    coefficients = Coefficients(**XI)
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (tables["E"], {}, r"takes exactly one of E, sheet_current and drift_velocity, got none"),
        (tables["E"], {"E": (1, 0), "drift_velocity": (1, 0)}, r"exactly one of .*, got E and drift_velocity"),
        (tables["E"], {"sheet_current": (1, 0)}, r"sheet_current needs a table with form='J', this one has form='E'"),
        (tables["J"], {"E": (1, 0)}, r"by E needs a table with form='E', this one has form='J'"),
        (tables["J"], {"drift_velocity": (1, 0)}, r"by drift_velocity needs a table with form='E'"),
        (coefficients, {"E": (1, 0), "sheet_current": (1, 0)}, r"give E or sheet_current, not both"),
        (coefficients, {"E": (1, math.inf)}, r"E = \(1, inf\) must be 2 finite numbers in V/m"),
        (coefficients, {"sheet_current": 5.0}, r"sheet_current = 5\.0 must be 2 numbers in A/m"),
        (coefficients, {"drift_velocity": (1, 2, 3)}, r"drift_velocity = \(1, 2, 3\) must be 2 finite numbers in m/s"),
        (coefficients, {"drift_velocity": (1, 2), "ramp": -1e-9}, r"ramp = -1e-09 s must be a time"),
        (coefficients, {"drift_velocity": lambda t: (t, 0), "ramp": 1e-9}, r"function of time cannot be ramped"),
        (coefficients, {"drift_velocity": lambda t: (t, 0), "ramp": -1}, r"ramp = -1 s must be a time"),
        (coefficients, {"ramp": math.nan}, r"ramp = nan s must be a time"),
        (coefficients, {"spin_transfer": "none"}, r"spin_transfer is for tables; Coefficients state xi themselves"),
        (
            tables["E"],
            {"E": (1, 0), "spin_transfer": "all"},
            r"spin_transfer = 'all' must be \"none\" or \(xi0, xi_par",
        ),
        (
            tables["E"],
            {"E": (1, 0), "spin_transfer": (0.1, 0.2)},
            r"perpendicular\) = \(0\.1, 0\.2\) must be 3 finite numbers$",
        ),
        (tables["E"], {"E": (1, 0), "spin_transfer": (1.0, 0.2, 0.2)}, r"xi0 = 1 at \|m_z\| = 0, but 1 - xi0 must be"),
        ("table", {"drift_velocity": (1, 0)}, r"coefficients = 'table' must be a coefficients.tabulate table"),
    ]
    for source, arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            MicroscopicTorque(source, **arguments)
