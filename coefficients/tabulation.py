"""From an electron model, a disorder and a magnet to a checked table of coefficients."""

from __future__ import annotations

import math
import warnings
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from coefficients import closed_form, kubo
from coefficients.disorder import WhiteNoise
from coefficients.rashba import RashbaFerromagnet
from coefficients.spin_orbit import Form
from coefficients.table import N_Z_GRID, CoefficientTable

LARGEST_NUMERICAL_ERROR = 1e-8
"""A table whose two routes disagree by more is refused."""


def package_version() -> str:
    """Version of the installed distribution, "0+unknown" when run from a source tree."""
    try:
        return version("llgsim")
    except PackageNotFoundError:
        return "0+unknown"


def tabulate(
    model: RashbaFerromagnet, disorder: WhiteNoise, *, spin_density: float, form: Form = "E"
) -> CoefficientTable:
    """The table of coefficients of a magnet, checked against the Kubo quadrature at 21 values of n_z.

    Parameters
    ----------
    model : RashbaFerromagnet
    disorder : WhiteNoise
    spin_density : float > 0
        S/A (m⁻²), from `spin_density(Ms=, thickness=, gamma=)`.
    form : "E" or "J"
        What a, b, c, d multiply: the electric field or the sheet current. Never affects ξ.

    Warns
    -----
    UserWarning
        Each entry of the table's `warnings`, once.

    Raises
    ------
    ValueError
        fermi_energy ≤ exchange (only one subband filled), a spin density that is not positive, an unknown form.
    TypeError
        Another model or disorder.
    RuntimeError
        The two routes disagree by more than 1e-8: a bug, or D and S beyond about 1e4.

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
    if not isinstance(disorder, WhiteNoise):
        raise TypeError(f"tabulate: disorder must be a WhiteNoise, not {type(disorder).__name__}")
    if form not in ("E", "J"):
        raise ValueError(f'tabulate: form = {form!r} must be "E" (response to the field) or "J" (to the sheet current)')
    spin_density = float(spin_density)
    if not (math.isfinite(spin_density) and spin_density > 0):
        raise ValueError(
            f"tabulate: spin_density = {spin_density!r} m⁻² must be positive and finite; it is Ms t/(ħγ), from "
            "co.spin_density(Ms=, thickness=)"
        )
    model.require_two_subbands("tabulate")
    D, S = model.dimensionless(disorder.scattering_time)
    exact = np.array(closed_form.t_coefficients(D, S, N_Z_GRID, sign=model.exchange_sign))
    check = np.array(kubo.t_coefficients(D, S, N_Z_GRID, sign=model.exchange_sign))
    # without spin-orbit coupling t∥ = t⊥ = 0 on both routes
    difference = np.abs(check - exact) / np.where(exact == 0.0, 1.0, np.abs(exact))
    numerical_error = float(difference.max())
    if not numerical_error <= LARGEST_NUMERICAL_ERROR:
        raise RuntimeError(
            f"tabulate: closed form and Kubo quadrature differ by {numerical_error:.2g} (D = {D:.6g}, S = {S:.6g}); "
            "a table may be off by 1e-8 at most. Unless D or S are beyond 1e4, this is a bug to report."
        )
    table = CoefficientTable(
        model=model,
        disorder=disorder,
        spin_density=spin_density,
        form=form,
        numerical_error=numerical_error,
        version=package_version(),
    )
    for text in table.warnings:
        warnings.warn(text, UserWarning, stacklevel=2)
    return table
