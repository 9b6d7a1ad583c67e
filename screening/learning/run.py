"""Settings and result of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from screening.graphs.nearest import GraphSettings
from screening.learning.data import DataSettings
from screening.learning.module import OptimiserSettings


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training run; `configs/trainer/default.yaml` explains the other keys and their defaults.

    Attributes:
        members: Number of networks to train together; their mean is the prediction.
        parent: Folder of the release to fine-tune; network, members and graph are then those of the release.
        fixed: The settings that must not change when the run is resumed, by dotted key.
        record: Further entries of the model's `training`, such as the command as typed.
    """

    name: str
    output_dir: Path
    data: DataSettings
    network: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    members: int = 1
    graph: GraphSettings = field(default_factory=GraphSettings)
    optimiser: OptimiserSettings = field(default_factory=lambda: OptimiserSettings(total_steps=0))
    max_epochs: int = 40
    max_steps: int | None = None
    max_hours: float | None = None
    ema_decay: float = 0.999
    gradient_clip: float = 1.0
    precision: str = "auto"
    accelerator: str = "cpu"
    devices: int = 1
    checkpoint_minutes: float = 10.0
    log_every_steps: int = 50
    validate_every_steps: int = 1000
    progress_bar: bool = False
    seed: int = 0
    parent: Path | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training run.

    Attributes:
        model_dir: The finished model.
        steps: Optimiser steps done.
        validation: Mean absolute errors of the finished model on the validation split, by name.
        speed: Epochs, structures per second, and the network's share of the training time.
        parent: Validation scores of the release that fine-tuning started from, by the same names.
    """

    model_dir: Path
    steps: int
    validation: dict[str, float]
    speed: dict[str, float]
    parent: dict[str, float]
