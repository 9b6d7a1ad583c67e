"""How a contract is checked: a statement, and the error that says it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from screening.errors import ScreeningError


class ContractError(AssertionError):
    """A plug-in does not do what its kind must do."""


def require(holds: object, statement: str) -> None:
    """Raise ContractError with the statement unless it holds."""
    if not holds:
        raise ContractError(statement)


def require_close(found: Any, expected: Any, tolerance: float, statement: str) -> None:
    """Raise ContractError unless two arrays agree.

    Args:
        found: Numbers of any shape.
        expected: As many.
        tolerance: Largest difference, in units of the largest expected number if that is above 1.
        statement: What should hold; the difference is added to it.
    """
    one, two = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    require(one.shape == two.shape, f"{statement}: shape {one.shape} instead of {two.shape}")
    if not two.size:
        return
    require(np.isfinite(one).all() and np.isfinite(two).all(), f"{statement}: some numbers are not finite")
    difference = float(np.abs(one - two).max())
    allowed = tolerance * max(1.0, float(np.abs(two).max()))
    require(difference <= allowed, f"{statement}: they differ by {difference:.3g}, more than {allowed:.3g}")


def require_refused(call: Callable[[], object], error: type[ScreeningError], statement: str) -> str:
    """The message with which a call is refused. Raises ContractError if it is not, or with another error."""
    try:
        call()
    except error as refusal:
        return str(refusal)
    except Exception as other:
        raise ContractError(f"{statement}: {type(other).__name__} was raised instead of {error.__name__}") from other
    raise ContractError(f"{statement}: nothing was raised")


def require_subset(found: Iterable[str], known: Iterable[str], statement: str) -> None:
    """Raise ContractError that lists what is not known."""
    unknown = sorted(set(found) - set(known))
    require(not unknown, f"{statement}: {', '.join(unknown)}")
