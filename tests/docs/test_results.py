"""Measured figures of README and docs are those of the files that scripts wrote; the README stays short."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from helpers.pages import PAGES, ROOT

GENERATED = re.compile(r"<!-- table [\w-]+ -->\n.*?<!-- end of table -->", re.DOTALL)
MEASURED = [page for page in PAGES if page.name == "README.md" or page.parent.name == "results"]


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("write_results")


def test_tables_are_those_of_the_files(writer: ModuleType) -> None:
    by_name = writer.tables()
    shown = set()
    for page in writer.pages():
        text = page.read_text("utf-8")
        assert writer.rendered(text, by_name) == text, f"{page}: run python scripts/write_results.py"
        shown |= set(re.findall(r"<!-- table ([\w-]+) -->", text))
    assert shown == set(by_name)


def test_figures_collected_from_a_card_are_those_of_the_card(writer: ModuleType) -> None:
    measured = importlib.import_module("results_measured")
    collected = json.loads((measured.RESULTS / "screening-v3.json").read_text("utf-8"))
    assert collected == measured.model_card_tables(ROOT / collected["collected_from"])


@pytest.mark.parametrize("page", MEASURED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_table_of_figures_is_written_by_hand(page: Path) -> None:
    by_hand = GENERATED.sub("", page.read_text("utf-8"))
    rows = [line for line in by_hand.splitlines() if line.startswith("|") and "`" not in line.split("|")[1]]
    assert not [row for row in rows if re.search(r"\d", row)]


def test_the_readme_is_short() -> None:
    words = len(re.sub(r"<!--.*?-->", "", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL).split())
    assert words <= 900
