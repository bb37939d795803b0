"""Micromagnetic simulations whose torque coefficients are computed from a microscopic electron model."""

from llgsim import analysis, textures
from llgsim.grid import Grid
from llgsim.simulation import Simulation, SimulationError
from llgsim.store import Column, Run
from llgsim.terms import BulkDMI, Exchange, InterfacialDMI, ThinFilmDemag, UniaxialAnisotropy, Zeeman
from llgsim.torques import Coefficients, MicroscopicTorque, ZhangLi

__all__ = [
    "BulkDMI",
    "Coefficients",
    "Column",
    "Exchange",
    "Grid",
    "InterfacialDMI",
    "MicroscopicTorque",
    "Run",
    "Simulation",
    "SimulationError",
    "ThinFilmDemag",
    "UniaxialAnisotropy",
    "Zeeman",
    "ZhangLi",
    "analysis",
    "textures",
]
