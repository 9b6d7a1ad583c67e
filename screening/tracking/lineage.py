"""Links a ranking with the training run and registered versions of its model, by tags on both sides."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from screening.tracking.ranking_folder import RankingFolder
from screening.tracking.registry import PREFIX
from screening.tracking.runs import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

TRAINING_RUN = "mlflow_run_id"
"""The key of the training run in a released model's `training` and in the `model` entry of `run.json`."""
_RUN_ID = re.compile(r"[A-Za-z0-9][\w-]{0,255}")
MODEL_RUN, MODEL_VERSIONS = "model.run_id", "model.version"


def log_lineage(run: Run, ranking: RankingFolder) -> None:
    """Tag the ranking with the model's training run and registered versions, and tag those with the ranking.

    Does nothing if the model does not name its run. A training run in another store gets no tag.
    """
    trained = (ranking.record.get("model") or {}).get(TRAINING_RUN)
    if not trained or not _RUN_ID.fullmatch(str(trained)):
        return
    about = f"{ranking.name} ({ranking.record.get('finished', '')})"
    tags = run.send("the model's origin", lambda client, own: _linked(client, own, str(trained), about))
    run.set_tags({MODEL_RUN: str(trained), **(tags or {})})


def model_origin(training: Mapping[str, Any]) -> dict[str, str]:
    """The training run from a model's `training` entry, for `run.json`; empty if none was recorded."""
    return {TRAINING_RUN: str(training[TRAINING_RUN])} if training.get(TRAINING_RUN) else {}


def trained_in(run_id: str | None) -> dict[str, str]:
    """The training run as an entry of a released model's `training`; empty without tracking."""
    return {TRAINING_RUN: run_id} if run_id else {}


def _linked(client: MlflowClient, ranking_run: str, trained: str, about: str) -> dict[str, str]:
    """Tags for the ranking. Each ranking sets a tag of its own on the model, so that parallel jobs never collide."""
    from mlflow.exceptions import MlflowException

    tag = f"ranking.{ranking_run}"
    try:
        versions = client.search_model_versions(f"run_id = '{trained}'")
        client.set_tag(trained, tag, about)
        for version in versions:
            client.set_model_version_tag(version.name, version.version, tag, about)
    except MlflowException as error:
        # Trained elsewhere, deleted since, or read-only for this user.
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "PERMISSION_DENIED", "INVALID_PARAMETER_VALUE"):
            raise
        logger.warning("could not tag the model's training run %s with this ranking: %s", trained, error.message)
        return {}
    named = sorted(f"{PREFIX}{version.name}/{version.version}" for version in versions)
    return {MODEL_VERSIONS: ", ".join(named)} if named else {}
