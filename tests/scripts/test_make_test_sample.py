"""The script that puts test crystals beside a release: which ones, how many, and what it writes about them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from helpers.labelled import small_store
from helpers.models import tiny_release

from screening.crystals import Crystal, read_crystals
from screening.data.splits import split_of
from screening.data.store import Store

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("make_test_sample")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("data") / "store", 300)


def run(script: ModuleType, store: Store, folder: Path) -> Path:
    release = tiny_release(folder / "tiny")
    whole = [
        {"target": target, "group": "all", "rows": "all", "mae": 0.5, "rmse": 0.8, "coverage": 0.8, "n": 1000}
        for target in store.meta["labels"]
    ]
    (folder / "scores.json").write_text(json.dumps({"scores": [*whole, {**whole[0], "rows": "non-trivial", "mae": 9}]}))
    keys = {"model": release, "store": store.path, "scores": folder / "scores.json"}
    script.main([part for key, value in keys.items() for part in (f"--{key}", str(value))])
    return release


def test_all_rows_are_of_the_test_split_and_come_back_as_written(
    script: ModuleType, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "ROWS", 12)
    release = run(script, store, tmp_path)
    expected = json.loads((release / "test_sample.json").read_text(encoding="utf-8"))
    crystals = [c for c in read_crystals(release / "test_sample.jsonl.gz") if isinstance(c, Crystal)]
    assert len(crystals) == expected["rows"] == 12
    assert {split_of(crystal.chemical_system) for crystal in crystals} == {"test"}
    ids = store.index["crystal_id"].to_list()
    for crystal in crystals:
        original = store.crystal(ids.index(crystal.candidate_id))
        assert np.allclose(crystal.frac, original.frac, atol=1e-7) and np.allclose(crystal.lattice, original.lattice)
    for figures in expected["targets"].values():
        assert figures["sample_rows"] == 12 and figures["test_mae"] == 0.5 and figures["sample_mae"] > 0
        assert 0 <= figures["sample_coverage"] <= 1


def test_the_same_store_gives_the_same_bytes(script: ModuleType, store: Store, tmp_path: Path) -> None:
    first, second = (run(script, store, tmp_path / name) for name in ("a", "b") if (tmp_path / name).mkdir() is None)
    for name in ("test_sample.jsonl.gz", "test_sample.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
