"""Reliable checkpoints: written atomically, with a checksum in their names; the newest valid one is resumed."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
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
RUN, SETTINGS, SESSIONS = "screening_run", "screening_settings", "screening_sessions"
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
        run: The fingerprint of its run; empty if it has none.
        settings: The settings that must not change when the run goes on, by dotted key.
        sessions: How often and with what the run was started and resumed so far.
    """

    file: Path
    step: int
    averaged: dict[str, Tensor]
    run: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    sessions: tuple[dict[str, Any], ...] = ()


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
    """Find the newest valid checkpoint of a run, as `newest_checkpoint` does, and check that it fits.

    Args:
        folder: The folder with the checkpoints.
        learning: The module that will load the checkpoint.
        run: The fingerprint of the run, as from `Fingerprint`; empty to skip this check.
        set_aside: As in `newest_checkpoint`.

    Returns:
        None if nothing was ever saved.

    Raises:
        RequestError: If all are damaged, or if the checkpoint is of another network or of a run with other data, seed
            or batches.
    """
    found = newest_checkpoint(folder, set_aside=set_aside)
    if found is not None:
        _check(found, learning, run)
    return found


def newest_checkpoint(folder: Path, *, set_aside: bool = True) -> Checkpoint | None:
    """Read the newest valid checkpoint.

    A damaged one is renamed with a warning, and the next older one is used. Pickled objects could run code, so
    checkpoints that contain any are refused.

    Args:
        folder: The folder with the checkpoints.
        set_aside: Whether this process renames damaged files; true for one process of a run.

    Returns:
        None if nothing was ever saved.

    Raises:
        RequestError: If all are damaged.
    """
    for file in checkpoint_files(folder):
        try:
            content = _verified_content(file)
            return Checkpoint(
                file,
                int(content["global_step"]),
                dict(content["state_dict"]),
                str(content.get(RUN, "")),
                dict(content.get(SETTINGS, {})),
                tuple(content.get(SESSIONS, ())),
            )
        except Exception as error:  # torch may raise anything on a damaged file
            if set_aside:
                why = str(error).partition("\n")[0] or type(error).__name__
                logger.warning("%s is damaged (%s); trying an older checkpoint", file, why)
                with suppress(OSError):
                    file.replace(file.with_name(file.name + _DAMAGED))
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


def require_same_settings(found: Checkpoint, settings: Mapping[str, Any]) -> None:
    """Refuse to go on with another run.

    Args:
        found: A checkpoint of the run.
        settings: Those that must not change, by dotted key.

    Raises:
        RequestError: One is not what the run was started with; the message names key, old and new value.
    """
    changed = [
        f"{key}={value} (the run: {found.settings[key]})"
        for key, value in settings.items()
        if key in found.settings and found.settings[key] != value
    ]
    if changed:
        raise RequestError(
            f"{found.file.parent.parent} holds a run with other settings: {', '.join(changed)}; repeat the earlier "
            "command to go on with it, or choose another output_dir to start again"
        )


def _check(found: Checkpoint, learning: LightningModule, run: str) -> None:
    shapes = {name: tensor.shape for name, tensor in learning.state_dict().items()}
    if {name: tensor.shape for name, tensor in found.averaged.items()} != shapes:
        raise RequestError(
            f"{found.file} is from another network or has other targets; choose another output_dir to start again"
        )
    if run and found.run and found.run != run:
        raise RequestError(
            f"{found.file} is from a run with other crystals, seed, batches or parent; "
            "choose another output_dir to start again"
        )


def _checksum(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


class Fingerprint(Callback):
    """Writes into every checkpoint what must not change when a run is resumed, and the sessions so far.

    Args:
        run: A fingerprint of what must not change.
        settings: The same as settings, by dotted key: text, numbers, and lists and dictionaries of those.
        sessions: As in `Checkpoint`, this one included.
    """

    def __init__(
        self, run: str, settings: Mapping[str, Any] | None = None, sessions: Sequence[dict[str, Any]] = ()
    ) -> None:
        self.run, self.settings, self.sessions = run, dict(settings or {}), list(sessions)

    def on_save_checkpoint(self, trainer: Trainer, module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint |= {RUN: self.run, SETTINGS: self.settings, SESSIONS: self.sessions}
