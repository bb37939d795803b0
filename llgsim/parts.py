"""Whether terms and torques, built-in ones and a user's own, are what a kernel can be composed of."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from llgsim.grid import Grid
from llgsim.stencils import check_stencil_order

TERM, TORQUE = ("parameters", "field", "energy", "field_bound"), ("parameters", "angular_velocity", "rate_bound")
DIFFERENCES = {"cell": (), "laplacian": ("lx", "ly"), "gradient": ("gx", "gy")}  # by stencil


def checked_terms(terms: Any, grid: Grid, Ms: float, gamma: float) -> tuple[Any, ...]:
    """The terms as a tuple; ValueError for one that lacks a member or whose functions fail on a cell."""
    for index, term in enumerate(_listed("terms", terms)):
        owner = _complete(f"terms[{index}]", term, TERM, "an energy term such as Exchange(A=…)", "llgsim.terms")
        stencil, order = getattr(term, "stencil", None), getattr(term, "stencil_order", 2)
        if stencil not in DIFFERENCES:
            raise ValueError(
                f'{owner}.stencil = {stencil!r} must be "cell", "laplacian" or "gradient" (fields no longer take the '
                'four neighbours); see help("llgsim.terms")'
            )
        check_stencil_order(owner, order)
        names = ("m", *DIFFERENCES[stencil])
        _tried(owner, term, "field", names, grid, Ms, gamma, (3,))
        _tried(owner, term, "energy", names, grid, Ms, gamma, ())
    return tuple(terms)


def checked_torques(torques: Any, grid: Grid, Ms: float, gamma: float) -> tuple[Any, ...]:
    """The torques as a tuple; ValueError as for terms."""
    for index, torque in enumerate(_listed("torques", torques)):
        owner = _complete(
            f"torques[{index}]", torque, TORQUE, "a torque such as ZhangLi(u=…, beta=…)", "llgsim.torques.Torque"
        )
        order, axes = torque.derivative_order, torque.derivative_axes
        if order not in (0, 2, 4, 6):
            raise ValueError(f"{owner}.derivative_order = {order!r} must be 0, 2, 4 or 6")
        if axes not in ("", "x", "y", "xy"):
            raise ValueError(f'{owner}.derivative_axes = {axes!r} must be "x", "y", "xy" or ""')
        expected = 7 if torque.renormalises else 3
        _tried(owner, torque, "angular_velocity", ("m", "ddx", "ddy"), grid, Ms, gamma, (expected,))
    return tuple(torques)


def _listed(name: str, parts: Any) -> Sequence[Any]:
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        raise ValueError(f"Simulation: {name} = {parts!r} must be a list")
    return parts


def _complete(place: str, part: Any, members: Sequence[str], example: str, topic: str) -> str:
    """The name of a part that has all members."""
    missing = [name for name in members if not hasattr(part, name)]
    if len(missing) == len(members):
        raise ValueError(f"Simulation: {place} = {part!r} is not {example}")
    if missing:
        hint = "; a rate R = m × V of earlier versions is Ω = −V" if hasattr(part, "rate") else ""
        raise ValueError(f'{type(part).__name__} must define {" and ".join(missing)}{hint}; see help("{topic}")')
    return type(part).__name__


def _tried(
    owner: str,
    part: Any,
    name: str,
    names: tuple[str, ...],
    grid: Grid,
    Ms: float,
    gamma: float,
    shape: tuple[int, ...],
) -> None:
    """Call a per-cell function with numbers: mistakes in it are easier to read here than from the compiler."""
    function = getattr(part, name)
    if inspect.ismethod(function):
        raise ValueError(f"{owner}.{name} must be a @staticmethod of the numbers of one cell, without self")
    parameters = part.parameters(grid, Ms, gamma, 0.0)
    try:
        numbers = [np.float64(number) for number in parameters]
    except TypeError:
        raise ValueError(f"{owner}.parameters must return a tuple of numbers, not {parameters!r}") from None
    triple = tuple(np.float64(component) for component in (0.48, 0.6, 0.64))
    taken = f"{', '.join(names)} and {len(numbers)} parameters"
    try:
        with np.errstate(all="ignore"):
            result = getattr(function, "py_func", function)(*[triple] * len(names), *numbers)
    except NotImplementedError:  # it calls something that exists only compiled, a numba intrinsic
        return
    except Exception as error:
        raise ValueError(f"{owner}.{name} fails when called with {taken}: {error}") from error
    if np.shape(result) != shape:
        what = f"{shape[0]} numbers" if shape else "a number"
        raise ValueError(f"{owner}.{name} must return {what}, not {result!r}")
