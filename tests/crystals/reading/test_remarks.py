"""Every flag that a reader may set is explained."""

from __future__ import annotations

from screening.crystals.reading import remarks
from screening.materials.flags import FLAGS


def test_flags_of_readers_are_explained() -> None:
    named = {value for name, value in vars(remarks).items() if name.isupper() and isinstance(value, str)}
    assert named == set(remarks.READING_FLAGS)
    assert named <= set(FLAGS)
