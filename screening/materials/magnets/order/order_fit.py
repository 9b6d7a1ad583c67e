"""Fitting the magnetic order: forests on training systems, calibrated on others, scored on test systems."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.data.splits import DEFAULT_SALT, splits_of
from screening.data.store import Store
from screening.errors import RequestError
from screening.materials.magnets.carriers import may_be_magnetic
from screening.materials.magnets.order.order import OrderModel, calibrated, log_odds, order_features
from screening.materials.magnets.order.order_evidence import CALCULATED
from screening.materials.magnets.order.order_examples import (
    MOMENT,
    NET,
    OPPOSED,
    QUESTIONS,
    OrderExamples,
    balance,
    order_examples,
)
from screening.materials.magnets.order.order_scores import order_report
from screening.tabular.composition_features import Compositions
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, from_forest


@dataclass(frozen=True)
class OrderFitSettings:
    """Settings of the forests.

    On validation and calibration systems and with two seeds, the log-losses of the three questions are 0.1375, 0.470
    and 0.594 nats. 60 trees of unlimited depth with `tried=0.15` give 0.143, 0.470 and 0.594 in three times the time.

    Attributes:
        n_trees: Of each forest.
        deepest: Largest depth of a tree.
        least_rows: Smallest number of examples in a leaf.
        tried: Share of the features that a split may choose from.
        seed: Of the forests.
        salt: Of the splits.
        excluded: Formulas of compounds whose measured order is not learned.
    """

    n_trees: int = 40
    deepest: int = 16
    least_rows: int = 3
    tried: float = 0.3
    seed: int = 0
    salt: str = DEFAULT_SALT
    excluded: tuple[str, ...] = ()


def fit_order_part(store: Store, folder: Path, settings: OrderFitSettings) -> tuple[FittedPart, dict[str, Any]]:
    """Fit the part of a release.

    Args:
        store: Of calculations.
        folder: Measurements, as for `OrderEvidence.read`.
        settings: Of the forests.

    Returns:
        The part, and its scores on the test systems (`order_report`).

    Raises:
        RequestError: A file is missing or cannot be read, or there are too few examples.
    """
    examples = order_examples(store, folder, settings.excluded)
    order, _, _ = fit_order(examples, settings)
    split = np.array(splits_of(examples.systems, settings.salt))
    return order.to_part(), order_report(order.answers(examples.packed), examples, split)


@dataclass(frozen=True)
class TrainingSet:
    """R examples as input of the forests.

    Attributes:
        features: (R, F).
        target: Soft targets of each question, (R, 3).
        weight: Of each question, (R, 3).
        split: (R,).
    """

    features: NDArray[np.float32]
    target: Floats
    weight: Floats
    split: NDArray[np.str_]

    def rows(self, question: int, *splits: str) -> NDArray[np.int64]:
        """The rows of these splits that answer a question."""
        return np.flatnonzero(np.isin(self.split, splits) & (self.weight[:, question] > 0))


def fit_order(
    examples: OrderExamples, settings: OrderFitSettings, leave_out: Collection[str] = ()
) -> tuple[OrderModel, OrderExamples, TrainingSet]:
    """Fit the model.

    Args:
        examples: Measured and calculated crystals.
        settings: Of the forests.
        leave_out: Chemical systems to leave out of training and calibration.

    Returns:
        The model, the examples that may be magnetic, and the same as input of the forests.

    Raises:
        RequestError: A split has no example that answers a question.
    """
    magnetic = may_be_magnetic(examples.counts)
    split = np.array(splits_of(examples.systems, settings.salt))
    split[np.isin(examples.systems, list(leave_out))] = "left out"
    otherwise = _without_carriers(examples, ~magnetic & (split == "train"))
    rows = np.flatnonzero(magnetic)
    examples, split = examples.take(rows), split[rows]
    training = _training_set(examples, split)
    forests = tuple(_forest(training, question, settings) for question in range(len(QUESTIONS)))
    calibration = np.stack([_calibration(forest, training, q) for q, forest in enumerate(forests)])
    ordered = [_mean(training, question) for question in (NET, OPPOSED)]
    return OrderModel(forests, calibration, np.array([otherwise, *ordered])), examples, training


def _training_set(examples: OrderExamples, split: NDArray[np.str_]) -> TrainingSet:
    answered = np.isfinite(examples.answer)
    target = np.nan_to_num(examples.answer)
    weight = examples.vote[:, None] * answered
    # whether a net moment is a difference matters only if there is one
    weight[:, OPPOSED] *= target[:, NET]
    factors = balance(examples, examples.take(np.flatnonzero(split == "train")))
    against, towards = factors[:, 0] * (1 - target[:, NET]), factors[:, 1] * target[:, NET]
    weight[:, NET] *= against + towards
    target[:, NET] = towards / (against + towards)
    features = order_features(examples.packed, Compositions.of(examples.counts)).astype(np.float32)
    return TrainingSet(features, target, weight, split)


def _forest(training: TrainingSet, question: int, settings: OrderFitSettings) -> TreeEnsemble:
    from sklearn.ensemble import ExtraTreesRegressor

    rows = training.rows(question, "train")
    if not len(rows):
        raise RequestError(f"magnetic order: no training example answers the question {QUESTIONS[question]!r}")
    forest = ExtraTreesRegressor(
        n_estimators=settings.n_trees,
        max_depth=settings.deepest,
        min_samples_leaf=settings.least_rows,
        max_features=settings.tried,
        random_state=settings.seed,
    )
    forest.fit(training.features[rows], training.target[rows, question], sample_weight=training.weight[rows, question])
    return from_forest(forest)


def _calibration(forest: TreeEnsemble, training: TrainingSet, question: int) -> Floats:
    """Slope and shift of the log-odds with the least log-loss on the calibration systems, (2,) (Platt scaling)."""
    from scipy.optimize import minimize

    rows = training.rows(question, "calibration")
    if not len(rows):
        raise RequestError(f"magnetic order: no calibration example answers the question {QUESTIONS[question]!r}")
    answers = forest.predict(training.features[rows])
    target, weight = training.target[rows, question], training.weight[rows, question]

    def loss(parameters: Floats) -> float:
        return log_loss(calibrated(answers, parameters[None])[:, 0], target, weight)

    found: Any = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return np.asarray(found.x, dtype=np.float64)


def log_loss(probability: Floats, target: Floats, weight: Floats) -> float:
    """Mean of -t log p - (1 - t) log(1 - p) for soft targets."""
    odds = log_odds(probability)
    return float(np.average(np.logaddexp(0.0, odds) - target * odds, weights=weight))


def _mean(training: TrainingSet, question: int) -> float:
    rows = training.rows(question, "train")
    return float(np.average(training.target[rows, question], weights=training.weight[rows, question]))


def _without_carriers(examples: OrderExamples, rows: Mask) -> float:
    """P(moments) of crystals without an element that can carry one, by Laplace's rule of succession."""
    answered = rows & (examples.source == CALCULATED)
    votes = examples.vote[answered]
    return float((votes @ examples.answer[answered, MOMENT] + 1) / (votes.sum() + 2))
