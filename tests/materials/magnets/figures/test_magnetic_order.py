"""A predicted magnetic order replaces the prior, row by row."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from screening.materials.magnets.merit import MagnetSettings, evaluate

TableMaker = Callable[..., pl.DataFrame]

OXIDE = {"magnetization_muB_per_A3": 0.1, "band_gap_eV": 2.0}
ORDER = {
    "magnetic_order": "ferrimagnetic",
    "magnetic_order_probability": 0.7,
    "ferromagnetic_probability": 0.1,
    "ferrimagnetic_probability": 0.7,
    "antiferromagnetic_probability": 0.15,
    "nonmagnetic_probability": 0.05,
}


def test_a_prediction_replaces_the_prior(predictions: TableMaker) -> None:
    row = evaluate(predictions(("Fe3O4", {**OXIDE, **ORDER})), MagnetSettings()).row(0, named=True)
    assert row["ferro_or_ferrimagnetic_probability"] == pytest.approx(0.8)
    assert {name: row[name] for name in ORDER} == ORDER
    assert "order_prior" not in row["flags"].split(";")


@pytest.mark.parametrize("gone", ["magnetic_order", "magnetic_order_probability", "ferrimagnetic_probability"])
def test_an_incomplete_prediction_does_not_replace_the_prior(predictions: TableMaker, gone: str) -> None:
    table = predictions(("Fe3O4", {**OXIDE, **ORDER}), ("Fe3O4", {**OXIDE, **ORDER, gone: None}))
    bare = evaluate(predictions(("Fe3O4", OXIDE)), MagnetSettings()).row(0, named=True)
    for row in (
        evaluate(table, MagnetSettings()).row(1, named=True),
        evaluate(table.drop(gone), MagnetSettings()).row(0, named=True),
    ):
        assert row["magnetic_order"] == bare["magnetic_order"] == "ferrimagnetic_or_antiferromagnetic"
        assert row["ferro_or_ferrimagnetic_probability"] == bare["ferro_or_ferrimagnetic_probability"]
        assert "order_prior" in row["flags"].split(";")
    assert evaluate(table, MagnetSettings())["magnetic_order"][0] == "ferrimagnetic"
