"""Screening of crystals by material class: from files to a ranking a chemist can review.

`screening.rank(...)` and `screening.predict(...)` do from Python what the commands do in a shell. They are looked up on
first use, so that importing this package stays quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screening.api import predict, rank

__version__ = "0.1.0"
__all__ = ["__version__", "predict", "rank"]


def __getattr__(name: str) -> Any:
    if name not in {"predict", "rank"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screening import api

    return getattr(api, name)
