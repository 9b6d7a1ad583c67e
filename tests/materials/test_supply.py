from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from screening.chemistry.compositions import count_matrix
from screening.errors import RequestError
from screening.materials.precursors import precursors
from screening.materials.supply import SupplySettings, supply_columns
from screening.resources import resource
from screening.settings import build_settings


def supply(formula: str, overrides: dict[str, Any] | None = None) -> tuple[dict[str, float], set[str]]:
    columns, flags = supply_columns(count_matrix([formula]), SupplySettings(prices=overrides or {}))
    return {column.name: column[0] for column in columns}, {flag for flag, mask in flags.items() if mask[0]}


@pytest.mark.parametrize(
    ("formula", "price", "tolerance"),
    [
        ("SmCo5", 26, 0.6),
        ("Nd8Fe56B4", 16, 0.5),
        ("Sm2Fe17N3", 3.6, 0.06),
        ("Ce2Fe14B", 1.6, 0.05),
        ("BaFe12O19", 0.3, 0.02),
        ("FePt", 21600, 50),
        ("LiCoO2", 26, 0.5),
        ("LiFePO4", 4.4, 0.06),
        ("NaFePO4", 1.1, 0.06),
    ],
)
def test_prices_of_known_compounds(formula: str, price: float, tolerance: float) -> None:
    assert supply(formula)[0]["price_USD_per_kg"] == pytest.approx(price, abs=tolerance)


@pytest.mark.parametrize(
    ("formula", "production", "reserve"),
    [("Nd2Fe14B", 4300, 1860), ("SmCo5", 5262, 2835), ("LiCoO2", 2236, 2087), ("LiFePO4", 1573, 1885)],
)
def test_supply_concentration_of_known_compounds(formula: str, production: float, reserve: float) -> None:
    values, flags = supply(formula)
    assert values["hhi_production"] == pytest.approx(production, rel=0.002)
    assert values["hhi_reserve"] == pytest.approx(reserve, rel=0.002)
    assert flags == set()


def test_mass_fractions_of_critical_elements() -> None:
    values, _ = supply("DyNdCo10")
    total = 162.500 + 144.242 + 10 * 58.933
    assert values["rare_earth_mass_fraction"] == pytest.approx((162.500 + 144.242) / total, rel=1e-4)
    assert values["heavy_rare_earth_mass_fraction"] == pytest.approx(162.500 / total, rel=1e-4)
    assert values["cobalt_mass_fraction"] == pytest.approx(589.33 / total, rel=1e-4)


def test_an_element_without_a_price_gives_null_and_a_flag_not_zero() -> None:
    values, flags = supply("PuFe2")
    assert values["price_USD_per_kg"] is None
    assert values["hhi_production"] is None
    assert flags == {"price_incomplete", "hhi_incomplete"}
    overridden, flags = supply("PuFe2", {"Pu": 1000.0})
    assert overridden["price_USD_per_kg"] > 500
    assert flags == {"hhi_incomplete"}


@pytest.mark.parametrize(
    "overrides", [{"Xy": 1.0}, {"Fe": -1.0}, {"Fe": float("nan")}, {"Fe": "dear"}, {"Fe": {"cost": 1.0}}, {"Fe": True}]
)
def test_wrong_overrides_are_refused(overrides: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=r"supply\.prices\."):
        supply("Fe", overrides)


def test_indices_are_replaced_and_checked() -> None:
    table, _ = supply_columns(count_matrix(["Nd", "Fe"]), SupplySettings(hhi_reserve={"Nd": 10.0}))
    assert {c.name: c.to_list() for c in table}["hhi_reserve"][0] == 10.0
    with pytest.raises(RequestError, match=r"supply\.hhi_production\.Fe: expected an index"):
        SupplySettings(hhi_production={"Fe": 10_001.0})


def test_the_date_of_a_price_is_that_of_its_elements() -> None:
    prices = {"Nd": {"price": 120, "date": 2026}, "Co": 30.0}
    table, _ = supply_columns(count_matrix(["Nd2Fe14B", "Fe", "Nd", "SmCo5", "PuFe2"]), SupplySettings(prices=prices))
    assert {c.name: c.to_list() for c in table}["price_date"] == [
        "2018-2020; Nd 2026", "2018-2020", "Nd 2026", "2018-2020; Co undated", None,
    ]  # fmt: skip


