"""Probabilities of the magnetic orders of a crystal, from its composition and bonds.

Three forests answer the questions of `order_examples`: are there moments (m), do they leave a net moment (n), is it the
difference of opposed moments (d)? From these probabilities, P(nonmagnetic) = 1 - m, P(antiferromagnetic) = m (1 - n),
P(ferrimagnetic) = m n d and P(ferromagnetic) = m n (1 - d). Each answer is calibrated separately. A crystal with a
single magnetic sublattice is no ferrimagnet. The order is that of the ground state, whatever its transition
temperature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.elements import indicator
from screening.crystals.packed import PackedCrystals
from screening.materials.magnets.carriers import IONIC, may_be_magnetic
from screening.materials.magnets.order.exchange_features import EXCHANGE_FEATURES, exchange_features
from screening.materials.magnets.order.order_examples import MOMENT, NET, OPPOSED, QUESTIONS
from screening.materials.magnets.order.order_labels import CLASSES, FERRI, FERRO
from screening.materials.magnets.order.single_sublattice import single_sublattice
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, stacked

PART = "order"
PROBABILITY_COLUMNS = tuple(f"{name}_probability" for name in CLASSES)
ORDER_COLUMNS = ("magnetic_order", "magnetic_order_probability", *PROBABILITY_COLUMNS)
_LEAST_PROBABILITY = 1e-3  # the examples are too few for more certain answers


@lru_cache(maxsize=1)
def order_feature_names() -> tuple[str, ...]:
    """The columns of `order_features`."""
    return (*composition_names(), "volume_A3 per atom", *EXCHANGE_FEATURES)


def order_features(packed: PackedCrystals, compositions: Compositions) -> Floats:
    """The columns `order_feature_names` of B crystals and their compositions, (B, F); NaN where one has no meaning."""
    volume = (packed.volume_A3 / packed.n_atoms)[:, None]
    return np.concatenate([compositions.features, volume, exchange_features(packed, compositions.counts)], axis=1)


@dataclass(frozen=True)
class OrderModel:
    """The fitted model of magnetic order.

    Attributes:
        forests: One for each of `QUESTIONS`.
        calibration: Slope and shift of the log-odds of each answer, (3, 2).
        otherwise: The answers for crystals without an element that may carry a moment, (3,).
    """

    forests: tuple[TreeEnsemble, ...]
    calibration: Floats
    otherwise: Floats

    @cached_property
    def _stacked(self) -> TreeEnsemble:
        return stacked(self.forests)

    def answers(self, packed: PackedCrystals) -> Floats:
        """Calibrated probabilities of a yes to each of `QUESTIONS`, (B, 3)."""
        counts = packed.element_counts()
        result = np.tile(self.otherwise, (len(packed), 1))
        rows = np.flatnonzero(may_be_magnetic(counts))
        if len(rows):
            result[rows] = self.answers_of_carriers(packed.take(rows), Compositions.of(counts[rows]))
        return result

    def answers_of_carriers(self, packed: PackedCrystals, compositions: Compositions) -> Floats:
        """As `answers`, for crystals that all contain an element that may carry a moment, and their compositions."""
        answers = calibrated(self._stacked.predict(order_features(packed, compositions)), self.calibration)
        return without_ferrimagnets(answers, single_sublattice(packed, compositions.counts), compositions.counts)

    def probabilities(self, packed: PackedCrystals) -> Floats:
        """Probabilities of `CLASSES`, (B, 4), which add up to 1."""
        return class_probabilities(self.answers(packed))

    def to_part(self) -> FittedPart:
        """The model as a part of a release."""
        tensors = {"calibration": self.calibration, "otherwise": self.otherwise}
        for question, forest in zip(QUESTIONS, self.forests, strict=True):
            tensors |= forest.tensors(question)
        return FittedPart({"features": list(order_feature_names()), "classes": list(CLASSES)}, tensors)

    @classmethod
    def from_part(cls, part: FittedPart) -> OrderModel:
        """The model in a part of a release.

        Raises:
            RequestError: The part is damaged or was fitted for another version.
        """
        part.require_features(order_feature_names())
        if part.texts("classes") != CLASSES:
            raise part.problem("it was fitted for other magnetic orders than this version predicts")
        width = len(order_feature_names())
        forests = tuple(TreeEnsemble.from_part(part, question, width) for question in QUESTIONS)
        if any(len(forest.baseline) != 1 for forest in forests):
            raise part.problem("a forest of magnetic order has more than one output")
        return cls(forests, part.tensor("calibration", len(QUESTIONS), 2), part.tensor("otherwise", len(QUESTIONS)))


def class_probabilities(answers: Floats) -> Floats:
    """Probabilities of `CLASSES`, (B, 4), from answers to `QUESTIONS`, (B, 3)."""
    moment, net, opposed = answers[:, MOMENT], answers[:, NET], answers[:, OPPOSED]
    ordered = moment * net
    return np.stack([ordered * (1 - opposed), ordered * opposed, moment * (1 - net), 1 - moment], axis=1)


def without_ferrimagnets(answers: Floats, impossible: Mask, counts: Floats) -> Floats:
    """Answers to `QUESTIONS`, (B, 3), without ferrimagnetic order where it is impossible.

    The net moment of a metal is then that of a ferromagnet. In a crystal with anions evidence of one is mostly that of
    opposed or canted moments, so its probability decreases with that of ferrimagnetic order.

    Args:
        answers: Of B crystals.
        impossible: Where there is no ferrimagnetic order, (B,).
        counts: Atoms of each element, (B, 119).
    """
    net, opposed = answers[:, NET], answers[:, OPPOSED]
    parallel = net * (1 - opposed)
    ionic = impossible & (counts @ indicator(IONIC) > 0)
    result = answers.copy()
    result[:, NET] = np.where(ionic, parallel / (parallel + 1 - net), net)
    result[:, OPPOSED] = np.where(impossible, 0.0, opposed)
    return result


def log_odds(probability: Floats) -> Floats:
    """log(p / (1 - p)), with p clipped to stay away from 0 and 1."""
    p = np.clip(probability, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(np.log(p / (1 - p)))


def calibrated(answers: Floats, calibration: Floats) -> Floats:
    """Apply Platt scaling to answers, (B, Q): slope and shift, (Q, 2), of their log-odds."""
    odds = log_odds(answers) * calibration[:, 0] + calibration[:, 1]
    return np.asarray(np.clip(1 / (1 + np.exp(-odds)), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY))


def most_probable(probabilities: Floats) -> NDArray[np.int64]:
    """Index of the class to report, (B,): one of the two with a net moment if that is likely, else one of the others.

    So a crystal that is ferro- or ferrimagnetic with 60 % is not called antiferromagnetic with 40 %.
    """
    has_net = np.isin(np.arange(len(CLASSES)), (FERRO, FERRI))
    net_likely = probabilities[:, has_net].sum(axis=1, keepdims=True) >= 0.5
    return np.asarray(np.where(net_likely == has_net, probabilities, -1.0).argmax(axis=1))


def order_columns(probabilities: Floats) -> list[pl.Series]:
    """The columns `ORDER_COLUMNS` from probabilities of `CLASSES`, (B, 4)."""
    names: Sequence[str] = ["non-magnetic" if name == "nonmagnetic" else name for name in CLASSES]
    best = most_probable(probabilities)
    return [
        pl.Series("magnetic_order", [names[index] for index in best], dtype=pl.String),
        pl.Series("magnetic_order_probability", probabilities[np.arange(len(best)), best]),
        *(pl.Series(name, probabilities[:, i]) for i, name in enumerate(PROBABILITY_COLUMNS)),
    ]
