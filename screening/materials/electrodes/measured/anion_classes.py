"""Anion classes of frames, by composition: the polyanion or anion that the metals see, and its group."""

from __future__ import annotations

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.materials.electrodes.end_members.redox import active_symbols

_POLYANIONS = {"P": "phosphate", "S": "sulfate", "Si": "silicate", "B": "borate", "As": "arsenate", "C": "carbonate",
    "Ge": "germanate", "Se": "selenate"}  # fmt: skip
"""Name by the central atom, in the order in which a class is chosen when there are several."""
_OXYGEN = {"B": 2.0, "C": 2.0}
"""Oxygen atoms that a central atom needs at least; 3 for all others."""
_HALF = 0.5
"""Share of the oxygen that must belong to the polyanions: PNb9O25 is an oxide."""
_TETRAHEDRA = (3.99, 4.5)
"""Oxygen atoms for each hexavalent metal in a molybdate or tungstate."""
_SIMPLE = {"O": "oxide", "F": "fluoride", "S": "sulfide", "Se": "selenide", "Te": "telluride", "N": "nitride",
    "Cl": "chloride", "Br": "bromide", "I": "iodide"}  # fmt: skip
GROUPS = {
    "oxide": "oxide",
    "molybdate": "polyanion",
    "tungstate": "polyanion",
    "pyrophosphate": "polyanion",
    **dict.fromkeys(("sulfide", "selenide", "telluride", "nitride"), "chalcogenide"),
    **dict.fromkeys(("fluoride", "oxyfluoride"), "fluoride"),  # with a Hubbard U, and far more ionic than the others
    **dict.fromkeys(("chloride", "bromide", "iodide"), "halide"),
    "cyanide": "cyanide",
    "other": "other",
}
"""Anion class -> group; polyanions that are not listed belong to `polyanion`."""


def group_of(anion_class: str) -> str:
    """The group of an anion class."""
    return GROUPS.get(anion_class, "polyanion")


def anion_class(frame: Floats) -> str:
    """The anion class of a frame.

    Args:
        frame: Atoms of each element besides the ion, (119,).
    """

    def n(symbol: str) -> float:
        return float(frame[ATOMIC_NUMBERS[symbol]])

    if n("C") > 0 and n("C") == n("N"):
        return "cyanide"
    fluoro = "fluoro" if n("F") > 0 else ""
    for centre, name in _POLYANIONS.items():
        needed = _OXYGEN.get(centre, 3.0)
        if n(centre) > 0 and n("O") >= needed * n(centre) and (needed + 1.0) * n(centre) >= _HALF * n("O"):
            if centre == "P" and n("O") < 3.9 * n("P"):
                return f"{fluoro}pyrophosphate" if fluoro else "pyrophosphate"
            return fluoro + name
    heavy = n("Mo") + n("W")
    others = sum(n(symbol) for symbol in active_symbols()) - heavy
    if (
        heavy > 0 and others > 0 and _TETRAHEDRA[0] * heavy <= n("O") <= _TETRAHEDRA[1] * heavy
    ):  # tetrahedra of hexavalent metals, as in Fe2(MoO4)3
        return "molybdate" if n("Mo") >= n("W") else "tungstate"
    if n("O") > 0 and n("F") > 0:
        return "oxyfluoride"
    counts = np.array([n(symbol) for symbol in _SIMPLE])
    # the anion that is most frequent; oxygen first among equals
    return list(_SIMPLE.values())[int(counts.argmax())] if counts.any() else "other"
