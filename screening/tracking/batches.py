"""Logs metrics, parameters and tags in as few calls as MLflow's limits allow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

from screening.tracking.limits import ENTRIES_PER_BATCH, METRICS_PER_BATCH, PARAM_LENGTH, TAG_LENGTH, key, shorten

if TYPE_CHECKING:
    from mlflow import MlflowClient

Entry = TypeVar("Entry")


def log_entries(
    client: MlflowClient,
    run_id: str,
    *,
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    step: int = 0,
    timestamp_ms: int | None = None,
) -> None:
    """Log entries of a run. Names are sanitized; long values are cut and marked.

    Args:
        client: The client of the store.
        run_id: The run.
        metrics: Values by name. MLflow keeps a metric once if its value and time are the same as before.
        params: Parameters by name.
        tags: Tags by name.
        step: The step of the metrics.
        timestamp_ms: The time of the metrics; None for now.
    """
    from mlflow.entities import Metric, Param, RunTag

    when = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    figures = [Metric(key(name), float(value), when, step) for name, value in (metrics or {}).items()]
    settings = [Param(key(name), shorten(str(value), PARAM_LENGTH)) for name, value in (params or {}).items()]
    labels = [RunTag(key(name), shorten(str(value), TAG_LENGTH)) for name, value in (tags or {}).items()]
    pieces = (
        _pieces(figures, METRICS_PER_BATCH),
        _pieces(settings, ENTRIES_PER_BATCH),
        _pieces(labels, ENTRIES_PER_BATCH),
    )
    for some_metrics, some_params, some_tags in zip_longest(*pieces, fillvalue=()):
        client.log_batch(run_id, metrics=some_metrics, params=some_params, tags=some_tags)


def _pieces(entries: Sequence[Entry], size: int) -> list[Sequence[Entry]]:
    return [entries[first : first + size] for first in range(0, len(entries), size)]
