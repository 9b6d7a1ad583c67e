"""A training run: fits the model, saves checkpoints, calibrates the intervals, writes the model folder."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Trainer, seed_everything

from screening.data.splits import DEFAULT_SALT
from screening.errors import RequestError
from screening.learning.after_training import finish_model
from screening.learning.calibration import predict_labelled
from screening.learning.checkpoint_schedule import CheckpointSchedule
from screening.learning.checkpoints import CHECKPOINTS, Checkpoint, Fingerprint, find_checkpoint
from screening.learning.data import CrystalData
from screening.learning.finetuning import FineTuning, Parent, inherit_settings, initial_model, load_parent
from screening.learning.losses import robust_scales
from screening.learning.module import OptimiserSettings, PropertyLearning
from screening.learning.run import TrainingResult, TrainingSettings
from screening.learning.timing import StepTimes, hardware
from screening.learning.trainer import (
    MetricLogger,
    make_trainer,
    resolve_precision,
    silence_lightning,
    validation_scores,
)
from screening.networks.architectures import build_network, full_parameters
from screening.networks.model import PropertyModel
from screening.networks.released_model import ModelConfig, load_release, save_release
from screening.signals import Signals

logger = logging.getLogger(__name__)
_SPEED = ("epochs", "structures_per_s", "network_share")


def train(
    settings: TrainingSettings,
    log_metrics: MetricLogger = lambda _metrics, _step: None,
    signals: Signals | None = None,
) -> TrainingResult:
    """Train, calibrate and write `output_dir/model`; resumes from `output_dir/checkpoints` if possible.

    With several devices every process runs this; the first one logs and writes.

    Args:
        settings: Settings of the run.
        log_metrics: Receives metrics and their step.
        signals: Records those that stop the run: while it trains, or all the time if the caller has caught them.

    Raises:
        RequestError: If the store or the network is wrong.
        Interrupted: If a signal arrived; a checkpoint has then been saved.
    """
    signals = signals or Signals()
    silence_lightning()
    seed_everything(settings.seed, workers=True, verbose=False)
    parent = load_parent(settings.parent) if settings.parent else None
    settings = inherit_settings(settings, parent) if parent else settings
    data = CrystalData(settings.data, settings.graph, settings.seed)
    data.stopping = lambda: bool(signals.received)
    total_steps = settings.max_steps or settings.max_epochs * data.training_stream().batches_per_epoch
    exact = resolve_precision(settings.precision, settings.accelerator) == "32"
    optimiser = replace(settings.optimiser, total_steps=total_steps, exact=exact)
    learning = _fine_tuning(settings, optimiser, data, parent) if parent else _from_scratch(settings, optimiser, data)
    before = _parent_scores(settings, data, parent) if parent else {}
    times = StepTimes()
    if settings.max_hours:
        learning.time_share = times.share_of(settings.max_hours)
    run = _fingerprint(settings, data, parent)
    saving = CheckpointSchedule(settings.output_dir / CHECKPOINTS, settings.checkpoint_minutes, settings.seed, signals)
    marks = Fingerprint(run, settings.fixed)
    trainer = make_trainer(settings, total_steps, log_metrics, [times, marks, saving])
    if settings.devices == 1:  # several processes stop together, once they can communicate
        signals.raise_if_received("no step was done since the last checkpoint")
    resumed = find_checkpoint(saving.folder, learning, run, set_aside=trainer.is_global_zero)
    marks.sessions = [*(resumed.sessions if resumed else ()), _session(settings, total_steps, resumed)]
    idle = _fit(trainer, learning, data, resumed, signals)
    signals.raise_if_received("all steps are done, only the calibration of the intervals is left")
    model_dir = settings.output_dir / "model"
    speed = _speed(data, trainer.global_step, times)
    if trainer.is_global_zero:
        device, model = trainer.strategy.root_device, learning.model
        model.eval().to(device)
        used = finish_model(model, data, _learned_splits(settings, parent), region=_knows_anew(model, data, parent))
        scores = _validation(model, data)
        record = _run(settings, device, times, speed) | {"sessions": marks.sessions, "validation": scores}
        record |= _recorded(model_dir) if idle else {}
        config = _model_config(settings, data, trainer.global_step, {"calibrated_on": used, **record}, parent)
        save_release(model_dir, model.cpu(), config)
        log_metrics({f"train/{name}": value for name, value in speed.items()} | scores, trainer.global_step)
    else:
        scores = validation_scores(trainer)
    return TrainingResult(model_dir, trainer.global_step, scores, speed, before)


def _fit(
    trainer: Trainer, learning: PropertyLearning, data: CrystalData, resumed: Checkpoint | None, signals: Signals
) -> bool:
    """Do the remaining steps and put the averaged weights into `learning`; true if no steps were left."""
    if resumed and trainer.is_global_zero:
        logger.info("resuming from %s", resumed.file)
    with signals.caught():
        trainer.fit(learning, datamodule=data, ckpt_path=resumed.file if resumed else None, weights_only=True)
    if resumed is None or trainer.global_step > resumed.step:
        return False
    # Lightning then skips validation and the end, where the averaged weights replace the last ones
    learning.load_state_dict(resumed.averaged)
    if len(data.split_rows["validation"]):
        trainer.validate(learning, datamodule=data, verbose=False)
    return True


def _from_scratch(settings: TrainingSettings, optimiser: OptimiserSettings, data: CrystalData) -> PropertyLearning:
    named = settings.network, settings.parameters, settings.graph.neighbours
    networks = [build_network(*named) for _ in range(settings.members)]
    model = PropertyModel(networks, settings.data.targets)
    model.standardise(*robust_scales(data.labelled("train").labels))
    model.describe_elements()
    return PropertyLearning(model, optimiser)


def _fine_tuning(
    settings: TrainingSettings, optimiser: OptimiserSettings, data: CrystalData, parent: Parent
) -> PropertyLearning:
    training, columns = data.labelled("train"), settings.data.columns
    return FineTuning(initial_model(parent, columns, training, settings.data.batch_atoms), optimiser, parent, training)


def _parent_scores(settings: TrainingSettings, data: CrystalData, parent: Parent) -> dict[str, float]:
    """Validation scores of the release that training starts from."""
    errors = parent.errors(data.labelled("validation"), settings.data.batch_atoms, settings.data.columns)
    return {f"val/mae/{target}": error for target, error in errors.items()}


def _speed(data: CrystalData, steps: int, times: StepTimes) -> dict[str, float]:
    epochs = steps / data.training_stream().batches_per_epoch
    structures = epochs * len(data.labelled("train"))
    rate = structures / times.steps_s if times.steps_s else float("nan")
    return dict(zip(_SPEED, (epochs, rate, times.network_share), strict=True))


def _run(
    settings: TrainingSettings, device: torch.device, times: StepTimes, speed: Mapping[str, float]
) -> dict[str, Any]:
    """The record of the training for the model card."""
    return {
        **settings.record,
        "hardware": hardware(device, settings.devices),
        "hours": float(f"{times.wall_s / 3600:.3g}"),
        "seconds": {part: round(seconds, 1) for part, seconds in times.seconds.items()},
        **{name: float(f"{value:.3g}") for name, value in speed.items()},
    }


def _session(settings: TrainingSettings, total_steps: int, resumed: Checkpoint | None) -> dict[str, Any]:
    """What may change whenever the run is resumed, and when it was."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "from_step": resumed.step if resumed else 0,
        "total_steps": total_steps,
        "max_hours": settings.max_hours,
        "device": settings.accelerator,
        "devices": settings.devices,
        "precision": resolve_precision(settings.precision, settings.accelerator),
    }


