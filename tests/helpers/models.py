"""Small untrained models for tests of everything that surrounds a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from screening.checksums import with_checksum
from screening.data.targets import TARGETS
from screening.graphs.nearest import GraphSettings
from screening.networks.model import PropertyModel
from screening.networks.released_model import ModelConfig, build_model, save_release


def tiny_config() -> ModelConfig:
    """A small model that knows the elements up to 94."""
    return ModelConfig(
        name="tiny",
        architecture="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 2, "readout_width": 32},
        graph=GraphSettings(),
        targets=tuple(TARGETS),
        elements=tuple(range(1, 95)),
        training={},
    )


def tiny_model(seed: int = 0) -> PropertyModel:
    """Random weights."""
    torch.manual_seed(seed)
    return build_model(tiny_config())


def tiny_release(folder: Path, seed: int = 0) -> Path:
    """A model folder with random weights."""
    save_release(folder, tiny_model(seed), tiny_config())
    return folder


def change_config(folder: Path, change: Mapping[str, Any]) -> None:
    """Replace entries of a release's config, as if it had been written so."""
    file = folder / "config.json"
    file.write_text(json.dumps(with_checksum(json.loads(file.read_text()) | dict(change))))
