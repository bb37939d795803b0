"""Case files: a whole simulation as TOML, from the electron model to what is written.

Every key carries its unit as a suffix (`dx_nm`, `rashba_eV_angstrom`). `read_case` checks the whole file and reports
all problems at once, each with its dotted path; a `Case` then builds the coefficient table and the simulation.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import coefficients as co
from llgsim import textures
from llgsim.analysis import topological_charge
from llgsim.case_sections import (
    DISORDER,
    LISTS,
    ONE_OF,
    REQUIRED,
    SECTIONS,
    TERMS,
    TORQUES,
    Drive,
    Kinds,
    Output,
    Problem,
    check_list,
    check_one_of,
    check_section,
    did_you_mean,
)
from llgsim.grid import Grid
from llgsim.ovf import read_ovf
from llgsim.simulation import Simulation
from llgsim.torques import MicroscopicTorque


class CaseError(ValueError):
    """A case file that cannot be run; `problems` holds everything that is wrong with it."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{name}: {count}", *(f"  {problem}" for problem in problems)]))


@dataclass(frozen=True)
class Case:
    """A checked case file.

    Attributes
    ----------
    title : str
    sections : dict
        The checked sections by name; [[terms]] and [[torques]] are tuples of sections.
    text : str
        The file as it was written.
    folder : Path
        Where it lies; relative paths in it start there.
    progress : bool
        Whether to show a progress bar while the coefficients are computed.
    """

    title: str
    sections: dict[str, Any]
    text: str
    folder: Path
    progress: bool = False

    @property
    def resolved(self) -> dict[str, Any]:
        """The case with all defaults filled in, as plain data in the keys of the file."""
        resolved: dict[str, Any] = {"title": self.title}
        for name, section in self.sections.items():
            if isinstance(section, tuple):
                resolved[name] = [entry.model_dump(mode="json", exclude_none=True) for entry in section]
            else:
                resolved[name] = section.model_dump(mode="json", exclude_none=True)
        return resolved

    @property
    def has_electrons(self) -> bool:
        """Whether the case has an electron model, and so a coefficient table."""
        return "electrons" in self.sections

    @property
    def drive_names(self) -> list[str]:
        """The drives given: at most one of them is allowed."""
        drive = self.sections.get("drive", Drive())
        names = ("E_V_per_m", "current_density_A_per_m2", "sheet_current_A_per_m", "drift_velocity_m_per_s")
        return [name for name in names if getattr(drive, name) is not None]

    @cached_property
    def grid(self) -> Grid:
        section, magnet = self.sections["grid"], self.sections["magnet"]
        return Grid(
            **(section.si() | {"periodic": ("x" in section.periodic, "y" in section.periodic)}),
            thickness=magnet.si()["thickness"],
        )

    @cached_property
    def table(self) -> co.CoefficientTable:
        """The coefficients of the electron model for this magnet, in the form that the drive needs."""
        electrons, magnet = self.sections["electrons"].si(), self.sections["magnet"].si()
        disorder, values = DISORDER[self.sections["disorder"].kind][0], _values(self.sections["disorder"])
        options = {"tolerance": values.pop("tolerance")} if "tolerance" in values else {}
        density = co.spin_density(Ms=magnet["Ms"], thickness=magnet["thickness"], gamma=magnet["gamma"])
        current = self.drive_names and "current" in self.drive_names[0]
        return co.tabulate(
            co.RashbaFerromagnet(**electrons),
            disorder(**values),
            spin_density=density,
            form="J" if current else "E",
            progress=self.progress,
            **options,
        )

    @cached_property
    def terms(self) -> list[Any]:
        """The energy terms."""
        return [_built(section, TERMS) for section in self.sections["terms"]]

    @cached_property
    def torques(self) -> list[Any]:
        """The torque of the electron model, if there is one, and those of [[torques]]."""
        built: list[Any] = []
        if self.has_electrons:
            drive = self.sections.get("drive", Drive()).si()
            if "current_density" in drive:
                thickness = drive.pop("conductor_thickness")
                drive["sheet_current"] = tuple(j * thickness for j in drive.pop("current_density"))
            elif not self.drive_names:
                drive["E"] = (0.0, 0.0)
            built.append(MicroscopicTorque(self.table, **drive))
        return built + [_built(section, TORQUES) for section in self.sections.get("torques", ())]

    @cached_property
    def start(self) -> Any:
        """The start texture (3, ny, nx), before relaxation."""
        section = self.sections["start"]
        if section.texture == "file":
            return _read_state(self.folder / section.path, self.grid)
        values = {key: value for key, value in section.si().items() if key not in ("texture", "relax")}
        return getattr(textures, section.texture.replace("-", "_"))(self.grid, **values)

    def simulation(self) -> Simulation:
        """A simulation in the start state, not relaxed."""
        magnet = self.sections["magnet"].si()
        return Simulation(
            self.grid,
            Ms=magnet["Ms"],
            terms=self.terms,
            torques=self.torques,
            damping=magnet.get("damping"),
            gamma=magnet["gamma"],
            m=self.start,
        )


