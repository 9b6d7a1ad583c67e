"""Splits of a published protocol, from a CSV."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.labelled import small_store

from screening.data.split_files import splits_in_file
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.learning.data import DataSettings, split_rows


def test_names_are_translated_and_unnamed_crystals_left_out(tmp_path: Path) -> None:
    file = tmp_path / "splits.csv"
    file.write_text("\ufeffmp_id,formula,published\nNaN,NaN,train\nb,X,val\nc,X,\nd,X,test\n", encoding="utf-8")
    assert splits_in_file(file, "published", ["d", "NaN", "c", "b", "e"]) == ["test", "train", "", "validation", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,split\na,holdout\n", "unknown split 'holdout'"),
        ("id,part\na,train\n", "one named 'split'"),
        ("key,split\na,train\n", "a column of ids"),
        ("id,split\nother,train\n", "none of its ids"),
        ("", "found nothing"),
    ],
)
def test_errors_in_a_file_are_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "splits.csv"
    file.write_text(text)
    with pytest.raises(RequestError, match=message) as error:
        splits_in_file(file, "split", ["a"])
    assert str(file) in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"data.split_file: .*none\.csv: not a readable CSV"):
        splits_in_file(tmp_path / "none.csv", "split", ["a"])


def test_training_follows_the_file_and_not_the_chemical_system(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 60)
    ids = store.index["crystal_id"].to_list()
    file = tmp_path / "splits.csv"
    parts = ["train", "val", "test"]
    file.write_text("id,split\n" + "".join(f"{name},{parts[i % 3]}\n" for i, name in enumerate(ids[:45])))
    rows = split_rows(store, DataSettings(store.path, tuple(TARGETS), split_file=file))
    assert {name: len(found) for name, found in rows.items()} == {
        "train": 15, "validation": 15, "calibration": 0, "test": 15,
    }  # fmt: skip
    assert rows["train"].tolist() == list(range(0, 45, 3))
