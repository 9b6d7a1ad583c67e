"""Kinds of crystals by their elements, for calibrating intervals; each crystal has one kind.

Networks err less on common oxides than on alloys, and their own error estimate captures only part of that. A factor for
each kind makes the intervals valid within each kind, not only on average (Mondrian conformal prediction; Vovk et al.,
Algorithmic Learning in a Random World, Springer 2005, section 4.5).
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from screening.chemistry.families import (
    CHALCOGENS,
    HALOGENS,
    NOT_IN_ALLOYS,
    OXYGEN,
    RARE_EARTHS,
    TITANIUM_TO_COPPER,
)
from screening.graphs.batch import GraphBatch
from screening.networks.outputs import MAX_ATOMIC_NUMBER

KINDS = ("3d oxides", "other oxides", "halides", "chalcogenides", "other non-metals", "rare-earth alloys", "metals")
"""The first match counts: oxygen with Ti to Cu, oxygen, F to I, S to Te, another non-metal, a rare earth, the rest."""
_FAMILIES = (OXYGEN, TITANIUM_TO_COPPER, HALOGENS, CHALCOGENS, NOT_IN_ALLOYS, RARE_EARTHS)


@cache
def _families(device: torch.device) -> Tensor:
    """(MAX_ATOMIC_NUMBER + 1, F) whether each element belongs to each family."""
    family = torch.zeros(MAX_ATOMIC_NUMBER + 1, len(_FAMILIES), dtype=torch.int32)
    for column, numbers in enumerate(_FAMILIES):
        family[[z for z in numbers if z <= MAX_ATOMIC_NUMBER], column] = 1
    return family.to(device)


def kinds(batch: GraphBatch) -> Tensor:
    """(B,) int64 indices into `KINDS`."""
    of_atoms = _families(batch.numbers.device)[batch.numbers]
    has = torch.zeros(len(batch), len(_FAMILIES), dtype=torch.int32, device=batch.numbers.device)
    has = has.index_add(0, batch.owner, of_atoms) > 0
    oxygen, transition, halogen, chalcogen, nonmetal, rare_earth = has.unbind(1)
    rules = (oxygen & transition, oxygen, halogen, chalcogen, nonmetal, rare_earth, torch.ones_like(oxygen))
    return torch.stack(rules).int().argmax(0)
