"""The benchmark of relaxations runs, agrees with the package and writes what it promises. No test looks at a timing."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from helpers.crystals import cubic

from screening.crystals import Crystal

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.mark.ci
def test_figures_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    script = importlib.import_module("benchmark_relax")
    fcc = [cubic(number, a, "F") for number, a in ((29, 3.6), (13, 4.05))]
    monkeypatch.setattr(script, "sample_crystals", lambda arguments, count: fcc[:count])
    monkeypatch.setattr(script, "middle_sized", lambda arguments: fcc[:1])
    output = tmp_path / "relax.json"
    common = ["--structures", "any", "--threads", "1", "--passes", "1", "--crystals", "2", "--max-steps", "30"]
    report = script.main([*common, "--compare", "2", "--relaxations", "1", "--output", str(output)])
    assert json.loads(output.read_text(encoding="utf-8")) == json.loads(json.dumps(report))
    assert report["largest_differences"]["energy_eV_per_atom"] < 1e-5
    assert report["largest_differences"]["forces_eV_per_A"] < 1e-4
    assert [row["name"] for row in report["rows"]][-1] == "relaxations"
    assert all(row["ours"] > 0 and row["theirs"] > 0 for row in report["rows"])
    assert report["relaxations"]["converged_ours"] == 1


def test_every_atom_is_moved_and_the_cell_strained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    script = importlib.import_module("benchmark_relax")
    import numpy as np

    crystal = cubic(29, 3.6, "F")
    moved: Crystal = script.perturbed(crystal, 1)
    distance = np.linalg.norm((moved.frac - crystal.frac) @ moved.lattice, axis=1)
    assert ((distance > 0.0499) & (distance < 0.1001)).all()
    strain = np.linalg.inv(crystal.lattice) @ moved.lattice - np.eye(3)
    assert np.abs(np.linalg.eigvalsh(strain)).max() == pytest.approx(0.02)
