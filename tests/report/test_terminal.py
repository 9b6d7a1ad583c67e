"""The short table on the terminal."""

from __future__ import annotations

import polars as pl
import pytest

from screening.columns import column
from screening.report.terminal import FULL_WIDTH, short_table, timing_line, with_interval

COLUMNS = ["rank", "candidate_id", "formula", "mu0_Ms_T", "energy_above_hull_eV_per_atom", "no_such_column"]


@pytest.fixture
def table() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rank": [1, 2, 3],
            "candidate_id": ["nd", "a long id " * 20, "\x1b[31mred"],
            "formula": ["Nd2Fe14B", "SmCo5", "Fe"],
            "mu0_Ms_T": [1.612, 1.07, None],
            "mu0_Ms_T_lo": [1.49, 1.06, None],
            "mu0_Ms_T_hi": [1.71, 1.08, None],
            "energy_above_hull_eV_per_atom": [0.0, -0.0001, 0.1],
        }
    )


def test_values_come_with_interval_label_and_unit(table: pl.DataFrame) -> None:
    text = short_table(table, COLUMNS, 2)
    assert "1.61 [1.5, 1.7]" in text
    assert "1.07 [1.06, 1.08]" in text
    assert "µ0Ms" in text and "(T)" in text and "(eV/atom)" in text
    assert "red" not in text and "no_such_column" not in text


def test_columns_are_aligned_within_the_width(table: pl.DataFrame) -> None:
    lines = short_table(table, COLUMNS, 3).splitlines()
    assert max(map(len, lines)) <= FULL_WIDTH
    ends = {line.rfind("]") for line in lines if "]" in line and "[" in line and "µ" not in line}
    assert len(ends - {lines[-1].rfind("]")}) == 1


def test_control_characters_never_reach_the_terminal(table: pl.DataFrame) -> None:
    assert "\x1b" not in short_table(table, COLUMNS, 3)


def test_known_materials_stand_below_a_rule_without_a_rank(table: pl.DataFrame) -> None:
    lines = short_table(table.head(1), COLUMNS, 5, table.slice(1, 1)).splitlines()
    assert lines[-2].startswith("── known materials ──")
    assert lines[-1].split()[0] == "·" and "SmCo5" in lines[-1]


def test_an_empty_ranking_says_so(table: pl.DataFrame) -> None:
    assert "no candidate was scored" in short_table(table.clear(), COLUMNS, 5)
    assert "no candidate was scored" not in short_table(table, COLUMNS, 0)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("mu0_Ms_T", None, "–"),
        ("mu0_Ms_T", float("nan"), "–"),
        ("mu0_Ms_T", -0.0001, "0.00"),
        ("curie_temperature_K", 585.4, "585"),
        ("uniaxial", True, "yes"),
        ("formula", "NaN", "NaN"),
    ],
)
def test_single_values(name: str, value: object, text: str) -> None:
    assert column(name).shown(value) == text


def test_an_interval_without_ends_is_left_out() -> None:
    row = {"mu0_Ms_T": 1.0, "mu0_Ms_T_lo": None, "mu0_Ms_T_hi": None}
    assert with_interval(row, column("mu0_Ms_T")) == "1.00"


def test_the_longest_stage_comes_first() -> None:
    assert (
        timing_line({"reading": 3.0, "network": 9.0, "ranking": 0.001}) == "12.0 s of work: network 75 %, reading 25 %"
    )
    assert timing_line({}) == "0.0 s of work"


def test_each_list_stands_under_its_name(table: pl.DataFrame) -> None:
    grouped = table.with_columns(rank_group=pl.Series(["Li x", "Na y", "Li x"]), rank_in_group=pl.Series([1, 1, 2]))
    lines = short_table(grouped, COLUMNS, 1).splitlines()
    heads = [line for line in lines if line.startswith("── ")]
    assert [line.strip("─ ") for line in heads] == ["Li x (2)", "Na y (1)"]
    assert lines[lines.index(heads[0]) + 1].split()[0] == "1" and lines[lines.index(heads[1]) + 1].split()[0] == "2"
    assert len(lines) == len(short_table(table, COLUMNS, 2).splitlines()) + 1
