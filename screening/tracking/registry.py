"""MLflow's model registry, where a team names models (`models:/NAME@ALIAS`, `models:/NAME/VERSION`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from screening.errors import RequestError
from screening.files import link_outside
from screening.release_folder import WEIGHTS
from screening.tracking.address import OFF, TrackingSettings, tracking_uri, without_password
from screening.tracking.provenance import sha256
from screening.tracking.server import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

PREFIX = "models:/"
_SPEC = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_ARTIFACT, _DIGEST = "model", "sha256.weights"


def register_model(settings: TrackingSettings, run_id: str, folder: Path, name: str) -> str:
    """Attach a model folder to a run and register it as the next version of `name`.

    A repeat with the same weights registers nothing. Other weights of the same run go to a folder of their own, so that
    an earlier version stays what it was.

    Returns:
        The address of the version: `models:/NAME/VERSION`.
    """
    from mlflow.exceptions import MlflowException

    if link := link_outside(folder):
        raise RequestError(f"{link}: a link out of the model's folder; put the file itself there")
    client, digest = _client(settings), sha256(folder / WEIGHTS)
    earlier = client.search_model_versions(f"run_id = '{run_id}'")
    same = [version for version in earlier if version.name == name and version.tags.get(_DIGEST) == digest]
    if same:
        return f"{PREFIX}{name}/{max(int(version.version) for version in same)}"
    artifact = f"{_ARTIFACT}-{digest[:8]}" if earlier else _ARTIFACT
    client.log_artifacts(run_id, str(folder), artifact)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/{artifact}"
    version = client.create_model_version(name, source=source, run_id=run_id, tags={_DIGEST: digest})
    return f"{PREFIX}{name}/{version.version}"


def fetch_model(settings: TrackingSettings, model: str) -> str:
    """The folder of a registered model, downloaded if the store is remote; any other `model` unchanged.

    Raises:
        RequestError: If the model is unknown or tracking is off.
    """
    version = registered_version(settings, model)
    if not version:
        return model
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    name, _, number = version.removeprefix(PREFIX).rpartition("/")
    try:
        source = _client(settings).get_model_version_download_uri(name, number)
        return download_artifacts(artifact_uri=source, tracking_uri=tracking_uri(settings))
    except MlflowException as error:
        raise RequestError(f"model={model}: {str(error).splitlines()[0]}") from None


def registered_version(settings: TrackingSettings, model: str) -> str:
    """The version, `models:/NAME/VERSION`, that a registered model stands for; empty for any other `model`.

    Raises:
        RequestError: If the model is unknown or tracking is off.
    """
    if not model.startswith(PREFIX):
        return ""
    from mlflow.exceptions import MlflowException

    match = _SPEC.fullmatch(model)
    if match is None:
        raise RequestError(f"model={model}: expected models:/NAME@ALIAS or models:/NAME/VERSION")
    if tracking_uri(settings) == OFF:
        raise RequestError(f"model={model} is in MLflow, but tracking is off; set tracking.uri, or give a folder")
    if match["version"]:
        return model
    try:
        version = _client(settings).get_model_version_by_alias(match["name"], match["alias"])
        return f"{PREFIX}{match['name']}/{version.version}"
    except MlflowException as error:
        said = without_password(str(error).splitlines()[0], tracking_uri(settings))
        raise RequestError(f"model={model}: {said}") from None


def _client(settings: TrackingSettings) -> MlflowClient:
    return connect(tracking_uri(settings))
