"""Tables of compositions and prototypes are candidates: one crystal or one reason for every row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals

TABLE = """id,composition,prototype,a_A,c_A,remark
one,(Fe0.7Co0.3)2B,CuAl2,,,mixed
two,SmCo5,CaCu5,4.99,3.97,a compound
three,SmCo5,Nd2Fe14B,,,wrong

four,SmCo5,CaCu5,x,,wrong edge
five,SmCo5
six,,CaCu5,,,nothing
"""


def read(tmp_path: Path, text: str | bytes, name: str = "alloys.csv") -> list[Crystal | Rejection]:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_crystals(file, ReadSettings(workers=0)))


def test_every_row_is_a_crystal_or_a_reason(tmp_path: Path) -> None:
    first, second, *refused = read(tmp_path, TABLE)
    assert isinstance(first, Crystal) and isinstance(second, Crystal)
    assert (first.candidate_id, first.formula, first.flags) == ("one", "Fe1.4Co0.6B", ("ordered_approximant",))
    assert first.parent_space_group == 140 and first.approximants
    assert (second.formula, second.flags, second.approximants, second.source) == ("SmCo5", (), (), "alloys.csv#3")
    reasons = [each.reason for each in refused if isinstance(each, Rejection)]
    for reason, expected in zip(
        reasons,
        ("does not fit Nd2Fe14B", "a_A: 'x' is not a number", "2 cells in a table of 6 columns", "expected text"),
        strict=True,
    ):
        assert expected in reason


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "",
        "\n\n",
        b"\xff\xfe\x00",
        "id,composition\nx,SmCo5\n",
        "composition,prototype,composition\na,b,c\n",
    ],
)
def test_another_table_is_refused_once(tmp_path: Path, text: str | bytes) -> None:
    (only,) = read(tmp_path, text)
    assert isinstance(only, Rejection) and only.reason


def test_rows_in_memory_and_in_json_are_the_same(tmp_path: Path) -> None:
    row = {"id": "one", "composition": "(Fe0.7Co0.3)2B", "prototype": "CuAl2"}
    (table, *_) = read(tmp_path, TABLE)
    (json_row,) = read(tmp_path, json.dumps(row), "alloys.jsonl")
    (memory,) = as_crystals([row])
    assert isinstance(table, Crystal) and isinstance(json_row, Crystal) and isinstance(memory, Crystal)
    assert table.digest == json_row.digest == memory.digest


def test_alloys_that_share_an_approximant_are_no_duplicates() -> None:
    rows = [{"id": f"{x}", "composition": f"(Fe{1 - x}Co{x})2B", "prototype": "CuAl2", "a_A": 5.11, "c_A": 4.25}
            for x in (0.1, 0.12, 0.1)]  # fmt: skip
    first, second, again = as_crystals(rows)
    assert isinstance(first, Crystal) and isinstance(second, Crystal) and isinstance(again, Rejection)


def test_a_row_with_a_crystal_is_that_crystal() -> None:
    row = {"lattice": [[3, 0, 0], [0, 3, 0], [0, 0, 3]], "species": ["Fe"], "frac": [[0, 0, 0]],
           "composition": "Co", "prototype": "hcp"}  # fmt: skip
    (found,) = as_crystals([row])
    assert isinstance(found, Crystal) and found.formula == "Fe"


def test_no_line_stops_a_table(tmp_path: Path) -> None:
    lines = [
        "composition,prototype",
        f'"{"x" * 200_000}",CaCu5',
        '"SmCo5,CaCu5',
        "SmCo5,../CaCu5",
        "Sm(Co,CaCu5",
        "SmCo5,CaCu5",
    ]
    *refused, last = read(tmp_path, "\n".join(lines))
    assert len(refused) == 4 and all(isinstance(each, Rejection) and each.reason for each in refused)
    assert isinstance(last, Crystal) and last.formula == "SmCo5"
