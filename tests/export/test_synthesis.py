"""Grams of each element in 100 g, against pymatgen; the chemist's columns stay empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymatgen.core import Composition

from screening.export.synthesis import LEFT_TO_THE_CHEMIST, synthesis_table
from screening.tables import read_table, write_table
from screening.tracking.reviews import ReviewedFinalist

FORMULAS = ["Nd2Fe14B", "LiFePO4", "SrFe12O19", "Sm2Fe17N3", "Fe", "HfO2"]


def entry(formula: str, candidate_id: str = "c", rank: int | None = 1) -> ReviewedFinalist:
    return ReviewedFinalist(candidate_id, formula, rank, 0.5, "approve", "", "", "run")


@pytest.mark.parametrize("formula", FORMULAS)
def test_masses_are_those_of_the_formula(formula: str) -> None:
    table = synthesis_table([entry(formula)])
    composition = Composition(formula)
    assert table.height == len(composition)
    assert table["mass_g_per_100_g"].sum() == pytest.approx(100)
    assert all(len(f"{mass!r}") <= len("72.316404") for mass in table["mass_g_per_100_g"])
    assert table["mass_g_per_100_g"].is_sorted(descending=True)
    units = 100 / composition.weight
    for row in table.iter_rows(named=True):
        # Tables of atomic masses differ in their last digits.
        assert row["mass_g_per_100_g"] == pytest.approx(100 * composition.get_wt_fraction(row["element"]), rel=2e-4)
        assert row["atoms_per_formula_unit"] == composition[row["element"]]
        assert row["amount_mol_per_100_g"] == pytest.approx(units * composition[row["element"]], rel=2e-4)


def test_columns_for_the_chemist_are_empty_and_text_is_harmless(tmp_path: Path) -> None:
    table = synthesis_table([entry("FeO", "=1+1", None), entry("CoO", "../x", 2)])
    assert all(table[name].is_null().all() for name in LEFT_TO_THE_CHEMIST)
    assert table["formula"].to_list() == ["FeO", "FeO", "CoO", "CoO"]
    write_table(table, tmp_path / "t.csv")
    assert "'=1+1" in (tmp_path / "t.csv").read_text()
    assert read_table(tmp_path / "t.csv")["candidate_id"].to_list() == table["candidate_id"].to_list()
    assert synthesis_table([]).columns == table.columns
