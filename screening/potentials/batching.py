"""Batches of crystals for a potential, and how a lack of memory is told from other errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray


def spans(n_atoms: NDArray[np.int64], batch_atoms: int, cores: int = 1) -> Iterator[tuple[int, int]]:
    """Split consecutive crystals into batches of about `batch_atoms` atoms, or fewer where cores would have none.

    Args:
        n_atoms: (B,) atoms of each crystal.
        batch_atoms: A batch ends with the crystal that reaches this number.
        cores: How many of the batches are evaluated at once.

    Yields:
        First row and the row after the last of each batch.
    """
    if cores > 1:  # all cores get equally many batches of the same size
        total = int(n_atoms.sum())
        rounds = -(-total // (batch_atoms * cores))
        batch_atoms = -(-total // max(1, rounds * cores))
    start = atoms = 0
    for stop, count in enumerate(n_atoms.tolist(), 1):
        atoms += count
        if atoms >= batch_atoms or stop == len(n_atoms):
            yield start, stop
            start, atoms = stop, 0


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch could not allocate: on CUDA an error of its own, on a CPU one known by its text alone."""
    return isinstance(error, torch.cuda.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
