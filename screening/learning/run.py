"""What a training run needs and what it gives."""

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
    """What a run needs; see `configs/trainer/default.yaml` for the meaning and defaults of the keys.

    members: networks that learn side by side, their mean being the prediction.
    parent: folder of the release that a fine-tuning starts from; network, members and graph are then the release's.
    record: further entries of the model's `training`, such as the command that was typed.
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
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingResult:
    """model_dir: the finished model; steps: optimiser steps done; validation: scores by name at the end.

    parent: those of the release that a fine-tuning started from, by the same names.
    speed: epochs, structures a second of training and the share of that time that the network took.
    """

    model_dir: Path
    steps: int
    validation: dict[str, float]
    speed: dict[str, float]
    parent: dict[str, float]
