"""The build script refuses rows whose structure is not what the row says."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from screening.errors import RequestError
from screening.resources import resource

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_datasets.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("build_datasets", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_datasets"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def iron() -> dict[str, str]:
    with (resource("datasets") / "reference" / "magnets.csv").open(newline="", encoding="utf-8") as stream:
        return next(row for row in csv.DictReader(stream) if row["name"] == "Fe bcc")


def test_a_good_row_becomes_a_primitive_cell(build: ModuleType, iron: dict[str, str]) -> None:
    entry = build.candidate(iron)
    assert entry["id"] == "Fe bcc"
    assert entry["species"] == ["Fe"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": "FeCo"}, "the table says FeCo"),
        ({"nsites_conv": "4"}, "built 2 sites, the table says 4"),
        ({"sites": "Fe:0.5+Co:0.5 0 0 0"}, "share a site"),
    ],
)
def test_a_wrong_row_stops_the_build(
    build: ModuleType, iron: dict[str, str], change: dict[str, str], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        build.candidate({**iron, **change})


def test_prices_keep_their_facts_except_air(build: ModuleType) -> None:
    row = dict.fromkeys(build.PRICE_COLUMNS, "x")
    oxygen, iron = build.prices([{**row, "element": "O", "price_usd_kg": "0.154"}, {**row, "element": "Fe"}])
    assert oxygen["price_USD_per_kg"] == "0"
    assert "0.154" in oxygen["note"]
    assert iron["price_USD_per_kg"] == "x"
