"""`screening combine`: models trained apart become one whose mean predicts, with intervals set anew."""

from __future__ import annotations

from pathlib import Path

from screening.configuration import save_config
from screening.configuration.schemas import CombineConfig
from screening.console import say
from screening.data.store import open_store
from screening.errors import RequestError
from screening.report.atomic import output_folder
from screening.tracking.registry import fetch_model, register_model
from screening.tracking.runs import open_run
from screening.tracking.settings import TrackingSettings

MODEL_FOLDER = "model"


def run(config: CombineConfig) -> None:
    """Combine, calibrate on the crystals that no member has seen, and say where the model is."""
    from screening.learning.calibration import calibrate
    from screening.learning.combining import combine
    from screening.learning.data import CrystalData, DataSettings
    from screening.learning.domain import set_domain
    from screening.networks.predictor import resolve_device
    from screening.networks.release import find_release, save_release

    tracking = TrackingSettings(config.tracking.uri, config.tracking.experiment)
    folders = [find_release(fetch_model(tracking, model)) for model in config.models]
    name = config.name or Path(config.output_dir).resolve().name
    model, combined = combine(name, folders)
    store = open_store(Path(config.data.path))
    if store.content_hash != combined.training.get("store_sha256"):
        raise RequestError(
            f"data.path={config.data.path}: this is not the store that {config.models[0]} was trained on"
        )
    settings = DataSettings(
        store.path,
        tuple(target for target in combined.targets if target in store.index.columns),
        site_moments=False,
        max_crystals=config.data.max_crystals,
        columns=combined.targets,
        learn_validation="validation" in combined.learned_splits,
    )
    data = CrystalData(settings, combined.graph)
    folder = output_folder(Path(config.output_dir), "output_dir")
    with open_run(tracking, folder, f"combine: {name}", {"model": name}) as tracked:
        save_config(config, folder / "config.yaml")
        model.to(resolve_device(config.device))
        unseen = data.labelled("calibration")
        reserve = None if settings.learn_validation else data.labelled("validation")
        combined.training["calibrated_on"] = calibrate(model, unseen, settings.batch_atoms, reserve)
        set_domain(model, data.labelled("train"), unseen, settings.batch_atoms)
        save_release(folder / MODEL_FOLDER, model.cpu(), combined)
        registered = register_model(tracking, tracked.run_id, folder / MODEL_FOLDER, name) if tracked.run_id else ""
    say(f"{combined.members} members; model: {folder / MODEL_FOLDER}")
    if registered:
        say(f"registered in MLflow: model={registered}")
    say(f"measure it: screening evaluate model={folder / MODEL_FOLDER} data.path={store.path} output_dir=...")
