"""What richer physics and better derivatives cost: the microscopic torque, and stencils of fourth order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import coefficients as co
from benchmarks import problem
from benchmarks.machine import Probes
from benchmarks.timing import Record, Settings, Stepping, alternate, spread
from benchmarks.timing import table as formatted
from coefficients.units import angstrom, electron_mass, eV, fs, nm
from llgsim import Coefficients, MicroscopicTorque, Simulation, ZhangLi

SIZES = (256, 1024)
BASE = "Zhang-Li, 2nd-order advection"


def _tabulated(
    disorder: co.WhiteNoise | co.PointImpurities, fermi_energy: float, exchange: float, rashba: float
) -> co.CoefficientTable:
    """A table for the magnet of the problem; energies in eV, the Rashba coefficient in eV·Å."""
    model = co.RashbaFerromagnet(
        fermi_energy=fermi_energy * eV,
        exchange=exchange * eV,
        rashba=rashba * eV * angstrom,
        effective_mass=electron_mass,
    )
    spins = co.spin_density(Ms=problem.MS, thickness=problem.THICKNESS)
    return co.tabulate(model, disorder, spin_density=spins)


def _pieces(table: co.CoefficientTable) -> str:
    lengths = [len(series) for series in table.torque_pieces().series]
    return f"{len(lengths)} piece{'s' * (len(lengths) > 1)} of up to {max(lengths)} terms"


def _compared(settings: Settings, simulations: dict[str, dict[str, Any]]) -> list[Record]:
    """Seconds per step of each kind of simulation, and as a ratio to the first, at each size."""
    records = []
    for n in settings.sizes(SIZES):
        sims: dict[str, Simulation] = {
            name: problem.simulation(n, tilt=1e-2, **changes) for name, changes in simulations.items()
        }
        steppings = {name: Stepping(sim, settings.seconds) for name, sim in sims.items()}
        seconds = alternate(steppings, settings.rounds)
        first = next(iter(seconds))
        for name, sample in seconds.items():
            per_time = sample.times(1e-9 / steppings[name].dt)
            reference = seconds[first].times(1e-9 / steppings[first].dt)
            ratios = {"step_ratio": sample.ratio(seconds[first]), "time_ratio": per_time.ratio(reference)}
            record: Record = {"name": name, "N": n, "dt": steppings[name].dt, "k": steppings[name].step_count}
            record |= {"frame_share": steppings[name].frame_share, "seconds": sample.as_dict()}
            record |= {"seconds_per_nanosecond": per_time.as_dict()}
            for key, ratio in ratios.items():
                record[key] = ratio.as_dict()
            records.append(record)
    return records


def measure_microscopic(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """Zhang-Li with 2nd and 6th-order advection, the microscopic torque with constant ξ and with a table's ξ(n_z).

    Then a, b, c, d of impurities as series on one piece, and on many pieces for a Fermi energy that leaves the gap.
    Along the diagonal both derivatives of m are needed, along x one.
    """
    along, diagonal = problem.U, (problem.U[0] / 2**0.5, problem.U[0] / 2**0.5)
    constant = Coefficients(xi0=-0.15, xi_parallel=0.1, xi_perpendicular=0.07)
    table = _tabulated(co.WhiteNoise(scattering_time=5 * fs), 2.0, 0.5, 0.6)
    impurities = co.PointImpurities(density=0.05 / nm**2, strength=math.inf, reference_energy=1 * eV)
    smooth, jumping = _tabulated(impurities, 0.5, 0.2, 1.0), _tabulated(impurities, 0.18, 0.2, 1.0)
    field = tuple(jumping.electric_field(drift_velocity=along))
    stated = (-0.08, 0.2, 0.05)  # inside the gap ξ must be stated
    return _compared(
        settings,
        {
            BASE: {},
            "Zhang-Li, 2nd order, u along the diagonal": {
                "torques": [ZhangLi(u=diagonal, beta=0.3, derivative_order=2)]
            },
            "Zhang-Li, 6th-order advection": {"torques": [problem.zhang_li(6)]},
            "constant ξ0, ξ∥, ξ⊥": {"torques": [MicroscopicTorque(constant, drift_velocity=along)]},
            "ξ0, ξ∥, ξ⊥ of n_z and a": {"torques": [MicroscopicTorque(table, drift_velocity=along)]},
            "ξ0, ξ∥, ξ⊥ of n_z and a, along the diagonal": {
                "torques": [MicroscopicTorque(table, drift_velocity=diagonal)]
            },
            f"ξ of n_z, a-d in {_pieces(smooth)}": {"torques": [MicroscopicTorque(smooth, drift_velocity=along)]},
            f"constant ξ, a-d in {_pieces(jumping)}": {
                "torques": [MicroscopicTorque(jumping, E=field, spin_transfer=stated)]
            },
        },
    )


def measure_order(settings: Settings, probes: Probes, threads: Sequence[int]) -> list[Record]:
    """Exchange and DMI with stencils of second and of fourth order; advection of second order in both."""
    return _compared(
        settings,
        {
            "stencil_order=2": {"terms": problem.terms(stencil_order=2)},
            "stencil_order=4": {"terms": problem.terms(stencil_order=4)},
        },
    )


def report(records: list[Record]) -> str:
    headers = ["", "N", "dt (fs)", "k steps", "µs/step", "ratio of steps", "s/ns", "ratio per simulated time"]
    rows = [
        [
            *(r["name"], r["N"], 1e15 * r["dt"], r["k"], 1e6 * r["seconds"]["median"], spread(r["step_ratio"])),
            *(r["seconds_per_nanosecond"]["median"], spread(r["time_ratio"])),
        ]
        for r in records
    ]
    return formatted(headers, rows)
