"""Probabilities of ferro-, ferri-, antiferromagnetic and no order of a crystal, from its composition and bonds.

Three forests answer the questions of `order_examples` one after the other: are there moments, do they leave a net
moment, is that a difference? With m, n and d for yes, P(nonmagnetic) = 1 - m, P(antiferromagnetic) = m (1 - n),
P(ferrimagnetic) = m n d and P(ferromagnetic) = m n (1 - d). Each answer is calibrated by itself. The order meant is
that of the ground state, at whatever temperature it sets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from screening.array_types import Floats
from screening.crystals.packed import PackedCrystals
from screening.materials.magnets.carriers import may_be_magnetic
from screening.materials.magnets.order.exchange_features import EXCHANGE_FEATURES, exchange_features
from screening.materials.magnets.order.order_examples import MOMENT, NET, OPPOSED, QUESTIONS
from screening.materials.magnets.order.order_labels import CLASSES, FERRI, FERRO
from screening.tabular.composition_features import Compositions, composition_names
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, stacked

PART = "order"
PROBABILITY_COLUMNS = tuple(f"{name}_probability" for name in CLASSES)
ORDER_COLUMNS = ("magnetic_order", "magnetic_order_probability", *PROBABILITY_COLUMNS)
_NEVER_SURE = 1e-3  # from so few examples no answer is surer than this


@lru_cache(maxsize=1)
def order_feature_names() -> tuple[str, ...]:
    """The columns of `order_features`."""
    return (*composition_names(), "volume_A3 per atom", *EXCHANGE_FEATURES)


def order_features(packed: PackedCrystals, compositions: Compositions) -> Floats:
    """(B, F) float64 columns `order_feature_names` of crystals of these compositions. NaN where one means nothing."""
    volume = (packed.volume_A3 / packed.n_atoms)[:, None]
    return np.concatenate([compositions.features, volume, exchange_features(packed, compositions.counts)], axis=1)


@dataclass(frozen=True)
class OrderModel:
    """The fitted forests in the order of `QUESTIONS`.

    calibration: (3, 2) slope and shift of each answer's log-odds. otherwise: (3,) the answers for crystals without any
    element that may carry a moment.
    """

    forests: tuple[TreeEnsemble, ...]
    calibration: Floats
    otherwise: Floats

    @cached_property
    def _together(self) -> TreeEnsemble:
        return stacked(self.forests)

    def answers(self, packed: PackedCrystals) -> Floats:
        """(B, 3) calibrated probabilities of yes to `QUESTIONS`."""
        counts = packed.element_counts()
        result = np.tile(self.otherwise, (len(packed), 1))
        rows = np.flatnonzero(may_be_magnetic(counts))
        if len(rows):
            result[rows] = self.answers_of_carriers(packed.take(rows), Compositions.of(counts[rows]))
        return result

    def answers_of_carriers(self, packed: PackedCrystals, compositions: Compositions) -> Floats:
        """The same of crystals that all hold an element that may carry a moment; compositions: theirs."""
        return calibrated(self._together.predict(order_features(packed, compositions)), self.calibration)

    def probabilities(self, packed: PackedCrystals) -> Floats:
        """(B, 4) probabilities of `CLASSES`, which add up to 1."""
        return class_probabilities(self.answers(packed))

    def to_part(self) -> FittedPart:
        """What a release keeps."""
        tensors = {"calibration": self.calibration, "otherwise": self.otherwise}
        for question, forest in zip(QUESTIONS, self.forests, strict=True):
            tensors |= forest.tensors(question)
        return FittedPart({"features": list(order_feature_names()), "classes": list(CLASSES)}, tensors)

    @classmethod
    def from_part(cls, part: FittedPart) -> OrderModel:
        """What a release kept; raises RequestError when it is damaged or fitted for another version."""
        part.require_features(order_feature_names())
        if tuple(part.get("classes")) != CLASSES:
            raise part.problem("fitted for other kinds of magnetic order than this version knows")
        width = len(order_feature_names())
        forests = tuple(TreeEnsemble.from_part(part, question, width) for question in QUESTIONS)
        if any(len(forest.baseline) != 1 for forest in forests):
            raise part.problem("a forest of magnetic order has more than one output")
        return cls(forests, part.tensor("calibration", len(QUESTIONS), 2), part.tensor("otherwise", len(QUESTIONS)))


def class_probabilities(answers: Floats) -> Floats:
    """(B, 4) probabilities of `CLASSES` from answers (B, 3) to `QUESTIONS`."""
    moment, net, opposed = answers[:, MOMENT], answers[:, NET], answers[:, OPPOSED]
    ordered = moment * net
    return np.stack([ordered * (1 - opposed), ordered * opposed, moment * (1 - net), 1 - moment], axis=1)


def log_odds(probability: Floats) -> Floats:
    """log(p / (1 - p)) of probabilities kept off 0 and 1."""
    p = np.clip(probability, _NEVER_SURE, 1 - _NEVER_SURE)
    return np.asarray(np.log(p / (1 - p)))


def calibrated(answers: Floats, calibration: Floats) -> Floats:
    """(B, Q) answers with slope and shift, (Q, 2), applied to their log-odds (Platt scaling), kept off 0 and 1."""
    odds = log_odds(answers) * calibration[:, 0] + calibration[:, 1]
    return np.asarray(np.clip(1 / (1 + np.exp(-odds)), _NEVER_SURE, 1 - _NEVER_SURE))


def most_probable(probabilities: Floats) -> NDArray[np.int64]:
    """(B,) index of the class to name: of the two with a net moment if one is likely, else of the two without.

    So a crystal that is ferro- or ferrimagnetic with 60 % is not called antiferromagnetic because neither has 40 %.
    """
    has_net = np.isin(np.arange(len(CLASSES)), (FERRO, FERRI))
    net_likely = probabilities[:, has_net].sum(axis=1, keepdims=True) >= 0.5
    return np.asarray(np.where(net_likely == has_net, probabilities, -1.0).argmax(axis=1))


def order_columns(probabilities: Floats) -> list[pl.Series]:
    """The columns `ORDER_COLUMNS` of a prediction table from (B, 4) probabilities of `CLASSES`."""
    names: Sequence[str] = ["non-magnetic" if name == "nonmagnetic" else name for name in CLASSES]
    best = most_probable(probabilities)
    return [
        pl.Series("magnetic_order", [names[index] for index in best], dtype=pl.String),
        pl.Series("magnetic_order_probability", probabilities[np.arange(len(best)), best]),
        *(pl.Series(name, probabilities[:, i]) for i, name in enumerate(PROBABILITY_COLUMNS)),
    ]
