"""The lists of a ranking on the page."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from lxml import html

from screening.report.page import ReportContent, render


@pytest.fixture
def grouped(content: ReportContent) -> ReportContent:
    ranking = content.ranking
    groups = ["Li cathode" if place % 3 else "Na anode" for place in range(ranking.height)]
    named = ranking.with_columns(rank_group=pl.Series(groups))
    placed = named.with_columns(rank_in_group=pl.col("rank").rank("ordinal").over("rank_group").cast(pl.Int64))
    task = {**content.task, "ranking": {**content.task.get("ranking", {}), "groups": ["ion", "use"]}}
    return replace(content, ranking=placed, task=task)


def test_each_list_has_its_table_in_the_order_of_the_best(grouped: ReportContent) -> None:
    tree = html.fromstring(render(grouped))
    heads = [" ".join(head.text_content().split()) for head in tree.xpath("//section[@id='lists']/h3")]
    n = grouped.ranking.height
    others = len(range(0, n, 3))
    assert heads == [f"Na anode {others} candidates", f"Li cathode {n - others} candidates"]
    tables = tree.xpath("//section[@id='lists']//table")
    assert [len(table.xpath("tbody/tr")) for table in tables] == [others, n - others]
    assert [row.xpath("string(td[1])").strip() for row in tables[0].xpath("tbody/tr")] == [
        str(place) for place in range(1, others + 1)
    ]
    assert tree.xpath("//select[@id='filter-group']/option/@value") == ["", "Na anode", "Li cathode"]


def test_a_ranking_without_groups_has_no_lists(content: ReportContent) -> None:
    tree = html.fromstring(render(content))
    assert not tree.xpath("//*[@id='lists'] | //*[@id='filter-group'] | //a[@href='#lists']")
