"""When the numbers of a simulation should not be trusted: resolution, gradients, linear response."""

from __future__ import annotations

import math

import numpy as np

from coefficients import CoefficientTable
from llgsim.analysis import skyrmion_radius, topological_charge
from llgsim.simulation import Simulation
from llgsim.terms import Exchange, ThinFilmDemag, UniaxialAnisotropy
from llgsim.terms.thin_film_demag import VACUUM_PERMEABILITY
from llgsim.torques import MicroscopicTorque


def exchange_and_anisotropy(sim: Simulation) -> tuple[float, float]:
    """A (J/m) and the effective perpendicular anisotropy K_eff (J/m³, thin-film demagnetisation included)."""
    A = sum(term.A for term in sim.terms if isinstance(term, Exchange))
    K = sum(term.K * term.axis[2] ** 2 for term in sim.terms if isinstance(term, UniaxialAnisotropy))
    if any(isinstance(term, ThinFilmDemag) for term in sim.terms):
        K -= VACUUM_PERMEABILITY * sim.Ms**2 / 2
    return A, K


def wall_width(sim: Simulation) -> float:
    """Wall width parameter Δ = √(A/K_eff) of the material (m); nan without exchange or perpendicular anisotropy."""
    A, K = exchange_and_anisotropy(sim)
    return math.sqrt(A / K) if A > 0 and K > 0 else math.nan


def validity_warnings(sim: Simulation) -> list[str]:
    """What to know before believing a velocity, each with its numbers; empty if nothing speaks against it.

    Cells against the wall width (h ≤ Δ/2) and the skyrmion radius (h ≤ R/3); for a coefficient table its own warnings,
    the mean free path against Δ and R, and v_d against 0.1 v_F. Lengths of the texture are those of sim.m.
    """
    found: list[str] = []
    h = max((step for n, step in ((sim.grid.nx, sim.grid.dx), (sim.grid.ny, sim.grid.dy)) if n > 1), default=0.0)
    width = wall_width(sim)
    lengths = {} if math.isnan(width) else {"wall width": width}
    if h > width / 2:
        found.append(
            f"cells of {h * 1e9:.3g} nm are coarser than half the wall width, Delta/2 = {width / 2 * 1e9:.3g} nm: the "
            "texture is not resolved"
        )
    if abs(topological_charge(sim.m, sim.grid)) > 0.5:
        try:
            radius = skyrmion_radius(sim.m, sim.grid)
        except ValueError:
            pass  # several skyrmions have no one radius; `track` is what refuses them, by name
        else:
            lengths["skyrmion radius"] = radius
            if h > radius / 3:
                found.append(
                    f"cells of {h * 1e9:.3g} nm are coarser than a third of the skyrmion radius, R/3 = "
                    f"{radius / 3 * 1e9:.3g} nm: the skyrmion may collapse"
                )
    for torque in sim.torques:
        if isinstance(torque, MicroscopicTorque) and isinstance(torque.coefficients, CoefficientTable):
            table = torque.coefficients
            found += table.warnings
            for name, length in lengths.items():
                found += table.check_length(length, name)
            found += table.check_drift_velocity(np.asarray(torque.drift_velocity_at(sim.m, sim.t)))
    return found
