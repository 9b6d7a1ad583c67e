"""Fifty broken inputs among good ones: each refused for the right reason, none of the good ones lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.mixed_folder import build_mixed_folder

from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals

pytestmark = pytest.mark.ci


@pytest.mark.parametrize("workers", [0, 2])
def test_fifty_broken_inputs_cost_nothing_else(workers: int, tmp_path: Path) -> None:
    expected = build_mixed_folder(tmp_path, good=60, seed=1)
    items = list(read_crystals(tmp_path, ReadSettings(workers=workers)))
    refused = {item.source: item.reason for item in items if isinstance(item, Rejection)}
    assert len(expected) == 50 and set(refused) == set(expected)
    wrong = {source: refused[source] for source, words in expected.items() if words not in refused[source]}
    assert not wrong
    assert sum(isinstance(item, Crystal) for item in items) == 60
    assert len({item.candidate_id for item in items}) == 110
    assert not (tmp_path.parent / "outside.cif").exists()


@pytest.mark.ci
def test_the_order_does_not_depend_on_the_workers(tmp_path: Path) -> None:
    build_mixed_folder(tmp_path, good=60, seed=2)
    alone, automatic = (
        [(item.candidate_id, item.source) for item in read_crystals(tmp_path, ReadSettings(workers=workers))]
        for workers in (0, None)
    )
    assert alone == automatic
