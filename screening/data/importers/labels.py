"""Checks a user's labels: column names with units, and plausible values in these units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

from screening.data.targets import TARGETS
from screening.errors import RequestError


def check_label(column: str, value: object, where: str) -> float:
    """Check a label and return it as a number.

    Args:
        column: Its column.
        value: The label.
        where: File, line and column, for the message.

    Raises:
        RequestError: If it is not a finite number, or impossible in the unit of the column.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise RequestError(f"{where}: expected a number, got {value!r}")
    target = TARGETS[column]
    if value < target.minimum:
        raise RequestError(f"{where}: {value:g} is below {target.minimum:g}, the physical minimum")
    if abs(value) > target.largest:
        raise RequestError(
            f"{where}: {value:g} is too large for this unit (expected below {target.largest:g}); is it in another unit?"
        )
    return float(value)


def label_columns_of(columns: Sequence[str], file: str) -> list[str]:
    """The label columns among the columns of a table.

    Raises:
        RequestError: If there is none, or if a column looks like a label without a unit in its name.
    """
    for column in columns:
        for target in TARGETS:
            name = "".join(takewhile(str.islower, target.split("_")))  # up to the unit, which has a capital letter
            if column not in TARGETS and _plain(column).startswith(name):
                raise RequestError(
                    f"{file}: column {column!r}: the unit is unclear; convert it to that of {target} and use this name"
                )
    found = [target for target in TARGETS if target in columns]
    if not found:
        raise RequestError(
            f"{file}: no label column; expected any of {', '.join(TARGETS)}, found {', '.join(map(repr, columns))}"
        )
    return found


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
