"""`mlflow_run_id.json`: names the MLflow runs of an output folder, so that a repeated job resumes its run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from screening.errors import ScreeningError
from screening.files import write_text_atomic

RUN_FILE = "mlflow_run_id.json"


@dataclass(frozen=True)
class RunRecord:
    """The MLflow runs of an output folder.

    Attributes:
        key: A random key that tags the folder's runs in any store. It is written before a run is created, so that the
            run of a killed job is found again.
        run_id: The run; None until it exists.
        tracking_uri: The store, with any password masked.
        experiment_id: The experiment.
        finalists: The run of each finalist by candidate_id.
        folder: Where the record was written; tells a copied folder from a moved one.
        earlier: Runs of earlier results of the folder, made with other settings; the latest is last.
        following: Runs of a job with other settings that is not done yet: the folder still holds what was there before.
    """

    key: str
    run_id: str | None = None
    tracking_uri: str = ""
    experiment_id: str = ""
    finalists: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    earlier: tuple[str, ...] = ()
    following: RunRecord | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Address and experiment of the run."""
        return self.tracking_uri, self.experiment_id


def read_record(folder: Path) -> RunRecord | None:
    """Read the folder's record; None if it has none.

    Raises:
        ScreeningError: If the file is not a valid record.
    """
    file = folder / RUN_FILE
    if not file.exists():
        return None
    try:
        return _record(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScreeningError(f"{file} is not a valid run record; delete it to start a new MLflow run") from error


def _record(raw: Mapping[str, Any]) -> RunRecord:
    run_id, following = raw["run_id"], raw.get("following")
    return RunRecord(
        key=str(raw.get("key") or run_id or uuid.uuid4().hex),
        run_id=None if run_id is None else str(run_id),
        tracking_uri=str(raw["tracking_uri"]),
        experiment_id=str(raw["experiment_id"]),
        finalists={str(name): str(child) for name, child in raw.get("finalists", {}).items()},
        folder=str(raw.get("folder", "")),
        earlier=tuple(map(str, raw.get("earlier", ()))),
        following=None if following is None else _record(following),
    )


def write_record(folder: Path, record: RunRecord) -> None:
    """Write the record atomically."""
    content = asdict(replace(record, folder=str(folder.resolve())))
    write_text_atomic(folder / RUN_FILE, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def claim_folder(folder: Path, run_id: str | None) -> None:
    """Make the folder's results those of a run, now that they are written; called for every run of a folder.

    Args:
        folder: The output folder.
        run_id: The run; None if the results with other settings are recorded in none, so that none may claim to be
            theirs.
    """
    record = read_record(folder)
    if record is None or record.run_id is None or record.run_id == run_id:
        return
    earlier = (*record.earlier, record.run_id)
    if run_id is None:
        write_record(folder, RunRecord(uuid.uuid4().hex, earlier=earlier))
    elif record.following is not None and record.following.run_id == run_id:
        write_record(folder, replace(record.following, earlier=earlier))


def is_copy(record: RunRecord, folder: Path) -> bool:
    """Whether this folder is a copy of another output folder that still has the record."""
    origin = Path(record.folder)
    if not record.folder or not (origin / RUN_FILE).is_file() or (folder.exists() and origin.samefile(folder)):
        return False
    try:
        left = read_record(origin)
    except ScreeningError:
        return False
    return left is not None and left.key == record.key


def record_at(record: RunRecord | None, tracking_uri: str, experiment_id: str) -> RunRecord:
    """The folder's record for a store and experiment: the same key, and the run only if it is in that place."""
    if record is None:
        return RunRecord(uuid.uuid4().hex, None, tracking_uri, experiment_id)
    if record.place == (tracking_uri, experiment_id):
        return record
    none = RunRecord(record.key, earlier=record.earlier)
    return replace(none, tracking_uri=tracking_uri, experiment_id=experiment_id)
