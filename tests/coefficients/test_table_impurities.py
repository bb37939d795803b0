from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize

import coefficients as co
from coefficients import piecewise, spin_orbit, tmatrix
from coefficients.table import COLUMN
from coefficients.units import (
    angstrom,
    electron_gyromagnetic_ratio,
    electron_mass,
    elementary_charge,
    eV,
    fs,
    hbar,
    meV,
    nm,
)
from tests.coefficients import kubo_quadrature

Q = -elementary_charge
DENSITY = co.spin_density(Ms=580e3, thickness=0.6e-9)

# The Rashba ferromagnet of VPF (meV, nm): the upper band begins at 3.48 to 5 meV, depending on the direction of m. And
# a metallic film, with both bands filled.
VPF = {"exchange": 5 * meV, "rashba": 17 * meV * nm, "effective_mass": 0.8 * electron_mass}
FILM = {"exchange": 0.2 * eV, "rashba": 1 * eV * angstrom, "effective_mass": electron_mass}


def electrons(fermi_energy: float, **changes: Any) -> co.RashbaFerromagnet:
    """Those of VPF with a Fermi energy in meV, or of the film from 100 meV on."""
    return co.RashbaFerromagnet(
        **{**(VPF if fermi_energy < 100 else FILM), "fermi_energy": fermi_energy * meV, **changes}
    )


def impurities(model: co.RashbaFerromagnet, w: float) -> co.PointImpurities:
    """mW/2ħ² = w at the exchange energy, 5 per 100² nm²; or at 1 eV, 2 per 10² nm²."""
    film = model.exchange > 0.1 * eV
    return co.PointImpurities(
        density=(0.02 if film else 5e-4) / nm**2,
        strength=2 * w * hbar**2 / model.effective_mass,
        reference_energy=1 * eV if film else 5 * meV,
    )


@cache
def table_of(fermi_energy: float, w: float, *, tolerance: float = 1e-6, **changes: Any) -> co.CoefficientTable:
    model = electrons(fermi_energy, **changes)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*is below 5")  # of 5.5 meV: little above the gap
        return co.tabulate(model, impurities(model, w), spin_density=DENSITY, tolerance=tolerance)


def in_J_form(table: co.CoefficientTable) -> co.CoefficientTable:
    """What `tabulate` makes for form="J", without making it again (see the test of the two forms)."""
    return dataclasses.replace(table, form="J")


def parameters(table: co.CoefficientTable) -> tmatrix.Parameters:
    """The electrons and impurities of a table, in meV and nm."""
    model, disorder = table.model, table.disorder
    assert isinstance(disorder, co.PointImpurities)
    return tmatrix.Parameters(
        m=model.effective_mass / hbar**2 * meV * nm**2,
        alpha=model.rashba / (meV * nm),
        Delta_xc=model.signed_exchange / meV,
        energy=model.fermi_energy / meV,
        density=disorder.density * nm**2,
        inverse_strength=disorder.inverse_strength * meV * nm**2,
        reference_energy=disorder.reference_energy / meV,
    )


def solved(table: co.CoefficientTable, n_z: float) -> tmatrix.Solution:
    """The response at one direction, in meV and nm."""
    return tmatrix.solve(parameters(table), math.sqrt((1.0 - n_z) * (1.0 + n_z)), n_z)


TORQUES = ("a", "b", "c", "d")
CONDUCTIVITIES = ("sigma_xx", "sigma_yy", "sigma_xy")
G0 = elementary_charge**2 / hbar


def exactly(table: co.CoefficientTable, n_z: np.ndarray) -> dict[str, np.ndarray]:
    """a, b, c, d and the conductivities of a table from the response at every n_z, in SI."""
    kappa = 2 * table.model.signed_exchange / (hbar * table.spin_density)
    rows = []
    for z in n_z:
        response = solved(table, z)
        K, factor = response.K, kappa * Q / (meV * nm)
        if table.form == "J":
            K, factor = K @ np.linalg.inv(response.sigma), kappa * hbar / Q / (meV * nm)
        torques = spin_orbit.torque_coefficients(K, math.sqrt((1 - z) * (1 + z)), z)
        sigma = G0 * response.sigma
        rows.append([*(factor * torque for torque in torques), sigma[0, 0], sigma[1, 1], sigma[0, 1]])
    return dict(zip((*TORQUES, *CONDUCTIVITIES), np.array(rows).T, strict=True))


