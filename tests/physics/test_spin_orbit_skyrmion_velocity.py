"""A skyrmion driven by spin-orbit torques a-d alone moves as the Thiele equation says; a constant a leaves it at rest.

The helicity follows the DMI: 0 and π for interfacial DMI with D > 0 and D < 0, ±π/2 for bulk DMI.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from llgsim import Coefficients, Grid, MicroscopicTorque, Simulation, SpinOrbitTorque, analysis, textures
from tests.compositions import GAMMA, MS, all_terms

pytestmark = pytest.mark.slow

nm = 1e-9
E = (1.0, 0.3)
Kind = Literal["neel", "bloch"]
SKYRMIONS = [(kind, sign, core) for kind in ("neel", "bloch") for sign in (1, -1) for core in (-1, 1)]
# of a-d: at m_z = 0, and what m_z² adds, relative to one strength
SHAPE = {"a": (1.0, 0.6), "b": (1.0, 0.5), "c": (-0.7, 0.4), "d": (0.6, -0.3)}


def skyrmion(torque: Any, kind: Kind, sign: int, core: int) -> Simulation:
    """Relaxed without the torque, in a periodic square of 64 nm, with heavy damping so that transients end soon."""
    grid = Grid(nx=64, ny=64, dx=nm, dy=nm, thickness=0.6 * nm, periodic=(True, True))
    build = textures.neel_skyrmion if kind == "neel" else textures.bloch_skyrmion
    m = build(grid, radius=7.5 * nm, core=core, chirality=sign)
    dmi = {"D": 3e-3 * sign, "D_bulk": 0.0} if kind == "neel" else {"D": 0.0, "D_bulk": 3e-3 * sign}
    terms = all_terms(**dmi, axis=(0, 0, -1), B=(0, 0, 0))
    sim = Simulation(grid, Ms=MS, gamma=GAMMA, terms=terms, torques=[torque], m=m, damping=0.3)
    assert sim.relax(torque=1e-9).converged
    return sim


def in_millitesla(at_0: float, slope: float = 0.0) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The rate (1/s) of a field of at_0 + slope m_z² (mT), a coefficient for |E| ≈ 1."""
    return lambda m_z: GAMMA * 1e-3 * (at_0 + slope * m_z**2)


def all_four(strength: float) -> dict[str, Any]:
    return {name: in_millitesla(strength * at_0, strength * slope) for name, (at_0, slope) in SHAPE.items()}


def spin_orbit(coupling: str = "rashba", **coefficients: Any) -> SpinOrbitTorque:
    return SpinOrbitTorque(**coefficients, E=E, coupling=coupling, ramp=0.05e-9)


def measured(sim: Simulation) -> NDArray[np.float64]:
    track = analysis.track(sim.run(0.4e-9, every=10e-12, progress=False))
    velocity, _, steady = track.velocity(fit_from=0.5)
    assert steady
    return velocity


def difference(sim: Simulation) -> float:
    """Relative difference of the velocity from that of the Thiele equation for the texture at rest."""
    thiele = analysis.thiele(sim).velocity
    found = measured(sim)
    return float(np.linalg.norm(found - thiele) / np.linalg.norm(thiele))


# The drive deforms the skyrmion in proportion to its strength. A turn of the film by π reverses E and V, so that the
# error of V is of third order, relatively 3.8e-6 (strength/mT)² for all four coefficients, and 2.4e-5 at this strength:
WEAK, BOUND = 2.5, 1e-4


@pytest.mark.parametrize(("kind", "sign", "core"), SKYRMIONS)
def test_velocity_is_that_of_the_thiele_equation(kind: Kind, sign: int, core: int) -> None:
    assert difference(skyrmion(spin_orbit(**all_four(WEAK)), kind, sign, core)) < BOUND


@pytest.mark.parametrize(("kind", "sign", "core"), [("neel", 1, -1), ("bloch", -1, 1)])
def test_dresselhaus_coupling(kind: Kind, sign: int, core: int) -> None:
    assert difference(skyrmion(spin_orbit("dresselhaus", **all_four(WEAK)), kind, sign, core)) < BOUND


def test_neel_and_bloch_skyrmions_change_places_between_the_couplings() -> None:
    """ATT after (28) with its sign corrected: for a current along x, helicities 0 (Rashba) and +π/2 (Dresselhaus)."""
    rashba = SpinOrbitTorque(**all_four(WEAK), E=(1.0, 0.0), ramp=0.05e-9)
    neel, bloch = skyrmion(rashba, "neel", 1, -1), skyrmion(replace(rashba, coupling="dresselhaus"), "bloch", 1, -1)
    velocity = measured(neel)
    # A turn of the spins alone by 90° takes one problem on the lattice exactly into the other.
    np.testing.assert_allclose(measured(bloch), velocity, rtol=0, atol=1e-9 * float(np.linalg.norm(velocity)))


def test_microscopic_torque() -> None:
    coefficients = Coefficients(xi0=0.0, xi_parallel=0.0, xi_perpendicular=0.0, **all_four(WEAK))
    assert difference(skyrmion(MicroscopicTorque(coefficients, E=E, ramp=0.05e-9), "neel", 1, 1)) < BOUND


@pytest.mark.parametrize("name", "bcd")
def test_constant_coefficients(name: str) -> None:
    assert difference(skyrmion(spin_orbit(**{name: GAMMA * 1e-3 * WEAK}), "neel", 1, -1)) < BOUND


def test_difference_grows_with_the_square_of_the_drive() -> None:
    weak, strong = (
        difference(skyrmion(spin_orbit(**all_four(strength)), "neel", -1, -1)) for strength in (WEAK, 3 * WEAK)
    )
    assert strong / weak == pytest.approx(9, rel=0.02)


@pytest.mark.parametrize("kind", ["neel", "bloch"])
@pytest.mark.parametrize("core", [-1, 1])
def test_constant_field_like_torque_leaves_it_at_rest(kind: Kind, core: int) -> None:
    sim = skyrmion(spin_orbit(a=10e-3 * GAMMA), kind, 1, core)
    same_size = np.linalg.norm(analysis.thiele(skyrmion(spin_orbit(b=10e-3 * GAMMA), kind, 1, core)).velocity)
    assert same_size > 5  # m/s
    # It is displaced by 0.03 nm while the film tilts and then stays: 4e-10 m/s measured, and falling.
    assert np.abs(measured(sim)).max() < 1e-9 * same_size
