"""The graph: each atom's nearest neighbours, with a weight that fades out smoothly.

A plain "k nearest" graph breaks ties by rounding noise (bcc has 8 + 6 neighbours: which 12?), so a rotation or a
supercell changes the prediction. Here the distance of the k-th neighbour only sets the scale: pairs up to it have
weight 1, and the weight falls to 0 at (1 + spread) times this distance. The graph is a continuous function of the
positions, and equal distances get equal weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from screening.crystals.packed import PackedCrystals
from screening.graphs.neighbours import Pairs, neighbour_pairs

_FIRST_GUESS = 1.3  # first cutoff as a multiple of (1 + spread) times the radius with k atoms at the mean density
_GROWTH = 1.4


@dataclass(frozen=True)
class GraphSettings:
    """Settings of the graph.

    Attributes:
        neighbours: k, the number of neighbours with full weight.
        spread: Relative width of the shell in which the weight fades.
        max_cutoff_A: Longest distance of a pair.
    """

    neighbours: int = 8
    spread: float = 0.2
    max_cutoff_A: float = 8.0


@dataclass(frozen=True)
class Edges:
    """Directed edges sorted by centre; the attributes are those of `GraphBatch`."""

    centre: Tensor
    neighbour: Tensor
    vector: Tensor
    weight: Tensor


def nearest_edges(crystals: PackedCrystals, settings: GraphSettings, device: str | torch.device = "cpu") -> Edges:
    """The adaptive nearest-neighbour graph of every crystal in a batch.

    An atom with fewer than k neighbours within `max_cutoff_A` keeps those that it has; an isolated atom has no edges.
    """
    cutoff = _first_cutoff(crystals, settings)
    pending = np.arange(len(crystals))
    found: list[Edges] = []
    while len(pending):
        part = crystals if len(pending) == len(crystals) else crystals.take(pending)
        pairs = neighbour_pairs(part, cutoff[pending], with_self=True, device=device)
        radius = _shell_radius(pairs, int(part.offsets[-1]), settings)
        own_cutoff = torch.as_tensor(np.repeat(cutoff[pending], part.n_atoms), device=radius.device)
        complete = (radius * (1 + settings.spread) <= own_cutoff + 1e-5).cpu().numpy()
        done = np.logical_and.reduceat(complete, part.offsets[:-1])
        found.append(_fading_edges(pairs, radius, part, crystals, pending, done, settings.spread))
        pending = pending[~done]
        cutoff[pending] = np.minimum(cutoff[pending] * _GROWTH, settings.max_cutoff_A)
    return _joined(found)


def _first_cutoff(crystals: PackedCrystals, settings: GraphSettings) -> NDArray[np.float64]:
    density = crystals.n_atoms / crystals.volume_A3
    radius = (3 * settings.neighbours / (4 * np.pi * density)) ** (1 / 3) * (1 + settings.spread)
    return np.asarray(np.minimum(_FIRST_GUESS * radius, settings.max_cutoff_A))


def _shell_radius(pairs: Pairs, n_atoms: int, settings: GraphSettings) -> Tensor:
    """(n_atoms,) distance of the k-th neighbour; with fewer, the one whose fading shell ends at max_cutoff_A."""
    k = settings.neighbours
    last = settings.max_cutoff_A / (1 + settings.spread)
    counts = torch.bincount(pairs.centre, minlength=n_atoms)
    width = max(int(counts.max()), k)
    start = counts.cumsum(0) - counts
    column = torch.arange(len(pairs.centre), device=counts.device) - start[pairs.centre]
    table = torch.full((n_atoms * width,), float("inf"), device=counts.device)
    table[pairs.centre * width + column] = pairs.distance.float()
    return torch.kthvalue(table.view(n_atoms, width), k, dim=1).values.clamp(max=last)


def _fading_edges(
    pairs: Pairs,
    radius: Tensor,
    part: PackedCrystals,
    crystals: PackedCrystals,
    rows: NDArray[np.int64],
    done: NDArray[np.bool_],
    spread: float,
) -> Edges:
    """Weighted edges of the crystals that are done, with rows of the whole batch."""
    atom_done = torch.as_tensor(np.repeat(done, part.n_atoms), device=radius.device)
    # everything lies infinitely far outside a shell of radius zero
    shell = torch.where(atom_done, radius, 0.0)
    beyond = (pairs.distance.float() / shell[pairs.centre]).sub_(1).div_(spread)
    keep = torch.nonzero(beyond < 1)[:, 0]
    shift = np.repeat(crystals.offsets[:-1][rows] - part.offsets[:-1], part.n_atoms)
    kept = pairs.take(keep)
    weight = torch.cos(0.5 * torch.pi * beyond[keep].clamp(min=0)) ** 2
    offset = torch.as_tensor(shift, device=radius.device)[kept.centre]
    return Edges(kept.centre + offset, kept.neighbour + offset, kept.vectors().float(), weight)


def _joined(parts: list[Edges]) -> Edges:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        none = torch.zeros(0, dtype=torch.int64)
        return Edges(none, none, torch.zeros(0, 3), torch.zeros(0))
    centre = torch.cat([p.centre for p in parts])
    order = torch.argsort(centre, stable=True)
    return Edges(
        centre[order],
        torch.cat([p.neighbour for p in parts])[order],
        torch.cat([p.vector for p in parts])[order],
        torch.cat([p.weight for p in parts])[order],
    )
