"""Lists all child runs of a run, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PARENT = "mlflow.parentRunId"
_PAGE = 1000


def child_runs(client: MlflowClient, experiment_id: str, parent: str, *, newest_first: bool) -> Iterator[MlflowRun]:
    """All child runs that are not deleted, by start time."""
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment_id],
            f"tags.`{PARENT}` = '{parent}'",
            max_results=_PAGE,
            order_by=[f"attributes.start_time {'DESC' if newest_first else 'ASC'}"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return
