"""Fitting the magnetic order: forests on the training systems, calibration on others, scores on the test systems."""

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
from screening.materials.magnets.order.order_witnesses import CALCULATED
from screening.tabular.composition_features import Compositions
from screening.tabular.release import FittedPart
from screening.tabular.tree_ensemble import TreeEnsemble, from_forest


@dataclass(frozen=True)
class OrderFitSettings:
    """n_trees: of each forest; deepest: steps to a leaf at most; least_rows: examples in a leaf at least; tried: share
    of the features that a split may choose from. On validation and calibration systems, two seeds, these cost 0.1375,
    0.470 and 0.594 nats a question; 60 trees of any depth with 0.15 tried 0.143, 0.470, 0.594 and three times the time.
    """

    n_trees: int = 40
    deepest: int = 16
    least_rows: int = 3
    tried: float = 0.3
    seed: int = 0
    salt: str = DEFAULT_SALT


def fit_order_part(store: Store, folder: Path, settings: OrderFitSettings) -> tuple[FittedPart, dict[str, Any]]:
    """The part that a release keeps, and its scores on the test systems (`order_report`).

    folder: measurements as in `Witnesses.read`. Raises RequestError as that and `fit_order` do.
    """
    examples = order_examples(store, folder)
    order, _, _ = fit_order(examples, settings)
    split = np.array(splits_of(examples.systems, settings.salt))
    return order.to_part(), order_report(order.answers(examples.packed), examples, split)


@dataclass(frozen=True)
class Lesson:
    """Examples as a forest learns them: features (R, F), soft targets and weights (R, 3), split (R,)."""

    features: NDArray[np.float32]
    target: Floats
    weight: Floats
    split: NDArray[np.str_]

    def rows(self, question: int, *splits: str) -> NDArray[np.int64]:
        """Rows of these splits that answer a question."""
        return np.flatnonzero(np.isin(self.split, splits) & (self.weight[:, question] > 0))


def fit_order(
    examples: OrderExamples, settings: OrderFitSettings, leave_out: Collection[str] = ()
) -> tuple[OrderModel, OrderExamples, Lesson]:
    """The fitted predictor, with the examples that may be magnetic and how they were used.

    leave_out: chemical systems kept from training and calibration whatever their split.
    Raises RequestError when a split has no answer to a question.
    """
    magnetic = may_be_magnetic(examples.counts)
    split = np.array(splits_of(examples.systems, settings.salt))
    split[np.isin(examples.systems, list(leave_out))] = "left out"
    otherwise = _without_carriers(examples, ~magnetic & (split == "train"))
    rows = np.flatnonzero(magnetic)
    examples, split = examples.take(rows), split[rows]
    lesson = _lesson(examples, split)
    forests = tuple(_forest(lesson, question, settings) for question in range(len(QUESTIONS)))
    calibration = np.stack([_calibration(forest, lesson, q) for q, forest in enumerate(forests)])
    ordered = [_mean(lesson, question) for question in (NET, OPPOSED)]
    return OrderModel(forests, calibration, np.array([otherwise, *ordered])), examples, lesson


def _lesson(examples: OrderExamples, split: NDArray[np.str_]) -> Lesson:
    answered = np.isfinite(examples.answer)
    target = np.nan_to_num(examples.answer)
    weight = examples.vote[:, None] * answered
    # whether a net moment is a difference matters as far as there is one
    weight[:, OPPOSED] *= target[:, NET]
    factors = balance(examples, examples.take(np.flatnonzero(split == "train")))
    against, towards = factors[:, 0] * (1 - target[:, NET]), factors[:, 1] * target[:, NET]
    weight[:, NET] *= against + towards
    target[:, NET] = towards / (against + towards)
    features = order_features(examples.packed, Compositions.of(examples.counts)).astype(np.float32)
    return Lesson(features, target, weight, split)


def _forest(lesson: Lesson, question: int, settings: OrderFitSettings) -> TreeEnsemble:
    from sklearn.ensemble import ExtraTreesRegressor

    rows = lesson.rows(question, "train")
    if not len(rows):
        raise RequestError(f"magnetic order: no training example answers the question {QUESTIONS[question]!r}")
    forest = ExtraTreesRegressor(
        n_estimators=settings.n_trees,
        max_depth=settings.deepest,
        min_samples_leaf=settings.least_rows,
        max_features=settings.tried,
        random_state=settings.seed,
    )
    forest.fit(lesson.features[rows], lesson.target[rows, question], sample_weight=lesson.weight[rows, question])
    return from_forest(forest)


def _calibration(forest: TreeEnsemble, lesson: Lesson, question: int) -> Floats:
    """(2,) slope and shift of the log-odds with the least log-loss on the calibration systems (Platt scaling)."""
    from scipy.optimize import minimize

    rows = lesson.rows(question, "calibration")
    if not len(rows):
        raise RequestError(f"magnetic order: no calibration example answers the question {QUESTIONS[question]!r}")
    answers = forest.predict(lesson.features[rows])
    target, weight = lesson.target[rows, question], lesson.weight[rows, question]

    def loss(parameters: Floats) -> float:
        return log_loss(calibrated(answers, parameters[None])[:, 0], target, weight)

    found: Any = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return np.asarray(found.x, dtype=np.float64)


def log_loss(probability: Floats, target: Floats, weight: Floats) -> float:
    """Mean of -t log p - (1 - t) log(1 - p) for soft targets."""
    odds = log_odds(probability)
    return float(np.average(np.logaddexp(0.0, odds) - target * odds, weights=weight))


def _mean(lesson: Lesson, question: int) -> float:
    rows = lesson.rows(question, "train")
    return float(np.average(lesson.target[rows, question], weights=lesson.weight[rows, question]))


def _without_carriers(examples: OrderExamples, rows: Mask) -> float:
    """How often there is a moment where no element is known to carry one, by Laplace's rule of succession."""
    answered = rows & (examples.source == CALCULATED)
    votes = examples.vote[answered]
    return float((votes @ examples.answer[answered, MOMENT] + 1) / (votes.sum() + 2))
