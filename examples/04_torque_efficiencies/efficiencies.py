"""Spin-orbit torque efficiencies with strong impurities, against Fermi energy and against the angle of m.

    python examples/04_torque_efficiencies/efficiencies.py [FOLDER]

The systems of Figs. 3 and 4 of Veneri, Perkins and Ferreira (VPF): m* = 0.8 m_e, α = 17 meV nm, 5·10¹⁴ impurities per
m² with w = mW/2ħ² = 0.234 at 5 meV. Writes efficiencies_energy.png and efficiencies_angle.png into FOLDER (here, by
default) in some 5 s.

Left, the response to the field, K/σ_xx (E-form); right, the response to the current, Kσ⁻¹ (J-form), in the same unit.
They differ by σ_xy alone. VPF define their efficiencies by the J-form, but the "giant damping-like torque" inside the
gap, up to 7 % of the field-like one, is that of the E-form: a field also drives a Hall current, whose field-like torque
looks damping-like. Per current hardly anything is left of it.

Expected: at ε = 4.5 meV and m along the normal, |K_xx/K_xy| = 6.95 % in the E-form and 0.034 % in the J-form; for
ε = 4.5 meV the coefficients jump at θ_c = 0.747, where the Fermi energy leaves the gap.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from coefficients import tmatrix
from coefficients.figure import COLOURS, new_figure, styled
from coefficients.units import electron_mass, hbar, meV, nm

MASS = 0.8 * electron_mass * meV * nm**2 / hbar**2  # 1/(meV nm²), with ħ = 1
ALPHA, DENSITY, STRENGTH, REFERENCE = 17.0, 5e-4, 0.234, 5.0  # meV nm, 1/nm², w, meV
FERMI_VELOCITY = 5e4  # m/s, VPF's v
EFFICIENCY = 2.0 * FERMI_VELOCITY * hbar / (meV * nm)  # θ = 2 v ħ K_J (VPF below 27, without the sign of e)
Floats = NDArray[np.float64]


def at(energy: float, theta: float, exchange: float) -> tmatrix.Response:
    return tmatrix.response(
        m=MASS,
        alpha=ALPHA,
        Delta_xc=exchange,
        energy=energy,
        density=DENSITY,
        inverse_strength=MASS / (2.0 * STRENGTH),
        reference_energy=REFERENCE,
        theta=theta,
    )


def both_forms(answer: tmatrix.Response) -> tuple[Floats, Floats]:
    """|θ_αβ| (3, 2) in the E-form, with K/σ_xx, and in the J-form, with Kσ⁻¹."""
    return EFFICIENCY * np.abs(answer.K / answer.sigma[0, 0]), EFFICIENCY * np.abs(answer.K_J)


@styled
def against_energy() -> Figure:
    """VPF Fig. 3: efficiencies against the Fermi energy, m along the normal (a) and at 45° (b), Δ_xc m_z = 4.8 meV."""
    figure = new_figure(8.6, 6.6)
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, (name, theta) in enumerate((("a) m along the normal", 0.0), (r"b) $\theta = \pi/4$", math.pi / 4))):
        exchange = 4.8 / math.cos(theta)
        edge = tmatrix.upper_band_minimum(MASS, ALPHA, exchange, math.sin(theta), math.cos(theta))[1]
        energies = np.unique(np.concatenate([np.linspace(2.0, 12.0, 101), edge + np.linspace(-0.05, 0.05, 61)]))
        found = np.array([both_forms(at(energy, theta, exchange)) for energy in energies])
        for column, form in enumerate(
            ("response to the field, $K/\\sigma_{xx}$", "response to the current, $K\\sigma^{-1}$")
        ):
            ax = axes[row, column]
            lines = [(0, 1, "-", 0, r"$\theta_{xy}$ field-like"), (0, 0, "-", 1, r"$\theta_{xx}$ damping-like")]
            if row == 1:
                lines += [(1, 1, "--", 5, r"$\theta_{yy}$ damping-like"), (2, 1, "-.", 2, r"$\theta_{zy}$ field-like")]
            for alpha, beta, style, colour, label in lines:
                ax.semilogy(energies, found[:, column, alpha, beta], style, color=COLOURS[colour], label=label)
            ax.axvspan(energies[0], edge, color="0.9", linewidth=0, zorder=0)
            ax.text(0.02, 0.03, "in the gap", transform=ax.transAxes, fontsize=9, color="0.35")
            ax.set_title(f"{name}, {form}", fontsize=10)
            ax.set(xlim=(2.0, 12.0), ylim=(1e-5, 2.0))
            ax.legend(loc="lower right", fontsize=8)
            if row == 1:
                ax.set_xlabel(r"Fermi energy $\varepsilon$ (meV)")
            if column == 0:
                ax.set_ylabel(r"efficiency $|\theta_{\alpha\beta}|$")
    figure.suptitle(_parameters(r"$\Delta_{xc} m_z$ = 4.8 meV"), fontsize=10)
    return figure


@styled
def against_angle(critical: float) -> Figure:
    """VPF Fig. 4: the torque coefficients against the angle of m, for a Fermi energy inside and above the gap.

    critical is the angle (rad) at which the Fermi energy leaves the gap.
    """
    figure = new_figure(8.6, 6.6)
    axes = figure.subplots(2, 2, sharex=True)
    for column, energy in enumerate((4.5, 5.5)):
        angles = np.linspace(0.01, math.pi / 2 - 0.01, 121)
        if column == 0:
            angles = np.unique(np.concatenate([angles, critical + np.linspace(-0.03, 0.03, 121)]))
        answers = [at(energy, theta, 5.0) for theta in angles]
        scale = np.array([EFFICIENCY / answer.sigma[0, 0] for answer in answers])
        forms = (
            np.array([answer.torques for answer in answers]).T * scale,
            EFFICIENCY * np.array([answer.torques_J for answer in answers]).T,
        )
        for row, (values, form) in enumerate(zip(forms, ("response to the field", "response to the current"))):
            ax = axes[row, column]
            for index, style, label in (
                (0, "-", r"$\tau_1^o$ ($a$)"),
                (1, "-", r"$\tau_1^e$ ($b$)"),
                (2, ":", r"$\tau_2^o$ ($c$)"),
                (3, "--", r"$\tau_2^e$ ($d$)"),
            ):
                ax.semilogy(angles, np.abs(values[index]), style, color=COLOURS[index], label=label)
            if column == 0:
                ax.axvspan(0.0, critical, color="0.9", linewidth=0, zorder=0)
                ax.axvline(critical, color="0.4", linewidth=0.8)
                ax.text(0.02, 0.03, "in the gap", transform=ax.transAxes, fontsize=9, color="0.35")
                ax.text(critical + 0.02, 0.08, rf"$\theta_c$ = {critical:.3f}", transform=ax.get_xaxis_transform())
            ax.set_title(rf"$\varepsilon$ = {energy} meV, {form}", fontsize=10)
            ax.set(xlim=(0.0, math.pi / 2), ylim=(1e-6, 2.0))
            if row == 1:
                ax.set_xlabel(r"angle $\theta$ of m from the normal (rad)")
            if column == 0:
                ax.set_ylabel(r"efficiency $2\hbar v|\tau|$")
    axes[0, 1].legend(loc="lower right", ncols=2)
    figure.suptitle(_parameters(r"$\Delta_{xc}$ = 5 meV"), fontsize=10)
    return figure


def critical_angle() -> float:
    """θ_c (rad) at ε = 4.5 meV, where the upper band begins at the Fermi energy."""
    edge = tmatrix.gap_edge(tmatrix.Parameters(MASS, ALPHA, 5.0, 4.5, DENSITY, MASS / (2.0 * STRENGTH), REFERENCE))
    assert edge is not None
    return math.acos(math.sqrt(edge.x))


def _parameters(exchange: str) -> str:
    return (
        rf"$m^*$ = 0.8 $m_e$, $\alpha$ = 17 meV nm, {exchange}, $n$ = 5·10$^{{-4}}$ nm$^{{-2}}$, "
        rf"$w$ = {STRENGTH}, $v$ = 5·10$^4$ m/s"
    )


def numbers() -> tuple[float, float, float]:
    """Print and return the ratios |K_xx/K_xy| of the two forms at 4.5 meV along the normal, and θ_c."""
    answer = at(4.5, 0.0, 4.8)
    E_form, J_form = both_forms(answer)
    ratios = float(E_form[0, 0] / E_form[0, 1]), float(J_form[0, 0] / J_form[0, 1])
    print(
        f"epsilon = 4.5 meV, m along the normal: |K_xx/K_xy| = {ratios[0]:.2%} per field, {ratios[1]:.3%} per current"
    )
    hall = math.degrees(math.atan(abs(answer.sigma[0, 1] / answer.sigma[0, 0])))
    print(f"Hall angle of the electrons there: {hall:.2f} degrees")
    above = [form[0, 0] / form[0, 1] for form in both_forms(at(6.0, 0.0, 4.8))]
    print(f"epsilon = 6 meV, above the gap: {above[0]:.2%} per field, {above[1]:.3%} per current")
    critical = critical_angle()
    print(f"epsilon = 4.5 meV, exchange 5 meV: the Fermi energy leaves the gap at theta_c = {critical:.4f}")
    return *ratios, critical


def main(folder: Path) -> None:
    """Print the numbers and write the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    *_, critical = numbers()
    against_energy().savefig(folder / "efficiencies_energy.png")
    against_angle(critical).savefig(folder / "efficiencies_angle.png")
    print(f"wrote efficiencies_energy.png and efficiencies_angle.png in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
