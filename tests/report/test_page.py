"""The report: complete, self-contained, and safe with any file name."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import html
from report.conftest import HOSTILE, ranking_of

from screening.report.page import ReportContent, render, write_report
from screening.report.ranked_table import ROWS

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


def data_of(page: str) -> dict[str, Any]:
    (data,) = html.fromstring(page).xpath("//script[@id='data']")
    assert "<" not in data.text
    found: dict[str, Any] = json.loads(data.text)
    return found


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_well_formed_and_loads_nothing(with_finalists: ReportContent, language: str) -> None:
    page = render(replace(with_finalists, language=language))
    parser = Strict()
    parser.feed(page)
    assert parser.open == []
    assert [address for address in parser.loaded if not address.startswith("data:")] == []
    assert parser.handlers == []
    assert parser.scripts == 4  # the data, the table, plotly, the pictures
    assert "@import" not in page.split("<script")[0] and "url(" not in page.split("<script")[0]
    assert html.fromstring(page).get("lang") == language


def test_names_from_files_are_text(with_finalists: ReportContent) -> None:
    page = render(with_finalists)
    tree = html.fromstring(page)
    assert [who.text for who in tree.xpath("//summary/span[@class='who']")] == HOSTILE
    assert "<b>Fe</b>" in tree.xpath("//section[@id='cards']")[0].text_content()
    assert "<i>odd</i>" in tree.text_content() and "<i>known</i>" in tree.text_content()
    assert "Permanent <magnets>" in tree.xpath("//h1")[0].text_content()
    assert not tree.xpath("//b | //i | //img")
    rows = data_of(page)["table"]["rows"]
    assert [row[1] for row in rows] == HOSTILE


def test_the_embedded_figure_has_escaped_names(page: str) -> None:
    traces = data_of(page)["scatter"]["data"]
    hover = [text for trace in traces for text in trace["hovertext"]]
    assert len(hover) == len(HOSTILE) + 1
    assert not [text for text in hover if "<script" in text or "<b>" in text]
    assert traces[-1]["name"] == "known materials"
    (bars,) = {len(trace["error_x"]["array"]) for trace in traces if trace["name"] == "known materials"}
    assert bars == 1


def test_candidates_without_a_point_are_not_counted_as_points(content: ReportContent) -> None:
    n = content.ranking.height
    ranking = content.ranking.with_columns(mu0_Ms_T=pl.Series([1.6, None, *[1.0] * (n - 2)]))
    page = render(replace(content, ranking=ranking))
    drawn = sum(len(trace["x"]) for trace in data_of(page)["scatter"]["data"] if trace["name"] != "known materials")
    assert drawn == n - 1 and f"{n - 1} of {n} candidates" in page


def test_the_funnel_counts_every_stage(page: str) -> None:
    rows = html.fromstring(page).xpath("//table[@class='funnel']/tbody/tr")
    counts = [int(row[1].text_content()) for row in rows]
    # 6 scored of 9; P(magnetization) = 1.0 .. 0.5 keeps all; P(stability) = 0.4 .. 0.9 loses the first
    assert counts == [9, 6, 6, 5]
    assert "µ0Ms ≥ 0.8\u202fT" in rows[2].text_content()


def test_reasons_are_counted(page: str) -> None:
    rows = html.fromstring(page).xpath("//section[@id='rejected']//tbody/tr")
    assert [row[0].text_content() for row in rows] == ["2", "1"]
    assert "unreadable: <no cell>" in rows[0].text_content() and "<img src=x>" in rows[0].text_content()


def test_a_long_ranking_is_cut_and_says_so(content: ReportContent, tmp_path: Path) -> None:
    many = ranking_of([f"c{i}" for i in range(3000)])
    path = tmp_path / "sub" / "report.html"
    write_report(path, replace(content, ranking=many))
    assert path.stat().st_size < 8e6
    page = path.read_text(encoding="utf-8")
    assert len(data_of(page)["table"]["rows"]) == ROWS
    text = " ".join(html.fromstring(page).text_content().split())
    assert "first 1,000 of 3,000 candidates" in text and "2,000 of 3,000 candidates" in text


def test_an_empty_ranking_still_says_why(content: ReportContent) -> None:
    page = render(replace(content, ranking=ranking_of([]), landmarks=ranking_of([])))
    tree = html.fromstring(page)
    assert "No candidate was scored" in tree.text_content()
    assert "atoms overlap" in tree.text_content()
    assert not tree.xpath("//details[@class='card'] | //*[@id='scatter'] | //script")
    assert len(page) < 200_000


def test_missing_figures_and_no_rejections(content: ReportContent) -> None:
    ranking = content.ranking.with_columns(mu0_Ms_T=pl.lit(None, pl.Float64), flags=pl.lit(None, pl.String))
    page = render(
        replace(content, ranking=ranking, rejected=content.rejected.clear(), run={}, task={"name": "magnets"})
    )
    assert "Every input was scored" in page
    table = data_of(page)["table"]
    place = [spec["name"] for spec in table["columns"]].index("mu0_Ms_T")
    assert {row[place] for row in table["rows"]} == {None}


def test_the_run_is_linked_where_a_server_shows_it(content: ReportContent) -> None:
    links = {
        uri: html.fromstring(render(replace(content, run={"mlflow": {"run_id": "1<2", "tracking_uri": uri}}))).xpath(
            "//section[@id='asked']//a/@href"
        )
        for uri in ("https://me:***@team.example/mlflow/", "sqlite:///mlflow.db", "javascript:alert(1)")
    }
    assert list(links.values()) == [["https://team.example/mlflow/#/runs/1%3C2"], [], []]


def test_no_cards_if_none_are_wanted(content: ReportContent) -> None:
    tree = html.fromstring(render(replace(content, run={"config": {"report": {"cards": 0}}})))
    assert not tree.xpath("//section[@id='cards']") and tree.xpath("//section[@id='ranking']")


def test_in_russian(with_finalists: ReportContent) -> None:
    tree = html.fromstring(render(replace(with_finalists, language="ru")))
    text = " ".join(tree.text_content().split())
    assert "В рейтинге 6 кандидатов" in text and "3 структуры не оценены." in text
    assert "отличаются 12 % атомов" in text and "Измерено для Nd2Fe14B" in text
    assert "чтение" in text and "Ranking" not in text