def check_errors(table: co.CoefficientTable, n_z: np.ndarray, tolerance: float) -> None:
    """Every series is within its own bound of the response, and within the tolerance of its largest value.

    Rounding of c, 10⁻¹⁴ a/m_x², is far below both for m_x > 0.01, where 1000 random directions lie.
    """
    assert table.resolved
    assert table.numerical_error <= tolerance
    exact = exactly(table, n_z)
    small = 1e-4 * max(np.abs(exact[name]).max() for name in TORQUES)
    for name, values in exact.items():
        found = np.abs(getattr(table, name)(n_z) - values)
        assert (found <= table.error(name, n_z)).all(), name
        largest = max(np.abs(values).max(), small if name in TORQUES else 1e-4 * exact["sigma_xx"].max())
        assert found.max() <= tolerance * largest, name


# above the gap; just above it; leaving it at |n_z| = 0.19, 0.73 and 0.97; inside it for all directions
ENERGIES = [1000.0, 5.5, 3.6, 4.5, 4.95, 2.0]
STRENGTHS = [0.234, 1.0, math.inf, -1.0]
FEW = [(1000.0, 1.0), (5.5, 1.0), (3.6, math.inf), (4.5, 0.234), (4.95, -1.0), (2.0, -1.0)]


@pytest.mark.parametrize(("fermi_energy", "w"), FEW)
def test_error_is_a_bound(fermi_energy: float, w: float) -> None:
    check_errors(table_of(fermi_energy, w), np.random.default_rng(1).random(40), 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("w", STRENGTHS)
@pytest.mark.parametrize("fermi_energy", ENERGIES)
def test_error_is_a_bound_in_1000_directions(fermi_energy: float, w: float) -> None:
    table, n_z = table_of(fermi_energy, w), np.random.default_rng(2).random(1000)
    check_errors(table, n_z, 1e-6)
    check_errors(in_J_form(table), n_z, 1e-6)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8])
@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, 1.0), (4.5, 0.234), (2.0, -1.0)])
def test_other_tolerances_are_met(fermi_energy: float, w: float, tolerance: float) -> None:
    check_errors(table_of(fermi_energy, w, tolerance=tolerance), np.random.default_rng(3).random(40), tolerance)


@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, 0.234), (4.5, 0.234), (2.0, 1.0)])
def test_a_tolerance_of_the_size_of_rounding_is_not_chased(fermi_energy: float, w: float) -> None:
    # c = (K_xy + K_yx)/m_x² − … carries 10⁻¹⁵ a/m_x²: close to n_z = 1 more than the tolerance
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the series of a, b, c, d do not reach the tolerance")
        table = table_of(fermi_energy, w, tolerance=1e-10)
    assert table.numerical_error < 3e-9
    assert table.resolved == (table.numerical_error <= 1e-10)
    assert len(table.response.series) <= 2 * len(table_of(fermi_energy, w).response.series)
    n_z = np.random.default_rng(4).random(60)
    n_z = n_z[n_z < 0.98]  # where the rounding of c that it is compared with is below 10⁻¹⁴ a/m_x² = 2.5·10⁻¹³ a
    for name, values in exactly(table, n_z).items():
        assert (np.abs(getattr(table, name)(n_z) - values) <= table.error(name, n_z)).all()


# --- reference values that were computed before the package


@pytest.mark.parametrize(
    "point",
    [kubo_quadrature.POINTS[index] for index in (4, 24, 28)],
    ids=lambda p: f"{p['eps']:g}-{p['w']}-{p['theta']}",
)
def test_reference_points(point: dict[str, Any]) -> None:
    E_form = reference_table(point)
    J_form = in_J_form(E_form)
    n_z, kappa = math.cos(point["theta"]), 2 * E_form.model.exchange / (hbar * DENSITY)
    # the tolerance 1e-6 of each of up to three functions that an element of K or σ is made of
    np.testing.assert_allclose(E_form.K(n_z) * meV * nm, point["K"], atol=3e-6 * np.abs(point["K"]).max())
    np.testing.assert_allclose(E_form.sigma(n_z) / G0, point["sigma"], atol=3e-6 * np.abs(point["sigma"]).max())
    for name, tau in zip(TORQUES, ("tau1_o", "tau1_e", "tau2_o", "tau2_e"), strict=True):
        for table, value, factor in (
            (E_form, point[name], kappa * Q / (meV * nm)),
            (J_form, point[tau], kappa * hbar / Q / (meV * nm)),
        ):
            largest = np.abs(getattr(table, name)(table.n_z)).max()
            # the references are good to 3e-9 of K, times 1/m_x²
            noise = 3e-9 * abs(float(table.a(n_z))) / math.sin(point["theta"]) ** 2
            assert getattr(table, name)(n_z) == pytest.approx(factor * value, rel=0, abs=1e-6 * largest + noise)


def reference_table(point: dict[str, Any]) -> co.CoefficientTable:
    model = co.RashbaFerromagnet(
        fermi_energy=point["eps"] * meV,
        exchange=point["Delta_xc"] * meV,
        rashba=point["alpha"] * meV * nm,
        effective_mass=point["mstar"] * electron_mass,
        exchange_sign=1,
    )
    disorder = co.PointImpurities(
        density=point["n_imp"] / nm**2,
        strength=2 * float(point["w"]) * hbar**2 / model.effective_mass,
        reference_energy=point["Eref"] * meV,
    )
    return co.tabulate(model, disorder, spin_density=DENSITY)


