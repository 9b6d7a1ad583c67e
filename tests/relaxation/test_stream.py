"""Candidates relaxed on their way: those that cannot be go on flagged, refusals and given pairs pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.crystals import cubic

from screening.crystals import Rejection
from screening.potentials.base import Potential
from screening.relaxation import stream as module
from screening.relaxation.relaxation import Relaxed

FE, CU, AL, NI = cubic(26, 2.9, "I"), cubic(29, 3.6, "F"), cubic(13, 4.0, "F"), cubic(28, 3.5, "F")


def test_what_happens_to_each(monkeypatch: pytest.MonkeyPatch) -> None:
    given = replace(NI, charged=AL)
    refusal = Rejection("broken", "broken.cif", "read", "unreadable")
    ends = {
        FE.candidate_id: Relaxed(replace(FE, lattice=FE.lattice * 0.98), converged=True),
        CU.candidate_id: Relaxed(CU),
        AL.candidate_id: Relaxed(AL, failure="it flew apart"),
    }

    def fake(potential: object, crystals: object, settings: object) -> object:
        return (ends[crystal.candidate_id] for crystal in crystals)  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "relax", fake)
    potential = object.__new__(type("Nothing", (Potential,), {"evaluate": None}))
    found = list(module.relaxed([FE, refusal, CU, given, AL], potential))
    assert len(found) == 5 and refusal in found and any(item is given for item in found)
    by_id = {item.candidate_id: item for item in found if not isinstance(item, Rejection)}
    assert by_id[FE.candidate_id].flags == ()
    np.testing.assert_allclose(by_id[FE.candidate_id].lattice, FE.lattice * 0.98)
    assert by_id[CU.candidate_id].flags == ("not_relaxed_fully",)
    assert by_id[AL.candidate_id].flags == ("relaxation_failed",)
