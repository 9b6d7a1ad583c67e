"""Checkpoints that can be trusted: whole files with a checksum in their names, the newest sound one to go on from."""

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
from screening.files import PART, atomic_path

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
RUN = "screening_run"
KEPT = 2
_NAME = re.compile(r"step-(\d+)-([0-9a-f]{16})\.ckpt")
_DAMAGED = ".damaged"


@dataclass(frozen=True)
class Checkpoint:
    """step: optimiser steps done; averaged: the running average of the weights, by name in the learning module."""

    file: Path
    step: int
    averaged: dict[str, Tensor]


def checkpoint_files(folder: Path) -> list[Path]:
    """The checkpoints of a run by their names, the newest first; whether they are sound is not looked at."""
    found = {path: _NAME.fullmatch(path.name) for path in folder.glob("step-*.ckpt")}
    steps = {path: int(match[1]) for path, match in found.items() if match}
    return sorted(steps, key=lambda path: (steps[path], path.name), reverse=True)


class SoundCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints that are whole and on the disk when they get their name, which holds a checksum.

    One renaming makes the content and its checksum appear together, and a process that is killed while it writes
    leaves the earlier checkpoints as they were. The newest two are kept.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """path: `FOLDER/step-00000042.ckpt`; the file will be `FOLDER/step-00000042-CHECKSUM.ckpt`."""
        wanted = Path(path)
        for left in wanted.parent.glob(f"*{PART}"):  # by a process that was killed
            left.unlink(missing_ok=True)
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
    """The newest sound checkpoint of a run; None if nothing was ever saved.

    One that is damaged is set aside with a warning (by one process of several: `set_aside`), and the next older one is
    taken. run: what `Fingerprint` wrote of the run. Raises RequestError if all are damaged, or if the one found is of
    another network or of a run with other data, seed or batches. Pickled objects in a checkpoint could run code: they
    are refused, not loaded.
    """
    for file in checkpoint_files(folder):
        try:
            content = _sound_content(file)
            found = Checkpoint(file, int(content["global_step"]), dict(content["state_dict"]))
        except Exception as error:  # what torch raises on a damaged file is anybody's guess
            if set_aside:
                why = str(error).partition("\n")[0] or type(error).__name__
                logger.warning("%s is damaged (%s); going on from an older checkpoint", file, why)
                with suppress(OSError):
                    file.replace(file.with_name(file.name + _DAMAGED))
            continue
        _check(found, content.get(RUN, run), learning, run)
        return found
    left = sorted(path.name for pattern in ("*.ckpt", f"*{_DAMAGED}") for path in folder.glob(pattern))
    if left:
        raise RequestError(f"{folder} holds no sound checkpoint ({', '.join(left)}); remove the folder to start anew")
    return None


def _sound_content(file: Path) -> dict[str, Any]:
    """Raises ValueError if the content is not what was written, whatever torch does if it is no checkpoint at all."""
    data = file.read_bytes()
    match = _NAME.fullmatch(file.name)
    if match is None or _checksum(data) != match[2]:
        raise ValueError("its checksum is not the one in its name")
    content: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return content


def _check(found: Checkpoint, theirs: str, learning: LightningModule, run: str) -> None:
    shapes = {name: tensor.shape for name, tensor in learning.state_dict().items()}
    if {name: tensor.shape for name, tensor in found.averaged.items()} != shapes:
        raise RequestError(
            f"{found.file} is of another network or other targets; choose another output_dir to start anew"
        )
    if run and theirs != run:
        raise RequestError(
            f"{found.file} is of a run with other crystals, seed, batches or parent; "
            "choose another output_dir to start anew"
        )


def _checksum(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Fingerprint(Callback):
    """Writes into every checkpoint what must not change when a run is resumed."""

    def __init__(self, run: str) -> None:
        self.run = run

    def on_save_checkpoint(self, trainer: Trainer, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint[RUN] = self.run
