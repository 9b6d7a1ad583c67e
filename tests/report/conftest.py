"""A small ranking with hostile names, as the rank command makes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from screening.crystals.crystal import Crystal
from screening.finalists.finalist import Finalist, KnownMaterial
from screening.materials.base import CloserLook, Curve
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


def salt(candidate_id: str = "salt") -> Crystal:
    """The conventional cell of rock salt, LiF: lithium at the corners and face centres."""
    lithium = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    fluorine = [[0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]
    return Crystal.from_arrays(candidate_id, 4.02 * np.eye(3), [3] * 4 + [9] * 4, lithium + fluorine)


def finalist_of(candidate_id: str) -> Finalist:
    charged = Crystal.from_arrays(candidate_id, 4.0 * np.eye(3), [9], [[0.5, 0.5, 0.5]])
    known = KnownMaterial("Nd2Fe14B", "<i>known</i>", 0.12, "Paper <1999>", {"mu0_Ms_T": 1.61})
    curve = Curve("polarization", (0.0, 300.0), (1.8, 1.6), (1.7, 1.5), (1.9, 1.7))
    look = CloserLook({"charged": charged}, curve, ("frame_kept",), (Curve("hop", (0.0, 1.0), (0.0, 0.5)),))
    return Finalist(candidate_id, salt(candidate_id), look, known)


@pytest.fixture
def with_finalists(content: ReportContent) -> ReportContent:
    """As `content`, with finalists for the first three candidates."""
    return replace(content, finalists=[finalist_of(name) for name in HOSTILE[:3]])
