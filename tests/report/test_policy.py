"""Every page says what a browser may load and run: its own scripts, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from screening.report.finalist_files import finalist_page
from screening.report.page import ReportContent, render

META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
HANDLER = re.compile(r"<[^>]*\son[a-z]+=", re.IGNORECASE)


def check(page: str) -> None:
    (policy,) = META.findall(page)
    said = policy.replace("&#39;", "'")
    assert "default-src 'none'" in said and "unsafe-eval" not in said
    (allowed,) = re.findall(r"script-src ([^;]*)", said)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in SCRIPT.findall(page)]
    assert allowed.split() == ([f"'sha256-{digest}'" for digest in hashes] or ["'none'"])
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert not HANDLER.search(re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_a_report_runs_its_own_scripts(with_finalists: ReportContent) -> None:
    page = render(with_finalists)
    assert len(SCRIPT.findall(page)) == 3
    check(page)


def test_a_card_runs_none(with_finalists: ReportContent) -> None:
    row = with_finalists.ranking.row(0, named=True)
    page = finalist_page(row, with_finalists.finalists[0], b"", with_finalists)
    assert not SCRIPT.findall(page)
    check(page)


@pytest.mark.parametrize("rows", [0])
def test_an_empty_report_runs_none(with_finalists: ReportContent, rows: int) -> None:
    from dataclasses import replace

    page = render(replace(with_finalists, ranking=with_finalists.ranking.head(rows), finalists=()))
    assert not SCRIPT.findall(page)
    check(page)
