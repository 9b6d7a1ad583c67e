"""What networks return: encodings, and predictions with their predicted error scale."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from screening.graphs.batch import GraphBatch

MAX_ATOMIC_NUMBER = 103
"""Networks embed elements up to lawrencium."""


class Encoding(NamedTuple):
    """atom: (N, width) features of atoms; crystal: (B, crystal_width) features of crystals; both float32."""

    atom: Tensor
    crystal: Tensor


class Prediction(NamedTuple):
    """value, log_scale: (B, T) in standardised units of each target, the scale being that of a Laplace error;
    site_moment_muB: (N,); features: (B, W) of the crystals, which they come from."""

    value: Tensor
    log_scale: Tensor
    site_moment_muB: Tensor
    features: Tensor


class Encoder(Protocol):
    """What a network must offer: the widths of its features and the map from graphs to them.

    inference_dtype: float32, or bfloat16 for edges and maps where speed matters more than the last digits; sums,
    residuals and features stay float32.
    """

    atom_width: int
    crystal_width: int
    inference_dtype: torch.dtype

    def __call__(self, batch: GraphBatch) -> Encoding: ...