def _validation(model: PropertyModel, data: CrystalData) -> dict[str, float]:
    """Mean absolute errors on the validation split of the model as it is released: these weights, in full precision.

    The scores during training are of other weights where the last step is not one with a look at the split, and of
    another arithmetic where that is `bf16`.
    """
    split = data.labelled("validation")
    if not len(split):
        return {}
    values, _ = predict_labelled(model, split, data.settings.batch_atoms)
    errors = np.abs(values - split.labels.double().cpu().numpy())
    known = {i: float(found.mean()) for i, e in enumerate(errors.T) if len(found := e[np.isfinite(e)])}
    relative = [error / float(model.scale[i]) for i, error in known.items()]
    scores = {f"val/mae/{model.targets[i]}": error for i, error in known.items()}
    return scores | ({"val/relative_error": float(np.mean(relative))} if relative else {})


def _recorded(model_dir: Path) -> dict[str, Any]:
    """The training record of the model that an earlier call wrote, if this call found all steps done."""
    try:
        training = load_release(model_dir)[1].training
    except RequestError:
        return {}
    return {key: training[key] for key in ("hardware", "hours", "seconds", "sessions", *_SPEED) if key in training}


def _model_config(
    settings: TrainingSettings, data: CrystalData, steps: int, run: Mapping[str, Any], parent: Parent | None
) -> ModelConfig:
    rows = data.split_rows["train"]
    # new heads have not learned elements that only the release knew
    known = parent.config.elements if parent and parent.config.targets == (settings.data.columns or ()) else ()
    learned = {"started_from": str(parent), "learned": list(settings.data.targets)} if parent else {}
    return ModelConfig(
        name=settings.name,
        architecture=settings.network,
        parameters=full_parameters(settings.network, settings.parameters),
        graph=settings.graph,
        targets=settings.data.columns or settings.data.targets,
        elements=tuple(sorted({*_elements(data, rows), *known})),
        training={
            **learned,
            "store_sha256": data.store.content_hash,
            "sources": data.store.meta["sources"],
            "split_salt": DEFAULT_SALT,
            **({"split_file": settings.data.split_file.name} if settings.data.split_file else {}),
            "learned_splits": _learned_splits(settings, parent),
            "crystals": {split: len(rows) for split, rows in data.split_rows.items()},
            "steps": steps,
            "batches_per_epoch": data.training_stream().batches_per_epoch,
            "seed": settings.seed,
            **run,
        },
        members=settings.members,
    )


