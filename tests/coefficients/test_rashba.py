from __future__ import annotations

import math

import numpy as np
import pytest

import coefficients as co
from coefficients.rashba import SpinOrbit
from coefficients.units import angstrom, electron_mass, eV, hbar, meV, nm

GOOD = {
    "fermi_energy": 1.0 * eV,
    "exchange": 0.3 * eV,
    "rashba": 1.3 * eV * angstrom,
    "effective_mass": 0.8 * electron_mass,
}
DIRECTIONS = [(0.0, 0.0, 1.0), (0.6, 0.0, -0.8), (-0.48, 0.64, 0.6), (0.0, 1.0, 0.0)]
SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def hamiltonian(model: co.RashbaFerromagnet, kx: float, ky: float, m: tuple[float, ...]) -> np.ndarray:
    """α(σ_x k_y − σ_y k_x) or α(σ_x k_x − σ_y k_y), and −Δ_xc m·σ, written out with Pauli matrices."""
    kinetic = hbar**2 * (kx**2 + ky**2) / (2 * model.effective_mass) * np.eye(2)
    along = (kx, ky) if model.spin_orbit == "dresselhaus" else (ky, kx)
    spin_orbit = model.rashba * (SIGMA[0] * along[0] - SIGMA[1] * along[1])
    return kinetic + spin_orbit - model.exchange_sign * model.exchange * np.einsum("i,ijk->jk", np.array(m), SIGMA)


