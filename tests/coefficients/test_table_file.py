from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

import coefficients as co
from coefficients import table_file
from coefficients.units import angstrom, electron_mass, eV, hbar, meV, nm


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
    assert max(len(line) for line in path.read_text(encoding="utf-8").splitlines()) < 450  # 16 numbers of 17 digits


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


# --- tables of impurities, whose series are in the file


@pytest.fixture(scope="module", params=["with xi, w = 1", "leaving the gap, unitary", "inside the gap, Dresselhaus"])
def impurities(request: pytest.FixtureRequest) -> co.CoefficientTable:
    """One of each kind; a tolerance of 1e-4 makes small files."""
    if request.param.startswith("with"):
        model = co.RashbaFerromagnet(
            fermi_energy=1 * eV, exchange=0.2 * eV, rashba=1 * eV * angstrom, effective_mass=electron_mass
        )
        disorder = co.PointImpurities(
            density=0.02 / nm**2, strength=2 * hbar**2 / electron_mass, reference_energy=1 * eV
        )
    else:
        leaving = request.param.startswith("leaving")
        model = co.RashbaFerromagnet(
            fermi_energy=(4.5 if leaving else 2.0) * meV,
            exchange=5 * meV,
            rashba=17 * meV * nm,
            effective_mass=0.8 * electron_mass,
            spin_orbit="rashba" if leaving else "dresselhaus",
        )
        disorder = co.PointImpurities(
            density=5e-4 / nm**2,
            strength=math.inf if leaving else -1e-37,
            reference_energy=5 * meV,
        )
    return co.tabulate(model, disorder, spin_density=2.1e19, tolerance=1e-4)


def test_impurities_come_back_bit_for_bit(impurities: co.CoefficientTable, tmp_path: Path) -> None:
    for table in (impurities, dataclasses.replace(impurities, form="J", resolved=False)):
        path = tmp_path / "table.json"
        table.save(path)
        loaded = co.load_table(path)
        assert loaded == table  # the series too
        assert loaded.warnings == table.warnings
        assert loaded.notes == table.notes
        n_z = np.linspace(-1, 1, 37)
        for quantity in table.quantities:
            np.testing.assert_array_equal(getattr(loaded, quantity.name)(n_z), getattr(table, quantity.name)(n_z))
        for name in ("a", "b", "c", "d", "sigma_xx", "sigma_yy", "sigma_xy"):
            np.testing.assert_array_equal(loaded.error(name, n_z), table.error(name, n_z))
        np.testing.assert_array_equal(loaded.K(n_z), table.K(n_z))
        assert loaded.scattering_time == table.scattering_time
        again = tmp_path / "again.json"
        loaded.save(again)
        assert again.read_bytes() == path.read_bytes()


def test_a_person_can_read_the_file_of_impurities(impurities: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    impurities.save(path)
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["disorder"]["kind"] == "point-impurities"
    assert document["disorder"]["density_per_m2"] == impurities.disorder.density
    unitary = math.isinf(impurities.disorder.strength)
    assert document["disorder"]["strength_J_m2"] == ("unitary" if unitary else impurities.disorder.strength)
    assert document["disorder"]["reference_energy_J"] == impurities.disorder.reference_energy
    assert document["model"]["spin_orbit"] == impurities.model.spin_orbit
    assert document["scheme"] == "self-consistent T-matrix, leading order in the density of impurities"
    assert document["notes"] == list(impurities.notes)
    edge = document["gap_edge"]
    if impurities.gap_edge:
        assert edge == {
            "n_z_squared": impurities.gap_edge.x,
            "width_in_n_z_squared": impurities.gap_edge.width,
        }
    else:
        assert edge is None
    names = [column["name"] for column in document["columns"]]
    assert ("xi0" in names) == impurities.has_xi
    assert len(document["rows"][0]) == len(names)
    # what the series are can be followed by hand, from the file alone: here b at n_z = 0.8
    x = 0.64
    (piece,) = [k for k, one in enumerate(document["pieces"]) if one["left"] <= x < one["right"]]
    left, right = document["pieces"][piece]["left"], document["pieces"][piece]["right"]
    column = 2 + [function["name"] for function in document["functions"]].index("b")
    angle = math.acos(2 * (x - left) / (right - left) - 1)
    b = sum(row[column] * math.cos(row[1] * angle) for row in document["series"] if row[0] == piece)
    assert document["torque_factor"] * b == pytest.approx(impurities.b(0.8), rel=1e-12)
    assert max(len(line) for line in text.splitlines()) < 450  # 16 numbers of 17 digits


def test_a_damaged_or_foreign_file_of_impurities_is_refused(impurities: co.CoefficientTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    impurities.save(path)
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    number = repr(document["series"][0][2])
    path.write_text(text.replace(number, number[:-1] + str((int(number[-1]) + 1) % 10), 1), encoding="utf-8")
    with pytest.raises(ValueError, match="damaged or was edited"):
        co.load_table(path)

    # with a checksum that fits
    def refused(match: str, **changes: object) -> None:
        path.write_text(text, encoding="utf-8")
        rewrite(path, **changes)
        with pytest.raises(ValueError, match=match):
            co.load_table(path)

    series = [[*row[:2], *(1.001 * value for value in row[2:])] for row in document["series"]]
    refused("stored values are not those", series=series)
    refused("not a coefficient table that this version can read", series=[])
    refused("not a coefficient table that this version can read", rows=[])
    refused("other functions", functions=document["functions"][1:])
    refused("strength", disorder={**document["disorder"], "strength_J_m2": 0.0})
    refused("density", disorder={**document["disorder"], "density_per_m2": -1.0})
    refused("unknown disorder 'phonons'", disorder={"kind": "phonons"})
    path.write_text(text, encoding="utf-8")
    rewrite(path)
    assert co.load_table(path) == impurities  # what `rewrite` writes is accepted when nothing changed
