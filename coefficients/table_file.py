"""The file of a coefficient table: JSON with one row of numbers per line, and a checksum."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from coefficients.closed_form import Floats
from coefficients.disorder import PointImpurities, WhiteNoise
from coefficients.piecewise import PiecewiseChebyshev
from coefficients.rashba import RashbaFerromagnet
from coefficients.table import FUNCTIONS, CoefficientTable
from coefficients.tmatrix import GapEdge

FORMAT = "llgsim coefficient table"
FORMAT_VERSION = 2
SERIES = (
    "piece, k, and for every function the coefficient of T_k(2(n_z² - left)/(right - left) - 1). The columns a, b, c, "
    "d are torque_factor times the functions of these names in the E-form, and times a_J, b_J, c_J, d_J in the J-form"
)
"""What the numbers in `series` are, for readers of the file."""


def _checksum(document: dict[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _write(path: Path, document: dict[str, Any], rows: list[list[float]]) -> None:
    """Write document and rows, one item of a list per line; doubles read back exactly. ValueError for NaN."""
    whole = {"format": FORMAT, "format_version": FORMAT_VERSION, **document, "rows": rows}
    whole = {"sha256": _checksum(whole), **whole}
    lines = []
    for key, value in whole.items():
        if isinstance(value, list) and value:
            items = ",\n".join(f"    {json.dumps(item, ensure_ascii=False, allow_nan=False)}" for item in value)
            lines.append(f'  "{key}": [\n{items}\n  ]')
        else:
            lines.append(f'  "{key}": {json.dumps(value, ensure_ascii=False, allow_nan=False)}')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _read(path: Path) -> tuple[dict[str, Any], list[list[float]]]:
    """The document and its rows; ValueError for another kind of file, another version, or a checksum that fails."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"{path}: not JSON text ({error}); it is damaged, or not a file written by table.save. Make the table "
            "again with co.tabulate and save it."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'{path}: not a coefficient table: its "format" is not "{FORMAT}"')
    if document.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{path}: format version {document.get('format_version')!r}, this version of the package reads "
            f"{FORMAT_VERSION}. Read it with version {document.get('package_version')!r} of the package, or make the "
            "table again with co.tabulate."
        )
    if document.get("sha256") != _checksum(document):
        raise ValueError(
            f"{path}: the checksum does not fit the content: the file is damaged or was edited. Make the table again "
            "with co.tabulate and save it."
        )
    return document, document.pop("rows", [])


def save_table(table: CoefficientTable, path: str | Path) -> None:
    """Write the file of a table; see `CoefficientTable.save`."""
    document = {
        "package_version": table.version,
        "scheme": table.scheme,
        "form": table.form,
        "model": {
            "kind": "rashba-ferromagnet",
            "fermi_energy_J": table.model.fermi_energy,
            "exchange_J": table.model.exchange,
            "rashba_J_m": table.model.rashba,
            "effective_mass_kg": table.model.effective_mass,
            "exchange_sign": table.model.exchange_sign,
            "spin_orbit": table.model.spin_orbit,
        },
        "disorder": _disorder(table.disorder),
        "scattering_time_s": table.scattering_time,
        "spin_density_per_m2": table.spin_density,
        "relative_error": {"numerical": table.numerical_error, "scheme": table.scheme_error},
        "warnings": list(table.warnings),
        "notes": list(table.notes),
        "gap_edge": None
        if table.gap_edge is None
        else {"n_z_squared": table.gap_edge.x, "width_in_n_z_squared": table.gap_edge.width},
        "blurred_n_z_squared": table.blurred,
        "resolved": table.resolved,
        "columns": [
            {"name": "n_z", "unit": "1", "description": "z component of the magnetisation, of either sign"},
            *({"name": q.name, "unit": q.unit[table.form], "description": q.description} for q in table.quantities),
        ],
        **_series(table),
    }
    _write(Path(path), document, np.stack(list(table.columns().values()), axis=1).tolist())


