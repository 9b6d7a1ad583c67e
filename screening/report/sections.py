"""Sections of the report as plain data for the template: the request, the funnel, refusals, flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import polars as pl

from screening.columns import GATE_PREFIX, GATE_SUFFIX, gate_name, is_gate
from screening.materials.registry import material_class
from screening.materials.stages import stage_counts
from screening.report.choices import gate_words
from screening.report.texts import Catalogue

REASONS_SHOWN = 40
_EXAMPLES = 3
CERTAIN = 0.5
"""A gate counts as passed from this probability on."""
_LISTED_VERSIONS = ("screening", "python", "torch", "pymatgen", "mlflow")
_NONE = (None, "", "none")


@dataclass(frozen=True)
class FunnelStep:
    """One step of the funnel.

    Attributes:
        label: The step in words.
        detail: The condition that it checks.
        count: Inputs left after it.
        lost: Inputs that it took away.
        share: Inputs left as a share of all that were read.
    """

    label: str
    detail: str
    count: int
    lost: int
    share: float


@dataclass(frozen=True)
class Refusal:
    """A reason why inputs were not scored, with their number and a few examples."""

    stage: str
    reason: str
    count: int
    examples: list[str]


@dataclass(frozen=True)
class Answer:
    """One line of the request; its link is empty if there is none."""

    name: str
    value: str
    link: str = ""


def asked(run: Mapping[str, Any], task: Mapping[str, Any], texts: Catalogue) -> list[Answer]:
    """The request in words: task, candidates, model, time."""
    config = run.get("config") or {}
    seeds = ", ".join(f"{name} {value}" for name, value in (run.get("seeds") or {}).items())
    merit = task.get("merit") or {}
    known = material_class(str(task["name"]))
    keys = {item.name: merit.get(item.name) for item in fields(known.keys)}
    answers = {
        "task": task.get("name"),
        "candidates": config.get("candidates"),
        "prefer": config.get("prefer"),
        **{name: value for name, value in keys.items() if f"asked_{name}" in texts.page},
        "missing": ", ".join(known.missing(texts.language)),
        "model": Path(str(config.get("model") or "")).name,
        "relax": config.get("relax"),
        "finished": str(run.get("finished") or "").replace("T", " ").replace("+00:00", " UTC"),
        "seeds": seeds or config.get("seed"),
        "output": config.get("output_dir"),
        "run": (run.get("mlflow") or {}).get("run_id"),
    }
    links = {"run": _run_link(run)}
    return [
        Answer(texts.text(f"asked_{name}"), _shown(name, value, texts), links.get(name, ""))
        for name, value in answers.items()
        if value not in _NONE
    ]


def _shown(name: str, value: Any, texts: Catalogue) -> str:
    """A value with its unit, which is the end of its key: `temperature_K`."""
    if not isinstance(value, float):
        return str(value)
    return f"{texts.numbers.short(value)} {texts.unit(name.rpartition('_')[2])}"


def _run_link(run: Mapping[str, Any]) -> str:
    """Address of the run on an MLflow server, without user name and password; empty if there is no server."""
    mlflow = run.get("mlflow") or {}
    parts = urlsplit(str(mlflow.get("tracking_uri") or ""))
    if parts.scheme not in ("http", "https"):
        return ""
    base = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")
    return f"{base}/#/runs/{quote(str(mlflow.get('run_id') or ''), safe='')}"


def provenance(run: Mapping[str, Any], texts: Catalogue) -> list[tuple[str, str]]:
    """What made the ranking: commit, hashes, versions, times; without what is unknown."""
    versions = run.get("versions") or {}
    first = [name for name in _LISTED_VERSIONS if name in versions]
    ordered = [f"{name} {versions[name]}" for name in (*first, *(name for name in versions if name not in first))]
    seconds = sorted((run.get("timing_s") or {}).items(), key=lambda item: -item[1])
    times = ", ".join(f"{stage} {texts.numbers.fixed(value, 1)}" for stage, value in seconds)
    found = [(texts.text("asked_commit"), str(run.get("git_commit") or ""))]
    found += [(texts.text("asked_hash", name=name), str(value)) for name, value in (run.get("sha256") or {}).items()]
    found += [(texts.text("versions"), ", ".join(ordered)), (texts.text("timing"), times)]
    return [(name, value) for name, value in found if value]


def funnel(
    ranking: pl.DataFrame, rejected: pl.DataFrame, task: Mapping[str, Any], texts: Catalogue
) -> list[FunnelStep]:
    """Inputs read, scored, and left after each gate in turn (passed with a probability of at least 50 %)."""
    read = ranking.height + rejected.height
    steps = [(texts.text("funnel_read"), "", read), (texts.text("funnel_scored"), "", ranking.height)]
    gates = (task.get("ranking") or {}).get("gates") or {}
    words = {f"{GATE_PREFIX}{name}{GATE_SUFFIX}": gate_words(gate, texts) for name, gate in gates.items()}
    passed = pl.lit(True)
    for name in filter(is_gate, ranking.columns):
        passed = passed & (pl.col(name).fill_null(0.0) >= CERTAIN)
        steps.append((texts.gate(gate_name(name)), words.get(name, ""), ranking.filter(passed).height))
    before = [read, *(count for *_, count in steps[:-1])]
    return [
        FunnelStep(label, detail, count, previous - count, count / read if read else 0.0)
        for (label, detail, count), previous in zip(steps, before, strict=True)
    ]


def stages(ranking: pl.DataFrame, texts: Catalogue) -> str:
    """How many candidates went through each stage of prediction; empty without stages."""
    through = stage_counts(ranking)
    parts = [texts.text(f"funnel_stage_{name}", count=texts.integer(count)) for name, count in through.items()]
    return texts.text("funnel_stages", stages=", ".join(parts)) if parts else ""


def refusals(rejected: pl.DataFrame, texts: Catalogue) -> list[Refusal]:
    """Why inputs were refused, the most frequent reason first; at most 40."""
    if rejected.is_empty():
        return []
    counted = (
        rejected.group_by("stage", "reason")
        .agg(pl.len().alias("count"), pl.col("candidate_id").head(_EXAMPLES).alias("examples"))
        .sort("count", "stage", "reason", descending=[True, False, False])
        .head(REASONS_SHOWN)
        .with_columns(pl.col("stage").replace(dict(texts.stages)))
    )
    return [Refusal(**row) for row in counted.iter_rows(named=True)]


def explained_flags(table: pl.DataFrame, texts: Catalogue) -> list[tuple[str, str, int]]:
    """Every flag in the table with its meaning and the number of candidates that have it, the most frequent first."""
    if "flags" not in table.columns:
        return []
    counts = (
        table.select(pl.col("flags").fill_null("").str.split(";").alias("flag"))
        .explode("flag")
        .filter(pl.col("flag") != "")
        .group_by("flag")
        .len()
        .sort("len", "flag", descending=[True, False])
    )
    return [(flag, texts.flag(flag), count) for flag, count in counts.iter_rows()]
