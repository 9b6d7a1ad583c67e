"""One MLflow run per job: opened, resumed, filled and closed."""

from __future__ import annotations

import getpass
import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.columns import column
from screening.errors import ScreeningError
from screening.report.atomic import write_text_atomic
from screening.tracking.settings import OFF, TrackingSettings, shown_uri, tracking_uri
from screening.tracking.store import connect, experiment_id, unreachable

if TYPE_CHECKING:
    import polars as pl
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

logger = logging.getLogger(__name__)

RUN_FILE = "mlflow_run_id.json"
TABLE_ROWS = 2000
# Limits of MLflow 3 (mlflow/utils/validation.py).
_PARAM_LENGTH, _TAG_LENGTH, _KEY_LENGTH = 6000, 8000, 250
_PARAMS_PER_BATCH, _METRICS_PER_BATCH = 100, 1000
_CUT = " … (cut)"


@dataclass
class Run:
    """A job's record in MLflow; without a client (tracking off) every method does nothing.

    When the store fails in the middle of a job, a warning says so and the job goes on without tracking: hours of
    computing are worth more than their log, and the output folder holds everything.
    """

    run_id: str | None = None
    experiment_id: str | None = None
    tracking_uri: str = OFF
    _client: MlflowClient | None = None
    _known_params: dict[str, str] = field(default_factory=dict)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Record settings; names are sanitized, long values cut with a mark.

        MLflow never changes a parameter: a value that differs from the resumed run's is kept in a tag `now.NAME`.
        """
        given = {_key(name): _shorten(str(value), _PARAM_LENGTH) for name, value in params.items()}
        changed = {name: value for name, value in given.items() if self._known_params.get(name, value) != value}
        new = {name: value for name, value in given.items() if name not in self._known_params}
        if changed:
            logger.warning("resumed MLflow run %s: settings changed: %s", self.run_id, ", ".join(sorted(changed)))
        self._known_params |= new
        self._batches("params", list(new.items()), _PARAMS_PER_BATCH)
        self.set_tags({f"now.{name}": value for name, value in changed.items()})

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record figures; names are sanitized, figures that are not finite are left out."""
        finite = [(_key(name), float(value)) for name, value in metrics.items() if math.isfinite(value)]
        self._batches("metrics", finite, _METRICS_PER_BATCH, step or 0)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set searchable labels; names are sanitized, long values cut with a mark."""
        short = [(_key(name), _shorten(str(value), _TAG_LENGTH)) for name, value in tags.items()]
        self._batches("tags", short, _PARAMS_PER_BATCH)

    def log_artifact(self, path: Path) -> None:
        """Attach a file under its own name, or a folder's files."""
        self._send(f"the file {path.name}", lambda client, run: client.log_artifact(run, str(path)))

    def log_table(self, table: pl.DataFrame, name: str) -> None:
        """Attach the first 2,000 rows as `NAME.json`, which MLflow's page shows as a sortable table.

        Figures are rounded to their column's decimals. A resumed run writes it anew (MLflow's own `log_table` would
        append the rows once more).
        """
        artifact = f"{name}.json"
        self._send(f"the table {name}", lambda client, run: _log_table(client, run, table, artifact))

    def close(self, status: str) -> None:
        """Set the final status: FINISHED, FAILED or KILLED."""
        self._send(f"the status {status}", lambda client, run: client.set_terminated(run, status))

    def _batches(self, kind: str, items: list[tuple[str, Any]], size: int, step: int = 0) -> None:
        for first in range(0, len(items), size):
            piece = items[first : first + size]
            self._send(f"{kind} {piece[0][0]} …", partial(_log_batch, kind=kind, items=piece, step=step))

    def _send(self, what: str, call: Callable[[MlflowClient, str], object]) -> None:
        if self._client is None or self.run_id is None:
            return
        from mlflow.exceptions import MlflowException

        try:
            call(self._client, self.run_id)
        except (MlflowException, OSError) as error:
            self._client = None
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            where = shown_uri(self.tracking_uri)
            logger.warning("MLflow at %s did not take %s (%s); going on without tracking", where, what, why)


