"""A small ranking with hostile names, as the rank command would hand it over."""

from __future__ import annotations

import polars as pl
import pytest

from screening.report.page import ReportContent

HOSTILE = [
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A0',
    "a' onmouseover='x",
    "</script><!--",
    "Кобальт & co",
    "007",
]


def ranking_of(ids: list[str]) -> pl.DataFrame:
    n = len(ids)
    return pl.DataFrame(
        {
            "rank": range(1, n + 1),
            "candidate_id": ids,
            "source": [f"set.zip/{name}" for name in ids],
            "formula": [["Nd2Fe14B", "<b>Fe</b>", "NaN"][i % 3] for i in range(n)],
            "energy_above_hull_eV_per_atom": [0.01 * i for i in range(n)],
            "energy_above_hull_eV_per_atom_lo": [0.01 * i - 0.02 for i in range(n)],
            "energy_above_hull_eV_per_atom_hi": [0.01 * i + 0.03 for i in range(n)],
            "mu0_Ms_T": [1.6 - 0.1 * i for i in range(n)],
            "uniaxial": [True] * n,
            "score": [1.0 / (i + 1) for i in range(n)],
            "pareto_front": [1 + i // 2 for i in range(n)],
            "gate_magnetization_probability": [1.0 - 0.1 * i for i in range(n)],
            "gate_stability_probability": [0.4 + 0.1 * i for i in range(n)],
            "flags": ["metastable;<i>odd</i>" if i % 2 else "" for i in range(n)],
        },
        schema_overrides={"rank": pl.Int64, "flags": pl.String, "formula": pl.String, "uniaxial": pl.Boolean},
    )


@pytest.fixture
def content() -> ReportContent:
    rejected = pl.DataFrame(
        {
            "candidate_id": ["broken", "<img src=x>", "twin"],
            "source": ["a.cif", "b.cif", "c.cif"],
            "stage": ["read", "read", "sanity"],
            "reason": ["unreadable: <no cell>", "unreadable: <no cell>", "atoms overlap"],
        }
    )
    task = {
        "name": "magnets",
        "ranking": {
            "gates": {"magnetization": {"column": "mu0_Ms_T", "at_least": 0.8}},
            "pareto": [{"column": "mu0_Ms_T"}, {"column": "energy_above_hull_eV_per_atom"}],
        },
        "report": {"title": "Permanent <magnets>"},
    }
    run = {"config": {"candidates": "my <files>", "model": "screening-v3"}, "versions": {"python": "3.11"}}
    return ReportContent(ranking_of(HOSTILE), rejected, ranking_of(["landmark-1"]), run, task)
