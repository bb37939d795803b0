"""Composed kernels against the plain NumPy sum of terms and torques."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coefficients as co
from coefficients.units import angstrom, electron_mass, eV, fs
from llgsim import Exchange, Grid, MicroscopicTorque, Simulation, ThinFilmDemag, UniaxialAnisotropy, Zeeman
from llgsim.compose import compose, derivative_orders, kernel_source
from llgsim.terms import registered
from tests import oracle
from tests.compositions import GAMMA, MS, all_terms, anisotropic, expected_rate, rough, smooth, zhang_li
from tests.conftest import make_grid

# Both sides round like 1e-16 of the largest contribution to ∂t m; contributions cancel by up to a factor of a hundred,
# and the six-digit weights of one-sided stencils lose two digits more.
TOLERANCE = 1e-12


TORQUES: dict[str, list[Any]] = {
    "none": [],
    "Zhang-Li 6": [zhang_li(6)],
    "Zhang-Li 4": [zhang_li(4)],
    "microscopic": [anisotropic()],
    "microscopic and Zhang-Li 2": [anisotropic(), zhang_li(2)],
}


def assert_same_rate(sim: Simulation, expected: np.ndarray, scale: float | None = None) -> None:
    found = sim.rhs()
    largest = np.abs(expected).max() if scale is None else scale
    np.testing.assert_allclose(found / largest, expected / largest, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("torques", TORQUES)
def test_rate_is_that_of_the_plain_sum_with_a_dense_solve(any_grid: Grid, torques: str) -> None:
    chosen = TORQUES[torques]
    for seed, texture in ((1, rough), (2, smooth)):
        m = texture(any_grid, seed)
        sim = Simulation(any_grid, Ms=MS, gamma=GAMMA, terms=all_terms(), torques=chosen, damping=0.05, m=m)
        assert_same_rate(sim, expected_rate(sim)(m, 0.0))


@pytest.mark.parametrize("name", ["necks", "disk", "4 x 5", "ring of 4", "periodic in x"])
def test_drive_alone_meets_the_oracle_at_every_edge(name: str) -> None:
    """Without fields to hide behind: the rate is the advective derivative alone."""
    grid = make_grid(name)
    off = {"A": 0.0, "D": 0.0, "D_bulk": 0.0, "K": 0.5 * oracle.MU0 * MS**2, "axis": (0, 0, 1), "B": (0, 0, 0)}
    for order in (4, 6):
        m = rough(grid, 3)
        sim = Simulation(grid, Ms=MS, terms=all_terms(**off), torques=[zhang_li(order)], damping=0.0, m=m)
        assert_same_rate(sim, expected_rate(sim)(m, 0.0))


def test_field_is_the_sum_over_bonds(any_grid: Grid) -> None:
    m = rough(any_grid, 4)
    sim = Simulation(any_grid, Ms=MS, terms=all_terms(), damping=0.1, m=m)
    expected = sum(oracle.field_of(term, m, any_grid, MS) for term in sim.terms)
    np.testing.assert_allclose(sim.effective_field(), expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


def test_ramped_and_time_dependent_drives_are_taken_at_the_time_of_the_simulation() -> None:
    grid = make_grid("open")
    m = smooth(grid, 5)
    for torque in (anisotropic(ramp=2e-10), anisotropic(drift_velocity=lambda t: (1e12 * t, 20.0), E=(1e5, 0.0))):
        sim = Simulation(grid, Ms=MS, terms=all_terms(), torques=[torque], m=m)
        rates = []
        for t in (0.0, 5e-11, 3e-10):
            sim.t = t
            assert_same_rate(sim, expected_rate(sim)(m, t))
            rates.append(sim.rhs())
        assert np.abs(rates[1] - rates[0]).max() > 1e-5 * np.abs(rates[0]).max()


def table(form: str = "E") -> co.CoefficientTable:
    model = co.RashbaFerromagnet(
        fermi_energy=2.0 * eV, exchange=0.5 * eV, rashba=0.3 * eV * angstrom, effective_mass=electron_mass
    )
    density = co.spin_density(Ms=400e3, thickness=1e-9)
    return co.tabulate(model, co.WhiteNoise(scattering_time=3 * fs), spin_density=density, form=form)  # type: ignore[arg-type]


def test_torque_of_a_table_is_rescaled_to_the_magnet_and_meets_the_oracle() -> None:
    grid = make_grid("disk")
    m = rough(grid, 6)
    torque = MicroscopicTorque(table(), E=(1.5e5, -4e4))
    sim = Simulation(grid, Ms=MS, gamma=GAMMA, terms=all_terms(), torques=[torque], damping=0.02, m=m)
    # S/A = Ms t/(ħγ): 400e3 A/m and 1 nm (free electron) for the table, this magnet's for the simulation
    scale = (400e3 * 1e-9 / 1.760859630e11) / (MS * grid.thickness / GAMMA)
    assert_same_rate(sim, expected_rate(sim, magnet_scale=scale)(m, 0.0))


@pytest.mark.parametrize("name", [name for name, kind in registered().items() if hasattr(kind, "torque_field")])
def test_torque_field_is_the_field_up_to_a_part_along_m(name: str, any_grid: Grid) -> None:
    (term,) = [term for term in all_terms() if type(term).__name__ == name]
    m = rough(any_grid, 9)
    arguments = [m]
    if term.stencil == "neighbours":
        arguments += [neighbour for _, _, neighbour, _ in oracle.bonds(m, any_grid)]  # east, west, north, south
    parameters = term.parameters(any_grid, MS, GAMMA, 0.0)
    full, cheap = (np.array(function(*arguments, *parameters)) for function in (term.field, term.torque_field))
    scale = sum(abs(number) for number in parameters)  # of each bond: the field itself may vanish
    np.testing.assert_allclose(np.cross(m, full - cheap, axis=0), 0.0, rtol=0, atol=1e-14 * scale)


# -- the text


def test_source_does_not_depend_on_parameter_values() -> None:
    one = kernel_source(all_terms(), [anisotropic(), zhang_li(2)], make_grid("open"), MS, GAMMA)
    changed_terms = all_terms(A=1e-12, D=0.0, D_bulk=1e-4, K=-3e5, axis=(0, 1, 0), B=(1, 2, 3))
    changed_torques = [
        anisotropic(drift_velocity=(1.0, 2.0), E=(3.0, 4.0), ramp=1e-9),
        zhang_li(2, u=(5.0, 6.0), beta=0.0),
    ]
    assert kernel_source(changed_terms, changed_torques, make_grid("torus 4 x 7"), 1e6, 2e11) == one


def test_a_sweep_of_parameters_shares_one_compiled_module() -> None:
    grid = make_grid("open")
    kernels = [compose(all_terms(D=D), [zhang_li(6, u=(D, 0.0))], grid, MS, GAMMA) for D in (1e-3, 2e-3)]
    assert kernels[0].module is kernels[1].module


def test_order_and_repetition_of_terms_are_respected() -> None:
    """Two anisotropies and two fields of one class, in any order, add up."""
    grid = make_grid("one cell")
    m = rough(grid, 10)
    terms = [
        Zeeman(B=(0.1, 0, 0)),
        UniaxialAnisotropy(K=1e5),
        Zeeman(B=(0, 0.3, 0)),
        UniaxialAnisotropy(K=2e5, axis=(1, 0, 0)),
    ]
    sim = Simulation(grid, Ms=MS, terms=terms, damping=0.1, m=m)
    expected = sum(oracle.field_of(term, m, grid, MS) for term in terms)
    np.testing.assert_allclose(sim.effective_field(), expected, rtol=1e-14, atol=1e-15)
    assert list(sim.energies()) == ["Zeeman_1", "UniaxialAnisotropy_1", "Zeeman_2", "UniaxialAnisotropy_2"]


def test_without_terms_there_is_no_field_and_no_energy() -> None:
    grid = make_grid("open")
    sim = Simulation(grid, Ms=MS, terms=[], torques=[zhang_li(6)], damping=0.0, m=smooth(grid, 11))
    assert not sim.effective_field().any()
    assert sim.energy() == 0.0
    assert sim.energies() == {}
    assert_same_rate(sim, expected_rate(sim)(sim.m, 0.0))


def test_source_names_its_parts_and_reads_every_neighbour_once() -> None:
    source = kernel_source([Exchange(A=1e-11), ThinFilmDemag()], [], make_grid("open"), MS, GAMMA)
    assert "exchange_0: llgsim.terms.exchange.Exchange" in source
    assert "thin_film_demag_1: llgsim.terms.thin_film_demag.ThinFilmDemag" in source
    row = source[source.index("def row(") : source.index("def rhs(")]
    for neighbour in ("east", "west", "north", "south"):
        assert row.count(f"{neighbour} = ") == 1
    assert max(len(line) for line in source.splitlines()) <= 120


def test_a_kernel_of_local_terms_reads_no_neighbours() -> None:
    source = kernel_source([Zeeman(B=(0, 0, 1))], [], make_grid("open"), MS, GAMMA)
    assert "east" not in source


def test_derivative_orders_are_listed_once_and_ascending() -> None:
    assert derivative_orders([zhang_li(6), zhang_li(2), anisotropic()]) == (2, 6)
    assert derivative_orders([]) == ()