@contextmanager
def open_run(
    settings: TrackingSettings,
    output_dir: Path,
    run_name: str,
    tags: Mapping[str, str],
    parent_run_id: str | None = None,
) -> Iterator[Run]:
    """The job's run, closed with the right status: FINISHED, FAILED on an exception, KILLED on an interruption.

    The run id lies in `output_dir/mlflow_run_id.json`, so a job that is repeated or resumed continues its run. A new
    run starts (with a warning) only if the address or experiment changed or the run was deleted. `parent_run_id`
    nests the run under another. Raises ScreeningError within seconds if MLflow cannot be reached, before any work.
    """
    uri = tracking_uri(settings)
    run = Run() if uri == OFF else _open(uri, settings.experiment, output_dir, run_name, tags, parent_run_id)
    try:
        yield run
    except Exception:
        run.close("FAILED")
        raise
    except BaseException:
        run.close("KILLED")
        raise
    run.close("FINISHED")


def _open(
    uri: str, experiment: str, output_dir: Path, run_name: str, tags: Mapping[str, str], parent_run_id: str | None
) -> Run:
    client = connect(uri)
    from mlflow.exceptions import MlflowException

    try:
        group = experiment_id(client, uri, experiment)
        found = _run_to_resume(client, output_dir / RUN_FILE, uri, group)
        if found is None:
            run_id, known = _new_run(client, group, run_name, parent_run_id), {}
            record = {"run_id": run_id, "tracking_uri": shown_uri(uri), "experiment_id": group}
            write_text_atomic(output_dir / RUN_FILE, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        else:
            run_id, known = str(found.info.run_id), dict(found.data.params)
            client.update_run(run_id, status="RUNNING", name=run_name)
    except MlflowException as error:
        raise unreachable(uri, error) from error
    run = Run(run_id, group, uri, client, known)
    run.set_tags(tags)
    return run


def _new_run(client: MlflowClient, group: str, name: str, parent_run_id: str | None) -> str:
    nested = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
    about = {"mlflow.user": _user(), "mlflow.source.name": "screening", **nested}
    return str(client.create_run(group, run_name=name, tags=about).info.run_id)


def _run_to_resume(client: MlflowClient, file: Path, uri: str, group: str) -> MlflowRun | None:
    """The run that the output folder belongs to; None if there is none, or it cannot be continued."""
    from mlflow.exceptions import MlflowException

    if not file.exists():
        return None
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        run_id, place = str(record["run_id"]), (record["tracking_uri"], record["experiment_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise ScreeningError(f"{file} is not a run record; delete it to start a new MLflow run") from error
    if place != (shown_uri(uri), group):
        logger.warning("%s belongs to %s; starting a new MLflow run in %s", file, place[0], shown_uri(uri))
        return None
    try:
        found = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        found = None
    if found is None or found.info.lifecycle_stage == "deleted":
        logger.warning("MLflow run %s of %s was deleted; starting a new one", run_id, file)
        return None
    return found


def _log_batch(client: MlflowClient, run_id: str, kind: str, items: list[tuple[str, Any]], step: int) -> None:
    from mlflow.entities import Metric, Param, RunTag

    if kind == "metrics":
        now = int(time.time() * 1000)
        client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in items])
    elif kind == "params":
        client.log_batch(run_id, params=[Param(name, value) for name, value in items])
    else:
        client.log_batch(run_id, tags=[RunTag(name, value) for name, value in items])


def _log_table(client: MlflowClient, run_id: str, table: pl.DataFrame, artifact: str) -> None:
    """The file format and the tag that MLflow's `log_table` uses (pandas' `split` orientation).

    MLflow's page sorts cells as text, digit group by digit group: right only if all have the same number of decimals.
    """
    import orjson

    shown = table.head(TABLE_ROWS)
    columns = [
        [None if value is None else column(name).shown(value) for value in shown[name]]
        if shown.schema[name].is_float()
        else shown[name].to_list()
        for name in shown.columns
    ]
    content = {"columns": shown.columns, "data": list(zip(*columns, strict=True))}
    client.log_text(run_id, orjson.dumps(content, default=str).decode(), artifact)
    listed = json.loads(client.get_run(run_id).data.tags.get("mlflow.loggedArtifacts", "[]"))
    entry = {"path": artifact, "type": "table"}
    if entry not in listed:
        client.set_tag(run_id, "mlflow.loggedArtifacts", json.dumps([*listed, entry]))


def _key(name: str) -> str:
    """A name that MLflow takes: letters, digits and `_ - . : /` or a space; a path without `..` or double slashes."""
    plain = re.sub(r"[^\w\-. :/]", "_", name)
    return re.sub(r"/+|\.{2,}", lambda match: match[0][0], plain).strip("/. ")[:_KEY_LENGTH] or "_"


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(_CUT)] + _CUT


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container's user may have no name.
        return "unknown"
