"""The running average of the weights, which is validated and released."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class WarmAveraging(WeightAveraging):
    """An exponential moving average whose decay after n steps is min(decay, (1 + n) / (10 + n)).

    The warm-up makes a run of a hundred steps forget its initial weights; a long run averages over 1 / (1 - decay)
    steps. Buffers are constant during a run and are copied.
    """

    def __init__(self, decay: float, **settings: Any) -> None:
        def average(averaged: tuple[Tensor, ...], current: tuple[Tensor, ...], n: Tensor | int) -> None:
            steps = int(n)
            kept = min(decay, (1 + steps) / (10 + steps))
            torch._foreach_lerp_(list(averaged), list(current), 1 - kept)

        super().__init__(use_buffers=False, multi_avg_fn=torch.no_grad()(average), **settings)
