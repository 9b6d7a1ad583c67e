"""The runs under a ranking, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PARENT = "mlflow.parentRunId"
_PAGE = 1000


def children(client: MlflowClient, experiment_id: str, parent: str, *, newest_first: bool) -> Iterator[MlflowRun]:
    """All runs under a run that are not deleted, by when they were started."""
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
