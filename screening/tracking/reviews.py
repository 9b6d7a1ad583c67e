"""What reviewers decided: the tags on a ranking's finalists in MLflow, read back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from screening.columns import column, known_columns
from screening.crystals.reading.identity import printable
from screening.errors import RequestError
from screening.tracking.address import OFF, TrackingSettings
from screening.tracking.children import children
from screening.tracking.finalist_runs import CANDIDATE, FINALIST
from screening.tracking.review_tags import BY, COMMENT, DECISION, DECISIONS, OPEN
from screening.tracking.reviewed import EXPECTED, find_ranking, reading

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

Figure = float | str | bool
_REVIEW_TAGS = (DECISION, COMMENT, BY)
_YES = "yes"  # how a column shows what is true


@dataclass(frozen=True)
class ReviewedFinalist:
    """One finalist and what was decided about it.

    decision: `approve`, `reject` or `hold`; `open` while nobody decided, and where what was written is not understood.
    figures: figures of merit and texts by column name, those that were logged. run_id: of the finalist's child run.
    """

    candidate_id: str
    formula: str
    rank: int | None
    score: float | None
    decision: str
    comment: str
    by: str
    run_id: str
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What to call it in a message."""
        named = dict.fromkeys((self.formula, self.candidate_id))
        return printable(f"{' '.join(named)} (run {self.run_id})")


@dataclass(frozen=True)
class Review:
    """The state of one ranking's review.

    entries: one a candidate, in order of rank. warnings: what was not understood, each naming candidate and run.
    started: when the ranking was made. uri: the store in full, which may hold a password.
    """

    run_id: str
    run_name: str
    task: str
    started: datetime
    entries: tuple[ReviewedFinalist, ...]
    warnings: tuple[str, ...] = ()
    uri: str = field(default=OFF, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Entries by decision, those without one under `open`."""
        return {name: len(self.decided(name)) for name in (*DECISIONS, OPEN)}

    def decided(self, decision: str) -> list[ReviewedFinalist]:
        """The entries with this decision."""
        return [entry for entry in self.entries if entry.decision == decision]


def read_review(settings: TrackingSettings, run_id: str, key: str = "run", task: str | None = None) -> Review:
    """The decisions on the finalists of a ranking.

    run_id: of the ranking's run or of a finalist's, or the ranking's output folder, whose store is used unless
    settings name another. key: the setting that the id came from, for messages. task: what must have been ranked.
    Deleted finalists are left out, and those that a repeated ranking has no more, unless they were decided: these stay,
    without a rank. Where several runs hold the same candidate, decided ones count; if they contradict each other it
    stays open, with a warning. Raises RequestError if the run is unknown, no ranking (of the task) or without
    finalists, or if it is an id and tracking is off.
    """
    with reading(settings, run_id.strip(), key) as (client, uri, wanted):
        parent = find_ranking(client, uri, wanted, key)
        warnings = [
            f"run {parent.info.run_id}: {tag} is set on the ranking itself and counts for no candidate"
            for tag in _REVIEW_TAGS
            if tag in parent.data.tags
        ]
        found = children(client, parent.info.experiment_id, parent.info.run_id, newest_first=True)
        entries = list(_merged(_entries(found, warnings), warnings))
    if task is not None and parent.data.tags["task"] != task:
        raise RequestError(f"{key}={run_id}: a ranking of {parent.data.tags['task']}; expected one of {task}")
    if not entries:
        raise RequestError(f"{key}={run_id}: the ranking has no finalists in MLflow; {EXPECTED} with finalists")
    entries.sort(key=lambda entry: (entry.rank is None, entry.rank or 0, entry.candidate_id))
    return Review(
        run_id=str(parent.info.run_id),
        run_name=printable(str(parent.info.run_name or "")),
        task=parent.data.tags["task"],
        started=datetime.fromtimestamp((parent.info.start_time or 0) / 1000, UTC),
        entries=tuple(entries),
        warnings=tuple(warnings),
        uri=uri,
    )


def _entries(children: Iterable[MlflowRun], warnings: list[str]) -> Iterator[ReviewedFinalist]:
    for child in children:
        tags = child.data.tags
        missing = [name for name in (CANDIDATE, "formula") if not tags.get(name)]
        if missing:
            name = printable(f"{child.info.run_name} (run {child.info.run_id})")
            warnings.append(f"{name}: left out, it has no tag {' and '.join(missing)}")
            continue
        entry = _entry(child)
        wrong = [tag for tag in tags if tag.casefold().startswith("review") and tag not in _REVIEW_TAGS]
        if wrong:
            listed = ", ".join(printable(tag) for tag in sorted(wrong))
            warnings.append(f"{entry.name}: unknown tag {listed}; expected {', '.join(_REVIEW_TAGS)}")
        if entry.decision not in (*DECISIONS, OPEN):
            warnings.append(
                f"{entry.name}: {DECISION} is '{printable(entry.decision)}', which counts as no decision; "
                f"expected {', '.join(DECISIONS)}"
            )
            entry = replace(entry, decision=OPEN)
        if tags.get(FINALIST) != "no":
            yield entry
        elif entry.decision != OPEN:  # its rank is one of another ranking
            yield replace(entry, rank=None)


def _entry(child: MlflowRun) -> ReviewedFinalist:
    tags = child.data.tags
    kinds = {name: column(name).kind for name in tags if name in known_columns()}
    texts: dict[str, Figure] = {name: tags[name] for name, kind in kinds.items() if kind == "text"}
    answers = {name: tags[name] == _YES for name, kind in kinds.items() if kind == "boolean"}
    numbers = {name: value for name, value in child.data.metrics.items() if _is_figure(name) and math.isfinite(value)}
    rank = tags.get("rank", "").strip()
    return ReviewedFinalist(
        candidate_id=tags[CANDIDATE],
        formula=tags["formula"],
        rank=int(rank) if rank.isascii() and rank.isdigit() else None,
        score=numbers.get("score"),
        # Case and spaces around it are habits of typing; anything else is for the reviewer to correct.
        decision=" ".join(tags.get(DECISION, "").split()).casefold() or OPEN,
        comment=" ".join(tags.get(COMMENT, "").split()),
        by=" ".join(tags.get(BY, "").split()),
        run_id=str(child.info.run_id),
        figures=texts | answers | numbers,
    )


def _is_figure(name: str) -> bool:
    return column(name).group != "other" and column(name).kind == "number"


def _merged(entries: Iterable[ReviewedFinalist], warnings: list[str]) -> Iterator[ReviewedFinalist]:
    """One entry a candidate: the latest of the decided ones, else the latest."""
    same: dict[tuple[str, str], list[ReviewedFinalist]] = {}
    for entry in entries:
        same.setdefault((entry.candidate_id, entry.formula), []).append(entry)
    for group in same.values():
        decided = [entry for entry in group if entry.decision != OPEN]
        latest = (decided or group)[0]
        if len({entry.decision for entry in decided}) > 1:
            found = ", ".join(f"{entry.decision} in run {entry.run_id}" for entry in decided)
            warnings.append(f"{latest.name}: contradicting decisions, which count as none: {found}")
            latest = replace(latest, decision=OPEN)
        yield latest