def test_fields_of_a_film_in_tesla() -> None:
    # 10¹¹ A/m² in 1 nm, Ms t = 10⁻³ A: 14.7, 0.70, 0.53 and 0.67 mT, from the K_J of the reference point of this film,
    # for which E_ref = 1 eV too
    model = electrons(1000.0)
    table = co.tabulate(model, impurities(model, 1.0), spin_density=co.spin_density(Ms=1e6, thickness=1e-9), form="J")
    fields = [
        abs(float(getattr(table, name)(math.cos(0.8)))) * 1e11 * 1e-9 / electron_gyromagnetic_ratio for name in TORQUES
    ]
    np.testing.assert_allclose(fields, [14.7e-3, 0.70e-3, 0.53e-3, 0.67e-3], rtol=0.01)  # as many digits as were given


# --- the tensors


@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, -1.0), (4.5, math.inf), (2.0, 1.0)])
def test_K_and_sigma_in_every_direction(fermi_energy: float, w: float) -> None:
    table = table_of(fermi_energy, w)
    n_z = np.array([-1.0, -0.7, -1e-3, 0.0, 0.2, 0.74, 1.0])
    K, sigma = table.K(n_z), table.sigma(n_z)
    for index, z in enumerate(n_z):
        response = solved(table, z)
        # every element is made of up to three functions with an error of 1e-6
        np.testing.assert_allclose(K[index] * meV * nm, response.K, rtol=0, atol=3e-6 * np.abs(response.K).max())
        np.testing.assert_allclose(sigma[index] / G0, response.sigma, rtol=0, atol=3e-6 * np.abs(response.sigma).max())


def test_K_and_sigma_of_the_dresselhaus_model_by_plain_quadrature() -> None:
    model = electrons(20.0, spin_orbit="dresselhaus")
    disorder = co.PointImpurities(density=5e-3 / nm**2, strength=math.inf, reference_energy=5 * meV)
    table, theta = co.tabulate(model, disorder, spin_density=DENSITY), 0.8
    response = kubo_quadrature.response(
        m=model.effective_mass / hbar**2 * meV * nm**2,
        alpha=17.0,
        Delta_xc=-5.0,
        energy=20.0,
        density=5e-3,
        inverse_strength=0.0,
        reference_energy=5.0,
        theta=theta,
        scheme="self-consistent",
        spin_orbit="dresselhaus",
        angles=32,  # which is enough for a broadening of 1 meV
        tolerance=1e-7,
    )
    K, sigma = table.K(math.cos(theta)), table.sigma(math.cos(theta))
    np.testing.assert_allclose(K * meV * nm, response.K, rtol=0, atol=3e-6 * np.abs(response.K).max())
    np.testing.assert_allclose(sigma / G0, response.sigma, rtol=0, atol=3e-6 * np.abs(response.sigma).max())


def test_dresselhaus_changes_the_tensors_and_not_the_coefficients() -> None:
    rashba, dresselhaus = table_of(1000.0, 1.0), table_of(1000.0, 1.0, spin_orbit="dresselhaus")
    n_z = np.linspace(-1.0, 1.0, 9)
    for name in (*TORQUES, "xi0", "xi_parallel", "xi_perpendicular"):
        np.testing.assert_array_equal(getattr(dresselhaus, name)(n_z), getattr(rashba, name)(n_z))
    # the errors of σ_xx and σ_yy, which differ, go with them
    for one, other in (("sigma_xx", "sigma_yy"), ("sigma_yy", "sigma_xx"), ("sigma_xy", "sigma_xy")):
        np.testing.assert_array_equal(np.abs(getattr(dresselhaus, one)(n_z)), np.abs(getattr(rashba, other)(n_z)))
        np.testing.assert_array_equal(dresselhaus.error(one, n_z), rashba.error(other, n_z))
    assert (rashba.error("sigma_xx", n_z) != rashba.error("sigma_yy", n_z)).all()
    assert np.abs(dresselhaus.K(0.6) - rashba.K(0.6)).max() > 0.1 * np.abs(rashba.K(0.6)).max()