def test_local_mass_is_the_share_of_the_local_elements_and_null_without_a_region() -> None:
    assert supply("SmCo5")[0]["locally_available_mass_fraction"] is None
    table, _ = supply_columns(count_matrix(["SmCo5", "Co", "Fe"]), SupplySettings(local={"Co": "mine", "Ni": "mine"}))
    share = {c.name: c.to_list() for c in table}["locally_available_mass_fraction"]
    assert share == pytest.approx([5 * 58.933 / (5 * 58.933 + 150.36), 1.0, 0.0], rel=1e-4)


@pytest.mark.parametrize("path", sorted((resource("configs") / "supply").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_region_states_its_sources(path: Path) -> None:
    settings = build_settings(SupplySettings, yaml.safe_load(path.read_text(encoding="utf-8")), "supply")
    assert set(settings.local.values()) - {"from the air"} == set(settings.sources)
    for name, source in settings.sources.items():
        assert source.source, name
        assert re.match(r"20\d\d", source.date), name
    assert (settings.region is None) == (not settings.local)


def test_rows_do_not_influence_each_other() -> None:
    columns, _ = supply_columns(count_matrix(["PuFe2", "Fe"]), SupplySettings())
    table = pl.DataFrame(columns)
    assert table["price_USD_per_kg"].to_list() == [None, pytest.approx(0.424)]
    assert not np.isnan(table["rare_earth_mass_fraction"].to_numpy()).any()


def bought(formula: str, **settings: Any) -> float:
    columns, _ = supply_columns(count_matrix([formula]), SupplySettings(**settings), bought=True)
    return float(next(column[0] for column in columns if column.name == "price_USD_per_kg"))


def test_precursors_cost_what_the_market_pays_for_them() -> None:
    """The price of what is bought, over the share of the element in it, by hand."""
    assert bought("Li") == pytest.approx(9.00 / (2 * 6.94 / 73.89), rel=1e-3)
    assert bought("V2O5") == pytest.approx(11.07, rel=1e-6)
    assert bought("V") == pytest.approx(11.07 / 0.5602, rel=1e-3)
    assert bought("LiFePO4") < supply("LiFePO4")[0]["price_USD_per_kg"]
    assert bought("Fe") == supply("Fe")[0]["price_USD_per_kg"]  # not in the table of precursors


def test_the_price_of_a_precursor_can_be_replaced_and_that_of_the_element_wins() -> None:
    own = {"Li2CO3": {"price": 18.0, "date": "2026-10", "source": "my supplier"}}
    assert bought("Li", precursor_prices=own) == pytest.approx(2 * bought("Li"))
    assert bought("Li", precursor_prices=own, prices={"Li": 50.0}) == pytest.approx(50.0)
    dated, _ = supply_columns(count_matrix(["LiV"]), SupplySettings(precursor_prices=own), bought=True)
    assert dated[-1].to_list() == ["Li2CO3 2026-10; V2O5 2025"]
    pure, _ = supply_columns(count_matrix(["LiV"]), SupplySettings(precursor_prices=own))
    assert dict(zip((c.name for c in pure), pure, strict=True))["price_date"].to_list() == ["2018-2020"]


@pytest.mark.parametrize("prices", [{"Li2CO": 1.0}, {"Li2CO3": -1.0}, {"Li2CO3": {"cost": 1.0}}, {"Li2CO3": "dear"}])
def test_a_wrong_price_of_a_precursor_is_refused(prices: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match=r"supply\.precursor_prices\."):
        SupplySettings(precursor_prices=prices)


def test_every_price_of_a_precursor_has_its_source_and_date() -> None:
    for precursor in precursors().values():
        assert precursor.source and re.match(r"20\d\d", precursor.date), precursor
        assert 0 < precursor.share <= 1 and precursor.price_USD_per_kg > 0, precursor
    elements = [precursor.element for precursor in precursors().values()]
    assert len(set(elements)) == len(elements)
