"""The Markdown text at the top of a run's page in MLflow, written for chemists in the language of the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from screening.ranking import lists_of
from screening.report.cells import cells
from screening.report.sections import asked, funnel
from screening.report.texts import Catalogue, catalogue
from screening.report.why import why
from screening.tracking.ranking_folder import PAGE, FinalistFolder, RankingFolder
from screening.tracking.review_tags import BY, COMMENT, DECISION, DECISIONS
from screening.tracking.views import finalists_link, run_link

NOTE = "mlflow.note.content"
_BEST = 10
_LENGTH = 120
_NAMES = ("rank", "candidate_id", "formula")
# All characters with a meaning in HTML or in MLflow's Markdown, which also reads bare links and emoji.
_MARKUP = re.compile(r"(?i)[\\`*_{}\[\]()<>#+!|~&@:$\"'=/]|(?<=www)\.")


@dataclass(frozen=True)
class Place:
    """The experiment and run of a ranking in MLflow."""

    experiment_id: str
    run_id: str

    def link(self, run_id: str | None = None, artifact: str | None = None) -> str:
        """The page of a run (the ranking's own by default) or of one of its files."""
        return run_link(self.experiment_id, run_id or self.run_id, artifact)


def escaped(text: object, length: int = _LENGTH) -> str:
    """Text on one line, escaped for Markdown and HTML and cut to `length` characters."""
    plain = " ".join(str(text).split())
    if len(plain) > length:
        plain = plain[: length - 1] + "…"
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", plain)


def describe_ranking(ranking: RankingFolder, runs: Mapping[str, str], place: Place) -> str:
    """Describe a ranking: links, how to review, the best candidates, the request and the funnel.

    Args:
        ranking: The finished ranking.
        runs: The run of each finalist by candidate_id.
        place: Where the ranking is recorded.
    """
    texts = catalogue(ranking.language)
    title = str((ranking.task.get("report") or {}).get("title") or ranking.task.get("name"))
    counts = {"ranked": ranking.table.height, "rejected": ranking.rejected.height}
    steps = funnel(ranking.table, ranking.rejected, ranking.task, texts)
    heads = [texts.text(f"funnel_{name}") for name in ("step", "left", "lost")]
    question = asked(ranking.record, ranking.task, texts)
    links = {"mlflow_report": place.link(artifact=PAGE)}
    if runs:
        links["mlflow_finalists"] = finalists_link(place.experiment_id, place.run_id)
    parts = [
        "## " + texts.text("mlflow_ranking_title", title=escaped(texts.titles.get(title, title)), **counts),
        " · ".join(f"**[{texts.text(name)}]({link})**" for name, link in links.items()),
        _decide("mlflow_decide_each", texts, run=place.run_id) if runs else "",
        _best(ranking, runs, place, texts),
        f"### {texts.text('asked')}",
        " · ".join(f"{escaped(answer.name)}: **{escaped(answer.value)}**" for answer in question),
        f"### {texts.text('funnel')}",
        _table(heads, [[escaped(step.label), step.count, step.lost] for step in steps]),
    ]
    return "\n\n".join(filter(None, parts))


def describe_finalist(finalist: FinalistFolder, ranking: RankingFolder, place: Place) -> str:
    """Describe a finalist: its rank and the reasons, how to decide, its figures and files."""
    texts = catalogue(ranking.language)
    row = finalist.row
    score = texts.shown(texts.column("score"), row.get("score"))
    names = [name for name in _figures(ranking) if name != "score" and row.get(name) is not None]
    heads = [texts.text(f"figures_{name}") for name in ("quantity", "value", "interval")]
    figures = [[escaped(c.column.heading), escaped(c.text), escaped(c.interval)] for c in cells(row, names, texts)]
    standing = {"rank": row["rank"], "total": ranking.table.height, "score": score}
    parts = [
        "## " + texts.text("mlflow_finalist_title", formula=escaped(finalist.formula), **standing),
        escaped(why(row, ranking.task, texts), 1000),
        _decide("mlflow_decide", texts),
        _table(heads, figures),
        _nearest(finalist, texts),
        *(f"- {escaped(texts.remarks.get(str(r), r))}" for r in finalist.entry.get("remarks") or ()),
        texts.text("mlflow_files"),
        f"[{texts.text('mlflow_ranking')}]({place.link()}) · "
        f"[{texts.text('mlflow_report')}]({place.link(artifact=PAGE)})",
    ]
    return "\n\n".join(filter(None, parts))


def describe_former(ranking: RankingFolder, place: Place) -> str:
    """Describe a candidate that is no longer a finalist since the ranking was repeated."""
    texts = catalogue(ranking.language)
    date = escaped(str(ranking.record.get("finished", "")).replace("T", " "))
    return f"{texts.text('mlflow_former', date=date)}\n\n[{texts.text('mlflow_ranking')}]({place.link()})"


def _decide(key: str, texts: Catalogue, **values: str) -> str:
    choices = ", ".join(f"`{word}`" for word in DECISIONS)
    return texts.text(key, decision=DECISION, choices=choices, comment=COMMENT, by=BY, **values)


def _best(ranking: RankingFolder, runs: Mapping[str, str], place: Place, texts: Catalogue) -> str:
    """The first of every list of the ranking, each linked to its run."""
    lists = lists_of(ranking.table)
    tables = [_best_of(part, ranking, runs, place, texts) for _, part in lists]
    if len(lists) < 2:
        return "".join(tables)
    titled = zip(lists, tables, strict=True)
    return "\n\n".join(f"### {escaped(texts.group(name))}\n\n{table}" for (name, _), table in titled)


def _best_of(
    part: pl.DataFrame, ranking: RankingFolder, runs: Mapping[str, str], place: Place, texts: Catalogue
) -> str:
    names = _figures(ranking)
    heads = [texts.column("rank").label, texts.text("mlflow_candidate")]
    heads += [texts.column(name).heading for name in names]
    rows = []
    for row in part.head(_BEST).iter_rows(named=True):
        identity = dict.fromkeys((str(row["formula"]), str(row["candidate_id"])))
        name, run = escaped(" · ".join(identity)), runs.get(str(row["candidate_id"]))
        shown = [escaped(cell.text) for cell in cells(row, names, texts)]
        rows.append([row["rank"], f"[{name}]({place.link(run)})" if run else name, *shown])
    return _table([escaped(head) for head in heads], rows) if rows else ""


def _nearest(finalist: FinalistFolder, texts: Catalogue) -> str:
    known: Mapping[str, Any] = finalist.entry.get("nearest") or {}
    named = " · ".join(dict.fromkeys(str(known[name]) for name in ("name", "formula") if known.get(name)))
    return f"{texts.text('nearest')}: {escaped(named)}" if named else ""


def _figures(ranking: RankingFolder) -> list[str]:
    """The columns of the short table without those that name a candidate."""
    return [name for name in ranking.short_table if name not in _NAMES]


def _table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
