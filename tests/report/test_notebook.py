"""Tables and pages for a notebook: units, the first rows, and nothing that a file could smuggle in."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from screening.report.notebook import ROWS_SHOWN, HtmlPage, table_html

HOSTILE = '<script>alert("x")</script>'


def test_units_intervals_and_the_first_rows() -> None:
    n = ROWS_SHOWN + 5
    gaps = {"band_gap_eV": [1.0] * n, "band_gap_eV_lo": [0.5] * n, "band_gap_eV_hi": [1.5] * n}
    table = pl.DataFrame({"candidate_id": [f"c{i}" for i in range(n)], **gaps})
    shown = table_html(table, ["candidate_id", "band_gap_eV", "lacking"], "a note")
    assert shown.count("<tr>") == ROWS_SHOWN + 1
    assert "<small>eV</small>" in shown and "1.00" in shown and "0.50" in shown
    assert "lacking" not in shown and "a note" in shown


def test_whatever_comes_from_files_is_escaped() -> None:
    shown = table_html(pl.DataFrame({"candidate_id": [HOSTILE], HOSTILE: ["x"]}), ["candidate_id", HOSTILE], HOSTILE)
    assert "<script" not in shown and "&lt;script&gt;" in shown


def test_a_page_stays_in_its_frame(tmp_path: Path) -> None:
    page = HtmlPage(f'<html>"quoted" {HOSTILE}</html>')
    frame = page._repr_html_()
    assert frame.startswith("<iframe") and "<script" not in frame and "allow-same-origin" not in frame
    assert page.save(tmp_path / "new" / "page.html").read_text() == page.html
    assert HOSTILE not in repr(page)
