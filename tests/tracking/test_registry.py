"""Registered models come back as the folders that were registered."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.models import tiny_release

from screening.errors import RequestError
from screening.networks.released_model import load_release
from screening.release_folder import WEIGHTS
from screening.tracking.address import TrackingSettings
from screening.tracking.registry import fetch_model, register_model
from screening.tracking.runs import open_run


@pytest.mark.ci
def test_a_registered_model_is_loaded_by_version_and_alias(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    settings = TrackingSettings(f"sqlite:///{tmp_path / 'mlflow.db'}")
    folder = tiny_release(tmp_path / "model")
    with open_run(settings, tmp_path / "run", "train", {}) as run:
        assert run.run_id is not None
        names = [register_model(settings, run.run_id, folder, "tiny") for _ in range(2)]
        before = (Path(fetch_model(settings, names[0])) / WEIGHTS).read_bytes()
        other = tiny_release(tmp_path / "other", seed=1)
        names += [register_model(settings, run.run_id, release, "tiny") for release in (other, folder, other)]
    assert names == ["models:/tiny/1", "models:/tiny/1", "models:/tiny/2", "models:/tiny/1", "models:/tiny/2"]
    assert (Path(fetch_model(settings, names[0])) / WEIGHTS).read_bytes() == before
    assert (Path(fetch_model(settings, names[2])) / WEIGHTS).read_bytes() != before
    MlflowClient(tracking_uri=settings.uri).set_registered_model_alias("tiny", "best", "2")
    for spec in (*names, "models:/tiny@best"):
        _, config = load_release(Path(fetch_model(settings, spec)))
        assert config.name == "tiny"
    for spec, message in {
        "models:/tiny@worst": "worst",
        "models:/other/1": "other",
        "models:/tiny": "expected models:/NAME@ALIAS",
    }.items():
        with pytest.raises(RequestError, match=message):
            fetch_model(settings, spec)


def test_other_models_are_unchanged_and_need_no_store() -> None:
    off = TrackingSettings("none")
    assert fetch_model(off, "screening-v3") == "screening-v3"
    with pytest.raises(RequestError, match="tracking is off"):
        fetch_model(off, "models:/tiny@best")