@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, 1.0), (4.5, 0.234), (2.0, math.inf)])
def test_the_J_form_is_that_of_K_per_current(fermi_energy: float, w: float) -> None:
    E_form = table_of(fermi_energy, w)
    J_form = in_J_form(E_form)
    kappa = 2 * E_form.model.signed_exchange / (hbar * DENSITY)
    for n_z in (0.1, 0.4, 0.73, 0.8):
        per_current = kappa * Q * E_form.K(n_z) @ np.linalg.inv(E_form.sigma(n_z))
        m_x = math.sqrt(1 - n_z**2)
        # errors of 3e-6 of K and of σ, times 1/(m_x² m_z)
        noise = 6e-6 * np.abs(per_current).max() / (m_x**2 * n_z)
        for name, value in zip(TORQUES, spin_orbit.torque_coefficients(per_current, m_x, n_z), strict=True):
            assert getattr(J_form, name)(n_z) == pytest.approx(value, rel=0, abs=noise)


def test_the_forms_differ_in_a_to_d_only() -> None:
    E_form, n_z = table_of(1000.0, 1.0), np.linspace(-1.0, 1.0, 9)
    J_form = co.tabulate(E_form.model, E_form.disorder, spin_density=DENSITY, form="J")
    assert J_form == in_J_form(E_form)
    for name in ("xi0", "xi_parallel", "xi_perpendicular", "K", "sigma"):
        np.testing.assert_array_equal(getattr(J_form, name)(n_z), getattr(E_form, name)(n_z))
    for name in TORQUES:
        np.testing.assert_array_equal(getattr(J_form, name)(n_z), getattr(in_J_form(E_form), name)(n_z))
        assert (getattr(J_form, name)(n_z) != getattr(E_form, name)(n_z)).all()


@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, 1.0), (4.5, math.inf), (4.95, -1.0), (2.0, 0.234)])
def test_regular_at_the_poles_and_at_the_equator(fermi_energy: float, w: float) -> None:
    table = table_of(fermi_energy, w)
    factor = 2 * table.model.signed_exchange / (hbar * DENSITY) * Q / (meV * nm)
    # where the formulas are 0/0 `response` extrapolates through directions close by: no part of the table's making
    for n_z in (1.0, 0.0):
        response = tmatrix.response(**parameters(table)._asdict(), theta=math.acos(n_z))
        for name in TORQUES:
            largest = np.abs(getattr(table, name)(table.n_z)).max()
            # that of the extrapolation, 3e-8 to 1e-6 of the largest value, adds to the error of the table
            value = factor * getattr(response, name)
            assert getattr(table, name)(n_z) == pytest.approx(value, rel=0, abs=3e-6 * largest), name
    ends = np.array([-1.0, -1.0 + 1e-9, -1e-9, 0.0, 1e-9, 1.0 - 1e-9, 1.0])
    for name in TORQUES:
        assert np.isfinite(getattr(table, name)(ends)).all()


def test_coefficients_are_even_and_the_hall_conductivity_is_odd() -> None:
    table, n_z = table_of(4.5, math.inf), np.linspace(0.0, 1.0, 50)
    for name in (*TORQUES, "sigma_xx", "sigma_yy"):
        np.testing.assert_array_equal(getattr(table, name)(-n_z), getattr(table, name)(n_z))
    np.testing.assert_array_equal(table.sigma_xy(-n_z), -table.sigma_xy(n_z))
    np.testing.assert_array_equal(table.error("sigma_xy", -n_z), table.error("sigma_xy", n_z))
    assert table.sigma_xy(0.0) == table.error("sigma_xy", 0.0) == 0.0
    for name in (*TORQUES, *CONDUCTIVITIES):
        assert getattr(table, name)(np.zeros((2, 3))).shape == (2, 3)
        assert table.error(name, np.zeros((2, 3))).shape == (2, 3)
        assert np.ndim(getattr(table, name)(0.3)) == 0
    with pytest.raises(ValueError, match=r"n_z = 1\.5"):
        table.a([0.0, 1.5])
    with pytest.raises(ValueError, match="name = 'xi0' must be one of a, b, c, d, sigma_xx"):
        table.error("xi0", 0.3)


def test_the_pieces_for_a_kernel_are_the_coefficients() -> None:
    for table in (table_of(4.5, math.inf), in_J_form(table_of(4.5, math.inf))):
        pieces = table.torque_pieces()
        edges, series = pieces.edges, pieces.series
        x = np.linspace(0.0, 1.0, 200, endpoint=False)
        for one in x:
            piece = np.searchsorted(edges, one, side="right") - 1
            left, right = edges[piece : piece + 2]
            values = np.polynomial.chebyshev.chebval(2 * (one - left) / (right - left) - 1, series[piece])
            exact = [float(getattr(table, name)(math.sqrt(one))) for name in TORQUES]
            # √x squared is x but for rounding, which the steepest part of the jump enlarges 100 times
            np.testing.assert_allclose(values, exact, rtol=1e-12)


# --- where the Fermi energy leaves the gap


