"""The running average of the weights: that is what is validated and released."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class WarmAveraging(WeightAveraging):
    """After n steps the average keeps min(decay, (1 + n) / (10 + n)) of itself.

    So a run of a hundred steps is not released as it was at its start, and a long one averages over 1 / (1 - decay)
    steps. Buffers are constants of the run and are copied.
    """

    def __init__(self, decay: float, **settings: Any) -> None:
        def average(averaged: tuple[Tensor, ...], current: tuple[Tensor, ...], n: Tensor | int) -> None:
            steps = int(n)
            kept = min(decay, (1 + steps) / (10 + steps))
            torch._foreach_lerp_(list(averaged), list(current), 1 - kept)

        super().__init__(use_buffers=False, multi_avg_fn=torch.no_grad()(average), **settings)
