"""The problem that everything is measured on: one Néel skyrmion in a magnetic film, driven by a Zhang-Li torque."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llgsim import Exchange, Grid, InterfacialDMI, Simulation, UniaxialAnisotropy, ZhangLi, textures

CELL = 2e-9  # m
THICKNESS = 0.6e-9  # m
MS = 580e3  # A/m
A = 15e-12  # J/m
D = 3e-3  # J/m², interfacial
K = 0.5886e6  # J/m³ along z, with the demagnetisation of a thin film in it
ALPHA = 0.3
U = (100.0, 0.0)  # m/s
BETA = 0.3
GAMMA = 1.760859630e11  # rad/(s T)
RADIUS = 7.5e-9  # m, before relaxation
FLOP = 75  # per cell and evaluation of the right-hand side of this problem, with its share of the Runge-Kutta sums
EVALUATIONS = 4  # per step


def grid(n: int, periodic: bool = False) -> Grid:
    """n × n cells."""
    return Grid(nx=n, ny=n, dx=CELL, dy=CELL, thickness=THICKNESS, periodic=(periodic, periodic))


def terms(**options: Any) -> list[Any]:
    """Exchange, DMI and anisotropy; `options` such as stencil_order go to the two with derivatives."""
    return [Exchange(A=A, **options), InterfacialDMI(D=D, **options), UniaxialAnisotropy(K=K)]


def zhang_li(derivative_order: int = 2) -> ZhangLi:
    return ZhangLi(u=U, beta=BETA, derivative_order=derivative_order)


@functools.cache
def skyrmion() -> NDArray[np.float64]:
    """The relaxed skyrmion on 64 × 64 periodic cells, core down in the middle."""
    small = grid(64, periodic=True)
    m = textures.neel_skyrmion(small, radius=RADIUS)
    sim = Simulation(small, Ms=MS, terms=terms(), damping=ALPHA, m=m, gamma=GAMMA)
    sim.relax()
    return np.array(sim.m)


def start(n: int, tilt: float = 0.0) -> NDArray[np.float64]:
    """The relaxed skyrmion in the middle of n × n cells that point up elsewhere.

    Every component is changed at random by `tilt` or so. Without, m_x and m_y fall exponentially away from the skyrmion
    and the edges, on large grids in single precision into the numbers that processors are slow with.
    """
    m = np.zeros((3, n, n))
    m[2] = 1
    small = skyrmion()
    size = min(n, small.shape[1])
    low, cut = (n - size) // 2, (small.shape[1] - size) // 2
    m[:, low : low + size, low : low + size] = small[:, cut : cut + size, cut : cut + size]
    m += tilt * np.random.default_rng(seed=1).standard_normal(m.shape)
    return np.asarray(m / np.sqrt((m**2).sum(axis=0)))


def simulation(n: int, *, dtype: str = "float64", threads: int = 1, tilt: float = 0.0, **changes: Any) -> Simulation:
    """The problem on n × n cells with open edges; `changes` replace arguments of Simulation."""
    arguments: dict[str, Any] = {"terms": terms(), "torques": [zhang_li()], "damping": ALPHA, **changes}
    if "m" not in arguments:
        arguments["m"] = start(n, tilt)
    return Simulation(grid(n), Ms=MS, gamma=GAMMA, dtype=dtype, threads=threads, **arguments)
