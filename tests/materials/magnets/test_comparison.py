"""Magnets compared with measurements: the rows that count for each quantity, and the statistics of a known table."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from screening.errors import RequestError
from screening.materials.magnets.comparison import compare, family_members
from screening.materials.magnets.merit import MagnetSettings
from screening.materials.reference import Comparison

# name: (formula, order, easy, easy_axis_uniaxial, mu0Ms_T, K1_MJ_m3, Tc_K), then what is predicted of it
MEASURED: dict[str, tuple[str, ...]] = {
    "hard": ("SmCo5", "FM", "easy axis c", "yes", "1.07", "17.2", "1020"),
    "planar": ("Sm2Fe14B", "FM", "easy PLANE at RT", "no", "1.5", "-12", "618"),
    "cubic": ("Fe", "FM", "cubic <100>", "no", "2.15", "0.048", "1044"),
    "cold": ("EuO", "FM", "cubic", "no", "0.0", "", "69"),
    "anti": ("NiO", "AFM", "", "no", "0.0", "", "525"),
    "none": ("Cu", "non", "", "no", "0.0", "0.0", ""),
}
PREDICTED: dict[str, tuple[Any, ...]] = {  # order, easy_axis, mu0_Ms_T, K1, Tc, kappa
    "hard": ("ferromagnetic", "axis", 1.17, 8.6, 1000.0, 3.0),
    "planar": ("ferromagnetic", "plane", 1.3, 6.0, 650.0, None),
    "cubic": ("ferrimagnetic", "cubic", 2.0, None, 1000.0, None),
    "cold": ("antiferromagnetic", "unknown", 0.0, None, None, None),
    "anti": ("ferromagnetic", "axis", 0.5, 1.0, 400.0, 2.0),
    "none": ("non-magnetic", "unknown", 0.0, None, None, None),
}
COLUMNS = ("order", "easy", "easy_axis_uniaxial", "mu0Ms_T", "K1_MJ_m3", "Tc_K")


def reference(**changes: dict[str, str]) -> list[dict[str, str]]:
    rows = []
    for name, (formula, *values) in MEASURED.items():
        row = {"name": name, "formula": formula, "T_state_K": "300", **dict(zip(COLUMNS, values, strict=True))}
        rows.append(row | changes.get(name, {}))
    return rows


def ranking(*order: str) -> pl.DataFrame:
    rows = []
    for rank, name in enumerate(order or MEASURED, start=1):
        label, axis, polarization, K1, curie, kappa = PREDICTED[name]
        formula = MEASURED[name][0]
        row = {
            "rank": rank, "candidate_id": name, "formula": formula, "cell_formula": formula, "chemical_system": formula,
            "magnetic_order": label, "easy_axis": axis, "mu0_Ms_T": polarization, "mu0_Ms_T_lo": polarization - 0.12,
            "mu0_Ms_T_hi": polarization + 0.12, "K1_MJ_per_m3": K1, "curie_temperature_K": curie,
            "hardness_kappa": kappa, "score": 1.0 / rank,
        }  # fmt: skip
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def compared(table: pl.DataFrame | None = None, unseen: tuple[str, ...] = (), **settings: Any) -> Comparison:
    ranked = ranking() if table is None else table
    mask = np.isin(ranked["candidate_id"].to_list(), unseen)
    return compare(ranked, reference(), MagnetSettings(**settings), mask)


def test_polarization_is_scored_on_magnets_ordered_at_the_temperature() -> None:
    scores = compared(unseen=("cubic", "anti")).statistics["mu0_Ms_T"]
    assert scores["n"] == 3
    assert scores["mae"] == pytest.approx((0.10 + 0.20 + 0.15) / 3)
    assert scores["bias"] == pytest.approx((0.10 - 0.20 - 0.15) / 3)
    assert scores["coverage"] == pytest.approx(1 / 3)
    assert (scores["n_unseen"], scores["mae_unseen"]) == (1, pytest.approx(0.15))


def test_curie_temperatures_of_antiferromagnets_do_not_count() -> None:
    scores = compared().statistics["curie_temperature_K"]
    assert (scores["n"], scores["not_predicted"]) == (3, 1)
    assert scores["mae"] == pytest.approx((20 + 32 + 44) / 3)
    assert scores["spearman"] == pytest.approx(0.5 * np.sqrt(3))


def test_other_temperatures_are_not_compared() -> None:
    statistics = compared(temperature_K=450.0).statistics
    assert statistics["mu0_Ms_T"]["n"] == statistics["K1_MJ_per_m3"]["n"] == 0
    assert statistics["curie_temperature_K"]["n"] == 3
    assert "nothing to compare" in " ".join(compared(temperature_K=450.0).sentences)


def test_classes_and_signs() -> None:
    statistics = compared().statistics
    assert (statistics["easy_axis"]["right"], statistics["easy_axis"]["n"]) == (3, 4)
    assert (statistics["magnetic_order"]["right"], statistics["magnetic_order"]["n"]) == (3, 6)
    assert (statistics["net_moment"]["right"], statistics["net_moment"]["n"]) == (4, 6)
    assert (statistics["K1_MJ_per_m3"]["sign_right"], statistics["K1_MJ_per_m3"]["n"]) == (1, 2)
    assert statistics["K1_MJ_per_m3"]["median_factor"] == pytest.approx(2.0)


def test_ranks_that_should_be_lower_are_named() -> None:
    places = compared(ranking("anti", "hard", "planar", "cubic", "cold", "none")).statistics["ranking"]
    assert places["without_net_moment_in_upper_half"] == ["anti"]
    assert places["permanent_magnets"] == {"hard": 2}
    assert places["wrongly_called_hard"] == ["anti"]
    assert places["called_hard"] == 2
    assert compared(ranking("hard", "planar", "cubic", "anti", "cold", "none")).statistics["ranking"][
        "without_net_moment_in_upper_half"
    ] == []  # fmt: skip


def test_the_table_keeps_the_order_of_ranks_and_names_both_values() -> None:
    table = compared(ranking("none", "hard")).table
    assert table["candidate_id"].to_list() == ["none", "hard"]
    assert table["mu0_Ms_T_measured"].to_list() == [0.0, 1.07]
    assert table["K1_MJ_per_m3_measured"].to_list() == [0.0, 17.2]
    assert table["curie_temperature_K_measured"].to_list() == [None, 1020.0]
    assert table["easy_axis_measured"].to_list() == [None, "axis"]
    assert table["hard_measured"].to_list() == [False, True]
    assert compared().shown["µ0Ms (T)"][0] == "1.17 | 1.07"


def test_a_ranking_without_anisotropy_is_still_compared() -> None:
    table = ranking().drop("K1_MJ_per_m3", "easy_axis", "hardness_kappa", "mu0_Ms_T_lo", "mu0_Ms_T_hi")
    statistics = compared(table).statistics
    K1 = statistics["K1_MJ_per_m3"]
    assert (K1["n"], K1["not_predicted"], K1["mae"], K1["median_factor"]) == (0, 2, None, None)
    assert statistics["easy_axis"]["right"] == 0
    assert statistics["mu0_Ms_T"]["coverage"] is None


def test_sources_of_the_family_table_are_scored_separately() -> None:
    assert {"YCo5", "BaFe12O19", "FePt"} <= family_members()
    assert not {"Y2", "Buschow", "Fe"} & family_members()
    rows = reference(hard={"formula": "YCo5"})
    statistics = compare(ranking(), rows, MagnetSettings(), np.zeros(6, dtype=bool)).statistics
    assert statistics["K1_MJ_per_m3"]["n"] == 2
    assert statistics["K1_MJ_per_m3"]["not_in_family_table"]["n"] == 1
    assert statistics["easy_axis"]["not_in_family_table"]["n"] == statistics["easy_axis"]["n"] - 1


def test_words_in_a_column_of_numbers_are_refused_by_name() -> None:
    rows = reference(hard={"K1_MJ_m3": "large"})
    with pytest.raises(RequestError, match="hard: K1_MJ_m3=large: expected a number or nothing"):
        compare(ranking(), rows, MagnetSettings(), np.zeros(6, dtype=bool))