def _read_state(path: Path, grid: Grid) -> Any:
    import numpy as np

    if path.suffix == ".npy":
        try:
            return np.load(path)
        except (ValueError, EOFError):
            raise ValueError(f"{path} is not a NumPy file of numbers (numpy.save of an array (3, ny, nx))") from None
    if path.suffix != ".ovf":
        raise ValueError(f"{path} must end in .npy or .ovf")
    field = read_ovf(path)
    for name, there, here in (("dx", field.dx, grid.dx), ("dy", field.dy, grid.dy)):
        if not math.isclose(there, here, rel_tol=1e-6):
            raise ValueError(f"{path} has cells of {name} = {there * 1e9:g} nm, [grid] says {here * 1e9:g} nm")
    return field.values


def read_case(path: str | Path, *, progress: bool = False) -> Case:
    """Read and check a case file, with a progress bar for the coefficients of its electrons if asked for.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    CaseError
        The file is not TOML, or something in it is wrong; holds all problems.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "" if "[[" in text else "; each energy term is a block headed [[terms]], in double brackets"
        raise CaseError(str(path), [Problem("TOML", f"{error}{hint}")]) from None
    except UnicodeDecodeError as error:
        raise CaseError(str(path), [Problem("TOML", f"the file is not UTF-8 text: {error.reason}")]) from None
    except IsADirectoryError:
        raise CaseError(str(path), [Problem("TOML", "this is a folder, not a case file")]) from None
    return case_from(data, text=text, folder=path.parent, name=str(path), progress=progress)


def case_from(
    data: Mapping[str, Any],
    *,
    text: str = "",
    folder: Path | None = None,
    name: str = "case",
    progress: bool = False,
) -> Case:
    """A checked case from the data of a case file (as `tomllib` reads it, or `Case.resolved`); raises CaseError."""
    problems: list[Problem] = []
    sections: dict[str, Any] = {}
    title = data.get("title", "")
    if not isinstance(title, str):
        problems.append(Problem("title", f"must be a text in quotes, got {title!r}"))
        title = ""
    known = ["title", *SECTIONS, *ONE_OF, *LISTS]
    for key in data:
        if key not in known:
            problems.append(Problem(key, f"unknown section or key{did_you_mean(key, known)}"))
    for required in REQUIRED:
        if required not in data:
            brackets = f"[[{required}]]" if required == "terms" else f"[{required}]"
            problems.append(Problem(required, f"the section {brackets} is missing"))
    for section, model in SECTIONS.items():
        if section in data:
            check_section(section, model, data[section], sections, problems)
    for section, (key, models) in ONE_OF.items():
        if section in data:
            check_one_of(section, key, models, data[section], sections, problems)
    for section in LISTS:
        if section in data:
            check_list(section, data[section], sections, problems)
    if "output" not in data:
        sections["output"] = Output()
    order = ["electrons", "disorder", "magnet", "grid", "terms", "start", "drive", "torques", "run", "output"]
    ordered = {key: sections[key] for key in order if key in sections}
    case = Case(title=title, sections=ordered, text=text, folder=folder or Path("."), progress=progress)
    problems += _cross_checks(case, data)
    if not problems:
        problems += _build_checks(case)
    if problems:
        raise CaseError(name, problems)
    return case


def _cross_checks(case: Case, data: Mapping[str, Any]) -> list[Problem]:
    """What no section can see alone; each check runs if the sections that it needs are sound."""
    sections = case.sections
    problems: list[Problem] = []

    def add(path: str, message: str) -> None:
        problems.append(Problem(path, message))

    for one, other in (("electrons", "disorder"), ("disorder", "electrons")):
        if one in data and other not in data:
            add(other, f"the section [{other}] is missing; [{one}] needs it")
    if "drive" in data and "electrons" not in data:
        add("electrons", "the section [electrons] is missing; [drive] acts on the electrons")
    problems += _electron_checks(case, data)
    if "magnet" in sections and sections["magnet"].damping is None:
        if "electrons" not in data:
            add("magnet.damping", "is missing; it is required without an electron model")
        elif case.sections.get("drive", Drive()).spin_transfer == "none":
            add("magnet.damping", 'is missing; with drive.spin_transfer = "none" the electrons damp nothing')
    problems += _drive_checks(case)
    problems += _torque_checks(case)
    too_large = _memory_problem(sections["grid"]) if "grid" in sections else []
    problems += too_large
    if "grid" in sections and "magnet" in sections and not too_large:
        if "start" in sections:
            problems += _start_checks(case)
        if "terms" in sections and not sections["terms"]:
            add("terms", "there must be at least one [[terms]] block")
    problems += _schedule_checks(data)
    return problems


def _raw_number(data: Mapping[str, Any], section: str, key: str) -> float | None:
    """A finite number of the file, whether or not the rest of its section is sound."""
    value = data.get(section, {}).get(key) if isinstance(data.get(section), Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _electron_checks(case: Case, data: Mapping[str, Any]) -> list[Problem]:
    """Whether the coefficients exist: those of white noise and all ξ with both subbands filled only."""
    energies = [_raw_number(data, "electrons", key) for key in ("fermi_energy_eV", "exchange_eV")]
    if None in energies or "disorder" not in case.sections or energies[0] > energies[1]:  # type: ignore[operator]
        return []
    fermi_energy, exchange = energies
    if case.sections["disorder"].kind == "white-noise":
        message = (
            f"= {fermi_energy:g} must exceed electrons.exchange_eV = {exchange:g}: with white noise the coefficients "
            "exist only with both subbands filled; for point impurities a-d exist in the gap as well"
        )
        return [Problem("electrons.fermi_energy_eV", message)]
    if "drive" in case.sections and case.sections["drive"].spin_transfer is not None:
        return []
    message = (
        f"is missing: electrons.fermi_energy_eV = {fermi_energy:g} does not exceed electrons.exchange_eV = "
        f'{exchange:g}, where xi does not exist; give "none", or three numbers [xi0, xi_parallel, xi_perpendicular]'
    )
    return [Problem("drive.spin_transfer", message)]


def _drive_checks(case: Case) -> list[Problem]:
    if "drive" not in case.sections:
        return []
    drive, names = case.sections["drive"], case.drive_names
    problems = []
    if drive.spin_transfer is not None and not case.has_electrons:
        problems.append(Problem("drive.spin_transfer", "is used with [electrons] only"))
    if len(names) > 1:
        problems.append(Problem("drive", f"give one drive only, got {' and '.join(names)}"))
    density, thickness = drive.current_density_A_per_m2, drive.conductor_thickness_nm
    if density is not None and thickness is None:
        message = "is missing; current_density_A_per_m2 needs the thickness of the conductor"
        problems.append(Problem("drive.conductor_thickness_nm", message))
    if density is None and thickness is not None:
        problems.append(Problem("drive.conductor_thickness_nm", "is used with current_density_A_per_m2 only"))
    return problems


def _start_checks(case: Case) -> list[Problem]:
    section = case.sections["start"]
    is_file = section.texture == "file"
    try:
        m = textures.normalised(case.start, case.grid)
    except FileNotFoundError:
        return [Problem("start.path", f"there is no file {case.folder / section.path}")]
    except (ValueError, OSError, EOFError) as error:
        message = str(error)
        if is_file:
            return [Problem("start.path", message if section.path in message else f"{section.path}: {message}")]
        named = re.match(r"\w+: (\w+) = ", message)
        keys = type(section).model_fields
        key = next((key for key in keys if named and key.startswith(named[1])), None)
        return [Problem(f"start.{key}" if key else "start", message)]
    if section.texture.endswith("skyrmion") and abs(topological_charge(m, case.grid)) < 0.5:
        message = (
            "this skyrmion has no topological charge on the grid: the cells are too coarse, or it reaches over an open "
            "edge; use smaller cells or move it"
        )
        return [Problem("start", message)]
    return []


def _schedule_checks(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    duration_ns, every = (_raw_number(data, "run", key) for key in ("duration_ns", "every_ps"))
    if duration_ns is None or every is None or min(duration_ns, every) <= 0:
        return []
    duration = duration_ns * 1e3

    def divides(small: float, large: float) -> bool:
        return large >= small * (1 - 1e-9) and math.isclose(large / small, round(large / small), rel_tol=1e-6)

    if not divides(every, duration):
        message = f"= {every:g} must divide run.duration_ns = {duration_ns:g} (in ps: {duration:g})"
        problems.append(Problem("run.every_ps", message))
    snapshots = _raw_number(data, "output", "snapshots_every_ps")
    if snapshots is not None and snapshots > 0 and not (divides(every, snapshots) and divides(snapshots, duration)):
        message = (
            f"= {snapshots:g} must be a multiple of run.every_ps = {every:g} and divide the duration, {duration:g} ps"
        )
        problems.append(Problem("output.snapshots_every_ps", message))
    return problems


def _memory_problem(grid: Any) -> list[Problem]:
    """Refuse a grid whose state and Runge-Kutta stages (about 20 arrays of 24 bytes per cell) exceed the memory."""
    needed = grid.nx * grid.ny * 24 * 20
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not known on this system
        return []
    if needed <= there:
        return []
    message = (
        f"{grid.nx} x {grid.ny} cells need about {needed / 1e9:.0f} GB of memory; this machine has {there / 1e9:.0f} GB"
    )
    return [Problem("grid", message)]


def _build_checks(case: Case) -> list[Problem]:
    """Build everything once: what the Python API refuses is reported like any other problem."""
    problems = []
    for name, kinds in LISTS.items():
        for index, section in enumerate(case.sections.get(name, ())):
            try:
                _built(section, kinds)
            except ValueError as error:
                problems.append(Problem(f"{name}[{index}]", str(error)))
    if problems:
        return problems
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the report repeats a table's warnings
        try:
            if case.has_electrons:
                case.table  # noqa: B018
        except (ValueError, RuntimeError) as error:
            return [Problem("electrons", str(error))]
        try:
            case.simulation()
        except ValueError as error:
            return [Problem("electrons" if "xi0" in str(error) else "case", str(error))]
    return []


def _torque_checks(case: Case) -> list[Problem]:
    """That [[torques]] kind = "spin-orbit" has coefficients, those of its drive."""
    problems = []
    for index, section in enumerate(case.sections.get("torques", ())):
        if section.kind != "spin-orbit":
            continue
        if not any(value for key, value in section if key[:2] in ("a_", "b_", "c_", "d_")):
            problems.append(Problem(f"torques[{index}]", "gives none of a, b, c, d: it does nothing"))
        for drive, unit in (("E_V_per_m", "m_per_V_s"), ("sheet_current_A_per_m", "m_per_A_s")):
            if getattr(section, drive) is None:
                keys = [f"{name}_{unit}" for name in "abcd" if getattr(section, f"{name}_{unit}") is not None]
                problems += [Problem(f"torques[{index}].{key}", f"goes with {drive}, which is missing") for key in keys]
    return problems


def _built(section: Any, kinds: Kinds) -> Any:
    """What the kind of a section stands for."""
    of, _ = kinds[section.kind]
    return of(**_values(section))


def _values(section: Any) -> dict[str, Any]:
    return {name: value for name, value in section.si().items() if name != "kind"}
