"""Calculations that lost the moments of iron and cobalt are told from true paramagnets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.labelled import small_store

from screening.chemistry.compositions import count_matrix
from screening.data.collapsed import collapsed, collapsed_labels, rich_in_iron_and_cobalt, without_moments

LOST = ["Nd2Fe14B", "YCo3", "FePd", "Fe3C", "Co2MnGa", "Pr2Fe17"]
TRUE_ZEROS = ["CoAl", "FeSi", "HfCo", "LaFe2Si2", "Fe2VAl", "CeCo2", "Co3W"]
OTHERS = ["Fe2O3", "Fe2P", "MnBi", "Ni3Al", "CoSb3", "YFe2Si2Te9"]


@pytest.mark.parametrize(("formulas", "expected"), [(LOST, True), (TRUE_ZEROS, False), (OTHERS, False)])
def test_a_zero_moment_is_a_loss_where_the_electrons_suffice_for_one(formulas: list[str], expected: bool) -> None:
    counts = count_matrix(formulas)
    assert (collapsed(counts, np.zeros(len(counts))) == expected).all()


def test_calculations_that_kept_their_moments_stay() -> None:
    counts = count_matrix(LOST)
    assert not without_moments(counts, 2.0 * counts.sum(axis=1)).any()
    assert not without_moments(counts, np.full(len(counts), np.nan)).any()


def test_true_paramagnets_are_among_those_without_moments() -> None:
    counts = count_matrix([*LOST, *TRUE_ZEROS, "Fe2O3"])
    rich = rich_in_iron_and_cobalt(counts)
    assert rich[:-1].all() and not rich[-1]
    assert (without_moments(counts, np.zeros(len(counts))) == rich).all()


def test_a_store_without_magnetizations_has_none_to_lose(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store")
    totals, sites = collapsed_labels(store)
    assert totals.shape == sites.shape == (len(store),)
