"""Every crystal has one kind, by its elements."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition

from screening.crystals.crystal import Crystal
from screening.graphs.batch import build_batch
from screening.graphs.nearest import GraphSettings
from screening.networks.kinds import KINDS, kinds

KNOWN = {
    "LiCoO2": "3d oxides", "FeClO": "3d oxides", "NdAlO3": "other oxides", "CaSO4": "other oxides", "NaCl": "halides",
    "PSCl3": "halides", "FeS2": "chalcogenides", "GaN": "other non-metals", "Nd2Fe14C": "other non-metals",
    "SmCo5": "rare-earth alloys", "Nd2Fe14B": "rare-earth alloys", "YNi5": "rare-earth alloys", "FePt": "metals",
    "Si": "metals",
}  # fmt: skip


def spread(formula: str) -> Crystal:
    numbers = [e.Z for e, n in Composition(formula).items() for _ in range(int(n))]
    frac = np.random.default_rng(0).random((len(numbers), 3))
    return Crystal.from_arrays(formula, 8 * np.eye(3), numbers, frac)


def test_known_compounds_are_of_their_kind() -> None:
    found = kinds(build_batch([spread(formula) for formula in KNOWN], GraphSettings()))
    assert [KINDS[k] for k in found] == list(KNOWN.values())


@pytest.mark.parametrize("formula", ["He", "Pu", "CHN", "B"])
def test_nothing_is_without_a_kind(formula: str) -> None:
    assert 0 <= int(kinds(build_batch([spread(formula)], GraphSettings()))) < len(KINDS)
