"""Why an electrode has no voltage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screening.materials.electrodes.end_members.pair import ElectrodePair
    from screening.potentials.base import Potential

UNPREDICTED = "not predicted"


def obstacle(pair: ElectrodePair, without_metal: str, potentials: Sequence[Potential | None]) -> str:
    """The reason in words.

    Args:
        pair: The electrode.
        without_metal: Name of the release if it has no energy of the ion's metal, else empty.
        potentials: All that must know its elements.
    """
    if without_metal:
        return f"{without_metal} has no energy of the metal {pair.working_ion} as reference"
    found = (potential.unknown_elements(pair.discharged.numbers) for potential in potentials if potential is not None)
    return next(filter(None, found), f"the frames of both ends differ in more than {pair.working_ion}")
