"""Polarization at temperature: known magnets from their host moments, order, opposed sublattices, hostile input."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.errors import RequestError
from screening.materials.magnets.merit import MagnetSettings, evaluate

TableMaker = Callable[..., pl.DataFrame]
FERRO = {
    "magnetic_order": "ferromagnetic", "magnetic_order_probability": 0.9,
    "ferromagnetic_probability": 0.9, "ferrimagnetic_probability": 0.05,
}  # fmt: skip
FERRI = {
    "magnetic_order": "ferrimagnetic", "magnetic_order_probability": 0.9,
    "ferromagnetic_probability": 0.05, "ferrimagnetic_probability": 0.9,
}  # fmt: skip
ANTIFERRO = {
    "magnetic_order": "antiferromagnetic", "magnetic_order_probability": 0.7,
    "ferromagnetic_probability": 0.1, "ferrimagnetic_probability": 0.1,
}  # fmt: skip


def ranked_row(maker: TableMaker, formula: str, values: dict[str, object], **settings: float) -> dict[str, object]:
    return evaluate(maker((formula, values)), MagnetSettings(**settings)).row(0, named=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "host_muB", "volume_A3", "curie_K", "order", "at_0_K", "at_300_K"),
    # host of R2Fe14B: Y2Fe14B; measured values of datasets/reference/magnets.csv
    [
        ("Nd2Fe14B", 31.4, 236.2, 588, FERRO, 1.86, 1.61),
        ("Pr2Fe14B", 31.4, 236.8, 565, FERRO, 1.851, 1.56),
        ("Dy2Fe14B", 31.4, 230.4, 598, FERRI, 0.572, 0.71),
        ("Tb2Fe14B", 31.4, 231.7, 620, FERRI, 0.664, 0.70),
        ("GdCo5", 8.2, 85.2, 1014, FERRI, 0.205, 0.36),
        ("SmCo5", 8.2, 85.9, 1020, FERRO, 1.085, 1.07),
    ],
)
def test_known_magnets_from_the_moment_of_their_host(
    predictions: TableMaker, formula: str, host_muB: float, volume_A3: float, curie_K: float,
    order: dict[str, object], at_0_K: float, at_300_K: float,
) -> None:  # fmt: skip
    values = {"volume_A3": volume_A3, "host_magnetization_muB_per_A3": host_muB / volume_A3}
    values |= {"curie_temperature_K": float(curie_K), "magnetization_muB_per_A3": 0.0, **order}
    for temperature, measured in ((0.0, at_0_K), (300.0, at_300_K)):
        row = ranked_row(predictions, formula, values, temperature_K=temperature)
        assert row["mu0_Ms_T"] == pytest.approx(measured, abs=0.13)
        assert row["mu0_Ms_T_lo"] <= row["mu0_Ms_T"] <= row["mu0_Ms_T_hi"]  # type: ignore[operator]


def test_the_ferrite_has_the_difference_of_its_sublattices(predictions: TableMaker) -> None:
    values = {"volume_A3": 348.8, "magnetization_muB_per_A3": 60 / 348.8, "band_gap_eV": 1.0, **FERRI}
    values |= {"opposed_moment_share": 1 / 3, "curie_temperature_K": 740.0}
    cold = ranked_row(predictions, "BaFe12O19", values, temperature_K=0.0)
    assert cold["mu0_Ms_T"] * 348.8 / TESLA_PER_MUB_PER_A3 == pytest.approx(20.0, abs=0.1)  # type: ignore[operator]
    assert ranked_row(predictions, "BaFe12O19", values)["mu0_Ms_T"] == pytest.approx(0.48, abs=0.06)


def test_what_is_predicted_antiferromagnetic_has_no_ferromagnetic_sum(predictions: TableMaker) -> None:
    values = {"magnetization_muB_per_A3": 0.11, "band_gap_eV": 2.5, "curie_temperature_K": 525.0, **ANTIFERRO}
    row = ranked_row(predictions, "NiO", values)
    assert row["mu0_Ms_T"] == row["BHmax_kJ_per_m3"] == 0.0
    assert 0 < row["mu0_Ms_T_hi"] < 1.3  # type: ignore[operator]
    assert row["ferro_or_ferrimagnetic_probability"] == pytest.approx(0.2)


def test_metals_without_chromium_or_manganese_have_no_opposed_sublattices(predictions: TableMaker) -> None:
    unsure = {**FERRO, "ferromagnetic_probability": 0.5, "ferrimagnetic_probability": 0.45}
    values = {"host_magnetization_muB_per_A3": 0.15, "curie_temperature_K": 1000.0, **unsure}
    for formula, low in (("FeCo", 1.5), ("Fe4N", 1.5), ("FeMn3Ga", 0.0), ("Fe3O4", 0.0)):
        row = ranked_row(predictions, formula, values)
        assert (row["mu0_Ms_T_lo"] > 1.4) == (low > 0), formula  # type: ignore[operator]


def test_above_the_curie_temperature_polarization_is_zero_and_flagged(predictions: TableMaker) -> None:
    values = {"host_magnetization_muB_per_A3": 0.15, "curie_temperature_K": 290.0, **FERRO}
    row = ranked_row(predictions, "Y2Fe17", values)
    assert row["mu0_Ms_T"] == 0.0
    assert "above_curie_temperature" in str(row["flags"])
    warm = ranked_row(predictions, "Y2Fe17", values, temperature_K=200.0)
    assert warm["mu0_Ms_T"] > 1.0 and "above_curie_temperature" not in str(warm["flags"])  # type: ignore[operator]
    values |= {"curie_temperature_K_lo": 200.0, "curie_temperature_K_hi": 400.0}
    assert ranked_row(predictions, "Y2Fe17", values)["mu0_Ms_T_hi"] > 1.0  # type: ignore[operator]


def test_a_magnet_without_a_curie_temperature_is_that_of_0_K_and_flagged(predictions: TableMaker) -> None:
    values = {"host_magnetization_muB_per_A3": 0.15, **FERRO}
    row = ranked_row(predictions, "Nd2Fe17", values)
    assert row["mu0_Ms_T"] == ranked_row(predictions, "Nd2Fe17", values, temperature_K=0.0)["mu0_Ms_T"]
    assert "curie_temperature_unknown" in str(row["flags"])


def test_hotter_is_weaker(predictions: TableMaker) -> None:
    values = {"host_magnetization_muB_per_A3": 0.15, "curie_temperature_K": 600.0, **FERRO}
    found = [ranked_row(predictions, "NdFe12", values, temperature_K=t)["mu0_Ms_T"] for t in (0.0, 150.0, 300.0, 450.0)]
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize("temperature", [-1.0, float("nan"), float("inf")])
def test_impossible_temperatures_are_refused_by_name(temperature: float) -> None:
    with pytest.raises(RequestError, match="temperature_K"):
        MagnetSettings(temperature_K=temperature)
