"""What networks return: encodings, and predictions with their predicted error scale."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from screening.graphs.batch import GraphBatch

MAX_ATOMIC_NUMBER = 103
"""Networks embed elements up to lawrencium."""


class Encoding(NamedTuple):
    """What a network makes of a batch of graphs, float32.

    Attributes:
        atom: (N, atom_width) features of atoms.
        crystal: (B, crystal_width) features of crystals.
    """

    atom: Tensor
    crystal: Tensor


class Prediction(NamedTuple):
    """What the heads make of it, in standardised units of each target.

    Attributes:
        value: (B, T).
        log_scale: (B, T), of the scale of a Laplace error.
        site_moment_muB: (N,) sizes of the moments.
        features: (B, W) of the crystals, from which the rest comes.
    """

    value: Tensor
    log_scale: Tensor
    site_moment_muB: Tensor
    features: Tensor


class Encoder(Protocol):
    """What a network must offer: the map from graphs to features.

    Attributes:
        atom_width: Features of an atom.
        crystal_width: Features of a crystal.
        inference_dtype: Float32, or bfloat16 for edges and maps where speed matters more than the last digits; sums,
            residuals and features stay float32.
    """

    atom_width: int
    crystal_width: int
    inference_dtype: torch.dtype

    def __call__(self, batch: GraphBatch) -> Encoding: ...
