"""Baselines use only the composition and are fitted once."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from helpers.labelled import small_store

from screening.crystals.packed import PackedCrystals
from screening.data.store import Store
from screening.data.targets import TARGETS
from screening.learning.baselines import Baselines, baselines

LABELS = tuple(TARGETS)


def fractions(crystals: PackedCrystals) -> np.ndarray:
    counts = crystals.element_counts()
    return counts / counts.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("data") / "store", 400)


@pytest.mark.ci
def test_constants_are_medians_and_composition_beats_them(store: Store) -> None:
    train, test = np.arange(300), np.arange(300, 400)
    found = baselines(store, train, store.crystals.take(test), LABELS, fractions)
    labels = store.labels(LABELS)
    assert found.constant == pytest.approx(np.median(labels[train], axis=0))
    assert found.composition.shape == (100, 4)
    errors = np.abs(found.composition - labels[test]).mean(axis=0)
    assert (errors < 0.8 * np.abs(found.constant - labels[test]).mean(axis=0)).all()
    assert (found.composition[:, 1:] >= 0).all()


def test_a_second_call_reads_the_cache(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    test = store.crystals.take(np.arange(300, 310))
    caplog.set_level(logging.INFO, "screening")
    first = baselines(store, np.arange(200), test, LABELS[:1], fractions)
    fitted = [record for record in caplog.records if "fitting" in record.message]
    again = baselines(store, np.arange(200), test, LABELS[:1], fractions)
    assert len([record for record in caplog.records if "fitting" in record.message]) == len(fitted) == 1
    assert np.array_equal(first.composition, again.composition)
    baselines(store, np.arange(201), test, LABELS[:1], fractions)  # other rows give another baseline
    assert len([record for record in caplog.records if "fitting" in record.message]) == 2


def test_a_read_only_store_costs_only_time(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    folder = store.path / "baselines"
    if folder.is_dir():
        folder.rename(store.path / "elsewhere")
    folder.touch()
    try:
        found = baselines(store, np.arange(100), store.crystals.take(np.arange(9)), LABELS[:1], fractions)
    finally:
        folder.unlink()
    assert np.isfinite(found.composition).all() and "cannot be kept for the next time" in caplog.text


def test_too_few_labels_give_no_prediction_and_no_training_rows_the_medians_of_the_labels(store: Store) -> None:
    test = store.crystals.take(np.arange(5))
    found = baselines(store, np.arange(10), test, LABELS[:1], fractions)
    assert np.isnan(found.composition).all() and np.isfinite(found.constant).all()
    labels = np.array([[1.0, np.nan], [2.0, np.nan], [9.0, np.nan]])
    alone = Baselines.without_training(labels)
    assert alone.constant[0] == 2.0 and np.isnan(alone.constant[1]) and np.isnan(alone.composition).all()


def test_the_order_of_atoms_and_crystals_does_not_matter(store: Store, tmp_path: Path) -> None:
    train, order = np.arange(150), np.array([3, 1, 4, 0, 2])
    straight = baselines(store, train, store.crystals.take(np.arange(5)), LABELS[:1], fractions)
    mixed = baselines(store, train, store.crystals.take(order), LABELS[:1], fractions)
    assert np.array_equal(straight.composition[order], mixed.composition)
