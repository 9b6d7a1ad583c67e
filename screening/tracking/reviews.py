"""Reads the decisions of reviewers from the tags on a ranking's finalists in MLflow."""

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
from screening.tracking.child_runs import child_runs
from screening.tracking.finalist_runs import CANDIDATE, CRYSTAL, FINALIST, HASH
from screening.tracking.ranking_lookup import EXPECTED, find_ranking, open_review_store
from screening.tracking.review_tags import BY, COMMENT, DECISION, DECISIONS, OPEN

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

Figure = float | str | bool
_REVIEW_TAGS = (DECISION, COMMENT, BY)
_YES = "yes"  # how a boolean column shows True


@dataclass(frozen=True)
class ReviewedFinalist:
    """A finalist and the decision on it.

    Attributes:
        candidate_id: Its id in the ranking.
        formula: Its formula.
        rank: Its rank; None for a former finalist.
        score: Its score, if it was logged.
        decision: `approve`, `reject` or `hold`; `open` if undecided or not understood.
        comment: The reviewer's comment.
        by: The reviewer.
        run_id: The finalist's run.
        figures: The logged values by column name.
        crystal: The digest of the crystal that was reviewed; empty if an earlier version recorded it.
        hashes: SHA-256 of its CIFs by their names without `.cif`, as they were recorded.
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
    crystal: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in messages."""
        named = dict.fromkeys((self.formula, self.candidate_id))
        return printable(f"{' '.join(named)} (run {self.run_id})")


@dataclass(frozen=True)
class Review:
    """The review of a ranking.

    Attributes:
        run_id: The ranking's run.
        run_name: Its name.
        task: The task that was ranked.
        started: When the ranking started.
        entries: One entry for each candidate, by rank.
        warnings: What was not understood; each warning names the candidate and run.
        uri: The full address of the store, which may contain a password.
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
        """Number of entries by decision; `open` if undecided."""
        return {name: len(self.decided(name)) for name in (*DECISIONS, OPEN)}

    def decided(self, decision: str) -> list[ReviewedFinalist]:
        """The entries with this decision."""
        return [entry for entry in self.entries if entry.decision == decision]


def read_review(settings: TrackingSettings, run_id: str, key: str = "run", task: str | None = None) -> Review:
    """Read the decisions on the finalists of a ranking.

    Deleted finalists are left out. Former finalists are left out too, unless somebody decided on them: these stay,
    without a rank. If several runs are of the same candidate, decided ones count; if they disagree, the candidate
    stays open, with a warning.

    Args:
        settings: Where runs are recorded.
        run_id: The run of the ranking or of a finalist, or the ranking's output folder. The folder's store is used
            unless the settings name another.
        key: The setting that named the run, for messages.
        task: The task that must have been ranked; None for any.

    Raises:
        RequestError: If the run is unknown, is not a ranking (of the task) or has no finalists, or if it is an id
            and tracking is off.
    """
    with open_review_store(settings, run_id.strip(), key) as (client, uri, wanted):
        parent = find_ranking(client, uri, wanted, key)
        warnings = [
            f"run {parent.info.run_id}: {tag} is set on the ranking itself and is ignored; set it on a finalist"
            for tag in _REVIEW_TAGS
            if tag in parent.data.tags
        ]
        found = child_runs(client, parent.info.experiment_id, parent.info.run_id, newest_first=True)
        entries = list(_merged(_entries(found, warnings), warnings))
    if task is not None and parent.data.tags["task"] != task:
        raise RequestError(f"{key}={run_id}: a ranking with task={parent.data.tags['task']}; expected task={task}")
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
            warnings.append(f"{name}: left out, because it has no tag {' and '.join(missing)}")
            continue
        entry = _entry(child)
        wrong = [tag for tag in tags if tag.casefold().startswith("review") and tag not in _REVIEW_TAGS]
        if wrong:
            listed = ", ".join(printable(tag) for tag in sorted(wrong))
            warnings.append(f"{entry.name}: unknown tag {listed}; expected {', '.join(_REVIEW_TAGS)}")
        if entry.decision not in (*DECISIONS, OPEN):
            warnings.append(
                f"{entry.name}: {DECISION} is '{printable(entry.decision)}', which is not a decision; "
                f"expected {', '.join(DECISIONS)}"
            )
            entry = replace(entry, decision=OPEN)
        if tags.get(FINALIST) != "no":
            yield entry
        elif entry.decision != OPEN:  # its rank is from an earlier ranking
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
        # Case and extra spaces do not matter; anything else the reviewer must correct.
        decision=" ".join(tags.get(DECISION, "").split()).casefold() or OPEN,
        comment=" ".join(tags.get(COMMENT, "").split()),
        by=" ".join(tags.get(BY, "").split()),
        run_id=str(child.info.run_id),
        figures=texts | answers | numbers,
        crystal=tags.get(CRYSTAL, ""),
        hashes={name.removeprefix(HASH): value for name, value in tags.items() if name.startswith(HASH)},
    )


def _is_figure(name: str) -> bool:
    return column(name).group != "other" and column(name).kind == "number"


def _merged(entries: Iterable[ReviewedFinalist], warnings: list[str]) -> Iterator[ReviewedFinalist]:
    """One entry for each candidate: the latest decided one, else the latest."""
    same: dict[tuple[str, str, str], list[ReviewedFinalist]] = {}
    for entry in entries:
        same.setdefault((entry.candidate_id, entry.formula, entry.crystal), []).append(entry)
    for group in same.values():
        decided = [entry for entry in group if entry.decision != OPEN]
        latest = (decided or group)[0]
        if len({entry.decision for entry in decided}) > 1:
            found = ", ".join(f"{entry.decision} in run {entry.run_id}" for entry in decided)
            warnings.append(f"{latest.name}: contradictory decisions, so none counts: {found}")
            latest = replace(latest, decision=OPEN)
        yield latest
