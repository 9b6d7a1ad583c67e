"""Rejected candidates are left out of the next ranking with the reviewer's comment; approved ones are marked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
from helpers.crystals import random_crystal

from screening.crystals import Rejection
from screening.tables import rejected_table
from screening.tracking.decisions import of_these_crystals, review_effect, with_decisions, without_rejected
from screening.tracking.reviews import Review, ReviewedFinalist


def entry(candidate_id: str, formula: str, decision: str, comment: str = "", by: str = "") -> ReviewedFinalist:
    return ReviewedFinalist(candidate_id, formula, 1, 0.5, decision, comment, by, "run")


def review(*entries: ReviewedFinalist) -> Review:
    return Review("run", "name", "magnets", datetime(2026, 1, 1, tzinfo=UTC), entries)


def predictions(*rows: tuple[str, str]) -> pl.DataFrame:
    table = pl.DataFrame(list(rows), {"candidate_id": pl.String, "formula": pl.String}, orient="row")
    return table.with_columns(source="set/" + pl.col("candidate_id"))


def test_a_candidate_is_rejected_by_id_and_formula_together() -> None:
    table = predictions(("a", "FeO"), ("a2", "CoO"), ("b", "FeO"), ("c", "Co"), ("c", "FeO"))
    decisions = review(
        entry("a", "FeO", "reject", "toxic", "ann"),
        entry("a2", "FeO", "reject"),
        entry("b", "FeO", "hold", "later", "ann"),
        entry("c", "FeO", "reject"),
    )
    left, refused = without_rejected(table, decisions)
    assert left.equals(table[[1, 2, 3]])
    assert refused == [
        Rejection("a", "set/a", "review", "rejected by ann: toxic"),
        Rejection("c", "set/c", "review", "rejected by a reviewer"),
    ]
    untouched, none = without_rejected(table, review())
    assert untouched.equals(table) and none == []
    assert without_rejected(predictions(), decisions)[0].is_empty()


def test_a_decision_on_another_crystal_does_not_count() -> None:
    crystals = {name: random_crystal(np.random.default_rng(seed), 3) for seed, name in enumerate(("a", "b", "c"))}
    table = predictions(*((name, "FeO") for name in crystals))
    given = review(
        replace(entry("a", "FeO", "reject"), crystal=crystals["a"].digest),
        replace(entry("b", "FeO", "reject"), crystal="another"),
        replace(entry("b", "FeO", "open"), crystal=crystals["b"].digest),
        entry("c", "FeO", "approve"),
        replace(entry("elsewhere", "FeO", "approve"), crystal="another"),
    )
    found = of_these_crystals(given, table, crystals.__getitem__)
    assert [(e.candidate_id, e.decision) for e in found.entries] == [
        ("a", "reject"), ("b", "open"), ("c", "approve"), ("elsewhere", "approve")
    ]  # fmt: skip
    (warning,) = found.warnings
    assert "FeO b" in warning and "'reject' does not count" in warning
    _, refused = without_rejected(table, found)
    assert [rejection.candidate_id for rejection in refused] == ["a"]


def test_the_reason_is_one_short_printable_line() -> None:
    decisions = review(entry("a", "Fe", "reject", "\x1b[2J" + "x" * 8000, "b\u202e"))
    _, (found,) = without_rejected(predictions(("a", "Fe")), decisions)
    assert found.reason.isprintable() and len(found.reason) < 320 and found.reason.startswith("rejected by b\ufffd: ")


def test_approved_rows_are_marked_and_order_and_rows_stay() -> None:
    table = pl.DataFrame(
        {
            "rank": [1, 2, 3, 4, 5],
            "candidate_id": ["e", "a", "b", "a2", "d"],
            "formula": ["FeO", "FeO", "CoO", "FeO", "FeO"],
            "flags": ["", "metastable", "", "", None],
        }
    )
    marked = with_decisions(
        table,
        review(
            entry("a", "FeO", "approve"),
            entry("a2", "CoO", "approve"),
            entry("b", "CoO", "hold"),
            entry("e", "FeO", "open"),
            entry("d", "FeO", "approve"),
            entry("gone", "FeO", "approve"),
        ),
    )
    assert marked.drop("review_decision", "flags").equals(table.drop("flags"))
    assert marked["review_decision"].to_list() == [None, "approve", "hold", None, "approve"]
    assert marked["flags"].to_list() == ["", "metastable;approved", "", "", "approved"]


def test_an_empty_review_and_an_empty_table_keep_the_column() -> None:
    table = pl.DataFrame(schema={"candidate_id": pl.String, "formula": pl.String, "flags": pl.String})
    for found in (with_decisions(table, review()), with_decisions(table, review(entry("a", "FeO", "approve")))):
        assert found.schema == {**table.schema, "review_decision": pl.String} and found.is_empty()


def test_the_effect_says_what_was_left_out_and_where_the_others_rank() -> None:
    given = review(
        ReviewedFinalist("a", "FeO", 1, 0.9, "approve", "", "", "run"),
        ReviewedFinalist("b", "CoO", 2, 0.2, "reject", "", "", "run"),
        ReviewedFinalist("c", "NiO", 3, 0.1, "hold", "", "", "run"),
        ReviewedFinalist("d", "VO", 4, None, "reject", "", "", "run"),
        ReviewedFinalist("e", "VO", 5, 0.0, "open", "", "", "run"),
    )
    table = pl.DataFrame({"rank": [1, 2], "candidate_id": ["c", "a"], "formula": ["NiO", "FeO"]})
    left_out = rejected_table([Rejection("b", "s", "review", "rejected"), Rejection("x", "s", "read", "empty")])
    effect = review_effect(given, table, left_out)
    assert effect.agreement.probability == 1.0 and effect.agreement.n_rejected == 1
    assert effect.lines[0] == "review run (approve 1, reject 2, hold 1, open 1): rejected there and left out here 1"
    assert effect.lines[2] == "approved now at rank 2; on hold now at rank 1; of 2"
    assert effect.record["standings"] == [
        {"decision": "approve", "candidate_id": "a", "formula": "FeO", "rank_then": 1, "rank_now": 2},
        {"decision": "hold", "candidate_id": "c", "formula": "NiO", "rank_then": 3, "rank_now": 1},
    ]
    assert effect.metrics["review/reject"] == 2.0 and effect.metrics["review/probability"] == 1.0
    json.dumps(effect.record)
