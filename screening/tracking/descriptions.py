"""What MLflow shows on the page of a run: Markdown that a chemist reads first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screening.columns import column, interval_names
from screening.report.sections import Step
from screening.tracking.ranking_folder import PAGE, FinalistFolder, RankingFolder
from screening.tracking.review_tags import APPROVE, BY, COMMENT, DECISION, DECISIONS

NOTE = "mlflow.note.content"
CARD = "card.html"
_BEST = 10
_CELL = 80
_NAMES = ("rank", "candidate_id", "formula")


@dataclass(frozen=True)
class Place:
    """Where a ranking is in MLflow: addresses within MLflow's page start from here."""

    experiment_id: str
    run_id: str

    def link(self, run_id: str | None = None, artifact: str | None = None) -> str:
        """The page of a run, the ranking's own if none is given, or of a file in its artifact viewer."""
        shown = f"/artifacts/{artifact}" if artifact else ""
        return f"#/experiments/{self.experiment_id}/runs/{run_id or self.run_id}{shown}"


def escaped(text: object, length: int | None = None) -> str:
    """Text in one line in which nothing is Markdown or HTML; longer ones are cut."""
    plain = " ".join(str(text).split())
    if length is not None and len(plain) > length:
        plain = plain[: length - 1] + "…"
    return re.sub(r"(?i)[\\`*_{}\[\]()<>#+!|~&@:$\"'=/]|(?<=www)\.", lambda match: f"&#{ord(match[0])};", plain)


def describe_ranking(ranking: RankingFolder, steps: Sequence[Step], runs: Mapping[str, str], place: Place) -> str:
    """What was asked, what was left after each step, the best, how to review, where the report is.

    runs: candidate_id -> run of the finalist.
    """
    config = ranking.config
    answers = {
        "Candidates": config.get("candidates"),
        "Preset": config.get("prefer"),
        "Working ion": config.get("working_ion"),
        "Temperature, K": config.get("temperature_K"),
        "Region": (config.get("supply") or {}).get("region"),
        "Model": config.get("model"),
        "Finished": str(ranking.record.get("finished", "")).replace("T", " "),
    }
    asked = [f"**{name}** {escaped(value, _CELL)}" for name, value in answers.items() if value not in (None, "")]
    title = (ranking.task.get("report") or {}).get("title") or ranking.task.get("name")
    return "\n\n".join(
        [
            f"## {escaped(title)}: {ranking.table.height} ranked, {ranking.rejected.height} rejected",
            f"[Open the report]({place.link(artifact=PAGE)})",
            " · ".join(asked),
            _table(["step", "left", "lost"], [[escaped(step.label), step.count, step.lost] for step in steps]),
            *_best(ranking, runs, place),
            *([_how_to_review(several=True)] if runs else []),
        ]
    )


def describe_finalist(finalist: FinalistFolder, ranking: RankingFolder, place: Place) -> str:
    """Where the candidate stands and why, its figures, its card, how to decide."""
    row = finalist.row
    limiting = row.get("limiting_gate")
    gate = f"; limited by {escaped(limiting)}" if limiting else ""
    names = [name for name in _figures(ranking) if name not in (*_NAMES, "limiting_gate") and row.get(name) is not None]
    nearest = finalist.entry.get("nearest") or {}
    known = " ".join(dict.fromkeys(str(nearest[name]) for name in ("name", "formula") if nearest.get(name)))
    links = [f"[Ranking]({place.link()})", f"[Report]({place.link(artifact=PAGE)})"]
    return "\n\n".join(
        part
        for part in [
            f"## {escaped(finalist.formula, _CELL)}: rank {row['rank']} of {ranking.table.height}{gate}",
            escaped(row.get("why") or ""),
            _table(["figure", "value", "80 % interval"], [_figure(row, name) for name in names]),
            f"Nearest known material: {escaped(known)}" if known else "",
            f"Its structure, picture and card ({CARD}) are among the artifacts. " + " · ".join(links),
            _how_to_review(several=False),
        ]
        if part
    )


def _how_to_review(*, several: bool) -> str:
    where = "open a candidate and set its" if several else "set the"
    return (
        f"**To decide**, {where} tag `{DECISION}` to {', '.join(f'`{word}`' for word in DECISIONS)}; "
        f"`{COMMENT}` and `{BY}` say why and who. "
        + (f"What is set to `{APPROVE}` is exported by `screening review run=ID`." if several else "")
    ).strip()


def _best(ranking: RankingFolder, runs: Mapping[str, str], place: Place) -> list[str]:
    names = [name for name in _figures(ranking) if name not in _NAMES]
    heads = ["rank", "candidate", *(column(name).heading for name in names)]
    rows = []
    for row in ranking.table.head(_BEST).iter_rows(named=True):
        shown = escaped(row["formula"], _CELL)
        if row["candidate_id"] != row["formula"]:
            shown += f" ({escaped(row['candidate_id'], _CELL)})"
        run = runs.get(str(row["candidate_id"]))
        name = f"[{shown}]({place.link(run)})" if run else shown
        rows.append([row["rank"], name, *(escaped(column(name).shown(row[name]), _CELL) for name in names)])
    return [_table([escaped(head) for head in heads], rows)] if rows else []


def _figure(row: Mapping[str, Any], name: str) -> list[str]:
    spec, ends = column(name), interval_names(name, row)
    bounds = [spec.shown(row[end]) for end in ends] if ends and None not in (row[ends[0]], row[ends[1]]) else []
    return [escaped(spec.heading), escaped(spec.shown(row[name]), _CELL), " to ".join(bounds)]


def _figures(ranking: RankingFolder) -> list[str]:
    """The columns of the short table of the task, those that the ranking has."""
    wanted = (ranking.task.get("report") or {}).get("short_table") or ("rank", "candidate_id", "formula", "score")
    return [name for name in wanted if name in ranking.table.columns]


def _table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