def _knows_anew(model: PropertyModel, data: CrystalData, parent: Parent | None) -> bool:
    """Whether the known region is set anew; a release that learned a few crystals more keeps its own.

    With as many crystals as the release had, its network describes them in other numbers than before.
    """
    if parent is None or model.targets != parent.config.targets:
        return True
    before = int(parent.config.training.get("crystals", {}).get("train", 0))
    return before > 0 and 2 * len(data.split_rows["train"]) >= before


def _fingerprint(settings: TrainingSettings, data: CrystalData, parent: Parent | None) -> str:
    """A digest of what determines the batches of a run and its initial weights."""
    digest = hashlib.sha256(json.dumps([data.store.content_hash, settings.seed, settings.data.batch_atoms]).encode())
    digest.update(str(parent).encode())
    for rows in data.split_rows.values():
        digest.update(rows.tobytes())
    return digest.hexdigest()


def _learned_splits(settings: TrainingSettings, parent: Parent | None) -> list[str]:
    """The splits that this model, or the release it started from, was trained on."""
    own = {"train", "validation"} if settings.data.learn_validation else {"train"}
    return sorted(own | set(parent.config.learned_splits if parent else ()))


def _elements(data: CrystalData, rows: Sequence[int] | np.ndarray) -> tuple[int, ...]:
    numbers = np.unique(data.store.crystals.take(np.asarray(rows)).numbers)
    return tuple(int(z) for z in numbers)
