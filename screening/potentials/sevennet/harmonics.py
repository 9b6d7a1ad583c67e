"""Real spherical harmonics up to degree 3, in the order and normalization of e3nn, which SevenNet was trained with."""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor

LARGEST_DEGREE = 3
DEGREES = tuple(range(LARGEST_DEGREE + 1))


def spherical_harmonics(vector: Tensor) -> Tensor:
    """Degrees 0 to 3 of the directions of vectors (..., 3): (..., 1 + 3 + 5 + 7).

    The axis of degree 1 is (x, y, z), the polar axis is y, and the squares of each degree sum to 2 l + 1.
    """
    x, y, z = (vector / vector.norm(dim=-1, keepdim=True)).unbind(-1)
    around = x * x + z * z
    xz, zz_xx = sqrt(15) * x * z, sqrt(15) / 2 * (z * z - x * x)
    first = [sqrt(3) * x, sqrt(3) * y, sqrt(3) * z]
    second = [xz, sqrt(15) * x * y, sqrt(5) * (y * y - around / 2), sqrt(15) * y * z, zz_xx]
    third = [
        sqrt(42) / 6 * (xz * z + zz_xx * x),
        sqrt(7) * xz * y,
        sqrt(168) / 8 * (4 * y * y - around) * x,
        sqrt(7) / 2 * y * (2 * y * y - 3 * around),
        sqrt(168) / 8 * z * (4 * y * y - around),
        sqrt(7) * zz_xx * y,
        sqrt(42) / 6 * (zz_xx * z - xz * x),
    ]
    return torch.stack([torch.ones_like(x), *first, *second, *third], dim=-1)
