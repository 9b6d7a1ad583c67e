"""The spreadsheet: figures are numbers, all text stays text, equal content makes equal bytes."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from screening.export.decision_tables import decisions_table, explanations_table, figures_table
from screening.export.workbook import Sheet, write_workbook
from screening.tracking.reviews import Figure, ReviewedFinalist

CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "http://x.y", "mailto:a@b", "007", "1e5", "{=1}",
           "<b>&amp;</b>", "a\x00\x1b[2Jb", "_x0041_", "Анна 電池", "'quoted", "line\nbreak"]  # fmt: skip


def entry(candidate_id: str, rank: int | None = 1, **figures: Figure) -> ReviewedFinalist:
    return ReviewedFinalist(
        candidate_id, "FeO", rank, 0.5, "approve", f"comment {candidate_id}", candidate_id, "run", figures
    )


def test_nothing_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    table = figures_table([entry(text) for text in HOSTILE])
    write_workbook(tmp_path / "t.xlsx", [Sheet("A", table)], CREATED)
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["A"]
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"n", "s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert all(cell.quotePrefix for cell in cells if cell.data_type == "s")
    shown = [page.cell(row, 2).value for row in range(2, 2 + len(HOSTILE))]
    assert shown[:11] == HOSTILE[:11] and shown[13] == HOSTILE[13]
    with zipfile.ZipFile(tmp_path / "t.xlsx") as packed:
        assert not any(b"<f>" in packed.read(name) or b"hyperlink" in packed.read(name) for name in packed.namelist())


def test_figures_are_numbers_under_headings_with_units(tmp_path: Path) -> None:
    entries = [
        entry("a", mu0_Ms_T=1.5, mu0_Ms_T_lo=1.0, mu0_Ms_T_hi=2.0, gate_easy_axis_probability=0.25, uniaxial=True),
        entry("b", rank=None, mu0_Ms_T=-0.5, easy_axis="plane", price_USD_per_kg=3.0),
    ]
    table = figures_table(entries)
    assert table.columns[6:] == [
        "mu0_Ms_T", "mu0_Ms_T_lo", "mu0_Ms_T_hi", "uniaxial", "easy_axis", "price_USD_per_kg",
        "gate_easy_axis_probability",
    ]  # fmt: skip
    write_workbook(tmp_path / "t.xlsx", [Sheet("A", table)], CREATED)
    page = openpyxl.load_workbook(tmp_path / "t.xlsx")["A"]
    rows = {row[1]: dict(zip((cell.value for cell in page[1]), row, strict=True)) for row in page.values}
    assert rows["a"]["µ0Ms (T)"] == 1.5 and rows["a"]["µ0Ms 10 % (T)"] == 1.0 and rows["a"]["Uniaxial"] is True
    assert rows["a"]["Gate: easy axis"] == 0.25 and rows["a"]["Easy axis"] is None
    assert rows["b"]["µ0Ms (T)"] == -0.5 and rows["b"]["Price (USD/kg)"] == 3.0 and rows["b"]["Rank"] is None
    assert page.freeze_panes == "D2"


def test_the_same_content_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = [Sheet("A", figures_table([entry("a", score=1.0)])), Sheet("B", explanations_table(["score"]))]
    for name, zone in (("one", "UTC"), ("two", "Asia/Krasnoyarsk")):
        monkeypatch.setenv("TZ", zone)
        write_workbook(tmp_path / name, sheets, CREATED)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_every_decision_is_listed_with_the_reason_for_no_export() -> None:
    table = decisions_table([entry("a"), entry("b")], {"run": "no crystal"})
    assert table["remark"].to_list() == ["no crystal"] * 2 and table["run_id"].to_list() == ["run"] * 2


def test_empty_tables_and_long_texts(tmp_path: Path) -> None:
    sheets = [Sheet("A", figures_table([])), Sheet("B", pl.DataFrame({"why": ["x" * 40_000, None]}))]
    write_workbook(tmp_path / "t.xlsx", sheets, CREATED)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book["A"].max_row == 1 and len(book["B"]["A2"].value) == 32_767
