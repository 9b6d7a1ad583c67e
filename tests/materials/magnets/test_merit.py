from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.errors import RequestError
from screening.materials.magnets.merit import MagnetSettings, evaluate
from screening.materials.registry import flag_meanings
from screening.materials.task_merit import evaluate_task, rows_needing_symmetry

TableMaker = Callable[..., pl.DataFrame]
Y2FE14B = 31.4
"""µB per formula unit of Y2Fe14B at low temperature: the iron sublattice of every R2Fe14B."""


def moment_muB(row: dict[str, float]) -> float:
    return row["mu0_Ms_T"] * row["volume_A3"] / TESLA_PER_MUB_PER_A3


@pytest.mark.parametrize(
    ("element", "corrected"),
    [("Y", 31.4), ("La", 31.4), ("Pr", 37.8), ("Nd", 37.9), ("Sm", 32.8), ("Tb", 13.4), ("Dy", 11.4), ("Ho", 11.4),
     ("Er", 13.4), ("Lu", 31.4)],
)  # fmt: skip
def test_4f_moments_of_the_2_14_1_magnets(predictions: TableMaker, element: str, corrected: float) -> None:
    volume = 236.0
    table = predictions((f"{element}2Fe14B", {"volume_A3": volume, "magnetization_muB_per_A3": Y2FE14B / volume}))
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    assert moment_muB(row) == pytest.approx(corrected, abs=0.06)
    added = element not in {"Y", "La", "Lu"}
    assert ("rare_earth_moment_added" in row["flags"]) == added


def test_gadolinium_is_reversed_in_a_ferromagnetic_total(predictions: TableMaker) -> None:
    values = {"volume_A3": 234.0, "magnetization_muB_per_A3": (Y2FE14B + 14) / 234.0}
    row = evaluate(predictions(("Gd2Fe14B", values)), MagnetSettings()).row(0, named=True)
    assert moment_muB(row) == pytest.approx(17.4, abs=0.05)
    assert row["magnetic_order"] == "ferrimagnetic"


def test_gadolinium_in_a_total_too_small_to_be_ferromagnetic_stays_as_it_is(predictions: TableMaker) -> None:
    values = {"volume_A3": 85.2, "magnetization_muB_per_A3": 5.0 / 85.2}
    row = evaluate(predictions(("GdCo5", values)), MagnetSettings()).row(0, named=True)
    assert moment_muB(row) == pytest.approx(5.0)
    assert "rare_earth_moment_uncertain" in row["flags"]


@pytest.mark.parametrize("element", ["Ce", "Eu", "Yb"])
def test_uncertain_valence_gets_no_moment_and_a_flag(predictions: TableMaker, element: str) -> None:
    table = predictions((f"{element}2Fe14B", {"volume_A3": 236.0, "magnetization_muB_per_A3": Y2FE14B / 236.0}))
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    assert moment_muB(row) == pytest.approx(Y2FE14B)
    assert "rare_earth_moment_uncertain" in row["flags"].split(";")


def test_no_4f_moment_without_a_magnetic_host(predictions: TableMaker) -> None:
    table = predictions("NdNi5", "NdAl2", ("NdFeO3", {"band_gap_eV": 2.0, "magnetization_muB_per_A3": 0.09}))
    result = evaluate(table, MagnetSettings())
    assert result["mu0_Ms_T"].to_list()[:2] == [0.0, 0.0]
    # The insulator keeps a share of the sum as predicted.
    assert result["mu0_Ms_T"][2] == pytest.approx(0.25 * 0.09 * TESLA_PER_MUB_PER_A3, rel=0.02)
    assert all("rare_earth_moment_omitted" in flags for flags in result["flags"])


def test_energy_product_of_nd2fe14b(predictions: TableMaker) -> None:
    table = predictions(("Y2Fe14B", {"magnetization_muB_per_A3": 1.61 / TESLA_PER_MUB_PER_A3}))
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    assert row["mu0_Ms_T"] == pytest.approx(1.61)
    assert row["BHmax_kJ_per_m3"] == pytest.approx(516, abs=0.5)


@given(
    value=st.floats(0, 0.3),
    below=st.floats(0, 0.3),
    above=st.floats(0, 0.3),
    gap=st.floats(0, 3),
    formula=st.sampled_from(["Fe", "Dy2Fe17", "GdCo5", "NdFeO3", "BaFe12O19", "EuO", "Al"]),
)
def test_intervals_are_ordered_and_physical(value: float, below: float, above: float, gap: float, formula: str) -> None:
    table = pl.DataFrame(
        {
            "cell_formula": [formula],
            "volume_A3": [90.0],
            "energy_above_hull_eV_per_atom": [0.0],
            "band_gap_eV": [gap],
            "band_gap_eV_lo": [gap * 0.5],
            "band_gap_eV_hi": [gap * 2],
            "magnetization_muB_per_A3": [value],
            "magnetization_muB_per_A3_lo": [value - below],
            "magnetization_muB_per_A3_hi": [value + above],
        }
    )
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    for name in ("mu0_Ms_T", "BHmax_kJ_per_m3"):
        assert 0 <= row[f"{name}_lo"] <= row[name] <= row[f"{name}_hi"]
    for name in ("magnetic_order_probability", "ferro_or_ferrimagnetic_probability"):
        assert 0 <= row[name] <= 1


