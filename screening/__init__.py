"""Screening of crystals by material class: from files to a ranking a chemist can review.

`screening.rank(...)`, `screening.predict(...)` and the others do from Python what the commands do in a shell. They are
looked up on first use, so that importing this package stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.errors import Interrupted, RequestError, ScreeningError

if TYPE_CHECKING:
    from screening.api import (
        Barriers,
        Evaluation,
        GeneratedCandidates,
        Predictions,
        Ranking,
        ReferenceEvaluation,
        Relaxation,
        Session,
        Training,
        barriers,
        evaluate,
        generate,
        predict,
        rank,
        relax,
        train,
    )

__version__ = "0.1.0"
__all__ = [
    "Barriers",
    "Evaluation",
    "GeneratedCandidates",
    "Interrupted",
    "Predictions",
    "Ranking",
    "ReferenceEvaluation",
    "Relaxation",
    "RequestError",
    "ScreeningError",
    "Session",
    "Training",
    "__version__",
    "barriers",
    "evaluate",
    "generate",
    "predict",
    "rank",
    "relax",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screening import api

    found = globals()[name] = getattr(api, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
