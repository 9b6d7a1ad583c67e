"""`screening combine`: models trained apart become one whose mean predicts, with new intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.configuration import as_dict, save_config
from screening.configuration.combine import CombineConfig
from screening.configuration.trees import flattened
from screening.console import say
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.jobs.recording import settings_of_result
from screening.locks import folder_lock
from screening.tracking.address import TrackingSettings
from screening.tracking.lineage import trained_in
from screening.tracking.ranking_folder import SETTINGS_FILE
from screening.tracking.registry import fetch_model, register_model
from screening.tracking.run_file import claim_folder
from screening.tracking.runs import open_run

if TYPE_CHECKING:
    from screening.learning.data import DataSettings
    from screening.networks.released_model import ModelConfig

MODEL_FOLDER = "model"


def run(config: CombineConfig) -> None:
    """Combine, calibrate on the crystals that no member has seen, and say where the model is."""
    from screening.learning.after_training import finish_model
    from screening.learning.combining import combine
    from screening.learning.data import CrystalData
    from screening.networks.predictor import resolve_device
    from screening.networks.released_model import find_release, save_release

    with folder_lock(Path(config.output_dir), "output_dir") as folder:
        tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
        folders = [find_release(fetch_model(tracking, model)) for model in config.models]
        name = config.name or Path(config.output_dir).resolve().name
        model, combined = combine(name, folders)
        store = open_store(Path(config.data.path))
        if store.content_hash != combined.training.get("store_sha256"):
            raise RequestError(
                f"data.path={config.data.path}: this is not the store that {config.models[0]} was trained on"
            )
        data = CrystalData(_settings(config, combined, store), combined.graph)
        decisive = settings_of_result(config)
        with open_run(tracking, folder, f"combine: {name}", {"model": name}, settings_of_result=decisive) as tracked:
            tracked.log_params(dict(flattened(as_dict(config))))
            model.to(resolve_device(config.device))
            combined.training["calibrated_on"] = finish_model(model, data, combined.learned_splits)
            combined.training.update(trained_in(tracked.run_id))
            save_release(folder / MODEL_FOLDER, model.cpu(), combined)
            save_config(config, folder / SETTINGS_FILE)
            claim_folder(folder, tracked.run_id)
            registered = register_model(tracking, tracked.run_id, folder / MODEL_FOLDER, name) if tracked.run_id else ""
        say(f"{combined.members} members; model: {folder / MODEL_FOLDER}")
        if registered:
            say(f"registered in MLflow: model={registered}")
        say(f"measure it: screening evaluate model={folder / MODEL_FOLDER} data.path={store.path} output_dir=...")


def _settings(config: CombineConfig, combined: ModelConfig, store: Store) -> DataSettings:
    """The splits that the members know; raises RequestError if the request names other ones."""
    from screening.learning.data import DataSettings

    if bool(config.data.split_file) != ("split_file" in combined.training):
        raise RequestError(
            f"data.split_file: the models were trained with splits {_splits(combined.training)}; give the same here"
        )
    return DataSettings(
        store.path,
        tuple(target for target in combined.targets if target in store.index.columns),
        site_moments=False,
        max_crystals=config.data.max_crystals,
        columns=combined.targets,
        learn_validation="validation" in combined.learned_splits,
        split_file=Path(config.data.split_file) if config.data.split_file else None,
        split_column=config.data.split_column,
    )


def _splits(training: Mapping[str, Any]) -> str:
    return f"of the file {training['split_file']}" if "split_file" in training else "by chemical system"
