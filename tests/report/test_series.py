"""Families of solid solutions: at least three compositions that differ in one exchange, drawn over the share."""

from __future__ import annotations

import polars as pl
import pytest

from screening.report.series import LEAST_STEPS, MOST_FAMILIES, families, series
from screening.report.texts import catalogue

FORMULAS = ["Nd2Fe14B", "Nd1.8Ce0.2Fe14B", "Fe2B", "CeNdFe14B", "Ce2Fe14B", "Fe1.5Co0.5B", "SmCo5", "not a formula"]


def ranking(formulas: list[str], groups: list[int | None] | None = None) -> pl.DataFrame:
    size = len(formulas)
    return pl.DataFrame(
        {
            "formula": formulas,
            "space_group_number": groups or [136] * size,
            "mu0_Ms_T": [float(row) for row in range(size)],
            "mu0_Ms_T_lo": [row - 0.5 for row in range(size)],
            "mu0_Ms_T_hi": [row + 0.5 for row in range(size)],
            "price_USD_per_kg": [None if row == 1 else 1.0 for row in range(size)],
        }
    )


def test_a_family_begins_at_the_end_of_its_best_candidate() -> None:
    (family,) = families(ranking(FORMULAS))
    assert (family.first, family.second, family.elements) == ("Nd2Fe14B", "Ce2Fe14B", ("Nd", "Ce"))
    assert family.rows == (0, 1, 3, 4) and family.shares == pytest.approx((0.0, 0.1, 0.5, 1.0))


def test_another_structure_is_another_family() -> None:
    assert families(ranking(FORMULAS, [136, 136, 140, 166, 166, 140, 191, 1])) == []


def test_fewer_steps_are_none() -> None:
    assert LEAST_STEPS == 3
    assert families(ranking(["Fe2B", "Fe1.5Co0.5B", "Fe1.5Co0.5B"])) == []
    assert families(pl.DataFrame({"formula": []}, schema={"formula": pl.String})) == []


def test_of_one_composition_the_best_counts_and_families_are_few() -> None:
    (family,) = families(ranking(["Fe1.5Co0.5B", "Fe2B", "Fe1.5Co0.5B", "Fe3Co1B2", "Co2B"]))
    assert family.rows == (1, 0, 4)
    many = [f"Fe{2 - x}Co{x}{light}" for light in ("B", "P", "Si", "Ge", "As", "C", "N") for x in (0.5, 1, 1.5)]
    assert len(families(ranking(many))) == MOST_FAMILIES


@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_column_is_drawn_with_its_interval(language: str) -> None:
    task = {"report": {"series": ["mu0_Ms_T", "price_USD_per_kg", "missing"]}}
    (shown,) = series(ranking(FORMULAS), task, catalogue(language))
    moment, price = (plot["figure"] for plot in shown["plots"])
    assert moment["data"][0]["y"] == [0.0, 1.0, 3.0, 4.0] and moment["data"][0]["error_y"]["array"] == [0.5] * 4
    assert price["data"][0]["x"] == [0.0, 0.5, 1.0] and "error_y" not in price["data"][0]
    assert "Nd₁₋ₓCeₓ" in moment["layout"]["xaxis"]["title"]["text"]
    assert series(ranking(FORMULAS), {}, catalogue(language)) == []
