"""Whether a released model learned from a compound, as far as the release and its store show.

Splits follow a hash of the name of the chemical system. So the release alone shows whether a compound *may* have been
learned: not if its system belongs to the test part. Whether it really was learned, only the store shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from screening.data.splits import DEFAULT_SALT, splits_of
from screening.data.store import Store

MEANINGS = {
    "composition": "a crystal of this composition was learned",
    "system": "crystals of this chemical system were learned, but none of this composition",
    "learned part": "its chemical system belongs to the part that was learned; the compound itself may be missing",
    "intervals": "its chemical system belongs to the part that only set the intervals",
    "no": "not learned: its chemical system belongs to the test part or is not in the store",
    "unknown": "the release was not trained on the splits by chemical system",
}
"""What the results of `training_overlap` mean."""

NEVER = "no"


def training_overlap(
    systems: Sequence[str], formulas: Sequence[str], training: Mapping[str, Any], store: Store | None, *, only: bool
) -> list[str]:
    """The key of `MEANINGS` that applies to each compound.

    Args:
        systems: Chemical systems of B compounds.
        formulas: Their formulas, as in the index of the store.
        training: The release's record of its training.
        store: What the release was trained on; ignored if its hash is another one.
        only: Whether the release learned from nothing but the store.
    """
    if training.get("split_file"):
        return ["unknown"] * len(systems)
    parts = training.get("learned_splits", ("train", "validation"))
    splits = splits_of(systems, training.get("split_salt", DEFAULT_SALT))
    same = store is not None and store.content_hash == training.get("store_sha256")
    contents = _Contents.of(store) if store is not None and same else None
    result = []
    for system, formula, split in zip(systems, formulas, splits, strict=True):
        if split not in parts:
            result.append("intervals" if split in ("calibration", "validation") else NEVER)
        elif contents is None:
            result.append("learned part")
        else:
            result.append(contents.overlap(system, formula, otherwise=NEVER if only else "learned part"))
    return result


def overlap_in_words(entries: Sequence[str]) -> str:
    """What an evaluation on compounds with these results of `training_overlap` can tell, in a sentence or two."""
    total, found = len(entries), Counter(entries)
    learned, possible, unknown = found["composition"] + found["system"], found["learned part"], found["unknown"]
    said = []
    if learned:
        said.append(
            f"The model learned from {_share(learned, total)} of these crystals' chemical systems: errors on new ones "
            "are larger."
        )
    if possible:
        said.append(
            f"{_share(possible, total)} of these crystals belong to chemical systems in the part that the model "
            "learned from, and may be known to it: errors on new ones may be larger."
        )
    if unknown:
        said.append(
            "Whether the model learned from these crystals is unknown: it was not trained on the splits by chemical "
            "system."
        )
    if found["intervals"]:
        said.append(f"{_share(found['intervals'], total)} belong to the part that set or checked its intervals.")
    return " ".join(said) or "The model learned from none of these crystals' chemical systems."


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count / total:.0%})".replace("%", " %")


class _Contents:
    """The compositions and chemical systems of a store."""

    def __init__(self, formulas: set[str], systems: set[str]) -> None:
        self._formulas, self._systems = formulas, systems

    @classmethod
    def of(cls, store: Store) -> _Contents:
        return cls(set(store.index["formula"].to_list()), set(store.index["chemical_system"].to_list()))

    def overlap(self, system: str, formula: str, otherwise: str) -> str:
        if formula in self._formulas:
            return "composition"
        return "system" if system in self._systems else otherwise