def test_an_insulating_oxide_does_not_get_the_ferromagnetic_sum(predictions: TableMaker) -> None:
    values = {"magnetization_muB_per_A3": 0.11, "band_gap_eV": 2.5}
    result = evaluate(predictions(("NiO", values), ("FeCo", {**values, "band_gap_eV": 0.0})), MagnetSettings())
    oxide, metal = result.iter_rows(named=True)
    assert oxide["magnetic_order"] == "ferrimagnetic_or_antiferromagnetic"
    assert oxide["ferro_or_ferrimagnetic_probability"] < 0.2
    assert oxide["mu0_Ms_T"] < 0.35 * 0.11 * TESLA_PER_MUB_PER_A3
    assert {"order_prior", "ferrimagnetic_reduction"} <= set(oxide["flags"].split(";"))
    assert metal["magnetic_order"] == "ferromagnetic"
    assert metal["ferro_or_ferrimagnetic_probability"] > 0.8
    assert metal["mu0_Ms_T"] == pytest.approx(0.11 * TESLA_PER_MUB_PER_A3)


def test_barium_ferrite_lands_near_its_measured_polarization_by_the_class_rule(predictions: TableMaker) -> None:
    # The ferromagnetic sum of 60 µB per formula unit, in 348.8 Å3, where 20 µB (0.67 T at 0 K) are measured.
    values = {"volume_A3": 348.8, "magnetization_muB_per_A3": 60 / 348.8, "band_gap_eV": 1.0}
    row = evaluate(predictions(("BaFe12O19", values)), MagnetSettings()).row(0, named=True)
    assert row["mu0_Ms_T"] < 0.67 * 1.05
    assert row["mu0_Ms_T_hi"] == pytest.approx(0.66, abs=0.03)


def test_what_has_no_moment_is_non_magnetic(predictions: TableMaker) -> None:
    result = evaluate(predictions("Al", "LaNi5", "Gd"), MagnetSettings())
    assert result["magnetic_order"].to_list()[:2] == ["non-magnetic", "non-magnetic"]
    assert result["ferro_or_ferrimagnetic_probability"].to_list()[:2] == [0.0, 0.0]
    assert ["no_magnetic_element" in flags for flags in result["flags"]] == [True, False, False]
    assert ["low_temperature_order" in flags for flags in result["flags"]] == [False, False, True]


@pytest.mark.parametrize(
    ("group", "flags", "uniaxial"),
    [(194, "", True), (136, "", True), (75, "", True), (74, "", False), (225, "", False), (None, "", None),
     (44, "ordered_approximant", None)],
)  # fmt: skip
def test_uniaxial_symmetry(predictions: TableMaker, group: int | None, flags: str, uniaxial: bool | None) -> None:
    table = predictions(("Fe", {"space_group_number": group, "flags": flags}))
    table = table.with_columns(pl.col("space_group_number").cast(pl.Int64))
    assert evaluate(table, MagnetSettings())["uniaxial"].to_list() == [uniaxial]
    assert evaluate(table.drop("space_group_number"), MagnetSettings())["uniaxial"].to_list() == [None]


@pytest.mark.parametrize(
    ("hull", "flag"), [(0.05, None), (0.051, "metastable"), (0.1, "metastable"), (0.11, "unstable"), (None, None)]
)
def test_stability_flags(predictions: TableMaker, hull: float | None, flag: str | None) -> None:
    result = evaluate(predictions(("Al", {"energy_above_hull_eV_per_atom": hull})), MagnetSettings())
    found = {"metastable", "unstable"} & set(result["flags"][0].split(";"))
    assert found == ({flag} if flag else set())


def test_missing_predictions_are_null_and_flagged(predictions: TableMaker) -> None:
    holes = [{"magnetization_muB_per_A3": None}, {"magnetization_muB_per_A3": float("nan")}, {}]
    table = predictions(*(("Nd2Fe14B", hole) for hole in holes))
    result = evaluate(table, MagnetSettings())
    assert result["mu0_Ms_T"].to_list()[:2] == [None, None]
    assert result["BHmax_kJ_per_m3_hi"].to_list()[:2] == [None, None]
    assert result["magnetic_order"].to_list()[:2] == ["unknown", "unknown"]
    assert ["prediction_missing" in flags for flags in result["flags"]] == [True, True, False]


