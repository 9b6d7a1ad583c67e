"""Splits from a file, to follow a published protocol: a CSV with the id of each crystal and its split.

Such splits are usually random over crystals, so other crystals of the same chemical systems are in the training data,
and errors are smaller than on unseen systems.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from screening.crystals.reading.row_ids import ID_KEYS
from screening.data.splits import SPLITS
from screening.errors import RequestError

_OTHER_NAMES = {"val": "validation", "valid": "validation", "dev": "validation"}


def splits_in_file(file: Path, column: str, crystal_ids: Sequence[str]) -> list[str]:
    """The split of each crystal; empty if the file does not name it.

    Raises:
        RequestError: If something in the file is wrong.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            columns = table.fieldnames or []
            key = next((name for name in (*ID_KEYS, "crystal_id") if name in columns), None)
            if key is None or column not in columns:
                raise RequestError(
                    f"data.split_file: {file}: expected a column of ids ({', '.join(ID_KEYS)}) and one named "
                    f"{column!r} (data.split_column); found {', '.join(columns) or 'nothing'}"
                )
            named = {row[key]: row[column] or "" for row in table}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"data.split_file: {file}: not a readable CSV ({error})") from None
    known = {name: _OTHER_NAMES.get(name, name) for name in set(named.values())}
    unknown = sorted(split for split in known.values() if split and split not in SPLITS)
    if unknown:
        raise RequestError(
            f"data.split_file: {file}: unknown split {unknown[0]!r}; known are {', '.join((*SPLITS, *_OTHER_NAMES))}"
        )
    found = [known[named.get(crystal_id) or ""] if named.get(crystal_id) else "" for crystal_id in crystal_ids]
    if not any(found):
        raise RequestError(f"data.split_file: {file}: none of its ids is in the store")
    return found
