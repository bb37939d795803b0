"""The T-matrix response: reference values, brute-force quadrature, limits, symmetries, what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from coefficients import tmatrix
from tests.coefficients import kubo_quadrature
from tests.coefficients.kubo_quadrature import POINTS, arguments

IN_GAP, UNITARY_IN_GAP, ABOVE = POINTS[3], POINTS[4], POINTS[15]
SEVERAL = [IN_GAP, UNITARY_IN_GAP, ABOVE, POINTS[7], POINTS[22], POINTS[25], POINTS[28]]


def name(point: dict[str, Any]) -> str:
    return f"{point['scheme']}-eps{point['eps']:g}-w{point['w']}-theta{point['theta']:g}"


def deviation(found: ArrayLike, expected: ArrayLike) -> float:
    """|found − expected|/|expected|, both as one vector."""
    expected = np.asarray(expected)
    return float(np.linalg.norm(np.asarray(found) - expected) / np.linalg.norm(expected))


def coefficients(**values: Any) -> NDArray[np.float64]:
    """a, b, c, d and those of the J-form (8,)."""
    response = tmatrix.response(**values)
    return np.array([*response.torques, *response.torques_J])


# --- values


@pytest.mark.parametrize("point", POINTS, ids=name)
def test_reference_values(point: dict[str, Any]) -> None:
    response = tmatrix.response(**arguments(point))
    self_energy = np.array(point["Sigma_re"]) + 1j * np.array(point["Sigma_im"])
    # the reference values were checked to a few 1e-9 in the worst element
    assert deviation(response.K, point["K"]) < 1e-8
    assert deviation(response.sigma, point["sigma"]) < 1e-8
    assert deviation(response.K_J, point["K_J"]) < 1e-8
    assert deviation(response.self_energy, self_energy) < 1e-8
    assert deviation(response.torques, [point[letter] for letter in "abcd"]) < 1e-8
    assert (response.a, response.b, response.c, response.d) == response.torques
    # small differences of the elements of K_J
    efficiencies = [point[tau] for tau in ("tau1_o", "tau1_e", "tau2_o", "tau2_e")]
    np.testing.assert_allclose(response.torques_J, efficiencies, rtol=1e-7)
    # an identity, but for what Σ still changes by: 4e-15 of itself, also where it converges slowly (θ = 0.747)
    assert response.ward_residual < 5e-15


@pytest.mark.parametrize(
    "point",
    [pytest.param(p, marks=() if p in (IN_GAP, ABOVE) else pytest.mark.slow) for p in POINTS],
    ids=name,
)
def test_brute_force_quadrature(point: dict[str, Any]) -> None:
    values = arguments(point)
    response = tmatrix.response(**values)
    brute = kubo_quadrature.response(**values, angles=128, tolerance=1e-8)
    # what halving a panel changes is bounded by 1e-8, and the halves are better by about 2^-32
    for found, expected in (
        (response.K, brute.K),
        (response.sigma, brute.sigma),
        (response.self_energy, brute.self_energy),
    ):
        assert deviation(found, expected) < 1e-10


@pytest.mark.parametrize(("scheme", "point"), [("bare", POINTS[30]), ("clean", IN_GAP)])
def test_brute_force_quadrature_of_the_schemes_for_comparison(scheme: str, point: dict[str, Any]) -> None:
    values = {**arguments(point), "scheme": scheme}
    response = tmatrix.response(**values)
    brute = kubo_quadrature.response(**values, angles=64, tolerance=1e-8)
    # "clean": g is taken to zero broadening by polynomials, to 1e-8 of it
    assert deviation(response.K, brute.K) < 1e-8
    assert deviation(response.sigma, brute.sigma) < 1e-8
    assert deviation(response.self_energy, brute.self_energy) < 1e-8


@pytest.mark.parametrize("theta", [0.0, 0.8, math.pi / 2])
@pytest.mark.parametrize("inverse_strength", [1.0, 0.35, 0.0, -0.35])
@pytest.mark.parametrize("energy", [1.9, 0.31, 0.1, -0.1])
def test_weak_spin_orbit_coupling(energy: float, inverse_strength: float, theta: float) -> None:
    """To first order in α, a follows from the balance of torques alone, for impurities of any strength.

    Impurities do not turn spins, so that in d⟨σ⟩/dt = 0 the torque of the exchange balances that of the spin-orbit
    coupling on the momentum P that the field gives to spins along m less that of those against it:
    2Δ_xc s×m = −α (P×ẑ)×m, hence a = −(α/2Δ_xc) P/qE and b = c = d = 0. Spins along m (against it) have the energy
    ε + Δ_xc (ε − Δ_xc) and P/qE = (m/2π)(ε ± Δ_xc) τ each, 1/τ = nm|T|², T = [1/W − g(ε ± Δ_xc)]⁻¹.
    """
    m, exchange, density, reference = 0.7, 0.3, 1e-6, 1.3

    def momentum(kinetic: float) -> float:
        if kinetic < 0.0:
            return 0.0
        inverse_T = inverse_strength + m / (2 * math.pi) * math.log(reference / kinetic) + 0.5j * m
        return kinetic * abs(inverse_T) ** 2 / (2 * math.pi * density)

    P = momentum(energy + exchange) - momentum(energy - exchange)
    deviations = []
    for alpha in (0.01, 0.005):
        response = tmatrix.response(
            m=m,
            alpha=alpha,
            Delta_xc=exchange,
            energy=energy,
            density=density,
            inverse_strength=inverse_strength,
            reference_energy=reference,
            theta=theta,
        )
        a = -alpha / (2 * exchange) * P
        deviations.append(max(abs(response.a - a), *np.abs(response.torques[1:])) / abs(a))
    # the next order is α², mα²/Δ = 2e-4 and more near a band edge; what else is left out is of the order of n/mε
    assert deviations[0] < 1e-2
    assert deviations[1] < 0.3 * deviations[0] + 1e-6


# --- numbers that must not matter


@pytest.mark.parametrize("point", SEVERAL, ids=name)
def test_rays(point: dict[str, Any]) -> None:
    automatic = tmatrix.response(**arguments(point))
    # doubled until the change is below 1e-11; convergence is exponential, and 4 times as many show rounding alone
    more = tmatrix.response(**arguments(point), angles=4 * automatic.angles)
    assert more.angles == 4 * automatic.angles
    assert deviation(automatic.K, more.K) < 1e-11
    assert deviation(automatic.sigma, more.sigma) < 1e-11
    # and four are visibly not enough, so that the number is used
    assert deviation(tmatrix.response(**arguments(point), angles=4).K, more.K) > 1e-4


@pytest.mark.parametrize("point", SEVERAL, ids=name)
def test_units(point: dict[str, Any]) -> None:
    energy, length = 7.3, 0.21  # of the new units in the old ones
    values = arguments(point)
    unit = {
        "m": 1 / (energy * length**2),
        "alpha": energy * length,
        "Delta_xc": energy,
        "energy": energy,
        "density": 1 / length**2,
        "inverse_strength": 1 / (energy * length**2),
        "reference_energy": energy,
    }
    here, there = (
        tmatrix.response(**values),
        tmatrix.response(**{**values, **{key: values[key] / unit[key] for key in unit}}),
    )
    # rounding, which a small scattering rate magnifies
    assert deviation(there.K / (energy * length), here.K) < 1e-11
    assert deviation(there.sigma, here.sigma) < 1e-11
    assert deviation(there.self_energy * energy, here.self_energy) < 1e-11


@pytest.mark.parametrize("scheme", ["self-consistent", "clean"])
@pytest.mark.parametrize("point", SEVERAL, ids=name)
def test_reference_energy_goes_with_the_strength(point: dict[str, Any], scheme: str) -> None:
    values = {**arguments(point), "scheme": scheme}
    other = 0.137 * values["reference_energy"]
    # 1/W + (m/2π) ln(Λ²/2mE_ref) is the same
    shifted = values["inverse_strength"] + values["m"] / (2 * math.pi) * math.log(values["reference_energy"] / other)
    here = tmatrix.response(**values)
    there = tmatrix.response(**{**values, "reference_energy": other, "inverse_strength": shifted})
    # 1/W − g is a difference of larger numbers now
    assert deviation(there.K, here.K) < 1e-11
    assert deviation(there.sigma, here.sigma) < 1e-11
    not_shifted = tmatrix.response(**{**values, "reference_energy": other})
    assert deviation(not_shifted.K, here.K) > 1e-2


@pytest.mark.parametrize("scheme", ["born", "bare"])
def test_reference_energy_is_not_used_in_the_born_approximation(scheme: str) -> None:
    values = {**arguments(POINTS[30]), "scheme": scheme}
    without = {key: value for key, value in values.items() if key != "reference_energy"}
    np.testing.assert_array_equal(tmatrix.response(**values).K, tmatrix.response(**without).K)


# --- symmetry

EVEN_M_Z = np.array([[-1, 1], [1, -1], [1, -1]])  # of K under m_z → −m_z (ATT 11)
REVERSED_M = np.array([[-1, 1], [1, -1], [-1, 1]])


@pytest.mark.parametrize("scheme", tmatrix.SCHEMES)
@pytest.mark.parametrize("point", [IN_GAP, ABOVE], ids=name)
def test_parities(point: dict[str, Any], scheme: str) -> None:
    values = {**arguments(point), "scheme": scheme}
    here = tmatrix.response(**values)
    hall = np.array([[1, -1], [-1, 1]])
    for change, K, sigma, torques in (
        ({"alpha": -values["alpha"]}, -1, 1, (-1, -1, -1, -1)),  # p → −p
        ({"theta": math.pi - values["theta"]}, EVEN_M_Z, hall, (1, 1, 1, 1)),
        ({"Delta_xc": -values["Delta_xc"]}, REVERSED_M, hall, (1, -1, 1, -1)),  # m → −m: b, d are coefficients of even
    ):
        there = tmatrix.response(**{**values, **change})
        # rounding: sin(π − θ) and the order of the rays differ
        np.testing.assert_allclose(there.K, K * here.K, rtol=0, atol=1e-12 * np.abs(here.K).max())
        np.testing.assert_allclose(there.sigma, sigma * here.sigma, rtol=0, atol=1e-12 * np.abs(here.sigma).max())
        np.testing.assert_allclose(there.torques, np.array(torques) * here.torques, rtol=0, atol=1e-11 * abs(here.a))
    # Onsager: σ_xy is odd in m, σ_xx and σ_yy are even
    if scheme != "clean":
        assert here.sigma[0, 1] == pytest.approx(-here.sigma[1, 0], rel=1e-9)


def test_without_spin_orbit_coupling_there_is_no_torque() -> None:
    response = tmatrix.response(**{**arguments(ABOVE), "alpha": 0.0})
    np.testing.assert_array_equal(response.K, 0.0)
    np.testing.assert_array_equal(response.torques, 0.0)
    assert response.sigma[0, 0] > 0


@pytest.mark.parametrize("alpha", [1e-2, 1e-4, 1e-6])
def test_however_weak_the_coupling_its_torques_are_precise(alpha: float) -> None:
    """Spins along m, which no torque has, relax by α² only: rounding of their part of K grows as 1/α²."""
    values = arguments(ABOVE)
    response = tmatrix.response(**{**values, "alpha": alpha})
    a = tmatrix.response(**{**values, "alpha": 0.5}).a / 0.5
    # the next order, (αp_F/Δ_xc)² = 1e-3 at α = 0.5
    assert response.a / alpha == pytest.approx(a, rel=1e-3)
    np.testing.assert_allclose(response.torques[1:], 0, atol=1e-3 * abs(response.a))


# --- along the normal and in the plane


@pytest.mark.parametrize("point", SEVERAL, ids=name)
def test_limit_along_the_normal(point: dict[str, Any]) -> None:
    values = arguments(point)

    def at(theta: float) -> NDArray[np.float64]:
        return coefficients(**{**values, "theta": theta})

    # a cubic in m_x² through angles where the coefficients are not 0/0
    angles = np.array([0.02, 0.04, 0.06, 0.08])
    limit = np.polynomial.polynomial.polyfit(np.sin(angles) ** 2, [at(angle) for angle in angles], 3)[0]
    # rounding of K, 1e-14, times 1/m_x² at 0.02; in the J-form b and d are in addition small differences
    np.testing.assert_allclose(at(0.0), limit, rtol=1e-7)
    np.testing.assert_array_equal(at(math.pi), at(0.0))
    assert {type(value) for value in tmatrix.response(**{**values, "theta": 0.0}).torques} == {float}
    # where the direct evaluation takes over its rounding is 1e-14/m_x² = 1e-8 of what cancels
    below, above = at(math.asin(0.9999e-3)), at(math.asin(1.0001e-3))
    np.testing.assert_allclose(below, above, rtol=1e-6)
    assert np.all(np.abs(below - at(0.0)) < 1e-4 * np.abs(below))  # regular: of the order m_x²


@pytest.mark.parametrize("point", SEVERAL, ids=name)
def test_limit_in_the_plane(point: dict[str, Any]) -> None:
    values = arguments(point)

    def at(m_z: float) -> NDArray[np.float64]:
        return coefficients(**{**values, "theta": math.acos(m_z)})

    # a cubic in m_z², close by: where the bands nearly touch the coefficients change within m_z² ~ 0.01
    components = np.array([0.002, 0.004, 0.006, 0.008])
    limit = np.polynomial.polynomial.polyfit(components**2, [at(m_z) for m_z in components], 3)[0]
    # rounding of K, 1e-14, times 1/m_z for b and d, which are small in the J-form
    np.testing.assert_allclose(at(0.0), limit, rtol=1e-7)
    np.testing.assert_allclose(at(0.9999e-6), at(1.0001e-6), rtol=1e-7)


# --- what is refused

GOOD = arguments(IN_GAP)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"density": 0.0}, r"density = 0.0 must be a positive number of impurities per area"),
        ({"density": 0.0, "inverse_strength": 0.0}, r"density = 0.0 must be a positive number of impurities per area"),
        ({"density": -1e-4}, r"density = -0.0001 must be"),
        ({"m": 0.0}, r"m = 0.0 must be a positive mass"),
        ({"m": -0.01}, r"m = -0.01 must be a positive mass"),
        ({"Delta_xc": 0.0}, r"Delta_xc = 0.0 must be a finite exchange energy, not 0"),
        ({"inverse_strength": math.inf}, r"inverse_strength = inf must be a finite 1/W; 0 is the unitary limit"),
        ({"reference_energy": 0.0}, r"reference_energy = 0.0 must be a positive energy"),
        ({"reference_energy": -5.0}, r"reference_energy = -5.0 must be a positive energy"),
        ({"reference_energy": None}, r"reference_energy = nan must be a positive energy"),
        ({"reference_energy": math.inf}, r"reference_energy = inf must be a positive energy"),
        ({"theta": -0.1}, r"theta = -0.1 must lie in \[0, pi\]"),
        ({"theta": 3.2}, r"theta = 3.2 must lie in \[0, pi\]"),
        ({"angles": 7}, r"angles = 7 must be an even number, 4 or more"),
        ({"angles": 2}, r"angles = 2 must be an even number, 4 or more"),
        ({"angles": 64.5}, r"angles = 64.5 must be an even number"),
        ({"scheme": "sct"}, r"scheme = 'sct' must be one of self-consistent, born, clean, bare"),
        ({"scheme": "born", "inverse_strength": 0.0}, r'inverse_strength = 0, .* has no scheme "born"'),
        ({"scheme": "bare", "inverse_strength": 0.0}, r'inverse_strength = 0, .* has no scheme "bare"'),
        # −5.5575 by a search on a grid of momenta
        ({"energy": -7.0}, r"energy = -7 lies below the lower band, which begins at -5.557"),
        *(({key: math.nan}, rf"{key} = nan must") for key in GOOD if key != "scheme"),
    ],
    ids=str,
)
def test_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tmatrix.response(**{**GOOD, **change})


def test_an_energy_in_a_gap_that_the_impurities_open() -> None:
    # attractive impurities bind a level below the band; in the middle of the gap between its band and theirs
    values: dict[str, Any] = {
        "m": 1.0,
        "alpha": 0.1,
        "Delta_xc": 1.0,
        "reference_energy": 1.0,
        "theta": 0.38,
        "energy": -0.95,
    }
    with pytest.raises(ValueError, match=r"no states at energy = -0.95 .*lies in a gap that the impurities open"):
        tmatrix.response(**values, density=0.042, inverse_strength=-0.5 / 67)
    for density in (0.0042, 0.05):
        assert tmatrix.response(**values, density=density, inverse_strength=-0.5 / 67).self_energy[0].imag < -1e-3
