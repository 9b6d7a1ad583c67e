"""Which columns the page shows, and which of them when it opens."""

from __future__ import annotations

from screening.report.choices import first_columns, gate_words, table_columns
from screening.report.texts import catalogue

AVAILABLE = [
    "rank", "candidate_id", "source", "formula", "mu0_Ms_T", "strain_percent", "price_USD_per_kg", "score",
    "pareto_front", "limiting_gate", "gate_stability_probability", "why", "flags",
]  # fmt: skip
TASK = {"report": {"columns": ["mu0_Ms_T", "absent"], "short_table": ["rank", "formula", "strain_percent"]}}


def test_the_short_table_is_part_of_the_table() -> None:
    assert table_columns(TASK, AVAILABLE) == [
        "rank", "candidate_id", "formula", "score", "strain_percent", "mu0_Ms_T", "gate_stability_probability",
        "pareto_front", "limiting_gate", "why", "flags",
    ]  # fmt: skip
    assert set(first_columns(TASK, AVAILABLE)) <= set(table_columns(TASK, AVAILABLE))


def test_columns_shown_when_the_page_opens() -> None:
    expected = ["rank", "candidate_id", "formula", "score", "strain_percent", "limiting_gate"]
    assert first_columns(TASK, AVAILABLE) == [*expected, "flags", "why"]
    reviewed = [*AVAILABLE, "review_decision", "review_comment"]
    assert first_columns(TASK, reviewed) == [*expected, "review_decision", "flags", "why"]
    assert {"review_decision", "review_comment"} <= set(table_columns(TASK, reviewed))
    assert "mu0_Ms_T" in first_columns({}, AVAILABLE)


def test_gates_in_words() -> None:
    gates = {
        "half": {"column": "strain_percent", "at_most": 10.0, "half_until": 20.0},
        "waived": {"column": "mu0_Ms_T", "at_least": 0.8, "waived_by": {"column": "price_USD_per_kg", "at_most": 1}},
        "either": {"column": "easy_axis", "is_in": ["axis", "cone"]},
        "chance": {"column": "axial_probability", "probability": True},
        "flag": {"column": "flags", "without_flag": "metastable"},
        "soft": {"column": "price_USD_per_kg", "at_most": 40, "soft": True},
    }
    english, russian = (
        {name: gate_words(gate, catalogue(language)) for name, gate in gates.items()} for language in ("en", "ru")
    )
    assert english["half"] == "Strain ≤ 10\u202f%, half weight up to 20"
    assert english["waived"] == "µ0Ms ≥ 0.8\u202fT, or Price ≤ 1\u202fUSD/kg"
    assert russian["waived"] == "µ0Ms ≥ 0,8\u202fТл либо цена ≤ 1\u202fдолл./кг"
    assert english["soft"] == "Price ≤ 40\u202fUSD/kg, above it less by the ratio"
    assert russian["either"] == "лёгкое направление: ось или конус"
    assert (english["chance"], russian["flag"]) == ("with the probability P(axis)", "без признака metastable")
