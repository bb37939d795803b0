"""The examples print the numbers that they promise."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llgsim.cli import main

EXAMPLES = Path(__file__).parents[1] / "examples"
EXPECTED: dict[str, Any] = tomllib.loads((EXAMPLES / "expected.toml").read_text(encoding="utf-8"))


def test_every_case_has_its_numbers() -> None:
    cases = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*.toml")}
    assert cases == set(EXPECTED)


@pytest.mark.parametrize("case", EXPECTED)
def test_example(case: str, tmp_path: Path) -> None:
    expected = EXPECTED[case]
    assert main(["run", str(EXAMPLES / case), "-o", str(tmp_path / "run"), "--quiet", "--no-pictures"]) == 0
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert report["steady"]
    assert report["warnings"] == []
    assert report["predictions"][expected["theory"]]["relative_difference"] < expected["largest_difference"]
    if "from_drift_velocity" in expected:
        assert report["relative_difference_from_drift_velocity"] < expected["from_drift_velocity"]
    if "hall_angle_deg" in expected:
        assert report["hall_angle_deg"] == pytest.approx(expected["hall_angle_deg"], abs=0.05)
    known = [component for component in report["velocity_m_per_s"] if component is not None]
    speed = np.hypot.reduce(expected["velocity_m_per_s"])
    np.testing.assert_allclose(known, expected["velocity_m_per_s"], rtol=0, atol=5e-4 * speed)


@pytest.mark.slow
def test_velocity_versus_drift(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("velocity_versus_drift", EXAMPLES / "velocity_versus_drift.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    film, track, wall = script.main(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 20_000
    # film: Thiele with the texture's own integrals; h = R/5.7 leaves 3e-4
    np.testing.assert_allclose(film.measured, film.predicted, rtol=1e-3)
    # track at h = 2 nm and wall: the electrons' drift velocity
    np.testing.assert_allclose(track.measured, track.drift_velocity, rtol=2e-3)
    np.testing.assert_allclose(wall.measured, wall.drift_velocity, rtol=1e-4)
