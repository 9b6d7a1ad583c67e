"""The script that builds the table of known phases."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import polars as pl

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_phases.py"


def test_the_lowest_of_each_composition_near_the_hull_is_kept() -> None:
    spec = importlib.util.spec_from_file_location("build_phases", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = [
        ("mp-1", "LiCoO2", 4, 40.0, -1.5, 0.02),
        ("mp-2", "Li2Co2O4", 8, 80.0, -1.52, 0.0),
        ("mp-3", "CoO", 2, 20.0, -1.0, 0.2),
        ("mp-4", "Li", 1, 20.0, 0.0, 0.0),
        ("mp-5", "NaN", 2, 30.0, None, None),
        ("mp-6", "Li2O", 3, 24.0, -2.0, 0.0),
    ]
    names = ["mp_id", "formula", "nsites", "volume_A3", "formation_energy_eV_per_atom", "energy_above_hull_eV_per_atom"]
    found = module.phases(pl.DataFrame(rows, schema=names, orient="row"), ["Li4O2"])
    assert found.rows() == [("Co-Li-O", "LiCoO2", -1.5199999809265137, 10.0, "mp-2")]
