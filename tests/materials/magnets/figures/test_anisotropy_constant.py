"""Anisotropy: known constants become hardness and field; signs, symmetry, temperature; no number without a method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from screening.materials.magnets.figures.anisotropy_constant import anisotropy_field_T, hardness
from screening.materials.magnets.merit import MagnetSettings, evaluate

TableMaker = Callable[..., pl.DataFrame]
HOST = {"host_K1_magnitude_MJ_per_m3": 5.8, "host_K1_temperature_K": 300.0, "host_axial_probability": 1.0,
        "host_K1_method": "family: CaCu5"}  # fmt: skip
MAGNET = {"volume_A3": 85.0, "host_magnetization_muB_per_A3": 0.0945, "curie_temperature_K": 1000.0,
          "magnetic_order": "ferromagnetic", "magnetic_order_probability": 0.9, "ferromagnetic_probability": 0.9,
          "ferrimagnetic_probability": 0.05}  # fmt: skip


def ranked_row(maker: TableMaker, formula: str, values: dict[str, object], **settings: float) -> dict[str, object]:
    return evaluate(maker((formula, {**MAGNET, **values})), MagnetSettings(**settings)).row(0, named=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("K1", "mu0_Ms", "kappa", "field"),
    [(4.9, 1.61, 1.541, 7.65), (17.2, 1.07, 4.345, 40.4), (0.33, 0.48, 1.342, 1.73), (0.41, 1.81, 0.397, 0.57)],
    ids=["Nd2Fe14B", "SmCo5", "BaFe12O19", "Co"],
)  # datasets/reference/magnets.csv
def test_hardness_and_anisotropy_field_of_known_magnets(K1: float, mu0_Ms: float, kappa: float, field: float) -> None:
    constants, polarizations = np.array([K1, -K1, K1]), np.array([mu0_Ms, mu0_Ms, 0.0])
    np.testing.assert_allclose(hardness(constants, polarizations), [kappa, np.nan, np.nan], rtol=2e-3)
    np.testing.assert_allclose(anisotropy_field_T(constants, polarizations), [field, np.nan, np.nan], rtol=5e-3)


def test_a_family_of_an_easy_axis(predictions: TableMaker) -> None:
    row = ranked_row(predictions, "YCo5", HOST)
    assert (row["easy_axis"], row["easy_axis_probability"], row["axial_probability"]) == ("axis", 1.0, 1.0)
    assert row["K1_MJ_per_m3"] == pytest.approx(5.8)  # measured at the temperature that is asked for
    assert row["K1_method"] == "3d: family: CaCu5"
    assert row["hardness_kappa"] == pytest.approx(2.55, abs=0.1)
    hot = ranked_row(predictions, "YCo5", HOST, temperature_K=600.0)
    assert 1.0 < hot["K1_MJ_per_m3"] < 5.0  # type: ignore[operator]


@pytest.mark.parametrize(("curie_K", "at_4_K"), [(325.0, -1.8), (240.0, -1.8)])
def test_a_host_measured_cold_keeps_its_size_there(predictions: TableMaker, curie_K: float, at_4_K: float) -> None:
    """Members of the 2:17 family with iron; the second is paramagnetic at 300 K."""
    host = {"host_K1_magnitude_MJ_per_m3": 1.8, "host_K1_temperature_K": 4.0, "host_axial_probability": 0.0,
            "host_K1_method": "family: 2:17", "curie_temperature_K": curie_K}  # fmt: skip
    cold = ranked_row(predictions, "Y2Fe17", host, temperature_K=4.0)
    assert cold["K1_MJ_per_m3"] == pytest.approx(at_4_K, rel=0.02)
    warm = ranked_row(predictions, "Y2Fe17", host, temperature_K=300.0)
    assert -0.9 < warm["K1_MJ_per_m3"] <= 0.0  # type: ignore[operator]


def test_both_parts_add_up_with_their_signs(predictions: TableMaker) -> None:
    host = {**HOST, "host_K1_method": "NovaMag forest"}
    axial = ranked_row(predictions, "SmCo5", {**host, "four_f_K1_MJ_per_m3": 12.0}, temperature_K=0.0)
    planar = ranked_row(predictions, "NdCo5", {**host, "four_f_K1_MJ_per_m3": -12.0}, temperature_K=0.0)
    assert axial["K1_MJ_per_m3"] - planar["K1_MJ_per_m3"] == pytest.approx(24.0)  # type: ignore[operator]
    assert planar["easy_axis"] == "plane"
    assert planar["hardness_kappa"] is planar["anisotropy_field_T"] is None
    assert axial["K1_method"] == "4f: crystal field; 3d: NovaMag forest"


def test_known_fields_replace_the_rule_and_make_cones(predictions: TableMaker) -> None:
    """The cone of Nd2Fe14B below 135 K; what the rule says of the crystal does not matter."""
    values = {"volume_A3": 946.0, "host_magnetization_muB_per_A3": 0.13, "curie_temperature_K": 588.0,
              "host_K1_magnitude_MJ_per_m3": 1.1, "host_K1_temperature_K": 300.0, "host_axial_probability": 1.0,
              "host_K1_method": "family: Nd2Fe14B", "four_f_K1_MJ_per_m3": 99.0}  # fmt: skip
    warm = ranked_row(predictions, "Nd8Fe56B4", values)
    assert warm["easy_axis"] == "axis" and warm["K1_MJ_per_m3"] == pytest.approx(4.9, rel=0.2)
    assert warm["easy_cone_angle_deg"] is None and warm["K2_MJ_per_m3"] == pytest.approx(0.9, abs=0.5)
    cold = ranked_row(predictions, "Nd8Fe56B4", values, temperature_K=4.0)
    assert cold["easy_axis"] == "cone" and cold["hardness_kappa"] is None
    assert cold["cone_probability"] == cold["easy_axis_probability"] > 0.8  # type: ignore[operator]
    assert 20 < cold["easy_cone_angle_deg"] < 40  # type: ignore[operator]


def test_few_samples_below_the_curie_temperature_say_nothing(predictions: TableMaker) -> None:
    values = {**HOST, "curie_temperature_K": 250.0, "curie_temperature_K_lo": 190.0, "curie_temperature_K_hi": 310.0}
    row = ranked_row(predictions, "YCo5", values)
    assert (row["easy_axis"], row["easy_axis_probability"]) == ("unknown", None)


def test_an_uncertain_sign_gives_a_probability_and_the_hardness_of_an_easy_axis(predictions: TableMaker) -> None:
    row = ranked_row(predictions, "YCo5", {**HOST, "host_axial_probability": 0.3})
    assert row["axial_probability"] == pytest.approx(0.3, abs=0.01)
    assert (row["easy_axis"], row["hardness_kappa"]) == ("plane", None)
    assert row["easy_axis_probability"] == pytest.approx(0.7, abs=0.01)
    undecided = ranked_row(predictions, "YCo5", {**HOST, "host_axial_probability": 0.4})
    assert (undecided["easy_axis"], undecided["easy_axis_probability"]) == ("unknown", None)
    assert undecided["hardness_kappa_if_axial"] == pytest.approx(2.5, abs=0.1)
    assert row["hardness_kappa_if_axial"] == pytest.approx(2.55, abs=0.1)


@pytest.mark.parametrize(
    ("group", "around", "flags", "easy", "axial"),
    [
        (191, None, "", "axis", 1.0),
        (227, None, "", "cubic", 0.0),
        (62, None, "", "unknown", 0.0),
        (None, "uniaxial", "", "axis", 1.0),
        (None, "cubic", "", "cubic", 0.0),
        (None, None, "", "axis", 0.5),
        (44, "uniaxial", "ordered_approximant", "axis", 1.0),
        (44, "lower", "ordered_approximant", "axis", 0.5),
        (44, "uniaxial", "", "axis", 1.0),  # a family whose symmetry is a little broken
        (139, "lower", "ordered_approximant", "axis", 1.0),
    ],
)
def test_symmetry_decides_what_can_have_an_axis(
    predictions: TableMaker, group: int | None, around: str | None, flags: str, easy: str, axial: float
) -> None:
    table = predictions(("YCo5", {**MAGNET, **HOST, "flags": flags, "axis_symmetry": around}))
    table = table.with_columns(pl.lit(group, pl.Int64).alias("space_group_number"))
    row = evaluate(table, MagnetSettings()).row(0, named=True)
    assert (row["easy_axis"], row["axial_probability"]) == (easy, axial)
    if axial == 0:
        assert row["K1_MJ_per_m3"] is row["K1_method"] is row["hardness_kappa"] is None


def test_no_number_without_a_method(predictions: TableMaker) -> None:
    row = ranked_row(predictions, "YCo5", {})
    assert row["easy_axis"] == "unknown"
    for name in ("K1_MJ_per_m3", "K1_method", "hardness_kappa", "anisotropy_field_T", "easy_axis_probability"):
        assert row[name] is None


def test_above_the_curie_temperature_the_axis_is_unknown(predictions: TableMaker) -> None:
    row = ranked_row(predictions, "YCo5", {**HOST, "curie_temperature_K": 100.0})
    assert (row["easy_axis"], row["axial_probability"], row["K1_MJ_per_m3"]) == ("unknown", None, 0.0)


def test_constants_are_those_of_the_whole_energy_where_terms_cancel(predictions: TableMaker) -> None:
    """PrCo5 at 4 K: the first term of the series is three times the whole difference of energy."""
    values = {"volume_A3": 84.7, "host_magnetization_muB_per_A3": 0.095, "curie_temperature_K": 912.0, **HOST}
    row = ranked_row(predictions, "PrCo5", values, temperature_K=4.0)
    assert -60 < row["K1_MJ_per_m3"] < 0 and row["easy_axis"] != "axis"  # type: ignore[operator]
    warm = ranked_row(predictions, "PrCo5", values)
    assert warm["K1_MJ_per_m3"] > 0 and warm["easy_axis"] == "axis"  # type: ignore[operator]
    for formula, label in (("Er8Fe56B4", "plane"), ("Nd8Fe56B4", "cone")):
        cold = {**values, "volume_A3": 946.0, "host_K1_magnitude_MJ_per_m3": 0.8, "host_K1_method": "family: Nd2Fe14B"}
        row = ranked_row(predictions, formula, cold | {"curie_temperature_K": 560.0}, temperature_K=4.0)
        assert row["easy_axis"] == label and row["hardness_kappa"] is None and row["anisotropy_field_T"] is None
