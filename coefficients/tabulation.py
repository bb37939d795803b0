"""From an electron model, a disorder and a magnet to a checked table of coefficients."""

from __future__ import annotations

import itertools
import math
import sys
import warnings
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from coefficients import closed_form, kubo, spin_orbit, tmatrix
from coefficients.closed_form import Floats
from coefficients.disorder import PointImpurities, WhiteNoise
from coefficients.piecewise import PiecewiseChebyshev, constant, fit
from coefficients.rashba import RashbaFerromagnet
from coefficients.spin_orbit import ELECTRON_CHARGE, Form, even_functions
from coefficients.table import COLUMN, FUNCTIONS, N_Z_GRID, CoefficientTable
from coefficients.units import eV, hbar

LARGEST_DIFFERENCE = 1e-8
"""A table whose two routes to ξ disagree by more is refused."""
KUBO_ROUNDING = 64.0 * sys.float_info.epsilon
"""Times S², the difference that rounding of the Kubo quadrature may make: for S > D terms of 4S², with some 16
roundings each, average to numbers of order 1. Up to 18 epsilon S² were found. The closed form keeps its digits."""
KINDS = [[COLUMN[name] for name in FUNCTIONS if FUNCTIONS[name] == unit] for unit in dict.fromkeys(FUNCTIONS.values())]
"""Columns of one unit: what belongs to K, to the current, to the conductivity; the broadening."""
SMALL = 1e-4
"""Below this fraction of the largest function of its kind the tolerance of a function no longer falls with it."""
ROUNDING = 1e-11
"""Error of a, b, c, d, K and σ from rounding, relative to the largest value."""
ROUNDING_OF_C = 2e-14
"""Error of c and d from rounding, relative to a, times m_x²: they are differences of parts of K divided by m_x²."""
ROUNDING_ALONG = 1e-11
"""Relative rounding of the spins along m, which grows with the inverse square of the spin-orbit coupling."""
ALONG = [COLUMN["along_x"], COLUMN["along_y"]]
IS_ALONG = np.isin(np.arange(len(FUNCTIONS)), ALONG)
"""They drive no torque, and their error does not count as that of the table."""


def package_version() -> str:
    """Version of the installed distribution, "0+unknown" when run from a source tree."""
    try:
        return version("llgsim")
    except PackageNotFoundError:
        return "0+unknown"


def tabulate(
    model: RashbaFerromagnet,
    disorder: WhiteNoise | PointImpurities,
    *,
    spin_density: float,
    form: Form = "E",
    tolerance: float = 1e-6,
    progress: bool = False,
) -> CoefficientTable:
    """The table of coefficients of a magnet; ξ checked against the Kubo quadrature at 21 values of n_z.

    For point impurities a, b, c, d, K and σ are computed by `coefficients.tmatrix` at some hundreds of n_z, from which
    Chebyshev series in n_z² are made, on pieces that are divided where the coefficients jump because the Fermi energy
    leaves the exchange gap (see `CoefficientTable.gap_edge`).

    Parameters
    ----------
    model : RashbaFerromagnet
    disorder : WhiteNoise or PointImpurities
    spin_density : float > 0
        S/A (m⁻²), from `spin_density(Ms=, thickness=, gamma=)`.
    form : "E" or "J"
        What a, b, c, d multiply: the electric field or the sheet current. Never affects ξ.
    tolerance : float
        Error allowed to the series for point impurities, 1e-10 to 1e-2, relative to the largest value of each
        coefficient (and of 1e-4 of the largest of a, b, c, d for those that are smaller still; likewise for σ).
    progress : bool
        Whether to show a progress bar, for point impurities.

    Warns
    -----
    UserWarning
        Each entry of the table's `warnings`, once.

    Raises
    ------
    ValueError
        fermi_energy ≤ exchange (only one subband filled) for white noise; a Fermi energy at which there are no states
        for point impurities; a spin density that is not positive, an unknown form, a tolerance out of range.
    TypeError
        Another model or disorder.
    RuntimeError
        The two routes disagree by more than 1e-8 and the rounding of the Kubo quadrature, which grows as S²: a bug.

    Examples
    --------
    >>> import coefficients as co
    >>> from coefficients.units import eV, angstrom, electron_mass, fs
    >>> model = co.RashbaFerromagnet(fermi_energy=1.0 * eV, exchange=0.2 * eV, rashba=0.1 * eV * angstrom,
    ...                              effective_mass=electron_mass)
    >>> table = co.tabulate(model, co.WhiteNoise(scattering_time=10 * fs), spin_density=2e19)
    >>> table.xi0([0.0, 1.0]).round(4), table.numerical_error < 1e-12
    (array([-0.0216, -0.0209]), True)
    """
    if not isinstance(model, RashbaFerromagnet):
        raise TypeError(f"tabulate: model must be a RashbaFerromagnet, not {type(model).__name__}")
    if not isinstance(disorder, WhiteNoise | PointImpurities):
        raise TypeError(f"tabulate: disorder must be WhiteNoise or PointImpurities, not {type(disorder).__name__}")
    if form not in ("E", "J"):
        raise ValueError(f'tabulate: form = {form!r} must be "E" (response to the field) or "J" (to the sheet current)')
    spin_density = float(spin_density)
    if not (math.isfinite(spin_density) and spin_density > 0):
        raise ValueError(
            f"tabulate: spin_density = {spin_density!r} m⁻² must be positive and finite; it is Ms t/(ħγ), from "
            "co.spin_density(Ms=, thickness=)"
        )
    if not 1e-10 <= tolerance <= 1e-2:
        raise ValueError(f"tabulate: tolerance = {tolerance!r} must lie between 1e-10 and 1e-2")
    if isinstance(disorder, WhiteNoise):
        model.require_two_subbands("tabulate")
        found: dict[str, Any] = {"response": _white_noise(model, disorder), "numerical_error": 0.0}
    else:
        found = _point_impurities(model, disorder, tolerance, progress)
    table = CoefficientTable(
        model=model,
        disorder=disorder,
        spin_density=spin_density,
        form=form,
        version=package_version(),
        **found,
    )
    if table.has_xi:
        table = replace(table, numerical_error=max(table.numerical_error, _checked_xi(table)))
    for text in table.warnings:
        warnings.warn(text, UserWarning, stacklevel=2)
    return table


