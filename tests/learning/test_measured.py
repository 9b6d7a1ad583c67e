"""Measured predictions are those that users get, row by row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.labelled import small_store
from helpers.models import tiny_config, tiny_model

from screening.crystals import Crystal
from screening.data.store import Store
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.learning.measured import measure, predictions_table
from screening.networks.predictor import Predictor


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_store(tmp_path_factory.mktemp("data") / "store", 60, missing=0.2)


class Flagging(Predictor):
    """Flags crystals with iron."""

    def predict(self, crystals: list[Crystal]) -> pl.DataFrame:  # type: ignore[override]
        flags = ["odd;out_of_domain" if 26 in crystal.numbers else "" for crystal in crystals]
        return super().predict(crystals).with_columns(pl.Series("flags", flags))


def predictor(kind: type[Predictor] = Predictor, elements: tuple[int, ...] = tuple(range(1, 95))) -> Predictor:
    return kind(tiny_model(), replace(tiny_config(), elements=elements), Path("tiny"), "cpu", "32")


def test_rows_labels_and_predictions_belong_together(store: Store) -> None:
    rows = np.array([40, 3, 17, 25, 9])
    found = measure(predictor(), store, rows, batch_atoms=6)
    assert found.rows.tolist() == rows.tolist() and found.left_out == 0 and found.out_of_domain is None
    assert np.array_equal(found.labels, store.labels(tuple(TARGETS))[rows], equal_nan=True)
    for i, row in enumerate(rows):
        table = predictor().predict([store.crystal(int(row))])
        for j, target in enumerate(TARGETS):
            for array, end in ((found.values, ""), (found.low, "_lo"), (found.high, "_hi")):
                assert array[i, j] == pytest.approx(table[f"{target}{end}"][0], abs=1e-4)
    shown = predictions_table(store, found)
    assert shown["crystal_id"].to_list() == store.index["crystal_id"][rows.tolist()].to_list()
    assert shown["band_gap_eV_label"].null_count() == np.isnan(found.labels[:, 2]).sum()


def test_crystals_of_unknown_elements_are_left_out_and_counted(store: Store) -> None:
    without_iron = tuple(z for z in range(1, 95) if z != 26)
    found = measure(predictor(elements=without_iron), store, np.arange(60))
    iron = [26 in store.crystal(int(row)).numbers for row in range(60)]
    assert 0 < found.left_out == sum(iron) and not set(found.rows) & set(np.flatnonzero(iron))
    with pytest.raises(RequestError, match="cannot score any of the 60 crystals"):
        measure(predictor(elements=(2,)), store, np.arange(60))


def test_flags_of_the_prediction_become_a_mask(store: Store) -> None:
    found = measure(predictor(Flagging), store, np.arange(30))
    assert found.out_of_domain is not None
    assert found.out_of_domain.tolist() == [26 in store.crystal(int(row)).numbers for row in range(30)]
    assert "out_of_domain" in predictions_table(store, found).columns


def test_only_targets_with_labels_are_measured(store: Store) -> None:
    some = replace(store, index=store.index.drop("band_gap_eV"))
    assert measure(predictor(), some, np.arange(5)).targets == tuple(t for t in TARGETS if t != "band_gap_eV")
    with pytest.raises(RequestError, match="no labels for any of the targets"):
        measure(predictor(), replace(store, index=store.index.drop(list(TARGETS))), np.arange(5))
