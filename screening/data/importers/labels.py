"""Checks of labels that a user gives: names with units, numbers, and values that can be meant in these units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

from screening.data.targets import TARGETS
from screening.errors import RequestError


def check_label(column: str, value: object, where: str) -> float:
    """A label as a number; `where` names file, line and column in the message.

    Raises RequestError for anything but a finite number that the quantity can have in the unit of its column.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise RequestError(f"{where}: expected a number, got {value!r}")
    target = TARGETS[column]
    if value < target.minimum:
        raise RequestError(f"{where}: {value:g} is less than {target.minimum:g}, which this quantity never is")
    if abs(value) > target.largest:
        raise RequestError(
            f"{where}: {value:g} is more than crystals reach (about {target.largest:g}); is it in another unit?"
        )
    return float(value)


def label_columns_of(columns: Sequence[str], file: str) -> list[str]:
    """The label columns among those of a table.

    Raises RequestError if there is none, or where a column looks like a label but its name does not tell the unit.
    """
    for column in columns:
        for target in TARGETS:
            name = "".join(takewhile(str.islower, target.split("_")))  # up to the unit, which has a capital letter
            if column not in TARGETS and _plain(column).startswith(name):
                raise RequestError(
                    f"{file}: column {column!r}: the unit is unclear; give it in the unit of {target}, and that name"
                )
    found = [target for target in TARGETS if target in columns]
    if not found:
        raise RequestError(
            f"{file}: no label column; expected any of {', '.join(TARGETS)}, found {', '.join(map(repr, columns))}"
        )
    return found


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
