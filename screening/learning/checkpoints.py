"""The checkpoint a training run goes on from, looked at before training starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from screening.errors import RequestError

LAST_CHECKPOINT = "last.ckpt"
RUN = "screening_run"


@dataclass(frozen=True)
class Checkpoint:
    """step: optimiser steps done; averaged: the running average of the weights, by name in the learning module."""

    file: Path
    step: int
    averaged: dict[str, Tensor]


def find_checkpoint(folder: Path, learning: LightningModule, run: str = "") -> Checkpoint | None:
    """The newest checkpoint of a run, None if there is none.

    run: what `Fingerprint` wrote of the run. Raises RequestError naming the file if it is damaged, of another network
    or of a run with other data, seed or batches. Pickled objects in a checkpoint could
    run code: they are refused, not loaded.
    """
    file = folder / LAST_CHECKPOINT
    if not file.is_file():
        return None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        found = Checkpoint(file, int(content["global_step"]), dict(content["state_dict"]))
    except Exception as error:  # what torch raises on a damaged file is anybody's guess
        why = str(error).partition("\n")[0] or type(error).__name__
        raise RequestError(f"{file} is damaged or not a checkpoint ({why}); remove it to start anew") from None
    shapes = {name: tensor.shape for name, tensor in learning.state_dict().items()}
    if {name: tensor.shape for name, tensor in found.averaged.items()} != shapes:
        raise RequestError(f"{file} is of another network or other targets; choose another output_dir to start anew")
    if run and content.get(RUN, run) != run:
        raise RequestError(
            f"{file} is of a run with other crystals, seed, batches or parent; choose another output_dir to start anew"
        )
    return found


class Fingerprint(Callback):
    """Writes into every checkpoint what must not change when a run is resumed."""

    def __init__(self, run: str) -> None:
        self.run = run

    def on_save_checkpoint(self, trainer: Trainer, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint[RUN] = self.run
