"""Small untrained models for tests of everything that surrounds a network."""

from __future__ import annotations

from pathlib import Path

import torch

from screening.data.targets import TARGETS
from screening.graphs.nearest import GraphSettings
from screening.networks.release import ModelConfig, build_model, save_release


def tiny_release(folder: Path, seed: int = 0) -> Path:
    """A model folder with random weights that knows the elements up to 94."""
    torch.manual_seed(seed)
    config = ModelConfig(
        name="tiny",
        architecture="edge_update",
        parameters={"width": 16, "edge_width": 16, "layers": 2},
        graph=GraphSettings(),
        targets=tuple(TARGETS),
        elements=tuple(range(1, 95)),
        training={},
    )
    save_release(folder, build_model(config), config)
    return folder
