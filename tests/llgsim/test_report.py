"""The comparison of a run with its predictions: where the wall theory applies, and which notes belong to a torque."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import coefficients as co
from coefficients.units import nm
from llgsim import (
    Coefficients,
    Exchange,
    Grid,
    InterfacialDMI,
    MicroscopicTorque,
    Simulation,
    SpinOrbitTorque,
    ThinFilmDemag,
    UniaxialAnisotropy,
    textures,
)
from llgsim.report import Comparison, compare
from tests.compositions import GAMMA, MS, jumping_table, white_noise_table

XI: dict[str, Any] = {"xi0": -0.1, "xi_parallel": 0.05, "xi_perpendicular": 0.05}
DRIVE: dict[str, Any] = {"E": (1e5, 0.0), "drift_velocity": (60.0, 0.0)}


def compared(*torques: Any) -> Comparison:
    """A wall that moves by 1 nm per frame, as if under these torques; nothing is integrated."""
    grid = Grid(nx=100, ny=1, dx=nm, dy=nm, thickness=nm)
    terms = [Exchange(A=15e-12), InterfacialDMI(D=1e-3), UniaxialAnisotropy(K=0.8e6), ThinFilmDemag()]
    frames = np.array([textures.domain_wall(grid, width=5 * nm, center=(40 + k) * nm) for k in range(11)])
    sim = Simulation(grid, Ms=MS, gamma=GAMMA, terms=terms, torques=torques, damping=0.1, m=frames[0])
    run: Any = SimpleNamespace(t=1e-11 * np.arange(11), snapshots=frames, grid=grid)
    return compare(run, sim)


@pytest.mark.parametrize(
    ("torque", "offered"),
    [
        (MicroscopicTorque(white_noise_table(), E=(1e5, 0.0)), True),
        (MicroscopicTorque(Coefficients(**XI), **DRIVE), True),
        (MicroscopicTorque(Coefficients(**XI, a=1e4), **DRIVE), True),
        (MicroscopicTorque(jumping_table(), E=(1e5, 0.0)), False),
        (MicroscopicTorque(jumping_table(), E=(1e5, 0.0), spin_orbit=False), True),
        (MicroscopicTorque(Coefficients(**XI, a=lambda m_z: 1e4 * (1 + 0.1 * m_z**2)), **DRIVE), False),
        *((MicroscopicTorque(Coefficients(**XI, **{name: 1e3}), **DRIVE), False) for name in "bcd"),
        (MicroscopicTorque(Coefficients(**XI, b=1e3), drift_velocity=(60.0, 0.0)), True),
        (SpinOrbitTorque(a=1e4, E=(1e5, 0.0)), False),
    ],
    ids=["noise", "none", "a", "table", "table, off", "a(m_z)", "b", "c", "d", "b, not driven", "no spin transfer"],
)
def test_wall_theory_is_offered_where_spin_orbit_torque_is_none_or_a_uniform_field(torque: Any, offered: bool) -> None:
    comparison = compared(torque)
    assert ("wall theory" in comparison.predictions) == offered
    assert any(note.startswith("wall theory: rigid") for note in comparison.notes) == offered
    assert "Thiele" in comparison.predictions


def test_field_like_torque_is_said_to_be_left_out() -> None:
    for a, said in ((0.0, False), (1e4, True)):
        (note,) = compared(MicroscopicTorque(Coefficients(**XI, a=a), **DRIVE)).notes
        assert ("the field-like torque, which shifts that limit, is not in it" in note) == said


def test_notes_on_xi_are_those_of_a_torque_that_uses_the_xi_of_its_table() -> None:
    white = white_noise_table()
    impurities = co.PointImpurities(density=0.2 / nm**2, strength=np.inf, reference_energy=white.model.fermi_energy)
    table = co.tabulate(white.model, impurities, spin_density=white.spin_density, tolerance=1e-2)
    about_xi, about_torques = table.notes
    for spin_transfer, expected in ((None, {about_xi, about_torques}), ((-0.1, 0.05, 0.05), {about_torques})):
        notes = compared(MicroscopicTorque(table, E=(1e5, 0.0), spin_transfer=spin_transfer)).notes
        assert {note for note in notes if note in table.notes} == expected