def upper_band_begins(model: co.RashbaFerromagnet, n_z: float) -> float:
    """Lowest energy of the upper band (J), over both components of the wave vector."""
    unit = model.effective_mass * model.rashba / hbar**2  # farther than this the minimum is not
    m = (math.sqrt(1 - n_z**2), 0.0, n_z)
    best = min(
        (
            minimize(
                lambda k: model.energies(k[0] * unit, k[1] * unit, m=m)[0] / model.exchange,
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 2000},
            )
            for start in ((0.1, 0.5), (0.1, -0.5))
        ),
        key=lambda result: result.fun,
    )
    return float(best.fun) * model.exchange


@pytest.mark.parametrize(("fermi_energy", "angle"), [(3.6, None), (4.5, 0.747)])
def test_gap_edge_is_where_the_upper_band_begins_at_the_fermi_energy(fermi_energy: float, angle: float | None) -> None:
    table = table_of(fermi_energy, math.inf)
    assert table.gap_edge is not None
    x, width = table.gap_edge
    model = table.model
    # the minimum is good to 1e-15 of the exchange energy, its slope in x is about 1/4 of it
    exact = brentq(lambda n_z: upper_band_begins(model, n_z) - model.fermi_energy, 0.01, 1.0, xtol=1e-12)
    assert math.sqrt(x) == pytest.approx(exact, rel=1e-9)
    if angle is not None:  # of VPF's model, to three digits
        assert math.acos(math.sqrt(x)) == pytest.approx(angle, abs=5e-4)
    step = 1e-3 * x
    slope = (upper_band_begins(model, math.sqrt(x + step)) - upper_band_begins(model, math.sqrt(x - step))) / (2 * step)
    broadening = -solved(table, math.sqrt(x)).self_energy[0].imag * meV
    # the second order of the difference quotient
    assert width == pytest.approx(2 * broadening / abs(slope), rel=1e-5)
    assert {x, x - 0.5 * width, x + 0.5 * width} <= set(table.response.edges)
    # the coefficients do jump there, and nowhere else as fast
    n_z = np.linspace(0.0, 1.0, 2001)
    steepest = n_z[np.argmax(np.abs(np.diff(table.b(n_z))))]
    assert abs(steepest**2 - x) < 2 * width + 2e-3


@pytest.mark.parametrize("fermi_energy", [1000.0, 5.5, 2.0])
def test_no_gap_edge_above_and_inside(fermi_energy: float) -> None:
    table = table_of(fermi_energy, 1.0)
    assert table.gap_edge is None
    assert table.check_texture(np.linspace(-1.0, 1.0, 11)) == []


def test_check_texture() -> None:
    table = table_of(4.5, 0.234)
    assert table.gap_edge is not None
    assert table.blurred is not None
    # |ε − E*| = γ at the gap edge ± half its width, but for the curvature of E* and γ over it
    half = 0.5 * table.gap_edge.width
    np.testing.assert_allclose(table.blurred, [table.gap_edge.x - half, table.gap_edge.x + half], atol=0.2 * half)
    left, right = np.sqrt(table.blurred)
    assert table.check_texture([1.0, right + 1e-3]) == []
    assert table.check_texture([-1.0, -right - 1e-3]) == []
    assert table.check_texture([[left - 1e-3, 0.0], [0.1, -0.2]]) == []
    for passing in ([left], [-right], [1.0, 0.0], [-1.0, 0.1], [0.5 * (left + right), 1.0]):
        (text,) = table.check_texture(passing)
        assert f"|m_z| from {left:.4g} to {right:.4g}" in text
        assert f"leaves the exchange gap at {math.sqrt(table.gap_edge.x):.4g}" in text


@pytest.mark.parametrize(("fermi_energy", "where"), [(5.0, 1.0), (5.01, 1.0), (3.47, 0.0)])
def test_close_to_the_gap_edge_is_not_controlled_either(fermi_energy: float, where: float) -> None:
    """E* runs from 3.485 meV (m in the plane) to 5 meV; w = 1 broadens by 0.05 meV."""
    table = table_of(fermi_energy, 1.0)
    assert table.gap_edge is None
    (text,) = table.check_texture([where])
    assert "within the broadening of the edge of the exchange gap" in text
    assert table.check_texture([1.0 - where]) == []
    assert table_of(5.5, 1.0).blurred is None


def test_a_lower_band_with_a_maximum_of_its_own_is_warned_about() -> None:
    # mα²/ħ² = 0.295 eV; the bands touch at Δ²ħ²/2mα² = 17 meV for m in the plane
    model = co.RashbaFerromagnet(
        fermi_energy=-30 * meV, exchange=100 * meV, rashba=150 * meV * nm, effective_mass=electron_mass
    )
    disorder = co.PointImpurities(density=0.05 / nm**2, strength=0.2 * eV * nm**2, reference_energy=500 * meV)
    with pytest.warns(UserWarning, match=r"below 0.01693 eV the Fermi energy, -0.03 eV, may cross them"):
        co.tabulate(model, disorder, spin_density=2e19, tolerance=1e-2)


