"""What richer physics and better derivatives cost: the microscopic torque, and stencils of fourth order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import coefficients as co
from benchmarks import problem
from benchmarks.machine import Probes
from benchmarks.timing import Record, Settings, Stepping, alternate, spread
from benchmarks.timing import table as formatted
from coefficients.units import angstrom, electron_mass, eV, fs
from llgsim import Coefficients, MicroscopicTorque, Simulation, ZhangLi

SIZES = (256, 1024)
BASE = "Zhang-Li, 2nd-order advection"


def _electrons() -> co.CoefficientTable:
    """A Rashba ferromagnet with white-noise disorder: ξ that depend on n_z, and a field-like spin-orbit torque."""
    model = co.RashbaFerromagnet(
        fermi_energy=2 * eV, exchange=0.5 * eV, rashba=0.6 * eV * angstrom, effective_mass=electron_mass
    )
    spins = co.spin_density(Ms=problem.MS, thickness=problem.THICKNESS)
    return co.tabulate(model, co.WhiteNoise(scattering_time=5 * fs), spin_density=spins)


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

    Along the diagonal both derivatives of m are needed, along x one.
    """
    along, diagonal = problem.U, (problem.U[0] / 2**0.5, problem.U[0] / 2**0.5)
    constant = Coefficients(xi0=-0.15, xi_parallel=0.1, xi_perpendicular=0.07)
    table = _electrons()
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
