"""The job of `screening train`: labelled crystals become a released model."""

from __future__ import annotations

import html
import signal
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from screening.cluster.requeueing import requeue
from screening.configuration import as_dict, save_config
from screening.configuration.train import TrainConfig
from screening.configuration.trees import flattened
from screening.errors import Interrupted
from screening.files import output_folder
from screening.jobs.opening import tracking_settings
from screening.jobs.training_request import check_request, find_parent, training_settings
from screening.jobs.training_store import data_store
from screening.learning.devices import process_rank
from screening.learning.run import TrainingResult
from screening.locks import folder_lock
from screening.signals import Signals
from screening.tracking.address import OFF, TrackingSettings
from screening.tracking.lineage import trained_in
from screening.tracking.ranking_folder import SETTINGS_FILE
from screening.tracking.registry import register_model
from screening.tracking.run_file import claim_folder
from screening.tracking.runs import open_run


@dataclass(frozen=True)
class Training:
    """A finished training.

    Attributes:
        result: Steps, scores on the validation split and speed.
        store: The store that was learned from.
        registered: `models:/NAME/VERSION` in MLflow, empty if nothing was recorded.
    """

    result: TrainingResult
    store: Path
    registered: str = ""

    @property
    def model(self) -> Path:
        """The folder of the model, which `model=` takes."""
        return self.result.model_dir

    @property
    def validation(self) -> dict[str, float]:
        """Scores on the validation split by name; units are those of the names."""
        return self.result.validation

    def _repr_html_(self) -> str:
        scores = self.validation.items()
        rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:.5g}</td></tr>" for name, value in scores)
        text = f"{self.result.steps} steps done; model: {self.model}"
        return f"<div><p>{html.escape(text)}</p><table><tbody>{rows}</tbody></table></div>"


def train_to_folder(config: TrainConfig, report: Callable[[str], object] = len) -> Training:
    """Train or resume in config.output_dir. With several devices each of the processes runs this.

    Args:
        config: The settings.
        report: Gets lines for the user before training starts.

    Raises:
        RequestError: The request is wrong.
        Interrupted: It was asked to stop; a checkpoint is on disk, and the job is back in Slurm's queue if that was
            meant.
    """
    rank, folder = process_rank(config.trainer.devices), Path(config.output_dir)
    with nullcontext() if rank else folder_lock(folder, "output_dir"):
        return _train_locked(config, report, Signals(), rank)


def _train_locked(config: TrainConfig, report: Callable[[str], object], signals: Signals, rank: int) -> Training:
    import torch

    from screening.learning.checkpoints import CHECKPOINTS, newest_checkpoint, require_same_settings
    from screening.learning.training import train

    if config.trainer.threads is not None:
        torch.set_num_threads(config.trainer.threads)
    check_request(config)
    tracking = tracking_settings(config)
    parent = find_parent(config, tracking)
    store = data_store(config.data, Path(config.output_dir), rank, report)
    settings = training_settings(config, store, parent)
    if (resumed := newest_checkpoint(Path(config.output_dir) / CHECKPOINTS, set_aside=not rank)) is not None:
        require_same_settings(resumed, settings.fixed)
    folder = output_folder(Path(config.output_dir), "output_dir")
    recorded = TrackingSettings(OFF) if rank else tracking
    tags = {"model": config.model_name} | ({"parent": config.model} if config.model else {})
    decisive = {key: value for key, value in flattened(as_dict(config)) if settings.fixed.get(key) == value}
    with open_run(recorded, folder, f"train: {config.model_name}", tags, settings_of_result=decisive) as tracked:
        tracked.log_params(dict(flattened(as_dict(config))))
        settings = replace(settings, record={**settings.record, **trained_in(tracked.run_id)})
        try:
            result = train(settings, tracked.log_metrics, signals)
        except Interrupted as stopped:
            # before anything else: the grace period may be short
            next_ = "" if rank else requeue(wanted=signal.SIGUSR1 in signals.received)
            raise stopped.followed_by(next_) from None
        if not rank:
            save_config(config, folder / SETTINGS_FILE)
            claim_folder(folder, tracked.run_id)
        run_id, name = tracked.run_id, config.model_name
        registered = register_model(tracking, run_id, result.model_dir, name) if run_id else ""
    return Training(result, store.path, registered)