# --- without ξ


@pytest.mark.parametrize("fermi_energy", [4.5, 2.0, 0.0, -2.0, 5.0])
def test_inside_the_gap_there_is_no_xi(fermi_energy: float) -> None:
    table = table_of(fermi_energy, 1.0)
    assert not table.has_xi
    for method in (table.xi0, table.xi_parallel, table.xi_perpendicular):
        with pytest.raises(ValueError, match=rf"{fermi_energy / 1000:.6g} eV inside the exchange gap .*0\.005 eV"):
            method(0.5)
    names = ["a", "b", "c", "d", "sigma_xx", "sigma_yy", "sigma_xy"]
    assert list(table.columns()) == ["n_z", *names]
    data = table.to_xarray()
    assert list(data.data_vars) == names
    assert data.c.attrs["units"] == "1/s per V/m"
    assert data.sigma_xy.attrs["units"] == "S"
    np.testing.assert_array_equal(data.c, table.c(table.n_z))
    assert list(data.attrs["gap_edge"]) == list(table.gap_edge or ())
    assert (data.attrs["resolved"], data.attrs["warnings"]) == (1, "")
    assert table.notes[0] == "xi0, xi_parallel and xi_perpendicular do not exist: the Fermi energy lies inside the gap"
    assert 0.0 < table.scheme_error < 0.1


def test_with_xi_it_is_that_of_white_noise_with_the_mean_time() -> None:
    table = table_of(1000.0, 1.0)
    noise = co.tabulate(table.model, co.WhiteNoise(scattering_time=table.scattering_time), spin_density=DENSITY)
    n_z = np.linspace(-1.0, 1.0, 11)
    for name in ("xi0", "xi_parallel", "xi_perpendicular"):
        np.testing.assert_array_equal(getattr(table, name)(n_z), getattr(noise, name)(n_z))
    assert table.scheme_error == noise.scheme_error
    assert table.fermi_velocity == noise.fermi_velocity
    assert table.notes[0].startswith(
        f"xi0, xi_parallel and xi_perpendicular are those of white noise with the average scattering time of the "
        f"impurities, {table.scattering_time / fs:.4g} fs"
    )
    assert f"smaller than about {table.scheme_error:.1g} a are not controlled" in table.notes[1]
    assert noise.notes == table.warnings == ()


# --- averages over directions, and the drive


def mean(table: co.CoefficientTable, quantity: Callable[[tmatrix.Solution], float]) -> float:
    """Average over n_z² of something of the response, by adaptive quadrature."""
    at = [table.gap_edge.x] if table.gap_edge else None
    value, _ = quad(lambda x: quantity(solved(table, math.sqrt(x))), 0.0, 1.0, points=at, epsrel=1e-7, limit=200)
    return float(value)


@pytest.mark.parametrize(("fermi_energy", "w"), [(1000.0, 1.0), (4.5, math.inf), (2.0, -1.0)])
def test_scattering_time_and_drift_velocity_are_of_averages(fermi_energy: float, w: float) -> None:
    table = table_of(fermi_energy, w)
    # the tolerance of the table, 1e-6
    sigma = G0 * mean(table, lambda response: 0.5 * float(np.trace(response.sigma)))
    assert table.mean_conductivity == pytest.approx(sigma, rel=1e-6)
    if table.has_xi:
        time = hbar / meV * mean(table, lambda response: -0.5 / response.self_energy[0].imag)
    else:  # j = σE = q n_e v_d; n_e changes by some per cent with n_z, smoothly
        carriers, _ = quad(lambda x: table.model.carrier_density(math.sqrt(x)), 0.0, 1.0, epsrel=1e-6)
        time = sigma * table.model.effective_mass / (Q**2 * carriers)
    assert table.scattering_time == pytest.approx(time, rel=1e-6 if table.has_xi else 1e-4)
    time = table.scattering_time
    mobility = Q * time / table.model.effective_mass
    np.testing.assert_allclose(table.drift_velocity(E=(2e4, -1e4)), [2e4 * mobility, -1e4 * mobility], rtol=1e-6)
    np.testing.assert_allclose(
        table.drift_velocity(sheet_current=(20.0, 10.0)), [20 * mobility / sigma, 10 * mobility / sigma], rtol=2e-6
    )
    back = table.electric_field(drift_velocity=table.drift_velocity(E=(2e4, -1e4)))
    np.testing.assert_allclose(back, [2e4, -1e4], rtol=1e-13)


