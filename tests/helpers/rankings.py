"""A small finished ranking as `screening rank` leaves it in its output folder, made without any model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from screening.finalists.finalist import folder_name
from screening.tables import write_table
from screening.tracking.provenance import write_json

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f000500"
    "01ffa4a1d3a50000000049454e44ae426082"
)
TASK = {
    "name": "magnets",
    "ranking": {"gates": {"strong": {"column": "mu0_Ms_T", "at_least": 0.8}}},
    "report": {
        "title": "Permanent magnets",
        "short_table": ["rank", "candidate_id", "formula", "score", "mu0_Ms_T", "limiting_gate"],
        "columns": ["mu0_Ms_T", "easy_axis"],
    },
}


def finished_ranking(
    folder: Path, ids: Sequence[str] = ("Nd2Fe14B", "b", "c"), finalists: int = 2, day: int = 1, language: str = "en"
) -> Path:
    """Write the folder: candidates in this order, the first of them finalists, two inputs rejected."""
    folder.mkdir(parents=True, exist_ok=True)
    table = ranked_table(ids)
    reasons = ["too few atoms", "partially occupied"]
    rejected = pl.DataFrame(
        {"candidate_id": ["x", "y"], "source": ["x.cif", "y.cif"], "stage": ["sanity", "read"], "reason": reasons}
    )
    write_table(table, folder / "ranking.parquet")
    write_table(table, folder / "ranking.csv")
    write_table(rejected, folder / "rejected.csv")
    write_table(table.head(1).drop("rank"), folder / "landmarks.parquet")
    write_json(folder / "run.json", run_json(day, language))
    (folder / "report.html").write_text("<!doctype html><title>report</title><h1>The report</h1>")
    (folder / "config.yaml").write_text("task: magnets\n")
    index = []
    for row in table.head(finalists).iter_rows(named=True):
        name = folder_name(row["rank"], row["formula"])
        own = folder / "finalists" / name
        own.mkdir(parents=True, exist_ok=True)
        (own / "crystal.cif").write_text(f"data_{row['rank']}\n")
        (own / "picture.png").write_bytes(PICTURE)
        (own / "card.html").write_text("<!doctype html><h1>The card</h1>")
        entry = {name: row[name] for name in ("rank", "candidate_id", "formula")}
        index.append({**entry, "folder": name, "remarks": [], "nearest": None, "curve": None, "further_curves": []})
    (folder / "finalists").mkdir(exist_ok=True)
    (folder / "finalists" / "index.json").write_text(json.dumps(index))
    return folder


def ranked_table(ids: Sequence[str]) -> pl.DataFrame:
    """Candidates in order of rank, each with its formula whatever its rank; the last one has no easy axis and no
    measured moment."""
    count = len(ids)
    moments = [1.6 - 0.1 * i if i < count - 1 or count == 1 else None for i in range(count)]
    return pl.DataFrame(
        {
            "rank": range(1, count + 1),
            "candidate_id": list(ids),
            "source": [f"{i}.cif" for i in range(count)],
            "formula": [f"Nd{sorted(ids).index(name) + 2}Fe14B" for name in ids],
            "score": [0.9 / (i + 1) for i in range(count)],
            "mu0_Ms_T": moments,
            "mu0_Ms_T_lo": [None if value is None else value - 0.1 for value in moments],
            "mu0_Ms_T_hi": [None if value is None else value + 0.1 for value in moments],
            "easy_axis": ["axis"] * count,
            "flags": ["metastable"] + [""] * (count - 1),
            "limiting_gate": ["strong"] * count,
            "gate_strong_probability": [0.97 - 0.9 * (i / count) for i in range(count)],
            "why": ["Candidate: strong."] * count,
        },
        schema_overrides=dict.fromkeys(("mu0_Ms_T", "mu0_Ms_T_lo", "mu0_Ms_T_hi"), pl.Float64),
        strict=False,
    )


def run_json(day: int, language: str) -> dict[str, object]:
    """The record of the ranking, finished on that day of a month."""
    return {
        "command": "rank",
        "finished": f"2026-01-{day:02d}T12:00:00+00:00",
        "config": {
            "candidates": "data/my cifs",
            "model": "screening-v3",
            "output_dir": "out",
            "report": {"language": language, "cards": 2},
            "task": TASK,
        },
        "versions": {"python": "3.12", "torch": "2.9"},
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "seeds": {"seed": 0},
        "sha256": {"model": "a" * 64, "candidates": "b" * 64},
        "mlflow": {"run_id": None, "tracking_uri": "none"},
        "model": {},
        "counts": {"read": 5, "scored": 3, "rejected": {"sanity": {"too few atoms": 1}}},
        "timing_s": {"network": 1.5, "reading": 0.5},
    }
