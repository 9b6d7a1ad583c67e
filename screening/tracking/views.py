"""Links to MLflow's page, and a saved view of a ranking's finalists with the columns that reviewers need.

MLflow keeps the state of a shared page in a tag of the experiment; the link names that tag.
"""

from __future__ import annotations

import json

from screening.tracking.address import TrackingSettings, ui_command
from screening.tracking.limits import key
from screening.tracking.ranking_folder import RankingFolder
from screening.tracking.review_tags import BY, COMMENT, DECISION
from screening.tracking.runs import Run

TAG_PREFIX = "mlflow.sharedViewState."
_FIGURES = 4  # leaves room for the decision on a screen 1280 px wide
_LOCAL = "http://127.0.0.1:5000"
_PAGE = "workflowType=machine_learning"
"""Without this, MLflow 3 shows its page for language models."""


def run_link(experiment_id: str, run_id: str, artifact: str | None = None) -> str:
    """The relative link to the page of a run, or to one of its files in the artifact viewer."""
    shown = f"/artifacts/{artifact}" if artifact else ""
    return f"#/experiments/{experiment_id}/runs/{run_id}{shown}?{_PAGE}"


def how_to_open(settings: TrackingSettings, run: Run) -> str:
    """How to open a run in the browser: its address, or the command that serves the store; empty without tracking."""
    served = ui_command(settings)
    if not served or run.run_id is None:
        return served
    link = run_link(str(run.experiment_id), run.run_id)
    return f"{served.rstrip('/')}/{link}" if served.startswith("http") else f"{served}\n  then {_LOCAL}/{link}"


def finalists_link(experiment_id: str, ranking_run_id: str) -> str:
    """The relative link to the saved view of a ranking's finalists."""
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={ranking_run_id}&{_PAGE}"


def save_finalists_view(run: Run, ranking: RankingFolder) -> None:
    """Save the view that `finalists_link` opens: rank, score, the first figures and the decision."""
    figures = [name for name in ranking.short_table if ranking.table.schema[name].is_numeric()]
    shown = list(dict.fromkeys(("rank", "score", *figures)))[:_FIGURES]
    state = {
        "searchFilter": f"tags.mlflow.parentRunId = '{run.run_id}' AND tags.finalist = 'yes'",
        "orderByKey": "metrics.`rank`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [
            *(f"metrics.`{key(name)}`" for name in shown),
            *(f"tags.`{name}`" for name in (DECISION, BY, COMMENT)),
        ],
    }
    run.send(
        "the view of the finalists",
        lambda client, own: client.set_experiment_tag(str(run.experiment_id), f"{TAG_PREFIX}{own}", json.dumps(state)),
    )