def test_drift_velocity_is_compared_with_that_of_the_carriers_inside_the_gap() -> None:
    table = table_of(4.5, math.inf)
    v_F = table.fermi_velocity  # tests/coefficients/test_rashba.py
    assert table.mean_free_path == pytest.approx(v_F * table.scattering_time, rel=1e-9)
    # ħ/(2 E τ) with the kinetic energy m v_F²/2
    assert table.scheme_error == pytest.approx(hbar / (table.model.effective_mass * v_F**2 * table.scattering_time))
    assert table.check_drift_velocity((0.06 * v_F, 0.079 * v_F)) == []
    (text,) = table.check_drift_velocity((0.06 * v_F, 0.09 * v_F))
    assert f"{v_F:.3g} m/s" in text
    assert "0.11 of the Fermi velocity" in text


@pytest.mark.parametrize("fermi_energy", [100.0, 150.0, 199.0])
def test_one_band_without_spin_orbit_coupling_drifts_as_it_should(fermi_energy: float) -> None:
    # for α → 0 the electrons of one spin are a parabolic band with 1/τ = nm|T|² = −2 Im Σ_↑/ħ = −4 Im Σ_0/ħ
    model = co.RashbaFerromagnet(
        fermi_energy=fermi_energy * meV, exchange=200 * meV, rashba=3 * meV * nm, effective_mass=electron_mass
    )
    disorder = co.PointImpurities(density=0.01 / nm**2, strength=math.inf, reference_energy=500 * meV)
    table = co.tabulate(model, disorder, spin_density=2e19, tolerance=1e-4)
    half = hbar / (2.0 * table.response(0.5)[COLUMN["broadening"]])
    assert table.scattering_time == pytest.approx(0.5 * half, rel=5e-3)  # (αp_F/Δ)² = 2e-3
    carriers = electron_mass / (2 * math.pi * hbar**2) * (fermi_energy + 200) * meV
    np.testing.assert_allclose(table.drift_velocity(sheet_current=(5.0, 0.0)), [5.0 / (Q * carriers), 0.0], rtol=5e-3)


# --- limits


def test_without_spin_orbit_coupling_there_is_no_torque_and_drude_conductivity() -> None:
    # each spin scatters by its own T = 1/(1/W − (m/2πħ²)(ln(ε_s/E_ref) − iπ)), τ_s = ħ/(−2n Im T): σ = Σ_s e²n_sτ_s/m
    model = electrons(20.0, rashba=0.0)
    disorder = co.PointImpurities(
        density=1e-5 / nm**2, strength=2 * hbar**2 / model.effective_mass, reference_energy=20 * meV
    )
    table = co.tabulate(model, disorder, spin_density=DENSITY)
    states = model.effective_mass / (2 * math.pi * hbar**2)
    sigma = 0.0
    for spin in (-1, 1):
        energy = model.fermi_energy + spin * model.exchange
        T = 1 / (disorder.inverse_strength - states * complex(math.log(energy / (20 * meV)), -math.pi))
        sigma += elementary_charge**2 / model.effective_mass * states * energy * hbar / (-2e-5 / nm**2 * T.imag)
    # of first order in the density: shifts of the bands of n T ≈ 1e-3 meV in 15 meV
    np.testing.assert_allclose(table.sigma([0.0, 0.5, 1.0])[:, [0, 1], [0, 1]], sigma, rtol=2e-4)
    assert not table.sigma_xy([0.0, 0.5, 1.0]).any() or np.abs(table.sigma_xy(1.0)) < 1e-12 * sigma
    for name in TORQUES:
        assert not getattr(table, name)([0.0, 0.5, 1.0]).any()
    assert table.resolved


def test_sign_of_the_exchange_and_of_rashba() -> None:
    # α → −α is p → −p and E → −E. Δ_xc → −Δ_xc is another sign of κ, and m → −m in K, of which a and c are the even
    # parts, b and d the odd ones
    plain, n_z = table_of(3.6, math.inf), np.linspace(0.0, 1.0, 7)
    for change, signs in (({"rashba": -17 * meV * nm}, (-1, -1, -1, -1)), ({"exchange_sign": 1}, (-1, 1, -1, 1))):
        changed = table_of(3.6, math.inf, **change)
        assert changed.gap_edge == pytest.approx(plain.gap_edge, rel=1e-12)
        for name, sign in zip(TORQUES, signs, strict=True):
            largest = np.abs(getattr(plain, name)(n_z)).max()
            np.testing.assert_allclose(
                getattr(changed, name)(n_z), sign * getattr(plain, name)(n_z), rtol=0, atol=2e-6 * largest
            )


