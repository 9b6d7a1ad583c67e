"""MLflow's model registry, where a team names models (`models:/NAME@ALIAS`, `models:/NAME/VERSION`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from screening.errors import RequestError
from screening.tracking.address import OFF, TrackingSettings, tracking_uri, without_password
from screening.tracking.server import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

PREFIX = "models:/"
_SPEC = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_ARTIFACT = "model"


def register_model(settings: TrackingSettings, run_id: str, folder: Path, name: str) -> str:
    """Attach a model folder to a run and register it as the next version of `name`.

    Returns:
        The address of the new version: `models:/NAME/VERSION`.
    """
    from mlflow.exceptions import MlflowException

    client = _client(settings)
    client.log_artifacts(run_id, str(folder), _ARTIFACT)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{_ARTIFACT}"
    version = client.create_model_version(name, source=source, run_id=run_id)
    return f"{PREFIX}{name}/{version.version}"


def fetch_model(settings: TrackingSettings, model: str) -> str:
    """The folder of a registered model, downloaded if the store is remote; any other `model` unchanged.

    Raises:
        RequestError: If the model is unknown or tracking is off.
    """
    if not model.startswith(PREFIX):
        return model
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    match = _SPEC.fullmatch(model)
    if match is None:
        raise RequestError(f"model={model}: expected models:/NAME@ALIAS or models:/NAME/VERSION")
    if tracking_uri(settings) == OFF:
        raise RequestError(f"model={model} is in MLflow, but tracking is off; set tracking.uri, or give a folder")
    client = _client(settings)
    try:
        version = match["version"] or client.get_model_version_by_alias(match["name"], match["alias"]).version
        source = client.get_model_version_download_uri(match["name"], version)
        return download_artifacts(artifact_uri=source, tracking_uri=tracking_uri(settings))
    except MlflowException as error:
        said = without_password(str(error).splitlines()[0], tracking_uri(settings))
        raise RequestError(f"model={model}: {said}") from None


def _client(settings: TrackingSettings) -> MlflowClient:
    return connect(tracking_uri(settings))
