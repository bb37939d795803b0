from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import coefficients as co
from coefficients import table_file
from coefficients.units import angstrom, electron_mass, eV


@pytest.fixture
def table() -> co.CoefficientTable:
    model = co.RashbaFerromagnet(
        fermi_energy=1.1 * eV,
        exchange=0.3 * eV,
        rashba=-0.7 * eV * angstrom,
        effective_mass=0.9 * electron_mass,
        exchange_sign=1,
    )
    return co.tabulate(model, co.WhiteNoise(scattering_time=7.3e-15), spin_density=2.1e19, form="J")


def test_round_trip_is_exact(table: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    loaded = co.load_table(str(path))
    assert loaded == table
    n_z = np.linspace(-1, 1, 13)
    for name in ("xi0", "xi_parallel", "xi_perpendicular", "a"):
        np.testing.assert_array_equal(getattr(loaded, name)(n_z), getattr(table, name)(n_z))
    again = tmp_path / "again.json"
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()


def test_a_person_can_read_the_file(table: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    names = [column["name"] for column in document["columns"]]
    assert names == ["n_z", "xi0", "xi_parallel", "xi_perpendicular", *"abcd", "sigma_xx", "sigma_yy", "sigma_xy"]
    units = {column["name"]: column["unit"] for column in document["columns"]}
    assert units["xi0"] == "1"
    assert units["a"] == "1/s per A/m"
    assert document["rows"][-1][:2] == [1.0, table.xi0(1.0)]
    assert document["model"]["exchange_J"] == 0.3 * eV
    assert document["scheme"].startswith("self-consistent Born, leading order in")
    assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) < 250


def rewrite(path: Path, **changes: object) -> None:
    """Change entries of a saved table and make the checksum fit, as another program could."""
    document = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    document["sha256"] = table_file._checksum(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_damage_and_foreign_files_are_refused(table: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    text = path.read_text(encoding="utf-8")

    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(ValueError, match=r"table\.json: not JSON text .*co\.tabulate"):
        co.load_table(path)

    path.write_text(text.replace('"scattering_time_s": 7.3e-15', '"scattering_time_s": 7.4e-15'), encoding="utf-8")
    with pytest.raises(ValueError, match="damaged or was edited"):
        co.load_table(path)

    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not JSON text"):
        co.load_table(path)

    for other in ("[1, 2]", "{}", '{"format": "something else"}'):
        path.write_text(other, encoding="utf-8")
        with pytest.raises(ValueError, match="not a coefficient table"):
            co.load_table(path)

    with pytest.raises(FileNotFoundError):
        co.load_table(tmp_path / "absent.json")


def test_other_versions_and_kinds_are_refused(table: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    rewrite(path)
    assert co.load_table(path) == table  # what `rewrite` writes is accepted when nothing changed

    rewrite(path, format_version=1)
    with pytest.raises(ValueError, match="format version 1, this version of the package reads 2"):
        co.load_table(path)

    table.save(path)
    rewrite(path, disorder={"kind": "phonons"})
    with pytest.raises(ValueError, match="unknown disorder 'phonons'"):
        co.load_table(path)

    table.save(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["model"]["rashba_J_m"]
    rewrite(path, model=document["model"])
    with pytest.raises(ValueError, match="rashba_J_m"):
        co.load_table(path)


def test_values_that_do_not_follow_from_the_parameters_are_refused(table: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    rows[3][2] *= 1 + 1e-9
    rewrite(path, rows=rows)
    with pytest.raises(ValueError, match="stored values are not those"):
        co.load_table(path)