@pytest.mark.parametrize("spin_orbit", ["rashba", "dresselhaus"])
@pytest.mark.parametrize("m", DIRECTIONS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_energies_are_the_eigenvalues_of_the_hamiltonian(
    m: tuple[float, ...], sign: int, spin_orbit: SpinOrbit
) -> None:
    model = co.RashbaFerromagnet(**GOOD, exchange_sign=sign, spin_orbit=spin_orbit)
    for kx, ky in [(0.0, 0.0), (3e9, -1e9), (-2e9, 4e9)]:
        exact = np.linalg.eigvalsh(hamiltonian(model, kx, ky, m))[::-1]
        np.testing.assert_allclose(model.energies(kx, ky, m=m), exact, rtol=1e-13, atol=1e-13 * eV)


@pytest.mark.parametrize("sign", [-1, 1])
def test_conduction_spins_follow_the_sign_of_the_exchange(sign: int) -> None:
    # the lower band of +ςΔsd n·σ has its spin along −ςn = ςm: along n for ferromagnetic exchange, ς = −1
    model = co.RashbaFerromagnet(**GOOD, exchange_sign=sign)
    _, states = np.linalg.eigh(hamiltonian(model, 0.0, 0.0, (0.0, 0.0, 1.0)))
    ground = states[:, 0]
    assert (ground.conj() @ SIGMA[2] @ ground).real == pytest.approx(sign)


@pytest.mark.parametrize("spin_orbit", ["rashba", "dresselhaus"])
@pytest.mark.parametrize("m", DIRECTIONS)
@pytest.mark.parametrize("rashba", [1.3, -1.3, 0.0, 4.0])
def test_fermi_wave_vectors_lie_on_the_fermi_surface(
    m: tuple[float, ...], rashba: float, spin_orbit: SpinOrbit
) -> None:
    model = co.RashbaFerromagnet(**{**GOOD, "rashba": rashba * eV * angstrom}, spin_orbit=spin_orbit)
    angle = np.linspace(0.0, 2 * np.pi, 36, endpoint=False)
    k = model.fermi_wave_vectors(angle, m=m)
    assert k.shape == (2, 36)
    assert (k > 0).all()
    bands = [hamiltonian(model, kx, ky, m) for kx, ky in zip((k * np.cos(angle)).flat, (k * np.sin(angle)).flat)]
    energies = np.linalg.eigvalsh(bands)[:, ::-1].T.reshape(2, 2, 36)
    # roots of the quartic are good to about 1e-8 where they nearly coincide, 1e-15 elsewhere
    np.testing.assert_allclose(energies[[0, 1], [0, 1]], model.fermi_energy, rtol=1e-7)


@pytest.mark.parametrize("m", DIRECTIONS)
def test_areas_of_the_fermi_contours_give_the_electron_density(m: tuple[float, ...]) -> None:
    # Luttinger: n_e = Σ area/(2π)², the area by the trapezoidal rule, exponentially convergent for these contours
    model = co.RashbaFerromagnet(**GOOD)
    k = model.fermi_wave_vectors(np.linspace(0.0, 2 * np.pi, 512, endpoint=False), m=m)
    area = (k**2).mean(axis=1).sum() * np.pi
    assert area / (2 * np.pi) ** 2 == pytest.approx(model.electron_density, rel=1e-10)


def test_numbers_of_a_known_case() -> None:
    # v_F = √(2·1 eV/m_e) = 5.931e5 m/s, and Δso = α k_F with k_F = √(2 m_e·1 eV)/ħ = 0.5123 per Å
    model = co.RashbaFerromagnet(
        fermi_energy=1 * eV, exchange=0.2 * eV, rashba=-1 * eV * angstrom, effective_mass=electron_mass
    )
    assert model.fermi_velocity == pytest.approx(5.931e5, rel=1e-4)
    assert model.spin_orbit_splitting / eV == pytest.approx(0.5123, rel=1e-4)
    assert model.exchange_sign == -1
    assert model.signed_exchange == -0.2 * eV


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("fermi_energy", math.nan, "fermi_energy = nan"),
        ("fermi_energy", 1.0, "fermi_energy = 1.0 J .*joules"),
        ("exchange", 0.0, "exchange = 0.0 J .*positive"),
        ("exchange", -0.1 * eV, r"exchange = .*\(-0.1 eV\).*exchange_sign"),
        ("exchange", math.inf, "exchange = inf"),
        ("rashba", math.nan, "rashba = nan"),
        ("rashba", 1.0, "rashba = 1.0 J·m"),
        ("effective_mass", 0.0, "effective_mass = 0.0 kg"),
        ("effective_mass", 1.0, "effective_mass = 1.0 kg .*electron masses"),
        ("effective_mass", math.nan, "effective_mass = nan"),
        ("exchange_sign", 0, "exchange_sign = 0 must be -1"),
        ("spin_orbit", "Rashba", 'spin_orbit = \'Rashba\' must be "rashba" or "dresselhaus"'),
    ],
)
def test_model_refuses(name: str, value: float | str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        co.RashbaFerromagnet(**{**GOOD, name: value})


@pytest.mark.parametrize("fermi_energy", [0.3, 0.1, -0.1])
def test_one_filled_subband_is_a_model_but_has_no_two_band_formulas(fermi_energy: float) -> None:
    model = co.RashbaFerromagnet(**{**GOOD, "fermi_energy": fermi_energy * eV})
    message = f"fermi_energy = {fermi_energy:g} eV must exceed exchange = 0.3 eV"
    with pytest.raises(ValueError, match=message):
        _ = model.spin_orbit_splitting
    with pytest.raises(ValueError, match=message):
        _ = model.fermi_velocity
    with pytest.raises(ValueError, match=message):
        _ = model.electron_density
    with pytest.raises(ValueError, match=message):
        model.fermi_wave_vectors(0.0, m=(0.0, 0.0, 1.0))
    np.testing.assert_allclose(model.energies(0.0, 0.0, m=(0.0, 0.0, 1.0)) / eV, [0.3, -0.3], rtol=1e-14)


def test_coupling_is_rashba_unless_said() -> None:
    assert co.RashbaFerromagnet(**GOOD) == co.RashbaFerromagnet(**GOOD, spin_orbit="rashba")
    assert co.RashbaFerromagnet(**GOOD) != co.RashbaFerromagnet(**GOOD, spin_orbit="dresselhaus")


def counted_carriers(model: co.RashbaFerromagnet, n_z: float, points: int = 2000) -> float:
    """Filled states on a grid of wave vectors, per area."""
    reach = model.effective_mass * abs(model.rashba) / hbar**2
    # beyond this k²/2m − |α|k − Δsd, which lies below both bands, exceeds ε
    top = reach + math.sqrt(reach**2 + 2.0 * model.effective_mass * (model.fermi_energy + model.exchange) / hbar**2)
    k = ((np.arange(points) + 0.5) / points * 2.0 - 1.0) * top
    bands = model.energies(*np.meshgrid(k, k), m=(0.6 * math.sqrt(1 - n_z**2), 0.8 * math.sqrt(1 - n_z**2), n_z))
    return float((bands < model.fermi_energy).sum()) * (2.0 * top / points / (2.0 * math.pi)) ** 2


@pytest.mark.parametrize("n_z", [1.0, 0.6, 0.0])
@pytest.mark.parametrize(
    ("fermi_energy", "rashba"),
    [
        (0.9, 1.3),  # two filled subbands
        (0.28, 1.3),  # inside the gap, above the minimum of the upper band for some n_z, its pocket off the centre
        (0.05, -1.3),
        (-0.1, 2.0),
        (-0.35, 6.0),  # a ring or a crescent: the lower band has its minimum away from k = 0
    ],
)
def test_carrier_density_is_the_area_of_filled_states(fermi_energy: float, rashba: float, n_z: float) -> None:
    model = co.RashbaFerromagnet(**{**GOOD, "fermi_energy": fermi_energy * eV, "rashba": rashba * eV * angstrom})
    # a cell of the grid is in or out: the count is off by some of the 10⁴ cells along the Fermi lines, of 10⁶ inside.
    # 512 rays miss a part of order 512^(−3/2) of a pocket that they do not enclose
    assert model.carrier_density(n_z) == pytest.approx(counted_carriers(model, n_z), rel=1e-3)
    assert model.carrier_density(-n_z) == model.carrier_density(n_z)


@pytest.mark.parametrize("n_z", [1.0, 0.6, 0.0])
def test_carrier_density_with_two_subbands_is_the_electron_density(n_z: float) -> None:
    model = co.RashbaFerromagnet(**GOOD)
    assert model.carrier_density(n_z) == pytest.approx(model.electron_density, rel=1e-10)


def test_carrier_density_of_one_band_along_the_axis() -> None:
    # m along z: k²/2m − √(α²k² + Δ²) = ε is one circle; with x = k²: (x/2m − ε)² = α²x + Δ²
    model = co.RashbaFerromagnet(
        fermi_energy=4.5 * meV, exchange=5 * meV, rashba=17 * meV * nm, effective_mass=0.8 * electron_mass
    )
    c = hbar**2 / (2 * model.effective_mass)
    b = 2 * c * model.fermi_energy + model.rashba**2
    x = (b + math.sqrt(b**2 + 4 * c**2 * (model.exchange**2 - model.fermi_energy**2))) / (2 * c**2)
    assert model.carrier_density(1.0) == pytest.approx(x / (4 * math.pi), rel=1e-10)


def test_below_the_lower_band_there_are_no_carriers() -> None:
    model = co.RashbaFerromagnet(**{**GOOD, "fermi_energy": -1.0 * eV})
    assert model.carrier_density(0.3) == 0.0


@pytest.mark.parametrize(("fermi_energy", "n_z"), [(0.2, 0.4), (1.0, 0.7), (-0.1, 0.2)])
def test_mean_fermi_speed_is_that_of_the_states_at_the_fermi_energy(fermi_energy: float, n_z: float) -> None:
    model = co.RashbaFerromagnet(**{**GOOD, "fermi_energy": fermi_energy * eV})
    # a strip of energies about ε on a grid of k: its states have the velocities of the Fermi lines
    k = (np.arange(2400) - 1199.5) * 1e7
    kx, ky = np.meshgrid(k, k)
    bands = model.energies(kx, ky, m=(math.sqrt(1 - n_z**2), 0.0, n_z))
    strip = np.abs(bands - model.fermi_energy) < 0.01 * eV
    slopes = np.stack(np.gradient(bands, 1e7, axis=(1, 2))) / hbar
    speed = np.hypot(*slopes)[strip].mean()
    # 1e4 states or more in the strip, and its width squared
    assert model.mean_fermi_speed(n_z) == pytest.approx(speed, rel=5e-3)
