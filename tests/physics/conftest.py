"""The magnet, the coefficients and the relaxed skyrmions that the tests of the dynamics share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from llgsim import (
    Coefficients,
    Exchange,
    Grid,
    InterfacialDMI,
    Simulation,
    ThinFilmDemag,
    UniaxialAnisotropy,
    textures,
)

nm = 1e-9


@pytest.fixture(scope="session")
def coefficients() -> Callable[..., Coefficients]:
    """ξ0, ξ∥, ξ⊥ of the reference cases from x0, c0, xp, c1, xq, c2; a and b of a spin-orbit torque."""

    def build(*, x0: float, c0: float, xp: float, c1: float, xq: float, c2: float, **spin_orbit: float) -> Coefficients:
        return Coefficients(
            xi0=lambda m_z: x0 * (1 + c0 * (1 - m_z**2) / (1 + m_z**2)),
            xi_parallel=lambda m_z: xp * (1 + 2 * c1 / (1 + m_z**2)),
            xi_perpendicular=lambda m_z: xq * (1 + c2 * m_z**2) / (1 + m_z**2),
            **spin_orbit,
        )

    return build


@pytest.fixture(scope="session")
def magnet() -> Callable[..., Simulation]:
    """A film with K_eff = 0.5886e6 J/m³; always the same five terms, so that only a torque can ask for a new kernel."""

    def build(
        grid: Grid, m: ArrayLike, torque: Any, *, D: float = 0.0, hard_axis: float = 0.0, **options: Any
    ) -> Simulation:
        terms = [
            Exchange(A=15e-12),
            InterfacialDMI(D=D),
            UniaxialAnisotropy(K=0.8e6),
            ThinFilmDemag(),
            UniaxialAnisotropy(K=-hard_axis, axis=(0, 1, 0)),
        ]
        return Simulation(grid, Ms=580e3, terms=terms, torques=[torque], m=m, **options)

    return build


@pytest.fixture(scope="session")
def film_skyrmion(magnet: Callable[..., Simulation]) -> Callable[..., Simulation]:
    """A relaxed Néel skyrmion in the middle of a periodic square of 80 nm, relaxed once for each magnet and cell."""
    relaxed: dict[tuple[float, float, int], NDArray[np.float64]] = {}

    def build(torque: Any, *, cell_nm: float, D: float, core: int, **options: Any) -> Simulation:
        h, n = cell_nm * nm, round(80 / cell_nm)
        grid = Grid(nx=n, ny=n, dx=h, dy=h, thickness=0.6 * nm, periodic=(True, True))
        key = cell_nm, D, core
        m = relaxed.get(key, textures.neel_skyrmion(grid, radius=7.5 * nm, core=core))
        sim = magnet(grid, m, torque, D=D, **options)
        if key not in relaxed:
            sim.relax(torque=1e-9)
            relaxed[key] = sim.m
        return sim

    return build
