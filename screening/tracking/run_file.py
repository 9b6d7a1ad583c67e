"""`mlflow_run_id.json`: names the MLflow runs of an output folder, so that a repeated job resumes its run."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

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
    """

    key: str
    run_id: str | None = None
    tracking_uri: str = ""
    experiment_id: str = ""
    finalists: dict[str, str] = field(default_factory=dict)
    folder: str = ""

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
        raw = json.loads(file.read_text(encoding="utf-8"))
        run_id = raw["run_id"]
        return RunRecord(
            key=str(raw.get("key") or run_id or uuid.uuid4().hex),
            run_id=None if run_id is None else str(run_id),
            tracking_uri=str(raw["tracking_uri"]),
            experiment_id=str(raw["experiment_id"]),
            finalists={str(name): str(child) for name, child in raw.get("finalists", {}).items()},
            folder=str(raw.get("folder", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScreeningError(f"{file} is not a valid run record; delete it to start a new MLflow run") from error


def write_record(folder: Path, record: RunRecord) -> None:
    """Write the record atomically."""
    content = asdict(replace(record, folder=str(folder.resolve())))
    write_text_atomic(folder / RUN_FILE, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


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
    return replace(record, run_id=None, tracking_uri=tracking_uri, experiment_id=experiment_id, finalists={})
