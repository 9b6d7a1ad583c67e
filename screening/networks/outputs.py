"""Outputs of networks: encodings, and predictions with their error scale."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from screening.graphs.batch import GraphBatch

MAX_ATOMIC_NUMBER = 103
"""Networks embed elements up to lawrencium."""


class Encoding(NamedTuple):
    """Features of a batch of graphs, float32.

    Attributes:
        atom: (N, atom_width) features of atoms.
        crystal: (B, crystal_width) features of crystals.
    """

    atom: Tensor
    crystal: Tensor


class Prediction(NamedTuple):
    """Predictions for a batch, in standardised units of each target.

    Attributes:
        value: (B, T) values.
        log_scale: (B, T) logarithms of the scale of a Laplace error.
        site_moment_muB: (N,) absolute site moments.
        features: (B, W) features of the crystals, from which the rest is computed.
    """

    value: Tensor
    log_scale: Tensor
    site_moment_muB: Tensor
    features: Tensor


class Encoder(Protocol):
    """The interface of a network: it maps graphs to features.

    Attributes:
        atom_width: Number of features of an atom.
        crystal_width: Number of features of a crystal.
        inference_dtype: Float32, or bfloat16 for edges and linear maps if speed matters more than the last digits;
            sums, residuals and features stay float32.
    """

    atom_width: int
    crystal_width: int
    inference_dtype: torch.dtype

    def __call__(self, batch: GraphBatch) -> Encoding: ...
