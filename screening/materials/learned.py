"""Whether a compound was among what a released model learned, as far as the release and its store can tell.

Splits are made by a hash of the chemical system's name, so a release tells of any compound whether it *may* have been
learned: not if its system belongs to the test part. Whether it was there at all only the store knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.data.splits import DEFAULT_SALT, splits_of
from screening.data.store import Store

MEANINGS = {
    "composition": "a crystal of this composition was learned",
    "system": "crystals of this chemical system were learned, none of this composition",
    "learned part": "its chemical system belongs to the part that was learned; whether it was there is not known here",
    "intervals": "its chemical system belongs to the part that set the intervals and nothing else",
    "no": "not learned: its chemical system belongs to the test part, or is not in the store",
    "unknown": "the release was not trained on the splits by chemical system",
}
"""What the entries of a column of `learned` say."""

NEVER = "no"


def learned(
    systems: Sequence[str], formulas: Sequence[str], training: Mapping[str, Any], store: Store | None, *, only: bool
) -> list[str]:
    """For each compound the entry of `MEANINGS` that holds, (B,).

    training: the release's record of its training. store: what it was trained on; None, or another store by its hash,
    tells nothing. only: whether nothing beside the store was learned from.
    """
    if training.get("split_file"):
        return ["unknown"] * len(systems)
    parts = training.get("learned_splits", ("train", "validation"))
    splits = splits_of(systems, training.get("split_salt", DEFAULT_SALT))
    same = store is not None and store.content_hash == training.get("store_sha256")
    known = _Contents.of(store) if store is not None and same else None
    result = []
    for system, formula, split in zip(systems, formulas, splits, strict=True):
        if split not in parts:
            result.append("intervals" if split in ("calibration", "validation") else NEVER)
        elif known is None:
            result.append("learned part")
        else:
            result.append(known.says(system, formula, otherwise=NEVER if only else "learned part"))
    return result


class _Contents:
    """The compositions and chemical systems of a store."""

    def __init__(self, formulas: set[str], systems: set[str]) -> None:
        self._formulas, self._systems = formulas, systems

    @classmethod
    def of(cls, store: Store) -> _Contents:
        return cls(set(store.index["formula"].to_list()), set(store.index["chemical_system"].to_list()))

    def says(self, system: str, formula: str, otherwise: str) -> str:
        if formula in self._formulas:
            return "composition"
        return "system" if system in self._systems else otherwise