def _checked_xi(table: CoefficientTable) -> float:
    """Largest relative difference of the two routes to ξ at `N_Z_GRID`; RuntimeError if they do not agree."""
    D, S, sign = table.D, table.S, table.model.exchange_sign
    exact = np.array(closed_form.t_coefficients(D, S, N_Z_GRID, sign=sign))
    check = np.array(kubo.t_coefficients(D, S, N_Z_GRID, sign=sign))
    # without spin-orbit coupling t∥ = t⊥ = 0 on both routes
    difference = float((np.abs(check - exact) / np.where(exact == 0.0, 1.0, np.abs(exact))).max())
    largest = max(LARGEST_DIFFERENCE, KUBO_ROUNDING * S**2)
    if not difference <= largest:
        raise RuntimeError(
            f"tabulate: closed form and Kubo quadrature differ by {difference:.2g} (D = {D:.6g}, S = {S:.6g}), where "
            f"{largest:.2g} is the most that rounding explains: this is a bug to report"
        )
    return difference


def _white_noise(model: RashbaFerromagnet, disorder: WhiteNoise) -> PiecewiseChebyshev:
    """The Edelstein effect alone, the same for every direction of m (AOT 105, A9)."""
    time = disorder.scattering_time
    K_xy, sigma = spin_orbit.edelstein(model, time), spin_orbit.sheet_conductivity(model, time)
    a_J = K_xy * ELECTRON_CHARGE**2 / sigma  # K per conductivity in e²/ħ, times ħ
    values = dict.fromkeys(FUNCTIONS, 0.0)
    values |= {"a": K_xy, "a_J": a_J, "along_y": K_xy, "sigma_xx": sigma, "sigma_yy": sigma}
    values["broadening"] = hbar / (2.0 * time)
    return constant([values[name] for name in FUNCTIONS])


