"""Records each finalist of a ranking in a nested run of its own, for review."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from screening.checksums import file_sha256
from screening.columns import column, gate_name, is_gate
from screening.signals import held_back
from screening.tracking.batches import log_entries
from screening.tracking.child_runs import PARENT, child_runs
from screening.tracking.descriptions import NOTE, Place, describe_finalist, describe_former
from screening.tracking.limits import RUN_NAME_LENGTH, TAG_LENGTH, shorten
from screening.tracking.ranking_folder import FinalistFolder, RankingFolder
from screening.tracking.resuming import new_run
from screening.tracking.review_tags import BY, COMMENT, DECISION, OPEN
from screening.tracking.runs import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

CANDIDATE = "candidate_id"
FINALIST = "finalist"
"""The tag that says whether the candidate is a finalist of the folder's latest ranking: `yes` or `no`."""
CRYSTAL = "crystal.digest"
"""The tag with the digest of the crystal as it was scored."""
HASH = "sha256."
"""Before the name of a CIF without its ending: the tag with the SHA-256 of what was recorded."""
_FORMULA = "formula"
_PASSED = 0.5


def log_finalists(run: Run, ranking: RankingFolder) -> dict[str, str]:
    """Record each finalist in a run of its own.

    Runs from an earlier call are found by their tags and updated; the reviewer's tags are left alone. The same id
    (`POSCAR`) with another formula or crystal is a new candidate, still undecided. Runs of former finalists are kept
    and marked. Stops early if the store fails.

    Returns:
        The run of each finalist by candidate_id.
    """
    found = run.send("the search for finalists", lambda client, parent: _children(client, run.experiment_id, parent))
    runs: dict[str, str] = {}
    if found is None:
        return runs
    for finalist in reversed(ranking.finalists):  # MLflow lists the latest first: the best
        name, formula = (shorten(text, TAG_LENGTH) for text in (finalist.candidate_id, finalist.formula))
        crystal = str(finalist.entry.get("crystal", ""))
        known = [key for key in ((name, formula, crystal), (name, formula, ""), (name, "", "")) if key in found]
        with held_back():  # a run that was made is also closed
            child = found.pop(known[0]) if known else _made(run, finalist)
            if child is None or not _filled(run, child, finalist, ranking):
                return runs
        runs[finalist.candidate_id] = child.info.run_id
    runs = dict(reversed(runs.items()))
    for child in found.values():
        if child.data.tags.get(FINALIST) != "no":
            _mark_as_former(run, child.info.run_id, ranking)
    return runs


def _children(client: MlflowClient, experiment_id: str | None, parent: str) -> dict[tuple[str, str, str], MlflowRun]:
    """The oldest run of each candidate, formula and crystal; the latter are empty if the run was never filled."""
    found: dict[tuple[str, str, str], MlflowRun] = {}
    for child in child_runs(client, str(experiment_id), parent, newest_first=False):
        tags = child.data.tags
        if CANDIDATE in tags:
            found.setdefault((tags[CANDIDATE], tags.get(_FORMULA, ""), tags.get(CRYSTAL, "")), child)
    return found


def _made(run: Run, finalist: FinalistFolder) -> MlflowRun | None:
    """A new, undecided run. It gets its tags at once, so that it can always be found again."""

    def make(client: MlflowClient, parent: str) -> MlflowRun:
        review = {DECISION: OPEN, COMMENT: "", BY: ""}  # MLflow's page suggests the names of existing tags
        tags = {PARENT: parent, CANDIDATE: shorten(finalist.candidate_id, TAG_LENGTH), **review}
        return client.get_run(new_run(client, str(run.experiment_id), finalist.name, tags))

    return run.send(f"the finalist {finalist.name}", make)


def _filled(run: Run, child: MlflowRun, finalist: FinalistFolder, ranking: RankingFolder) -> bool:
    """Record all that belongs to a finalist; whether this worked."""
    child_id = child.info.run_id
    metrics = finalist_metrics(finalist.row)
    # MLflow never deletes metrics: those of an earlier ranking that the candidate no longer has become NaN.
    metrics |= {name: math.nan for name in child.data.metrics if name not in metrics}

    def fill(client: MlflowClient, parent: str) -> bool:
        note = describe_finalist(finalist, ranking, Place(str(run.experiment_id), parent))
        tags = {**finalist_tags(finalist, ranking.task), NOTE: note}
        log_entries(client, child_id, metrics=metrics, tags=tags, timestamp_ms=ranking.finished_ms)
        client.log_artifacts(child_id, str(finalist.folder))
        client.update_run(child_id, name=shorten(finalist.name, RUN_NAME_LENGTH))
        if child.info.status != "FINISHED":
            client.set_terminated(child_id, "FINISHED")
        return True

    return bool(run.send(f"the finalist {finalist.name}", fill))


def finalist_metrics(row: Mapping[str, Any]) -> dict[str, float]:
    """All finite numbers of a row by column name, including interval bounds and gate probabilities.

    They are rounded to six digits, because MLflow shows every digit.
    """
    return {
        name: float(f"{value:.6g}")
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def finalist_tags(finalist: FinalistFolder, task: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a finalist: the text columns that the task reports, the result of each gate, as `pass (81 %)`, and what
    tells whether its crystals are still those that were ranked."""
    row = finalist.row
    reported = (task.get("report") or {}).get("columns") or ()
    words = {name: column(name).shown(row[name]) for name in reported if isinstance(row.get(name), str | bool)}
    gates = {f"gate.{gate_name(name)}": gate_tag(row[name]) for name in row if is_gate(name) and row[name] is not None}
    remarks = ";".join(map(str, finalist.entry.get("remarks") or ()))
    crystals = {f"{HASH}{path.stem}": file_sha256(path) for path in sorted(finalist.folder.glob("*.cif"))}
    crystals |= {CRYSTAL: str(finalist.entry["crystal"])} if finalist.entry.get("crystal") else {}
    always = {name: str(row.get(name) or "") for name in ("rank", _FORMULA, "limiting_gate", "why", "flags")}
    return {**always, **words, **gates, **crystals, **({"remarks": remarks} if remarks else {}), FINALIST: "yes"}


def gate_tag(probability: float) -> str:
    """The result of a gate, starting with a word to search for: `pass (81 %)`."""
    return f"{'pass' if probability >= _PASSED else 'fail'} ({probability:.0%})".replace("%", " %")


def _mark_as_former(run: Run, child_id: str, ranking: RankingFolder) -> None:
    note = describe_former(ranking, Place(str(run.experiment_id), str(run.run_id)))
    tags = {FINALIST: "no", NOTE: note}
    run.send("a former finalist", lambda client, _: log_entries(client, child_id, tags=tags))
