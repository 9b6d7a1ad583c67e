"""What a notebook calls: the methods of one session that all callers share, and the results that they give."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from screening.api.session import Session

if TYPE_CHECKING:
    from screening.jobs.barriers import Barriers
    from screening.jobs.evaluate import Evaluation
    from screening.jobs.generate import GeneratedCandidates
    from screening.jobs.predict import Predictions
    from screening.jobs.ranking_outcome import Ranking
    from screening.jobs.reference_ranking import ReferenceEvaluation
    from screening.jobs.relax import Relaxation
    from screening.jobs.train import Training

__all__ = [
    "Barriers",
    "Evaluation",
    "GeneratedCandidates",
    "Predictions",
    "Ranking",
    "ReferenceEvaluation",
    "Relaxation",
    "Session",
    "Training",
    "barriers",
    "evaluate",
    "generate",
    "predict",
    "rank",
    "relax",
    "train",
]

_RESULTS = {
    "Barriers": "barriers",
    "Evaluation": "evaluate",
    "GeneratedCandidates": "generate",
    "Predictions": "predict",
    "Ranking": "ranking_outcome",
    "ReferenceEvaluation": "reference_ranking",
    "Relaxation": "relax",
    "Training": "train",
}
"""Class -> its module among the jobs, which takes seconds to import."""

_SHARED = Session()
predict, rank, relax = _SHARED.predict, _SHARED.rank, _SHARED.relax
barriers, generate, train, evaluate = _SHARED.barriers, _SHARED.generate, _SHARED.train, _SHARED.evaluate


def __getattr__(name: str) -> Any:
    if name not in _RESULTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"screening.jobs.{_RESULTS[name]}"), name)