def test_weak_impurities_approach_white_noise() -> None:
    # n W² fixed: τ_s = ħ³/(m n W²), and the scheme is that of white noise but for powers of w
    model, w = electrons(1000.0), 0.01
    strength = 2 * w * hbar**2 / model.effective_mass
    disorder = co.PointImpurities(density=40 / nm**2, strength=strength, reference_energy=1 * eV)
    table = co.tabulate(model, disorder, spin_density=DENSITY)
    time = hbar**3 / (model.effective_mass * 40 / nm**2 * strength**2)
    noise = co.tabulate(model, co.WhiteNoise(scattering_time=time), spin_density=DENSITY)
    # w² in the scattering rate, w in b and d, and ħ/ετ = 0.003 in all
    small = w + hbar / (model.fermi_energy * time)
    assert table.scattering_time == pytest.approx(time, rel=small)
    n_z = np.linspace(0.0, 1.0, 5)
    np.testing.assert_allclose(table.a(n_z), noise.a(n_z), rtol=2 * small)
    for name in ("b", "c", "d"):
        assert (np.abs(getattr(table, name)(n_z)) < 2 * small * np.abs(noise.a(0.0))).all()
    np.testing.assert_allclose(table.sigma_xx(n_z), noise.sigma_xx(n_z), rtol=2 * small)


# --- what is doubtful, and what is refused


@pytest.fixture
def unresolved(monkeypatch: pytest.MonkeyPatch) -> co.CoefficientTable:
    monkeypatch.setattr(piecewise, "MOST_PIECES", 8)
    model = electrons(4.5)
    with pytest.warns(UserWarning, match="do not reach the tolerance") as caught:
        table = co.tabulate(model, impurities(model, 0.05), spin_density=DENSITY)
    assert [str(one.message) for one in caught] == list(table.warnings)
    return table


def test_what_is_not_resolved_is_said(unresolved: co.CoefficientTable) -> None:
    table = unresolved
    assert not table.resolved
    assert table.numerical_error > 1e-6
    (text,) = table.warnings
    left, right = table.least_resolved
    for part in (f"up to {table.numerical_error:.1e} of the largest", f"|n_z| = {left:.6g} and {right:.6g}"):
        assert part in text
    # the bound holds all the same, and tells where
    n_z = np.random.default_rng(7).random(60)
    exact = exactly(table, n_z)
    for name, values in exact.items():
        found = np.abs(getattr(table, name)(n_z) - values)
        assert (found <= table.error(name, n_z)).all(), name
    middle = 0.5 * (left + right)
    assert table.error("c", middle) > 1e-6 * np.abs(exact["c"]).max()
    assert table.to_xarray().attrs["resolved"] == 0
    assert table.to_xarray().attrs["warnings"] == text


def test_a_broadening_that_is_too_large_is_said_inside_the_gap_too() -> None:
    model = electrons(2.0)
    disorder = co.PointImpurities(density=0.02 / nm**2, strength=math.inf, reference_energy=5 * meV)
    with pytest.warns(UserWarning, match="of the kinetic energy of the electrons"):
        table = co.tabulate(model, disorder, spin_density=DENSITY, tolerance=1e-3)
    broadening = hbar / (2 * table.scattering_time)
    energy = 0.5 * model.effective_mass * table.fermi_velocity**2
    (text,) = table.warnings
    assert f"{broadening / eV:.3g} eV is {broadening / energy:.0%}" in text
    assert broadening > 0.1 * energy


def test_refusals() -> None:
    model = electrons(4.5)
    disorder = impurities(model, 1.0)
    for tolerance in (0.0, 1e-11, 0.1, math.nan):
        with pytest.raises(ValueError, match=r"tolerance = .* must lie between 1e-10 and 1e-2"):
            co.tabulate(model, disorder, spin_density=DENSITY, tolerance=tolerance)
    with pytest.raises(ValueError, match=r"below the lower band.*no electrons"):
        co.tabulate(electrons(-8.0), disorder, spin_density=DENSITY)
    with pytest.raises(ValueError, match="spin_density = 0"):
        co.tabulate(model, disorder, spin_density=0.0)


def test_white_noise_is_as_ever() -> None:
    model = co.RashbaFerromagnet(**FILM, fermi_energy=1 * eV)
    for form in ("E", "J"):
        table = co.tabulate(model, co.WhiteNoise(scattering_time=7 * fs), spin_density=DENSITY, form=form)
        n_z = np.linspace(-1.0, 1.0, 5)
        assert np.ptp(table.a(n_z)) == 0.0
        K = spin_orbit.edelstein(model, 7 * fs)
        np.testing.assert_array_equal(table.K(n_z), np.broadcast_to([[0.0, K], [-K, 0.0], [0.0, 0.0]], (5, 3, 2)))
        sigma = spin_orbit.sheet_conductivity(model, 7 * fs)
        np.testing.assert_array_equal(table.sigma(n_z), np.broadcast_to(sigma * np.eye(2), (5, 2, 2)))
        for name in ("b", "c", "d", "sigma_xy"):
            assert not getattr(table, name)(n_z).any()
        assert not any(table.error(name, n_z).any() for name in (*TORQUES, *CONDUCTIVITIES))
        assert table.scattering_time == 7 * fs
        assert (table.gap_edge, table.resolved, table.notes) == (None, True, ())
