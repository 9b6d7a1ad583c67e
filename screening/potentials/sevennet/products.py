"""Products of features with the directions of bonds, summed over the bonds of each atom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from screening.potentials.sevennet.harmonics import DEGREES, LARGEST_DEGREE


class Path(NamedTuple):
    """Features of degree `of` times harmonics of degree `by` give messages of degree `to`."""

    of: int
    by: int
    to: int


def paths(degrees: tuple[int, ...], largest: int) -> list[Path]:
    """All paths from features of these degrees to degrees up to the largest, in the order of the checkpoint."""
    return [
        Path(of, by, to) for of in degrees for by in DEGREES for to in range(abs(of - by), min(of + by, largest) + 1)
    ]


def size(degree: int) -> int:
    """Components of a degree."""
    return 2 * degree + 1


@dataclass(frozen=True)
class Couplings:
    """Which combination of a feature and a harmonic turns like a message, for all paths that there are.

    Attributes:
        matrix: (16, C) from harmonics to the entries of each path's map (messages x features).
        columns: Path -> its columns.
    """

    matrix: Tensor
    columns: dict[Path, slice]

    @classmethod
    def of(cls, three_j: dict[Path, Tensor]) -> Couplings:
        """From the Wigner 3j symbols (features, harmonics, messages) of paths without a degree of 0."""
        parts, columns, width = [], {}, 0
        for path in paths(DEGREES, LARGEST_DEGREE):
            symbol = three_j[path] if min(path) > 0 else _with_scalar(path)
            map_ = size(path.to) ** 0.5 * symbol.double().permute(1, 2, 0).flatten(1)
            whole = map_.new_zeros(len(DEGREES) ** 2, map_.shape[1])
            whole[path.by**2 : (path.by + 1) ** 2] = map_
            parts.append(whole)
            columns[path] = slice(width, width + map_.shape[1])
            width += map_.shape[1]
        return cls(torch.cat(parts, dim=1), columns)


def _with_scalar(path: Path) -> Tensor:
    """With a degree of 0 the others are equal, and the symbol is a scaled identity."""
    return (torch.eye(size(max(path)), dtype=torch.float64) / size(max(path)) ** 0.5).view(*map(size, path))


def bond_maps(harmonics: Tensor, columns: dict[Path, slice], matrix: Tensor) -> dict[Path, Tensor]:
    """Path -> (n, 2 to + 1, K (2 of + 1)) from the features at all K bonds of an atom to its message.

    harmonics: (n, K, 16); columns, matrix: of the couplings.
    """
    n, places = harmonics.shape[:2]
    maps = harmonics.flatten(0, 1) @ matrix
    found = {}
    for path, own in columns.items():
        map_ = maps[:, own].reshape(n, places, size(path.to), size(path.of))
        found[path] = map_.transpose(1, 2).reshape(n, size(path.to), places * size(path.of))
    return found


class WeightedSum(torch.autograd.Function):
    """Messages (n, c, m) of n atoms: maps (n, c, K f) of features (n, K, f, m) times weights (n, K, m).

    As many products of features and weights as there are paths would fill the memory until the gradients are wanted,
    so they are made again then.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, features: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(maps, features, weights)
        return torch.bmm(maps, (features * weights[:, :, None]).flatten(1, 2))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        maps, features, weights = ctx.saved_tensors
        spread = torch.bmm(maps.transpose(1, 2), gradient).view_as(features)
        of_maps = of_features = None
        if ctx.needs_input_grad[0]:
            of_maps = torch.bmm(gradient, (features * weights[:, :, None]).flatten(1, 2).transpose(1, 2))
        if ctx.needs_input_grad[1]:
            of_features = spread * weights[:, :, None]
        return of_maps, of_features, (spread * features).sum(2)
