"""Combines separately trained models into an ensemble, whose mean is the prediction.

Networks with different seeds err in different directions, so their mean errs less than most of them do
(Lakshminarayanan et al., NeurIPS 30 (2017)).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from screening.errors import RequestError
from screening.networks.model import PropertyModel
from screening.networks.released_model import ModelConfig, build_model, load_release

_ALIKE = ("architecture", "parameters", "graph", "targets", "elements")
_SAME_TRAINING = ("store_sha256", "crystals", "learned_splits", "split_file", "started_from", "learned")
_OF_A_RUN = ("seed", "steps", "hours", "epochs", "hardware", "command")


def combine(name: str, folders: Sequence[Path]) -> tuple[PropertyModel, ModelConfig]:
    """Combine the members of several models into one model, which still has to be calibrated.

    Args:
        name: The name of the new model.
        folders: The released models.

    Raises:
        RequestError: If two models are the same, or differ in more than the seed (network, targets, training data).
    """
    parts = [load_release(folder) for folder in folders]
    first = parts[0][1]
    for folder, (model, config) in zip(folders, parts, strict=True):
        different = [key for key in _ALIKE if getattr(config, key) != getattr(first, key)]
        different += [key for key in _SAME_TRAINING if config.training.get(key) != first.training.get(key)]
        if different:
            raise RequestError(f"models: {folder} differs from {folders[0]} in {', '.join(different)}")
        _check_scales(folders[0], parts[0][0], folder, model)
    trained = [member for part, _ in parts for member in part.members]
    if len({_fingerprint(member) for member in trained}) < len(trained):
        raise RequestError("models: two of them are the same; expected models with different seeds")
    runs = [run for _, config in parts for run in _runs(config)]
    training = {**first.training, "member_runs": runs}
    if all("hours" in run for run in runs):
        training["hours"] = sum(run["hours"] for run in runs)
    combined = replace(first, name=name, members=len(trained), training=training)
    model = build_model(combined)
    model.standardise(parts[0][0].centre, parts[0][0].scale)
    model.interval.copy_(parts[0][0].interval)
    model.kind_interval.copy_(parts[0][0].kind_interval)
    for member, source in zip(model.members, trained, strict=True):
        member.load_state_dict(source.state_dict())
    return model.eval(), combined


def _runs(config: ModelConfig) -> list[dict[str, Any]]:
    """The record of each training run behind a model."""
    own = {key: config.training[key] for key in _OF_A_RUN if key in config.training}
    return list(config.training.get("member_runs", [own]))


def _check_scales(first_folder: Path, first: PropertyModel, folder: Path, model: PropertyModel) -> None:
    for name in ("centre", "scale"):
        if not torch.allclose(getattr(first, name), getattr(model, name), rtol=1e-4, atol=1e-6):
            raise RequestError(
                f"models: {folder} differs from {first_folder} in the scales of its targets (other training labels)"
            )


def _fingerprint(member: torch.nn.Module) -> bytes:
    digest = hashlib.sha256()
    for tensor in member.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.digest()
