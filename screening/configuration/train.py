"""Keys of `screening train`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, ClassVar

from screening.configuration.base import MODEL_HELP, CommandConfig
from screening.configuration.shared_sections import split_column, split_file
from screening.data.targets import TARGETS
from screening.settings import setting, settings_class


@settings_class
class TrainingDataConfig:
    """The labelled crystals a network learns from."""

    path: str | None = setting(default=None, help="folder of the store written by `screening import`", path=True)
    source: str | None = setting(
        default=None,
        help="labelled crystals that become a store in output_dir/data first; short: data=PATH. A folder of structures "
        "with a CSV of ids and labels, that CSV, or .jsonl(.gz) rows with labels",
        path=True,
    )
    labels: str | None = setting(
        default=None, help="the CSV of ids and labels if it is not beside data.source; null: found there", path=True
    )
    targets: list[str] | None = setting(
        default=None, help="labels to learn; null: all that the store has", choices=tuple(TARGETS)
    )
    site_moments: bool = setting(default=True, help="learn the magnetic moment of each site as well")
    max_moment_crystals: int | None = setting(
        default=None, help="crystals with site moments and no other label in each split; null: all", minimum=0
    )
    max_crystals: int | None = setting(
        default=None, help="use only that many crystals of each split; null: all", minimum=1
    )
    learn_validation: bool = setting(
        default=False, help="learn the validation split too: for the model to release, once every choice is made"
    )
    mask_collapsed: bool = setting(
        default=True, help="leave out magnetic moments of calculations in which iron and cobalt lost theirs"
    )
    split_file: str | None = split_file()
    split_column: str = split_column()


@settings_class
class NetworkConfig:
    """The architecture: one file in screening/networks/ and its parameters."""

    name: str = setting(help="name of the architecture")
    parameters: dict[str, Any] = setting(default={}, help="its widths, depths and the like")
    members: int = setting(default=1, help="networks trained side by side, whose mean is the prediction", minimum=1)


@settings_class
class GraphConfig:
    """How a crystal becomes a graph."""

    neighbours: int = setting(default=8, help="nearest neighbours of each atom that become edges", minimum=1)
    spread: float = setting(
        default=0.2, help="neighbours this much farther (as a fraction) than the last one count too", minimum=0.01
    )
    max_cutoff_A: float = setting(default=8.0, help="no edge is longer than this, in Å", minimum=1)


@settings_class
class TrainerConfig:
    """Optimisation and the machine it runs on."""

    max_epochs: int = setting(default=200, help="passes over the training crystals", minimum=1)
    max_steps: int | None = setting(default=None, help="optimiser steps; null: as max_epochs says", minimum=1)
    max_hours: float | None = setting(
        default=None, help="end after this long, the learning rate brought down by then; null: no limit", minimum=0
    )
    learning_rate: float = setting(default=1e-3, help="peak learning rate", minimum=0)
    weight_decay: float = setting(default=1e-2, help="decoupled weight decay", minimum=0)
    ema_decay: float = setting(
        default=0.999, help="decay of the running average of weights per step", minimum=0, maximum=1
    )
    warmup_fraction: float = setting(
        default=0.02, help="part of all steps with a rising learning rate", minimum=0, maximum=1
    )
    target_weights: list[float] = setting(
        default=[],
        help="weight of each of data.targets in the loss, in their order; empty: 5 of formation energy, 3 of "
        "magnetization, 2 of gap, 1 of hull",
    )
    gradient_clip: float = setting(default=1.0, help="largest norm of the gradient; 0: no limit", minimum=0)
    batch_atoms: int = setting(default=2048, help="atoms per batch, shared among the devices", minimum=1)
    devices: int = setting(default=1, help="processes that share each batch, with a GPU each (or the CPU)", minimum=1)
    precision: str = setting(
        default="auto",
        help="arithmetic; auto: bf16-mixed on CUDA and CPUs with AVX512-BF16, else 32; tf32: 32 with TensorFloat-32 "
        "matrix products",
        choices=("auto", "32", "tf32", "16-mixed", "bf16-mixed"),
    )
    compile: bool = setting(default=False, help="compile the network with torch.compile")
    threads: int | None = setting(default=None, help="CPU threads of torch; null: torch decides", minimum=1)
    checkpoint_minutes: float = setting(default=10.0, help="save a checkpoint to resume from this often", minimum=0)
    validate_every_steps: int = setting(default=1000, help="steps between looks at the validation split", minimum=1)


@settings_class
class TrainConfig(CommandConfig):
    """Train a network on labelled crystals; the same command again resumes a run that was stopped.

    data=FILE takes your own: a folder of structures with a CSV of ids and labels in it, that CSV, or rows with labels;
    they become a store in output_dir/data. model=NAME goes on from a released model instead of random weights.

    Examples:
      screening train data.path=stores/mp output_dir=runs/first name=my-model
      screening train data.path=stores/mp output_dir=runs/try trainer=smoke tracking=none
      screening train model=screening-v3 data=my_cifs/labels.csv output_dir=runs/tuned
    """

    command: ClassVar[str] = "train"
    runs_as_a_job: ClassVar[bool] = True

    output_dir: str = setting(help="folder for checkpoints and the finished model, made if it is not there", path=True)
    name: str | None = setting(default=None, help="name of the model; null: that of output_dir")
    model: str | None = setting(default=None, help=f"start from a {MODEL_HELP}; null: from random weights", path=True)
    data: TrainingDataConfig = field(default_factory=TrainingDataConfig)
    network: NetworkConfig
    graph: GraphConfig = field(default_factory=GraphConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)

    @classmethod
    def implied(cls, texts: Mapping[str, str | None]) -> dict[str, str]:
        own = {"data": "own"} if texts.get("data.source") or texts.get("model") else {}
        return own | ({"trainer": "finetune"} if texts.get("model") else {})

    @property
    def model_name(self) -> str:
        """The name that the model gets."""
        return self.name or Path(self.output_dir).resolve().name

    @property
    def goes_on(self) -> bool:
        return True