def test_rows_stay_in_place_and_do_not_influence_each_other(predictions: TableMaker) -> None:
    values = {"magnetization_muB_per_A3": 0.1, "magnetization_muB_per_A3_lo": 0.08, "magnetization_muB_per_A3_hi": 0.15}
    table = predictions(*((formula, values) for formula in ("Fe2O3", "Dy2Fe17", "PuFe2", "Al", "Mn2Sb")))
    order = [3, 0, 4, 1, 2]
    whole = evaluate(table, MagnetSettings())
    assert whole["candidate_id"].to_list() == table["candidate_id"].to_list()
    assert evaluate(table[order], MagnetSettings()).equals(whole[order])


def test_every_flag_is_explained(predictions: TableMaker) -> None:
    grid = product(["PuFe2", "Nd2Fe14B", "CeCo5", "NdAl2", "Al", "NiO", "HFe"], [None, 0.1], [0.07, 1.0], [0.0, 2.0])
    names = ("magnetization_muB_per_A3", "energy_above_hull_eV_per_atom", "band_gap_eV")
    rows = [(formula, dict(zip(names, values, strict=True))) for formula, *values in grid]
    flags = {flag for text in evaluate(predictions(*rows), MagnetSettings())["flags"] for flag in text.split(";")}
    assert flags - {""} <= set(flag_meanings())
    assert len(flags) > 10


def test_an_empty_table_stays_empty(predictions: TableMaker) -> None:
    result = evaluate(predictions("Fe").clear(), MagnetSettings())
    assert result.height == 0
    assert "mu0_Ms_T" in result.columns


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ferimagnetic_fraction": [0.2, 0.1, 0.3]}, "did you mean ferrimagnetic_fraction"),
        ({"ferrimagnetic_fraction": [0.5, 0.6, 0.7]}, "ferrimagnetic_fraction"),
        ({"ferrimagnetic_fraction": [0.5]}, r"ferrimagnetic_fraction\[1\]: missing"),
        ({"n_samples": 2}, "n_samples"),
        ({"seed": "x"}, "seed=x: expected a whole number"),
        ({"supply": {"prices": 3}}, "supply.prices"),
    ],
)
def test_wrong_settings_are_refused_by_name(predictions: TableMaker, settings: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        evaluate_task(predictions("Fe"), {"name": "magnets", "merit": settings})


def test_an_unknown_class_or_a_missing_column_is_refused(predictions: TableMaker) -> None:
    with pytest.raises(RequestError, match="did you mean magnets"):
        evaluate_task(predictions("Fe"), {"name": "magnet"})
    with pytest.raises(RequestError, match="supply"):
        evaluate_task(predictions("Fe"), {"name": "supply"})
    with pytest.raises(RequestError, match="volume_A3"):
        evaluate_task(predictions("Fe").drop("volume_A3"), {"name": "magnets"})


def test_the_seed_changes_only_what_is_sampled(predictions: TableMaker) -> None:
    values = {"magnetization_muB_per_A3": 0.1, "magnetization_muB_per_A3_lo": 0.05, "magnetization_muB_per_A3_hi": 0.2}
    table = predictions(("Fe2O3", {**values, "band_gap_eV": 2.0}))
    first, again, other = (evaluate(table, MagnetSettings(seed=seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert np.isclose(first["mu0_Ms_T"][0], other["mu0_Ms_T"][0], rtol=0.1)
    assert first["mu0_Ms_T_hi"][0] != other["mu0_Ms_T_hi"][0]


def test_symmetry_matters_only_where_there_can_be_a_moment() -> None:
    table = pl.DataFrame(
        {
            "cell_formula": ["Fe2", "Fe2", "Al2", "Co1O1"],
            "magnetization_muB_per_A3_hi": [0.2, 0.001, 0.2, 0.05],
        }
    )
    assert rows_needing_symmetry(table, {"name": "magnets"}).tolist() == [True, False, False, True]
    assert not rows_needing_symmetry(table, {"name": "electrodes"}).any()


@pytest.mark.parametrize(("K1", "estimated"), [(5.0, True), (0.3, False)])
def test_a_magnet_too_soft_for_the_formula_has_no_attainable_coercivity(
    predictions: TableMaker, K1: float, estimated: bool
) -> None:
    values = {"volume_A3": 236.0, "magnetization_muB_per_A3": Y2FE14B / 236.0, "curie_temperature_K": 570.0}
    values |= {"host_K1_magnitude_MJ_per_m3": K1, "host_K1_temperature_K": 300.0, "host_axial_probability": 1.0}
    table = predictions(("Y2Fe14B", values)).with_columns(space_group_number=pl.lit(136))
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    assert row["easy_axis"] == "axis"
    for name in ("coercivity_attainable_kA_per_m", "BHmax_attainable_kJ_per_m3"):
        assert (row[name] is not None) == (row[f"{name}_hi"] is not None) == estimated
    assert ("coercivity_not_estimated" in row["flags"].split(";")) != estimated
