"""Scores, ranks and ties."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.columns import is_gate
from screening.errors import RequestError
from screening.materials.registry import class_names
from screening.materials.task_merit import evaluate_task
from screening.ranking import rank_table, ranking_settings
from screening.resources import resource

SETTINGS: dict[str, Any] = {
    "gates": {"good": {"column": "x", "at_least": 0.5}, "clean": {"column": "flags", "without_flag": "bad"}},
    "objective": {"column": "y", "scale": 10.0},
    "tie_break": ["p", "y"],
    "pareto": [{"column": "y", "maximise": True}, {"column": "cost", "maximise": False}],
}
VALUES = st.one_of(st.none(), st.floats(0, 2, width=16))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"x": VALUES, "y": VALUES, "p": VALUES, "cost": VALUES, "flags": st.sampled_from(["", "bad"])}
    ),
    min_size=1,
    max_size=12,
)
SCHEMA = {"x": pl.Float64, "y": pl.Float64, "p": pl.Float64, "cost": pl.Float64, "flags": pl.String}


def table_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    table = pl.DataFrame(rows, schema=SCHEMA)
    return table.with_columns(candidate_id=pl.Series([f"c{index:02d}" for index in range(table.height)]))


def ranked(rows: list[dict[str, Any]], changes: dict[str, Any] | None = None) -> pl.DataFrame:
    return rank_table(table_of(rows), ranking_settings({**SETTINGS, **(changes or {})}))


@settings(max_examples=60)
@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_does_not_matter_and_none_is_lost(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    table = table_of(rows)
    order = data.draw(st.permutations(range(table.height)))
    result = rank_table(table, ranking_settings(SETTINGS))
    assert rank_table(table[order], ranking_settings(SETTINGS)).equals(result)
    assert sorted(result["candidate_id"]) == sorted(table["candidate_id"])
    assert result["rank"].to_list() == list(range(1, table.height + 1))
    assert result["score"].is_sorted(descending=True)
    assert result["pareto_front"].min() == 1


def test_the_score_is_the_gates_times_the_objective_over_its_scale() -> None:
    rows = [{"x": 0.5, "y": 5.0, "p": 1.0, "cost": 1.0, "flags": ""}]
    table = table_of(rows).with_columns(x_lo=pl.lit(0.0), x_hi=pl.lit(1.0), y_lo=pl.lit(3.0), y_hi=pl.lit(7.0))
    row = rank_table(table, ranking_settings(SETTINGS)).row(0, named=True)
    assert row["gate_good_probability"] == pytest.approx(0.5)
    assert row["gate_clean_probability"] == 1.0
    assert row["score"] == pytest.approx(0.5 * 5.0 / 10.0)
    assert row["limiting_gate"] == "good"


def test_uncertainty_upwards_raises_the_expected_objective() -> None:
    rows = [{"x": 1.0, "y": 5.0, "p": 1.0, "cost": 1.0, "flags": ""}] * 2
    table = table_of(rows).with_columns(y_lo=pl.Series([5.0, 5.0]), y_hi=pl.Series([5.0, 8.0]))
    result = rank_table(table, ranking_settings(SETTINGS))
    assert result["candidate_id"].to_list() == ["c01", "c00"]


def test_ties_go_to_the_tie_break_then_to_the_id_and_null_comes_last() -> None:
    base = {"x": 0.0, "y": 1.0, "cost": 1.0, "flags": ""}
    result = ranked([{**base, "p": None}, {**base, "p": 0.5}, {**base, "p": 0.9}, {**base, "p": 0.5}])
    assert result["candidate_id"].to_list() == ["c02", "c01", "c03", "c00"]
    assert result["score"].to_list() == [0.0] * 4
    assert result["best_place"].to_list() == [1] * 4 and result["worst_place"].to_list() == [4] * 4


def test_all_flagged_rows_are_ranked_and_say_why() -> None:
    rows = [{"x": 1.0, "y": value, "p": 1.0, "cost": 1.0, "flags": "bad"} for value in (1.0, 2.0)]
    result = ranked(rows)
    assert result["candidate_id"].to_list() == ["c01", "c00"]
    assert result["limiting_gate"].to_list() == ["clean", "clean"]


def test_nothing_limits_a_candidate_that_certainly_passes() -> None:
    assert ranked([{"x": 1.0, "y": 1.0, "p": 1.0, "cost": 1.0, "flags": ""}])["limiting_gate"].to_list() == [None]


def test_an_unknown_objective_counts_as_configured() -> None:
    rows = [{"x": 1.0, "y": value, "p": 1.0, "cost": 1.0, "flags": ""} for value in (None, 1.0, 5.0)]
    assert ranked(rows)["score"].to_list() == pytest.approx([0.5, 0.1, 0.0])
    changed = ranked(rows, {"objective": {"column": "y", "scale": 10.0, "when_unknown": 0.2}})
    assert changed["score"].to_list() == pytest.approx([0.5, 0.2, 0.1])


def test_no_gates_and_no_rows_are_fine() -> None:
    assert ranked([{"x": 1.0, "y": 5.0, "p": 1.0, "cost": 1.0, "flags": ""}], {"gates": {}})["score"].to_list() == [0.5]
    assert rank_table(table_of([]), ranking_settings(SETTINGS)).height == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objektive": {}}, "did you mean objective"),
        ({"pareto": []}, "pareto"),
        ({"pareto": "y"}, "task.ranking.pareto=y: expected a list"),
        ({"objective": {"column": "y", "scale": 0}}, "scale"),
        ({"gates": {"good": {"colum": "x"}}}, "task.ranking.gates.good.colum"),
    ],
)
def test_wrong_settings_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        ranking_settings({**SETTINGS, **changes})


def test_a_missing_column_is_refused_by_name() -> None:
    with pytest.raises(RequestError, match="'cost'"):
        rank_table(table_of([]).drop("cost"), ranking_settings(SETTINGS))


def predictions() -> pl.DataFrame:
    formulas = ["Nd2Fe14B", "BaFe12O19", "Fe", "NiO", "Al", "LiCoO2", "LiF", "TiS2", "PuFe2"]
    return pl.DataFrame({"candidate_id": formulas, "formula": formulas, "cell_formula": formulas}).with_columns(
        volume_A3=pl.lit(200.0),
        magnetization_muB_per_A3=pl.Series([0.14, 0.17, 0.19, 0.1, 0.0, 0.0, 0.0, None, 0.1]),
        energy_above_hull_eV_per_atom=pl.lit(0.02),
        energy_above_hull_eV_per_atom_lo=pl.lit(0.0),
        energy_above_hull_eV_per_atom_hi=pl.lit(0.06),
        band_gap_eV=pl.Series([0.0, 1.0, 0.0, 2.0, 0.0, 2.0, 8.0, 0.5, 0.0]),
        space_group_number=pl.Series([136, 194, 229, 225, 225, 166, 225, 164, None]),
        flags=pl.lit(""),
    )


@pytest.mark.parametrize("name", ["magnets", "electrodes"])
def test_the_shipped_tasks_rank_a_mixed_table(name: str) -> None:
    task = yaml.safe_load((resource("configs") / "task" / f"{name}.yaml").read_text("utf-8"))
    assert task["name"] == name
    result = rank_table(evaluate_task(predictions(), task), ranking_settings(task["ranking"]))
    assert result.height == 9
    assert set(task["report"]["short_table"]) <= set(result.columns)
    assert sum(map(is_gate, result.columns)) == len(task["ranking"]["gates"])
    best = {"magnets": "Nd2Fe14B", "electrodes": "LiCoO2"}[name]
    assert result["candidate_id"][0] == best
    assert result["score"].is_finite().all()


def test_every_material_class_has_a_config_and_vice_versa() -> None:
    assert class_names() == sorted(path.stem for path in (resource("configs") / "task").glob("*.yaml"))


def test_a_tie_break_closer_than_its_steps_leaves_the_front_to_decide() -> None:
    base = {"x": 0.0, "y": 1.0, "flags": ""}
    result = ranked(
        [{**base, "p": 0.95, "cost": 2.0}, {**base, "p": 0.9, "cost": 1.0}, {**base, "p": 0.3, "cost": 0.5}]
    )
    assert result["candidate_id"].to_list() == ["c01", "c00", "c02"]
