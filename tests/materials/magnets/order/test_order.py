"""Magnetic order from soft answers: fit, release, calibration; and textbook cases with the released model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from helpers.crystals import random_crystal
from pymatgen.core import Lattice, Structure

from screening.chemistry.compositions import chemical_system
from screening.chemistry.elements import ATOMIC_NUMBERS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.data.splits import splits_of
from screening.errors import RequestError
from screening.materials.magnets.magnetism import FORMAT, KEY
from screening.materials.magnets.order.order import (
    ORDER_COLUMNS,
    PART,
    PROBABILITY_COLUMNS,
    OrderModel,
    calibrated,
    class_probabilities,
    order_columns,
)
from screening.materials.magnets.order.order_card import order_card
from screening.materials.magnets.order.order_evidence import CALCULATED, CURIE, MAGNDATA, NEMAD
from screening.materials.magnets.order.order_examples import NET, OrderExamples, balance, host_kinds
from screening.materials.magnets.order.order_fit import OrderFitSettings, fit_order, log_loss
from screening.materials.magnets.order.order_labels import FERRI, FERRO, crystal_key
from screening.materials.magnets.order.order_scores import order_report, reliability
from screening.resources import resource
from screening.tabular.release import load_tabular_release

SETTINGS = OrderFitSettings(n_trees=20)
_ELEMENTS = tuple(ATOMIC_NUMBERS[s] for s in ("Fe", "Co", "Mn", "Gd", "O", "F", "Al", "Si", "Y", "Ba", "Mg"))


@pytest.fixture(scope="module")
def examples() -> OrderExamples:
    """Synthetic rule: manganese has a moment only with iron, anions compensate, gadolinium is antiparallel."""
    rng = np.random.default_rng(0)
    crystals = [random_crystal(rng, int(rng.integers(2, 6)), _ELEMENTS) for _ in range(700)]
    packed = pack(crystals)
    counts = packed.element_counts()
    moment = counts @ indicator(("Fe", "Co", "Gd")) > 0
    net = counts @ indicator(ELEMENT_GROUPS["anion"]) == 0
    opposed = counts @ indicator(("Gd",)) > 0
    source = rng.choice([MAGNDATA, NEMAD, CURIE, CALCULATED], len(crystals))
    answer = np.stack([moment, net, opposed], axis=1).astype(float)
    measured = source != CALCULATED
    answer[~measured, 1:] = np.nan
    answer[measured] = np.clip(answer[measured], 0.05, 0.95)
    answer[measured, 0] = 1.0
    keep = np.flatnonzero(moment | ~measured)
    rows = OrderExamples(
        packed,
        counts,
        [crystal_key(c.numbers) for c in crystals],
        [chemical_system(row) for row in counts],
        source,
        answer,
        np.ones(len(crystals)),
        np.where(source == MAGNDATA, np.where(net, np.where(opposed, FERRI, FERRO), 2), -1),
    )
    return rows.take(keep)


@pytest.fixture(scope="module")
def fitted(examples: OrderExamples) -> OrderModel:
    return fit_order(examples, SETTINGS)[0]


def test_probabilities_follow_the_questions() -> None:
    answers = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 0.5]])
    found = class_probabilities(answers)
    np.testing.assert_allclose(found[:4], np.eye(4))
    np.testing.assert_allclose(found[4], [0.125, 0.125, 0.25, 0.5])


def test_the_synthetic_rule_holds_on_unseen_systems(examples: OrderExamples, fitted: OrderModel) -> None:
    answers, split = fitted.answers(examples.packed), np.array(splits_of(examples.systems))
    report = order_report(answers, examples, split)
    for name in ("net, all", "moment, calculated"):
        assert report["questions"][name]["log_loss"] < 0.8 * report["questions"][name]["constant_log_loss"]
    assert report["classes"]["measured"]["log_loss"] < report["classes"]["measured"]["constant_log_loss"]
    card = order_card(json.loads(json.dumps(report)))  # plain numbers, as a config keeps them
    assert f"| {report['questions']['net, all']['log_loss']:.3f} |" in card
    probabilities = fitted.probabilities(examples.packed)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities.min() >= 0


def test_systems_left_out_are_not_used(examples: OrderExamples) -> None:
    left_out = set(examples.systems[:300])
    rows = np.array([system in left_out for system in examples.systems])
    nonsense = examples.answer.copy()
    nonsense[rows] = 1 - nonsense[rows]
    one, _, training = fit_order(examples, SETTINGS, left_out)
    other = fit_order(replace(examples, answer=nonsense), SETTINGS, left_out)[0]
    np.testing.assert_array_equal(one.answers(examples.packed), other.answers(examples.packed))
    assert "left out" in training.split


def test_a_part_is_the_same_after_saving_and_loading(fitted: OrderModel, examples: OrderExamples) -> None:
    part = fitted.to_part()
    kept = replace(part, settings=json.loads(json.dumps(part.settings)))
    np.testing.assert_array_equal(OrderModel.from_part(kept).answers(examples.packed), fitted.answers(examples.packed))
    with pytest.raises(RequestError, match="other magnetic orders"):
        OrderModel.from_part(replace(kept, settings={**kept.settings, "classes": ["a"]}))
    with pytest.raises(RequestError, match="other features"):
        OrderModel.from_part(replace(kept, settings={**kept.settings, "features": ["a"]}))
    with pytest.raises(RequestError, match="calibration"):
        OrderModel.from_part(replace(kept, tensors={**kept.tensors, "calibration": np.zeros((2, 2))}))


def test_answers_do_not_depend_on_the_batch(fitted: OrderModel, examples: OrderExamples) -> None:
    together = fitted.answers(examples.packed)
    alone = np.concatenate([fitted.answers(examples.packed.chunk(i, i + 1)) for i in range(20)])
    np.testing.assert_allclose(alone, together[:20], atol=1e-9)
    assert fitted.probabilities(pack([])).shape == (0, 4)


def test_columns(fitted: OrderModel, examples: OrderExamples) -> None:
    table = pl.DataFrame(order_columns(np.array([[0.1, 0.2, 0.6, 0.1], [0, 0, 0, 1.0]])))
    assert tuple(table.columns) == ORDER_COLUMNS
    assert table["magnetic_order"].to_list() == ["antiferromagnetic", "non-magnetic"]
    assert table["magnetic_order_probability"].to_list() == [0.6, 1.0]
    np.testing.assert_allclose(table.select(PROBABILITY_COLUMNS).sum_horizontal(), 1)
    assert pl.DataFrame(order_columns(np.zeros((0, 4)))).height == 0


def test_balance_gives_every_kind_of_host_the_shares_of_nemad(examples: OrderExamples) -> None:
    rng = np.random.default_rng(1)
    answer = examples.answer.copy()
    answer[:, NET] = rng.uniform(size=len(examples))
    answer[examples.source == CURIE, NET] = 0.95
    rows = replace(examples, answer=answer)
    factors, kinds = balance(rows, rows), host_kinds(rows.counts)
    against, towards = factors[:, 0] * (1 - answer[:, NET]), factors[:, 1] * answer[:, NET]
    for kind in np.unique(kinds):
        own = kinds == kind
        if (own & (rows.source == NEMAD)).sum() > 20:
            share = towards[own].sum() / (towards[own] + against[own]).sum()
            assert share == pytest.approx(answer[own & (rows.source == NEMAD), NET].mean(), abs=0.05)


def test_calibration_and_its_scores() -> None:
    answers = np.array([[0.1], [0.5], [0.9]])
    np.testing.assert_allclose(calibrated(answers, np.array([[1.0, 0.0]])), answers)
    assert np.all(np.diff(calibrated(answers, np.array([[2.0, 1.0]]))[:, 0]) > 0)
    target = np.array([0.0, 1.0, 1.0])
    direct = -np.mean([np.log(0.9), np.log(0.5), np.log(0.9)])
    assert log_loss(answers[:, 0], target, np.ones(3)) == pytest.approx(direct)
    bins = reliability(np.array([0.05, 0.15, 0.95, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]), np.array([3.0, 1, 1, 1]))
    assert [(row["observed"], row["votes"]) for row in bins] == [(0.25, 4.0), (1.0, 2.0)]


CUBIC, HEXAGONAL = Lattice.cubic, Lattice.hexagonal
COMPENSATED = {
    "NiO": (225, CUBIC(4.177), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "MnO": (225, CUBIC(4.445), ["Mn", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "Cr2O3": (167, HEXAGONAL(4.959, 13.594), ["Cr", "O"], [[0, 0, 0.3475], [0.3057, 0, 0.25]]),
    "Fe2O3": (167, HEXAGONAL(5.035, 13.747), ["Fe", "O"], [[0, 0, 0.3553], [0.3056, 0, 0.25]]),
}
NET_MOMENT = {
    "Fe": (229, CUBIC(2.8665), ["Fe"], [[0, 0, 0]]),
    "Co": (194, HEXAGONAL(2.507, 4.07), ["Co"], [[1 / 3, 2 / 3, 0.25]]),
    "SmCo5": (191, HEXAGONAL(5.002, 3.964), ["Sm", "Co", "Co"], [[0, 0, 0], [1 / 3, 2 / 3, 0], [0.5, 0, 0.5]]),
}


@pytest.fixture(scope="module")
def released() -> OrderModel:
    for config in sorted(resource("models").glob("*/config.json")):
        if json.loads(config.read_text(encoding="utf-8")).get("format") == FORMAT:
            release = load_tabular_release(config.parent, KEY, FORMAT)
            if PART in release.parts:
                return OrderModel.from_part(release.parts[PART])
    pytest.skip("no bundled release predicts magnetic order")


@pytest.mark.parametrize("name", [*COMPENSATED, *NET_MOMENT])
def test_textbook_crystals_of_the_release(released: OrderModel, name: str) -> None:
    group, lattice, species, sites = (COMPENSATED | NET_MOMENT)[name]
    crystal = Crystal.from_structure(Structure.from_spacegroup(group, lattice, species, sites, tol=1e-3), name)
    net = released.probabilities(pack([crystal]))[0, [FERRO, FERRI]].sum()
    assert (net > 0.5) == (name in NET_MOMENT)