def _point_impurities(
    model: RashbaFerromagnet, disorder: PointImpurities, tolerance: float, progress: bool
) -> dict[str, Any]:
    """What a CoefficientTable holds of point impurities: response, its error, and where not to trust it."""
    from tqdm import tqdm  # takes time to import, and is needed here only

    # units in which ħ = m = 1 and the exchange is ±1
    energy, length = model.exchange, hbar / math.sqrt(model.effective_mass * model.exchange)
    parameters = tmatrix.Parameters(
        m=1.0,
        alpha=model.rashba / (energy * length),
        Delta_xc=float(model.exchange_sign),
        energy=model.fermi_energy / energy,
        density=disorder.density * length**2,
        inverse_strength=disorder.inverse_strength * energy * length**2,
        reference_energy=disorder.reference_energy / energy,
    )
    lowest = tmatrix.band_bottom(1.0, parameters.alpha, 1.0, 0.0)  # for m along the normal; lower for all others
    if parameters.energy <= lowest:
        raise ValueError(
            f"tabulate: fermi_energy = {model.fermi_energy / eV:.6g} eV lies below the lower band, which begins at "
            f"{lowest * energy / eV:.6g} eV for m along the normal: there are no electrons; raise fermi_energy"
        )
    start = None

    def functions(x: float) -> Floats:
        nonlocal start
        m_x, m_z = math.sqrt(1.0 - x), math.sqrt(x)
        solution = tmatrix.solve(parameters, m_x, m_z, start=start)
        start = solution.self_energy
        bar.update()
        return np.append(even_functions(solution.K, solution.sigma, m_x, m_z), -start[0].imag)

    def rounding(x: Floats, values: Floats) -> Floats:
        noise = np.zeros_like(values)
        for name, beside in (("c", "a"), ("d", "a"), ("c_J", "a_J"), ("d_J", "a_J")):
            noise[:, COLUMN[name]] = ROUNDING_OF_C * np.abs(values[:, COLUMN[beside]]) / (1.0 - x)
        noise[:, ALONG] = rounding_along * np.abs(values[:, ALONG])
        return noise

    # spins along m relax by spin-orbit coupling alone: (αp_F/Δ_xc)² in units of the rate at which they are made
    coupling = 2.0 * parameters.alpha**2 * (1.0 + abs(parameters.energy))
    rounding_along = ROUNDING_ALONG / coupling if coupling > 0.0 else 0.0
    gap_edge = tmatrix.gap_edge(parameters)
    breaks = [gap_edge.x + 0.5 * gap_edge.width * times for times in (-16, -4, -1, 0, 1, 4, 16)] if gap_edge else []

    def scales(values: Floats) -> Floats:
        largest = np.abs(values).max(axis=0)
        for kind in KINDS:
            largest[kind] = np.maximum(largest[kind], SMALL * largest[kind].max())
        return np.where(largest > 0.0, largest, 1.0)

    with tqdm(desc="T-matrix response", unit=" directions", disable=not progress, leave=False) as bar:
        response, resolved = fit(
            functions,
            breaks=breaks,
            tolerances=lambda values: (
                np.where(IS_ALONG, 1.0 + 4.0 * rounding_along / tolerance, 1.0) * tolerance * scales(values)
            ),
            rounding=rounding,
        )
    x = np.concatenate([np.linspace(left, right, 9) for left, right in itertools.pairwise(response.edges)])
    scale = scales(response(x).T)
    response = replace(response, errors=response.errors + ROUNDING * scale)
    error = float((response.errors / scale)[:, ~IS_ALONG].max())
    # conductivity is in e²/ħ, so that K_J has the unit of K
    si = {
        "1/(J m)": 1.0 / (energy * length),
        "s/m": hbar / (energy * length),
        "S": ELECTRON_CHARGE**2 / hbar,
        "J": energy,
    }
    return {
        "response": response.scaled([si[unit] for unit in FUNCTIONS.values()]),
        "numerical_error": error,
        "gap_edge": gap_edge,
        "blurred": _blurred(parameters, gap_edge, response),
        "resolved": resolved,
    }


def _blurred(
    parameters: tmatrix.Parameters, gap_edge: tmatrix.GapEdge | None, response: PiecewiseChebyshev
) -> tuple[float, float] | None:
    """The m_z² between which |ε − E*| < |Im Σ_0|, E* being the minimum of the upper band; None if nowhere."""
    x = np.linspace(0.0, 1.0, 257)
    m, alpha, exchange, energy = parameters[:4]
    minima = [tmatrix.upper_band_minimum(m, alpha, exchange, math.sqrt(1.0 - z2), math.sqrt(z2))[1] for z2 in x]
    inside = x[np.abs(np.array(minima) - energy) < response(x)[COLUMN["broadening"]]]
    if gap_edge is not None:  # which may be narrower than the distance of two x
        edge = gap_edge.x + 0.5 * gap_edge.width * np.array([-1.0, 1.0])
        inside = np.concatenate([inside, np.clip(edge, 0.0, 1.0)])
    return (float(inside.min()), float(inside.max())) if inside.size else None
