"""The running average follows a short run and smooths a long one."""

from __future__ import annotations

import pytest
import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from screening.learning.averaging import WarmAveraging


class Counting(LightningModule):
    """One weight, equal to the number of steps, and a buffer with infinity."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("limit", torch.tensor(float("inf")))

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        return -self.weight.sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)


def averaged(steps: int, decay: float) -> Counting:
    module = Counting()
    trainer = Trainer(
        max_steps=steps, callbacks=[WarmAveraging(decay)], accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.zeros(steps, 1)))
    return module


def test_a_short_run_forgets_its_start() -> None:
    """With a fixed decay of 0.999 the average of 1 to 60 would be about 3."""
    assert 50 < averaged(60, 0.999).weight.item() < 60


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_a_long_run_averages_over_its_last_steps(decay: float) -> None:
    assert averaged(200, decay).weight.item() == pytest.approx(200 - decay / (1 - decay), abs=0.2)


@pytest.mark.parametrize("decay", [0.0, 1.0, 0.99])
def test_buffers_are_unchanged(decay: float) -> None:
    assert averaged(3, decay).limit == float("inf")
