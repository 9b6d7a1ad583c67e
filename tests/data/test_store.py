"""A store returns what was written, identifies its content, and is written atomically."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.crystals import random_crystal
from helpers.labelled import labelled_crystal, small_store

from screening.data.store import LabelledCrystal, open_store, write_store
from screening.errors import RequestError


def rows(n: int, seed: int = 0) -> list[LabelledCrystal]:
    rng = np.random.default_rng(seed)
    return [labelled_crystal(random_crystal(rng, int(rng.integers(1, 6)))) for _ in range(n)]


def test_random_access_returns_what_was_written(tmp_path: Path) -> None:
    written = rows(7)
    write_store(tmp_path / "store", written, ["here"])
    store = open_store(tmp_path / "store")
    assert len(store) == 7
    for i in (6, 0, 3):
        crystal = store.crystal(i)
        np.testing.assert_array_equal(crystal.lattice, written[i].crystal.lattice)
        np.testing.assert_array_equal(crystal.frac, written[i].crystal.frac)
        np.testing.assert_array_equal(crystal.numbers, written[i].crystal.numbers)
        assert crystal.candidate_id == written[i].crystal.candidate_id
        moments = store.site_moment_muB[store.crystals.atoms(i)]
        np.testing.assert_array_equal(moments, written[i].site_moment_muB)
    labels = store.labels(["band_gap_eV", "formation_energy_eV_per_atom"])
    assert labels[2, 0] == pytest.approx(written[2].labels["band_gap_eV"])
    assert isinstance(store.crystals.frac, np.memmap)


def test_missing_labels_are_nan_and_unknown_columns_an_error(tmp_path: Path) -> None:
    some = rows(3)
    del some[1].labels["band_gap_eV"]
    store = write_store(tmp_path / "store", some, [])
    assert np.isnan(store.labels(["band_gap_eV"])[:, 0]).tolist() == [False, True, False]
    with pytest.raises(RequestError, match="no label column 'hardness'"):
        store.labels(["hardness"])


def test_the_hash_identifies_the_content(tmp_path: Path) -> None:
    first, second, other = (write_store(tmp_path / str(i), rows(4, seed), []) for i, seed in enumerate((0, 0, 1)))
    assert first.content_hash == second.content_hash != other.content_hash


def test_a_failing_source_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    def broken() -> Iterator[LabelledCrystal]:
        yield from rows(2)
        raise RuntimeError("disk gone")

    with pytest.raises(RuntimeError, match="disk gone"):
        write_store(tmp_path / "store", broken(), [])
    assert not (tmp_path / "store").exists()


def test_other_folders_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(RequestError, match="is not a data store"):
        write_store(tmp_path / "thesis", rows(1), [])
    assert (tmp_path / "thesis" / "chapter.txt").exists()


def test_other_folders_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="screening import"):
        open_store(tmp_path)
    store = small_store(tmp_path / "store", 3)
    meta = json.loads((store.path / "meta.json").read_text()) | {"format": 99}
    (store.path / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(RequestError, match="store format 99"):
        open_store(store.path)
    with pytest.raises(RequestError, match="no labelled crystal"):
        write_store(tmp_path / "empty", [], [])


def test_a_damaged_store_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("lattice.npy", "index.parquet", "meta.json"):
        store = small_store(tmp_path / name, 3)
        (store.path / name).write_bytes(b"cut")
        with pytest.raises(RequestError, match=f"data.path: .*{name}"):
            open_store(store.path)


def test_a_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match=r"output: .*file/store: cannot create this folder"):
        write_store(tmp_path / "file" / "store", rows(1), [])
