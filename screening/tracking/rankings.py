"""Records a ranking in MLflow: a run with its tables and report, and a nested run for each finalist."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.columns import interval_names
from screening.report.sections import funnel, refusals
from screening.report.texts import catalogue
from screening.tracking.descriptions import NOTE, Place, describe_ranking
from screening.tracking.finalist_runs import log_finalists
from screening.tracking.limits import DATASET_NAME_LENGTH, DATASET_SOURCE_LENGTH, key, shorten
from screening.tracking.lineage import log_lineage
from screening.tracking.ranking_folder import FILES, SETTINGS_FILE, RankingFolder, read_ranking
from screening.tracking.run_file import read_record, write_record
from screening.tracking.runs import Run
from screening.tracking.views import save_finalists_view

_COUNTED = ("funnel/", "rejected/")


def log_ranking(run: Run, folder: Path) -> None:
    """Record a finished ranking: settings, versions, hashes, counts, tables, report and finalists.

    Safe to repeat. Does nothing without tracking; if the store fails, it warns and goes on without (see `Run`).

    Args:
        run: The run of the ranking.
        folder: The output folder.

    Raises:
        RequestError: If a file of the ranking is missing.
    """
    if not run.recording:
        return
    ranking = read_ranking(folder)
    run.log_params(_dotted(ranking.config))
    # MLflow never deletes metrics: reasons that only an earlier ranking of this folder had are set to zero.
    former = [name for name in run.known_metrics if name.startswith(_COUNTED)]
    metrics = dict.fromkeys(former, 0.0) | _metrics(ranking)
    run.log("counts and times", metrics=metrics, tags=_tags(ranking), timestamp_ms=ranking.finished_ms)
    _log_dataset(run, ranking)
    run.log_table(ranking.table.select(_for_reading(ranking)), "ranking")
    run.log_table(ranking.rejected, "rejected")
    for name in (*FILES, SETTINGS_FILE):
        if (folder / name).is_file():
            run.log_artifact(folder / name)
    runs = log_finalists(run, ranking)
    log_lineage(run, ranking)
    place = Place(str(run.experiment_id), str(run.run_id))
    run.set_tags({NOTE: describe_ranking(ranking, runs, place)})
    if runs:
        save_finalists_view(run, ranking)
    record = read_record(folder)
    if record is not None and record.run_id == run.run_id:
        write_record(folder, replace(record, finalists={**record.finalists, **runs}))


def _log_dataset(run: Run, ranking: RankingFolder) -> None:
    """Log the candidates as an MLflow dataset; structures in memory have no hash and are left out."""
    from mlflow.entities import Dataset, DatasetInput

    digest = (ranking.record.get("sha256") or {}).get("candidates")
    if not digest:
        return
    path = str(ranking.config.get("candidates", ""))
    name = shorten(Path(path).name, DATASET_NAME_LENGTH)
    source = json.dumps({"uri": shorten(path, DATASET_SOURCE_LENGTH)})
    dataset = DatasetInput(Dataset(name, str(digest)[:8], "local", source), tags=[])
    run.send("the dataset", lambda client, own: client.log_inputs(own, datasets=[dataset]))


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _dotted(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {f"{prefix}{name}": value}
    return flat


def _metrics(ranking: RankingFolder) -> dict[str, float]:
    """Counts along the funnel, rejections by stage and reason, and seconds by stage."""
    english = catalogue("en")  # metrics have the same names in every language
    steps = funnel(ranking.table, ranking.rejected, ranking.task, english)
    refused = refusals(ranking.rejected, english)
    by_stage: Counter[str] = Counter()
    for refusal in refused:
        by_stage[refusal.stage] += refusal.count
    metrics = {
        "count/scored": ranking.table.height,
        "count/rejected": ranking.rejected.height,
        **{f"funnel/{number:02d} {step.label}": step.count for number, step in enumerate(steps)},
        **{f"rejected/{stage}": count for stage, count in by_stage.items()},
        **{f"rejected/{refusal.stage}/{refusal.reason}": refusal.count for refusal in refused},
        **{f"seconds/{stage}": seconds for stage, seconds in (ranking.record.get("timing_s") or {}).items()},
        **(ranking.record.get("review") or {}).get("metrics", {}),
    }
    return {key(name): float(value) for name, value in metrics.items()}


def _tags(ranking: RankingFolder) -> dict[str, str]:
    """Tags to search for, and the provenance of the results."""
    record: dict[str, Any] = dict(ranking.record)
    best = ranking.table.row(0, named=True) if ranking.table.height else {}
    about = {
        "task": ranking.task.get("name"),
        "model": ranking.config.get("model"),
        "best": best.get("formula"),
        "mlflow.source.git.commit": record.get("git_commit"),
    }
    return {
        **{name: str(value) for name, value in about.items() if value is not None},
        **{f"sha256.{name}": str(value) for name, value in (record.get("sha256") or {}).items()},
        "versions": ", ".join(f"{name} {value}" for name, value in (record.get("versions") or {}).items()),
    }


def _for_reading(ranking: RankingFolder) -> list[str]:
    """All columns: those of the short table first, interval bounds last."""
    columns = ranking.table.columns
    ends = [end for name in columns for end in interval_names(name, columns) or ()]
    others = [name for name in columns if name not in ends]
    ordered = dict.fromkeys((*ranking.short_table, "why", "flags", *others, *ends))
    return [name for name in ordered if name in columns]
