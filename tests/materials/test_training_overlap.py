"""The splits show what a release may have learned; the store shows what it did learn."""

from __future__ import annotations

from itertools import count

import pytest
from helpers.labelled import small_store

from screening.data.splits import split_of
from screening.data.store import Store
from screening.materials.training_overlap import MEANINGS, training_overlap


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("store") / "store", 60)


def a_system(split: str) -> str:
    return next(name for name in (f"X{number}" for number in count()) if split_of(name) == split)


def test_splits_show_what_may_have_been_learned() -> None:
    systems = [a_system(split) for split in ("train", "validation", "calibration", "test")]
    says = training_overlap(systems, systems, {"learned_splits": ["train"]}, None, only=True)
    assert says == ["learned part", "intervals", "intervals", "no"]
    says = training_overlap(systems, systems, {"learned_splits": ["train", "validation"]}, None, only=True)
    assert says == ["learned part", "learned part", "intervals", "no"]
    assert set(says) <= set(MEANINGS)


def test_another_salt_makes_other_splits() -> None:
    systems = [f"X{number}" for number in range(300)]
    own, other = (training_overlap(systems, systems, {"split_salt": salt}, None, only=True) for salt in ("a", "b"))
    assert own != other
    assert own.count("no") == pytest.approx(30, abs=20)


def test_a_release_with_a_split_file_is_unknown() -> None:
    assert training_overlap(["Fe"], ["Fe"], {"split_file": "x.csv"}, None, only=True) == ["unknown"]


def test_the_store_shows_what_was_learned(store: Store) -> None:
    training = {"learned_splits": ["train"], "store_sha256": store.content_hash}
    index = store.index
    row = next(i for i, system in enumerate(index["chemical_system"]) if split_of(system) == "train")
    system, formula, absent = index["chemical_system"][row], index["formula"][row], a_system("train")
    assert training_overlap([system, system, absent], [formula, "X", "X"], training, store, only=True) == [
        "composition", "system", "no",
    ]  # fmt: skip
    assert training_overlap([absent], ["X"], training, store, only=False) == ["learned part"]


def test_another_store_is_ignored(store: Store) -> None:
    training = {"learned_splits": ["train"], "store_sha256": "0" * 64}
    system = next(system for system in store.index["chemical_system"] if split_of(system) == "train")
    assert training_overlap([system], ["X"], training, store, only=True) == ["learned part"]
