"""Damaged files: none is read as another crystal than ASE, gemmi or pymatgen find, and none stops the reader."""

from __future__ import annotations

import pytest
from fuzzing.hunt import FINDINGS, hunt

MUTANTS = 2000
PIECES = 4

pytestmark = pytest.mark.ci


@pytest.mark.parametrize("piece", range(PIECES))
def test_no_mutant_is_misread(piece: int) -> None:
    seeds = range(piece * MUTANTS // PIECES, (piece + 1) * MUTANTS // PIECES)
    verdicts = dict(hunt(seeds))
    assert {seed: verdict for seed, verdict in verdicts.items() if verdict.kind in FINDINGS} == {}
    assert sum(verdict.kind == "agreed" for verdict in verdicts.values()) > MUTANTS / PIECES / 5
