"""The MLflow run of a job: opens, resumes, fills and closes it."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from screening.columns import column
from screening.errors import Interrupted, RequestError
from screening.masking import masked
from screening.signals import held_back, last_words
from screening.tracking.address import OFF, TrackingSettings, experiment_name, shown_uri, tracking_uri
from screening.tracking.batches import log_entries
from screening.tracking.resuming import as_params, find_or_make
from screening.tracking.run_file import RUN_FILE
from screening.tracking.server import StoreError, connect, retry_while_busy

if TYPE_CHECKING:
    import polars as pl
    from mlflow import MlflowClient

__all__ = ["RUN_FILE", "TABLE_ROWS", "Run", "TrackingSettings", "open_run"]

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

TABLE_ROWS = 2000
_TABLES = "mlflow.loggedArtifacts"


@dataclass
class Run:
    """The run of a job; without a client (tracking off) no method does anything.

    If the store fails during a job, the run warns and the job goes on without tracking: nothing is lost, because the
    output folder has all results.

    Attributes:
        run_id: The run; None if tracking is off.
        experiment_id: Its experiment.
        tracking_uri: The full address of the store, which may contain a password.
        later: What the warning adds: how to record the results later.
        known_metrics: Names of the metrics that a resumed run already has.
        status_before: The status of a resumed run before this job; empty for a new one.
    """

    run_id: str | None = None
    experiment_id: str | None = None
    tracking_uri: str = OFF
    later: str = ""
    known_metrics: frozenset[str] = frozenset()
    status_before: str = ""
    _client: MlflowClient | None = None
    _known_params: dict[str, str] = field(default_factory=dict)

    @property
    def recording(self) -> bool:
        """Whether entries are recorded: no if tracking is off or the store has failed."""
        return self._client is not None

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log settings. Names are sanitized; long values are cut and marked.

        MLflow cannot change a parameter: a value that differs from the resumed run's goes to the tag `now.NAME`.
        """
        given = as_params(params)
        changed = {name: value for name, value in given.items() if self._known_params.get(name, value) != value}
        new = {name: value for name, value in given.items() if name not in self._known_params}
        if changed:
            logger.warning("resumed MLflow run %s: settings changed: %s", self.run_id, ", ".join(sorted(changed)))
        self._known_params |= new
        self.log("parameters", params=new, tags={f"now.{name}": value for name, value in changed.items()})

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log finite metrics. Names are sanitized."""
        self.log("metrics", metrics={n: value for n, value in metrics.items() if math.isfinite(value)}, step=step or 0)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set searchable tags. Names are sanitized; long values are cut and marked."""
        self.log("tags", tags=tags)

    def log(self, what: str, **entries: Any) -> None:
        """Log metrics, parameters and tags in as few calls as possible; arguments as in `log_entries`."""
        self.send(f"the {what}", lambda client, run: log_entries(client, run, **entries))

    def log_artifact(self, path: Path) -> None:
        """Attach a file under its own name, or a folder's files."""
        self.send(f"the file {path.name}", lambda client, run: client.log_artifact(run, str(path)))

    def log_table(self, table: pl.DataFrame, name: str) -> None:
        """Attach the first 2,000 rows as `NAME.json`, which MLflow's page shows as a sortable table.

        Numbers are rounded to the decimals of their column. A resumed run overwrites the file; MLflow's own
        `log_table` would append the rows again.
        """
        artifact = f"{name}.json"
        self.send(f"the table {name}", lambda client, run: _log_table(client, run, table, artifact))

    def close(self, status: str) -> None:
        """Set the final status: FINISHED, FAILED or KILLED."""
        with held_back():
            self.send(f"the status {status}", lambda client, run: client.set_terminated(run, status))

    def send(self, what: str, call: Callable[[MlflowClient, str], Result]) -> Result | None:
        """Call a function with the client and the run's id; after a failure, tracking stops.

        Args:
            what: What is sent, for the warning.
            call: The function. It may run more than once, if another job locks the database.

        Returns:
            The function's result; None if it failed or tracking is off.
        """
        if self._client is None or self.run_id is None:
            return None
        from mlflow.exceptions import MlflowException

        client, run_id = self._client, self.run_id
        try:
            return retry_while_busy(lambda: call(client, run_id))
        except (MlflowException, OSError) as error:
            self._client = None
            why = masked(str(error).splitlines()[0]) if str(error) else type(error).__name__
            where = shown_uri(self.tracking_uri)
            logger.warning(
                "MLflow at %s failed to record %s (%s); going on without tracking%s", where, what, why, self.later
            )
            return None


