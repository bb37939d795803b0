"""Skyrmions of four helicities driven by the spin-orbit torques of Rashba and Dresselhaus systems.

    python examples/05_spin_orbit_skyrmions/helicities.py [FOLDER]

Strong impurities (unitary, 0.2 per nm²) and a current of 10¹¹ A/m² through 1 nm of conductor along x; spin transfer is
left out, lattice damping α0 = 0.3, Q = −1. Writes helicities.png and why_b_matters.png into FOLDER (here, by default)
in about half a minute, the first time one more for compiling.

Expected: V = (1.237, 4.063) m/s for the Néel skyrmion with δ = 0 in the Rashba system, a Hall angle of −106.9°, and
every velocity as the Thiele equation says, to 1e-5. Turning all spins by δ turns the velocity by −δ. In the Dresselhaus
system, where x and y of the electrons' motion are exchanged, the Bloch skyrmion with δ = π/2 moves like this Néel one.
With white noise of the same scattering time b = c = d = 0, and the same skyrmion stays where it is.

The current is imposed as uniform. docs/spin-orbit-torques.md says what the Hall effect of the texture makes of that.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import coefficients as co
from coefficients.figure import COLOURS, new_figure, styled
from coefficients.units import angstrom, electron_mass, eV, nm, ns, ps
from llgsim import (
    BulkDMI,
    Exchange,
    Grid,
    InterfacialDMI,
    MicroscopicTorque,
    Simulation,
    ThinFilmDemag,
    UniaxialAnisotropy,
    analysis,
    textures,
)
from llgsim.analysis.thiele import angle_between

MS, THICKNESS, DAMPING = 580e3, 0.6 * nm, 0.3
SHEET_CURRENT = (1e11 * 1 * nm, 0.0)  # A/m
GRID = Grid(nx=72, ny=72, dx=1 * nm, dy=1 * nm, thickness=THICKNESS, periodic=(True, True))
IMPURITIES = co.PointImpurities(density=0.2 / nm**2, strength=math.inf, reference_energy=1 * eV)
SYSTEMS = ("rashba", "dresselhaus")
HELICITIES = {  # m = (cos(φ+δ) sin θ, sin(φ+δ) sin θ, cos θ); the DMI that prefers it, the texture to start from
    "Néel, δ = 0": (InterfacialDMI(D=3e-3), textures.neel_skyrmion, 1),
    "Bloch, δ = π/2": (BulkDMI(D=3e-3), textures.bloch_skyrmion, 1),
    "Néel, δ = π": (InterfacialDMI(D=-3e-3), textures.neel_skyrmion, -1),
    "Bloch, δ = −π/2": (BulkDMI(D=-3e-3), textures.bloch_skyrmion, -1),
}
Vector = NDArray[np.float64]


class Motion(NamedTuple):
    """A run: its track, measured velocity and that of the Thiele equation (m/s), Hall angles from −j (degrees)."""

    track: analysis.Track
    velocity: Vector
    thiele: Vector
    hall_angle: float
    thiele_hall_angle: float

    @property
    def difference(self) -> float:
        return float(np.hypot(*(self.velocity - self.thiele)) / np.hypot(*self.thiele))


def coefficients(spin_orbit: str, disorder: co.PointImpurities | co.WhiteNoise = IMPURITIES) -> co.CoefficientTable:
    model = co.RashbaFerromagnet(
        fermi_energy=0.5 * eV,
        exchange=0.2 * eV,
        rashba=1.0 * eV * angstrom,
        effective_mass=electron_mass,
        spin_orbit=spin_orbit,
    )
    return co.tabulate(model, disorder, spin_density=co.spin_density(Ms=MS, thickness=THICKNESS), form="J")


def skyrmion(helicity: str) -> Vector:
    """The relaxed skyrmion (3, ny, nx), Q = −1, of a helicity."""
    dmi, texture, chirality = HELICITIES[helicity]
    sim = Simulation(
        GRID, Ms=MS, terms=_terms(dmi), torques=[], damping=DAMPING, m=texture(GRID, radius=8 * nm, chirality=chirality)
    )
    sim.relax()
    return sim.m


def move(start: Vector, helicity: str, table: co.CoefficientTable) -> Motion:
    """Drive a skyrmion by the spin-orbit torque of a table for 0.6 ns."""
    torque = MicroscopicTorque(table, sheet_current=SHEET_CURRENT, spin_transfer="none", ramp=50 * ps)
    dmi = HELICITIES[helicity][0]
    sim = Simulation(GRID, Ms=MS, terms=_terms(dmi), torques=[torque], damping=DAMPING, m=start)
    track = analysis.track(sim.run(0.6 * ns, every=10 * ps, progress=False))
    velocity, _, _ = track.velocity(0.5)
    theory = analysis.thiele(sim)
    hall_angle = angle_between(-np.array(SHEET_CURRENT), velocity)
    return Motion(track, velocity, theory.velocity, hall_angle, theory.hall_angle)


def _terms(dmi: InterfacialDMI | BulkDMI) -> list[object]:
    return [Exchange(A=15e-12), dmi, UniaxialAnisotropy(K=0.8e6), ThinFilmDemag()]


@styled
def helicities_figure(motions: dict[tuple[str, str], Motion]) -> Figure:
    """Velocities of the four helicities in both systems, measured (arrows) and from the Thiele equation (circles)."""
    figure = new_figure(9.0, 4.6)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    largest = 1.25 * max(float(np.hypot(*motion.velocity)) for motion in motions.values())
    for ax, system in zip(axes, SYSTEMS):
        ax.axhline(0.0, color="0.85", linewidth=0.8, zorder=0)
        ax.axvline(0.0, color="0.85", linewidth=0.8, zorder=0)
        for colour, helicity in zip(COLOURS, HELICITIES):
            motion = motions[system, helicity]
            ax.annotate(
                "",
                xy=tuple(motion.velocity),
                xytext=(0.0, 0.0),
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0},
            )
            ax.plot(*motion.thiele, "o", color=colour, markerfacecolor="none", markersize=11, label=helicity)
        ax.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal", xlabel="$V_x$ (m/s)")
        ax.set_title(f"{system.capitalize()} coupling")
    axes[0].set_ylabel("$V_y$ (m/s)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    density = SHEET_CURRENT[0] / (1 * nm)
    figure.suptitle(
        f"Spin-orbit torque of a current of {density:.0e} A/m² along $x$ on skyrmions with $Q$ = −1: "
        "measured (arrows), Thiele (circles)".replace("1e+11", r"10$^{11}$"),
        fontsize=10,
    )
    return figure


@styled
def why_b_matters(tables: dict[str, co.CoefficientTable], motions: dict[str, Motion]) -> Figure:
    """The coefficients of white noise and of strong impurities, and how far they move the same skyrmion."""
    figure = new_figure(9.0, 3.9)
    left, right = figure.subplots(1, 2)
    n_z = np.linspace(0.0, 1.0, 201)
    for name, style in (("white noise", "--"), ("strong impurities", "-")):
        for colour, letter in zip(COLOURS, "abcd"):
            values = getattr(tables[name], letter)(n_z)
            if name == "white noise" and letter in "cd":
                continue  # on top of b = 0
            label = f"${letter}$" if name == "strong impurities" else "$a$" if letter == "a" else "$b = c = d = 0$"
            left.plot(n_z, 1e-6 * values, style, color=colour if letter != "b" or style == "-" else "0.4", label=label)
        motion = motions[name]
        colour = "0.4" if name == "white noise" else COLOURS[1]
        for component, line in ((motion.track.x, "-"), (motion.track.y, ":")):
            axis = "$x$" if line == "-" else "$y$"
            right.plot(
                1e9 * motion.track.t, 1e9 * (component - component[0]), line, color=colour, label=f"{axis}, {name}"
            )
    left.set(xlabel="$|n_z|$", ylabel=r"coefficient ($10^6$ s$^{-1}$ per A/m)", xlim=(0, 1))
    left.set_title("dashed: white noise of the same scattering time")
    left.legend(ncols=2)
    right.set(xlabel="time (ns)", ylabel="displacement of the skyrmion (nm)", xlim=(0, None))
    right.set_title("the same skyrmion, the same current")
    right.legend()
    return figure


def main(folder: Path) -> tuple[dict[tuple[str, str], Motion], Motion]:
    """Run everything, write the figures; the motions by system and helicity, and that with white noise."""
    folder.mkdir(parents=True, exist_ok=True)
    at_rest = {helicity: skyrmion(helicity) for helicity in HELICITIES}
    tables = {system: coefficients(system) for system in SYSTEMS}
    print(
        f"scattering time {1e15 * tables['rashba'].scattering_time:.2f} fs, mean free path "
        f"{tables['rashba'].mean_free_path / nm:.2f} nm"
    )
    print(
        f"{'system':12} {'helicity':16} {'V_x (m/s)':>10} {'V_y (m/s)':>10} {'Thiele':>10} {'':>10} {'Hall':>9} "
        f"{'Thiele':>9} {'difference':>11}"
    )
    motions = {}
    for system in SYSTEMS:
        for helicity, start in at_rest.items():
            motion = motions[system, helicity] = move(start, helicity, tables[system])
            print(
                f"{system:12} {helicity:16} {motion.velocity[0]:10.5f} {motion.velocity[1]:10.5f} "
                f"{motion.thiele[0]:10.5f} {motion.thiele[1]:10.5f} {motion.hall_angle:8.2f}° "
                f"{motion.thiele_hall_angle:8.2f}° {motion.difference:11.1e}"
            )
    name = next(iter(HELICITIES))
    white_noise = coefficients("rashba", co.WhiteNoise(scattering_time=tables["rashba"].scattering_time))
    still = move(at_rest[name], name, white_noise)
    print(f"{'white noise':12} {name:16} {still.velocity[0]:10.1e} {still.velocity[1]:10.1e}   (b = c = d = 0)")
    helicities_figure(motions).savefig(folder / "helicities.png")
    why_b_matters(
        {"white noise": white_noise, "strong impurities": tables["rashba"]},
        {"white noise": still, "strong impurities": motions["rashba", name]},
    ).savefig(folder / "why_b_matters.png")
    print(f"wrote helicities.png and why_b_matters.png in {folder}")
    return motions, still


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