def load_table(path: str | Path) -> CoefficientTable:
    """Read a table written by `CoefficientTable.save`; equal to the one that was saved.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Another kind of file, a format of another version, a damaged or edited file, or values that this version of the
        package does not reproduce to 1e-12.
    """
    path = Path(path)
    document, rows = _read(path)
    try:
        if document["model"]["kind"] != "rashba-ferromagnet":
            raise ValueError(f"unknown model {document['model']['kind']!r}")
        model = RashbaFerromagnet(
            fermi_energy=document["model"]["fermi_energy_J"],
            exchange=document["model"]["exchange_J"],
            rashba=document["model"]["rashba_J_m"],
            effective_mass=document["model"]["effective_mass_kg"],
            exchange_sign=document["model"]["exchange_sign"],
            spin_orbit=document["model"]["spin_orbit"],
        )
        gap_edge, blurred = document["gap_edge"], document["blurred_n_z_squared"]
        table = CoefficientTable(
            model=model,
            disorder=_known_disorder(document["disorder"]),
            spin_density=document["spin_density_per_m2"],
            form=document["form"],
            numerical_error=document["relative_error"]["numerical"],
            version=document["package_version"],
            response=_response(document),
            gap_edge=None if gap_edge is None else GapEdge(gap_edge["n_z_squared"], gap_edge["width_in_n_z_squared"]),
            blurred=None if blurred is None else (blurred[0], blurred[1]),
            resolved=document["resolved"],
        )
        stored = np.array(rows, dtype=np.float64)
        n_z, values = stored[:, 0], stored[:, 1:]
        recomputed = np.stack([getattr(table, q.name)(n_z) for q in table.quantities], axis=1)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a coefficient table that this version can read ({error!r})") from error
    if values.shape != recomputed.shape or not _agree(values, recomputed):
        raise ValueError(
            f"{path}: the stored values are not those that this version of the package computes from the "
            f"stored parameters; the table was made by {table.version}. Make it again with co.tabulate."
        )
    return table


def _disorder(disorder: WhiteNoise | PointImpurities) -> dict[str, Any]:
    if isinstance(disorder, WhiteNoise):
        return {"kind": "white-noise", "scattering_time_s": disorder.scattering_time}
    return {
        "kind": "point-impurities",
        "density_per_m2": disorder.density,
        "strength_J_m2": disorder.strength if math.isfinite(disorder.strength) else "unitary",
        "reference_energy_J": disorder.reference_energy,
    }


def _known_disorder(document: dict[str, Any]) -> WhiteNoise | PointImpurities:
    if document["kind"] == "white-noise":
        return WhiteNoise(scattering_time=document["scattering_time_s"])
    if document["kind"] == "point-impurities":
        strength = document["strength_J_m2"]
        return PointImpurities(
            density=document["density_per_m2"],
            strength=math.inf if strength == "unitary" else strength,
            reference_energy=document["reference_energy_J"],
        )
    raise ValueError(f"unknown disorder {document['kind']!r}")


def _response(document: dict[str, Any]) -> PiecewiseChebyshev:
    if [function["name"] for function in document["functions"]] != list(FUNCTIONS):
        raise ValueError("the series are of other functions than this version knows")
    pieces, rows = document["pieces"], np.array(document["series"], dtype=np.float64)
    return PiecewiseChebyshev(
        edges=np.array([pieces[0]["left"], *(piece["right"] for piece in pieces)]),
        series=tuple(rows[rows[:, 0] == index, 2:] for index in range(len(pieces))),
        errors=np.array([piece["errors"] for piece in pieces]),
    )


def _series(table: CoefficientTable) -> dict[str, Any]:
    """The response: pieces with their ends and errors, and the terms of all series, one per line."""
    response = table.response
    return {
        "torque_factor": table.torque_factor,
        "functions": [{"name": name, "unit": unit} for name, unit in FUNCTIONS.items()],
        "pieces": [
            {"left": left, "right": right, "errors": errors}
            for (left, right), errors in zip(
                itertools.pairwise(response.edges.tolist()), response.errors.tolist(), strict=True
            )
        ],
        "series_rows": SERIES,
        "series": [
            [index, k, *row] for index, series in enumerate(response.series) for k, row in enumerate(series.tolist())
        ],
    }


def _agree(values: Floats, recomputed: Floats) -> bool:
    """Whether all columns agree to 1e-12 of their largest value; not with NaN."""
    return bool((np.abs(values - recomputed) <= 1e-12 * np.abs(recomputed).max(axis=0)).all())