@contextmanager
def open_run(
    settings: TrackingSettings,
    output_dir: Path,
    run_name: str,
    tags: Mapping[str, str],
    parent_run_id: str | None = None,
    later: str | None = None,
    settings_of_result: Mapping[str, Any] | None = None,
) -> Iterator[Run]:
    """Open the job's run and close it as FINISHED, FAILED (an exception) or KILLED (an interruption).

    The run id is kept in `output_dir/mlflow_run_id.json`, so that a repeated or resumed job continues its run. A new
    run starts, with a warning, only if the address or experiment changed, the run was deleted, or it recorded other
    settings: MLflow cannot change a parameter. The folder then belongs to the new run once `claim_folder` says so.

    Args:
        settings: Where runs are recorded.
        output_dir: The job's output folder.
        run_name: The name of the run.
        tags: Tags of the run.
        parent_run_id: The run to nest this one under.
        later: How to record the results later. If given, an unreachable store only causes a warning.
        settings_of_result: The parameters that the result depends on; None resumes the folder's run with any settings.

    Raises:
        StoreError: Within seconds, before any work, if MLflow cannot be reached and `later` is None.
    """
    uri = tracking_uri(settings)
    hint = f"; later: {later}" if later else ""
    wanted = as_params(settings_of_result or {})
    run = Run()
    try:
        try:
            client = None if uri == OFF else connect(uri)
            with held_back():  # a run that was made is also closed
                if client is not None:
                    where = client, uri, experiment_name(settings)
                    run = _open(*where, output_dir, run_name, parent_run_id, wanted)
            run.set_tags(tags)
        except StoreError as error:
            if later is None:
                raise
            logger.warning("%s; going on without tracking%s", str(error).partition(";")[0], hint)
            run = Run()
        run.later = hint
        with last_words(lambda: run.close("KILLED")):
            yield run
    except Interrupted:
        run.close("KILLED")
        raise
    except RequestError:
        run.close(run.status_before or "FAILED")  # nothing was done, and what the run holds is still so
        raise
    except Exception:
        run.close("FAILED")
        raise
    except BaseException:
        run.close("KILLED")
        raise
    run.close("FINISHED")


def _open(
    client: MlflowClient,
    uri: str,
    experiment: str,
    output_dir: Path,
    run_name: str,
    parent_run_id: str | None,
    wanted: Mapping[str, str],
) -> Run:
    about = {"mlflow.parentRunId": parent_run_id} if parent_run_id else {}
    opened = find_or_make(client, uri, experiment, output_dir, run_name, about, wanted)
    run = Run(opened.run_id, opened.experiment_id, uri, _client=client)
    if opened.found is not None:
        run.known_metrics, run.status_before = frozenset(opened.found.data.metrics), str(opened.found.info.status)
        run._known_params = dict(opened.found.data.params)
    return run


def _log_table(client: MlflowClient, run_id: str, table: pl.DataFrame, artifact: str) -> None:
    """Write the file format and tag of MLflow's `log_table` (pandas' `split` orientation).

    MLflow's page sorts cells as text. Numbers sort correctly only if all have the same number of decimals.
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
    listed = json.loads(client.get_run(run_id).data.tags.get(_TABLES, "[]"))
    entry = {"path": artifact, "type": "table"}
    if entry not in listed:
        client.set_tag(run_id, _TABLES, json.dumps([*listed, entry]))
