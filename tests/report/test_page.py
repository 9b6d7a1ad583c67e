"""The report: complete, self-contained, and safe whatever the files were called."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from lxml import html
from report.conftest import HOSTILE, ranking_of

from screening.report.page import TABLE_ROWS, ReportContent, render, write_report
from screening.report.pictures import pareto_scatter

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Strict(HTMLParser):
    """Checks that elements nest, collects what would be loaded, and counts scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.scripts += tag == "script"
        for name, value in attrs:
            self.handlers += [name] if name.startswith("on") else []
            if name in ("src", "srcset", "data", "action") or (name == "href" and tag != "a"):
                self.loaded.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(content: ReportContent) -> str:
    return render(content)


def test_it_is_well_formed_and_loads_nothing(page: str) -> None:
    parser = Strict()
    parser.feed(page)
    assert parser.open == []
    assert [address for address in parser.loaded if not address.startswith("data:")] == []
    assert parser.handlers == []
    assert parser.scripts == 3  # the figure's data, plotly, ours
    assert "@import" not in page.split("<script")[0] and "url(" not in page.split("<script")[0]


def test_names_from_files_are_text(page: str) -> None:
    tree = html.fromstring(page)
    cells = [cell.text_content().strip() for cell in tree.xpath("//table[@id='table']/tbody/tr/td[2]")]
    assert cells == HOSTILE
    assert "<b>Fe</b>" in tree.xpath("//table[@id='table']")[0].text_content()
    assert "<i>odd</i>" in tree.text_content()
    assert "Permanent <magnets>" in tree.xpath("//h1")[0].text_content()
    assert not tree.xpath("//b | //i | //img")


def test_the_embedded_figure_is_data_with_escaped_names(page: str) -> None:
    (figure,) = html.fromstring(page).xpath("//script[@id='figure']")
    assert "<" not in figure.text
    traces = json.loads(figure.text)["data"]
    hover = [text for trace in traces for text in trace["hovertext"]]
    assert len(hover) == len(HOSTILE) + 1
    assert not [text for text in hover if "<script" in text or "<b>" in text]
    assert traces[-1]["name"] == "known materials"
    (bars,) = {len(trace["error_x"]["array"]) for trace in traces if trace["name"] == "known materials"}
    assert bars == 1


def test_the_funnel_counts_every_stage(page: str) -> None:
    rows = html.fromstring(page).xpath("//table[@class='funnel']/tbody/tr")
    counts = [int(row[1].text_content()) for row in rows]
    # 6 scored of 9; P(magnetization) = 1.0 .. 0.5 keeps all; P(stability) = 0.4 .. 0.9 loses the first
    assert counts == [9, 6, 6, 5]
    assert "µ0Ms ≥ 0.8 T" in rows[2].text_content()


def test_cards_name_the_limiting_gate_and_explain_flags(page: str) -> None:
    cards = html.fromstring(page).xpath("//article")
    assert len(cards) == len(HOSTILE)
    assert "limited most by stability" in " ".join(cards[0].text_content().split())
    assert "energy above the hull" in cards[1].text_content()
    assert "−0.020 to 0.030" in cards[0].text_content()


def test_reasons_are_counted(page: str) -> None:
    rows = html.fromstring(page).xpath("//section[@id='rejected']//tbody/tr")
    assert [row[0].text_content() for row in rows] == ["2", "1"]
    assert "unreadable: <no cell>" in rows[0].text_content() and "<img src=x>" in rows[0].text_content()


def test_a_long_ranking_is_cut_and_says_so(content: ReportContent, tmp_path: Path) -> None:
    many = ranking_of([f"c{i}" for i in range(3000)])
    path = tmp_path / "sub" / "report.html"
    write_report(path, replace(content, ranking=many))
    assert path.stat().st_size < 8e6
    tree = html.fromstring(path.read_text(encoding="utf-8"))
    assert len(tree.xpath("//table[@id='table']/tbody/tr")) == TABLE_ROWS
    assert "first 200 of 3,000 candidates" in " ".join(tree.text_content().split())
    assert "2,000 of 3,000 candidates" in " ".join(tree.text_content().split())


def test_an_empty_ranking_still_says_why(content: ReportContent) -> None:
    page = render(replace(content, ranking=ranking_of([]), landmarks=ranking_of([])))
    tree = html.fromstring(page)
    assert "No candidate was scored" in tree.text_content()
    assert "atoms overlap" in tree.text_content()
    assert not tree.xpath("//article | //*[@id='scatter']")
    assert len(page) < 200_000


def test_missing_figures_and_no_rejections(content: ReportContent) -> None:
    ranking = content.ranking.with_columns(mu0_Ms_T=pl.lit(None, pl.Float64), flags=pl.lit(None, pl.String))
    page = render(
        replace(content, ranking=ranking, rejected=content.rejected.clear(), run={}, task={"name": "magnets"})
    )
    assert "Every input was scored" in page
    assert ">–" in page


def test_an_axis_with_a_few_huge_values_is_logarithmic(content: ReportContent) -> None:
    ranking = ranking_of([f"c{i}" for i in range(20)]).with_columns(price_USD_per_kg=pl.lit(5.0))
    dear = ranking.with_columns(price_USD_per_kg=pl.when(pl.col("rank") == 1).then(2e4).otherwise(5.0))
    axes = ("price_USD_per_kg", "mu0_Ms_T")
    kinds = [pareto_scatter(table, content.landmarks, axes, 5)["layout"]["xaxis"]["type"] for table in (ranking, dear)]
    assert kinds == ["linear", "log"]
