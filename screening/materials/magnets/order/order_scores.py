"""Scores of the probabilities of magnetic order on unseen chemical systems, by source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.materials.magnets.order.order import class_probabilities
from screening.materials.magnets.order.order_evidence import CALCULATED, CURIE, MAGNDATA, NEMAD
from screening.materials.magnets.order.order_examples import MOMENT, NET, OPPOSED, OrderExamples
from screening.materials.magnets.order.order_labels import CLASSES

CLEAR = 0.73
"""Evidence is clear if it gives a net moment, or none, a higher probability than this (log-odds of 1)."""
_BINS = 5
_LEAST = 1e-3  # smallest probability in a log-loss


@dataclass(frozen=True)
class Score:
    """Scores on some rows.

    Attributes:
        rows: Number of crystals.
        votes: Number of compositions that they represent.
        log_loss: In nats.
        accuracy: Share of right answers.
        constant_log_loss: Of a constant answer, the shares among the training systems.
        constant_accuracy: Of the same answer.
    """

    rows: int
    votes: float
    log_loss: float
    accuracy: float
    constant_log_loss: float
    constant_accuracy: float


def class_targets(examples: OrderExamples) -> tuple[Floats, Mask]:
    """The targets according to the sources alone.

    Structures of MAGNDATA have their class. Crystals whose calculation kept no moment are nonmagnetic; if it kept a
    moment, the order is unknown. Other measured compositions have the probabilities of the combined sources.

    Returns:
        Probabilities of `CLASSES`, (R, 4), and the rows where they are known, (R,).
    """
    answer = examples.answer.copy()
    none = answer[:, MOMENT] == 0
    # without a net moment its kind does not matter
    answer[none, NET] = 0.0
    answer[np.isnan(answer[:, OPPOSED]) & (answer[:, NET] < 1 - CLEAR), OPPOSED] = 0.5
    target = class_probabilities(np.nan_to_num(answer))
    own = examples.order >= 0
    target[own] = np.eye(len(CLASSES))[examples.order[own]]
    return target, own | np.isfinite(answer).all(axis=1)


def class_scores(probabilities: Floats, examples: OrderExamples, split: NDArray[np.str_]) -> dict[str, Score]:
    """Scores of the four classes on the test rows: structures of MAGNDATA, all measured rows, and all known rows.

    Targets are soft, so even the best log-loss is above zero.

    Args:
        probabilities: Of `CLASSES`, (R, 4).
        examples: R rows.
        split: Of each row, (R,).
    """
    target, known = class_targets(examples)
    measured, all_rows = examples.source != CALCULATED, np.ones(len(examples), dtype=bool)
    groups = {  # test rows, and the rows that give their constant answer
        "magndata structures": (examples.order >= 0, measured),
        "measured": (measured, measured),
        "measured and calculated": (all_rows, all_rows),
    }
    scores = {}
    for name, (group, pool) in groups.items():
        test = known & group & (split == "test")
        if test.any():
            constant = _shares(target, examples.vote, known & pool & (split == "train"))
            scores[name] = _score(probabilities[test], constant, target[test], examples.vote[test])
    return scores


def question_scores(answers: Floats, examples: OrderExamples, split: NDArray[np.str_]) -> dict[str, Score]:
    """Scores of the answers to `QUESTIONS`, (R, 3), on the test rows, by question and source.

    The answer about a net moment is scored where the evidence is clear, the one about opposed moments where MAGNDATA
    has the structure.
    """
    answer = examples.answer
    clear = np.abs(answer[:, NET] - 0.5) > CLEAR - 0.5
    measured = examples.source != CALCULATED
    structures = examples.order >= 0
    cases: dict[str, tuple[int, Mask, Mask]] = {
        "moment, calculated": (MOMENT, ~measured, ~measured),
        "moment, measured": (MOMENT, measured, np.isfinite(answer[:, MOMENT])),
        **{f"net, {source}": (NET, clear & (examples.source == source), clear) for source in (MAGNDATA, NEMAD, CURIE)},
        "net, all": (NET, clear, clear),
        "opposed, magndata": (OPPOSED, structures & (answer[:, NET] > CLEAR) & np.isfinite(answer[:, OPPOSED]), clear),
    }
    scores = {}
    for name, (question, test, pool) in cases.items():
        test, train = test & (split == "test"), pool & (split == "train") & np.isfinite(answer[:, question])
        if test.any() and train.any():
            own = answer[:, question]
            target = _two(own > 0.5 if question == NET else own)
            constant = _shares(target, examples.vote, train)
            scores[name] = _score(_two(answers[test, question]), constant, target[test], examples.vote[test])
    return scores


def reliability(probability: Floats, target: Floats, weight: Floats) -> list[dict[str, float]]:
    """Mean probability, observed share and votes in bins of equal width; empty bins are left out."""
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    rows = []
    for index in np.unique(bins):
        own = bins == index
        predicted, observed = (float(np.average(v[own], weights=weight[own])) for v in (probability, target))
        rows.append({"predicted": predicted, "observed": observed, "votes": float(weight[own].sum())})
    return rows


def order_report(answers: Floats, examples: OrderExamples, split: NDArray[np.str_]) -> dict[str, Any]:
    """The scores of answers, (R, 3), on the test rows for a model card."""
    probabilities = class_probabilities(answers)
    test = split == "test"
    measured = (examples.source != CALCULATED) & test
    calculated = (examples.source == CALCULATED) & test
    structures = (examples.order >= 0) & test
    confusion = np.zeros((len(CLASSES), len(CLASSES)))
    np.add.at(
        confusion, (examples.order[structures], probabilities[structures].argmax(axis=1)), examples.vote[structures]
    )
    return {
        "classes": {name: asdict(score) for name, score in class_scores(probabilities, examples, split).items()},
        "questions": {name: asdict(score) for name, score in question_scores(answers, examples, split).items()},
        "net_reliability": reliability(answers[measured, NET], examples.answer[measured, NET], examples.vote[measured]),
        "moment_reliability": reliability(
            answers[calculated, MOMENT], examples.answer[calculated, MOMENT], examples.vote[calculated]
        ),
        "magndata_confusion": confusion.round(2).tolist(),
    }


def _two(yes: Floats | Mask) -> Floats:
    values = np.asarray(yes, dtype=np.float64)
    return np.stack([1 - values, values], axis=1)


def _shares(target: Floats, vote: Floats, rows: Mask) -> Floats:
    """Shares of the K classes among these rows, (K,), by Laplace's rule of succession."""
    return np.asarray((vote[rows] @ target[rows] + 1) / (vote[rows].sum() + target.shape[1]))


def _score(probabilities: Floats, constant: Floats, target: Floats, vote: Floats) -> Score:
    def log_loss(p: Floats) -> float:
        return float(np.average(-(target * np.log(np.clip(p, _LEAST, 1.0))).sum(axis=1), weights=vote))

    def accuracy(p: Floats) -> float:
        return float(np.average(target[np.arange(len(target)), p.argmax(axis=1)], weights=vote))

    same = np.tile(constant, (len(target), 1))
    fitted, trivial = (log_loss(probabilities), accuracy(probabilities)), (log_loss(same), accuracy(same))
    return Score(len(target), float(vote.sum()), *fitted, *trivial)
