"""Reliable checkpoints: written atomically, with a checksum in their names; the newest valid one is resumed."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from screening.errors import RequestError
from screening.files import atomic_path, remove_leftovers

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
RUN = "screening_run"
KEPT = 2
_NAME = re.compile(r"step-(\d+)-([0-9a-f]{16})\.ckpt")
_DAMAGED = ".damaged"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of a run.

    Attributes:
        file: Its file.
        step: Optimiser steps done.
        averaged: The running average of the weights, by name in the LightningModule.
    """

    file: Path
    step: int
    averaged: dict[str, Tensor]


def checkpoint_files(folder: Path) -> list[Path]:
    """The checkpoints of a run by name, newest first; their content is not checked."""
    found = {path: _NAME.fullmatch(path.name) for path in folder.glob("step-*.ckpt")}
    steps = {path: int(match[1]) for path, match in found.items() if match}
    return sorted(steps, key=lambda path: (steps[path], path.name), reverse=True)


class ChecksummedCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints atomically, with a checksum in the file name, and keeps the newest two.

    A process killed while writing leaves the earlier checkpoints intact.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint; for the path `step-00000042.ckpt` the file is `step-00000042-CHECKSUM.ckpt`."""
        wanted = Path(path)
        remove_leftovers(wanted.parent)
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        content = buffer.getbuffer()
        with atomic_path(wanted.with_name(f"{wanted.stem}-{_checksum(content)}{wanted.suffix}"), durable=True) as part:
            part.write_bytes(content)
        for old in checkpoint_files(wanted.parent)[KEPT:]:
            old.unlink(missing_ok=True)


def find_checkpoint(
    folder: Path, learning: LightningModule, run: str = "", *, set_aside: bool = True
) -> Checkpoint | None:
    """Find the newest valid checkpoint of a run.

    A damaged one is renamed with a warning, and the next older one is used. Pickled objects could run code, so
    checkpoints that contain any are refused.

    Args:
        folder: The folder with the checkpoints.
        learning: The module that will load the checkpoint.
        run: The fingerprint of the run, as from `Fingerprint`; empty to skip this check.
        set_aside: Whether this process renames damaged files; true for one process of a run.

    Returns:
        None if nothing was ever saved.

    Raises:
        RequestError: If all are damaged, or if the checkpoint is of another network or of a run with other data, seed
            or batches.
    """
    for file in checkpoint_files(folder):
        try:
            content = _verified_content(file)
            found = Checkpoint(file, int(content["global_step"]), dict(content["state_dict"]))
        except Exception as error:  # torch may raise anything on a damaged file
            if set_aside:
                why = str(error).partition("\n")[0] or type(error).__name__
                logger.warning("%s is damaged (%s); trying an older checkpoint", file, why)
                with suppress(OSError):
                    file.replace(file.with_name(file.name + _DAMAGED))
            continue
        _check(found, content.get(RUN, run), learning, run)
        return found
    left = sorted(path.name for pattern in ("*.ckpt", f"*{_DAMAGED}") for path in folder.glob(pattern))
    if left:
        raise RequestError(f"{folder} has no valid checkpoint ({', '.join(left)}); delete the folder to start again")
    return None


def _verified_content(file: Path) -> dict[str, Any]:
    """The content of a checkpoint; raises ValueError if the checksum is wrong, and whatever torch raises."""
    data = file.read_bytes()
    match = _NAME.fullmatch(file.name)
    if match is None or _checksum(data) != match[2]:
        raise ValueError("its checksum differs from the one in its name")
    content: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return content


def _check(found: Checkpoint, theirs: str, learning: LightningModule, run: str) -> None:
    shapes = {name: tensor.shape for name, tensor in learning.state_dict().items()}
    if {name: tensor.shape for name, tensor in found.averaged.items()} != shapes:
        raise RequestError(
            f"{found.file} is from another network or has other targets; choose another output_dir to start again"
        )
    if run and theirs != run:
        raise RequestError(
            f"{found.file} is from a run with other crystals, seed, batches or parent; "
            "choose another output_dir to start again"
        )


def _checksum(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Fingerprint(Callback):
    """Writes into every checkpoint a fingerprint of what must not change when a run is resumed."""

    def __init__(self, run: str) -> None:
        self.run = run

    def on_save_checkpoint(self, trainer: Trainer, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint[RUN] = self.run
