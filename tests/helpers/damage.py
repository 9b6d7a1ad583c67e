"""Files as a failing disk or a bad copy leaves them: one bit is another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np


def flipped(file: Path, count: int, seed: int = 0) -> Iterator[int]:
    """Flip one random bit after the other, each in the file as it was; gives the places, and restores the file."""
    whole = file.read_bytes()
    for place in np.random.default_rng(seed).integers(8 * len(whole), size=count).tolist():
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        file.write_bytes(data)
        yield place
    file.write_bytes(whole)
