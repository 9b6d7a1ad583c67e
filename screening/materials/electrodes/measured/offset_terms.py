"""What an offset between calculated and measured voltages may depend on: terms with levels, by composition.

A level is a class such as `Ti4+/Ti3+ in phosphates`. An electrode in which several couples work belongs to several
levels of a term, each with the share of its electrons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screening.array_types import Floats
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.materials.electrodes.measured.anion_classes import anion_class, group_of
from screening.materials.electrodes.measured.redox_order import redox_steps, working_steps

TERMS = ("all", "treatment", "couple and class", "couple and group", "ion", "slope")
"""Terms of the model, each with one variance:

- all: the same for every electrode;
- treatment: whether the metal has a Hubbard U in the calculations, by group of anions;
- couple and class, couple and group: the redox couple with the anion class, or with its group;
- ion: the working ion, whose metal is the reference;
- slope: grows with the calculated voltage.
"""
SLOPE_FROM_V = 3.0
_WITH_U = ("V", "Cr", "Mn", "Fe", "Co", "Ni", "Mo", "W")
"""Metals with a Hubbard U in the oxides and fluorides of the Materials Project (Jain et al., PRB 84, 045115 (2011))."""


@dataclass(frozen=True)
class OffsetInputs:
    """What the terms of B electrodes are made of.

    Attributes:
        shares: Share of each step of `redox_steps()`, (B, K).
        classes: Anion classes.
        ions: Symbols of the working ions.
        with_u: Whether the calculations have a U where the frame has these anions, (B,).
        voltage_V: Calculated voltages, (B,).
    """

    shares: Floats
    classes: tuple[str, ...]
    ions: tuple[str, ...]
    with_u: tuple[bool, ...]
    voltage_V: Floats

    @classmethod
    def of(cls, discharged: Floats, charged: Floats, ions: Sequence[str], voltage_V: Floats) -> OffsetInputs:
        """From the compositions of both ends.

        Args:
            discharged: Atoms of each element, (B, 119).
            charged: The same frame with less of the ion, for as many atoms of the frame, (B, 119).
            ions: B symbols.
            voltage_V: Calculated voltages, (B,).
        """
        frames = charged.copy()
        frames[np.arange(len(frames)), [ATOMIC_NUMBERS[ion] for ion in ions]] = 0.0
        classes = tuple(anion_class(frame) for frame in frames)
        polyanionic = np.array([group_of(name) == "polyanion" for name in classes], dtype=bool)
        hard = frames[:, [ATOMIC_NUMBERS["O"], ATOMIC_NUMBERS["F"]]].sum(axis=1) > 0
        shares = working_steps(discharged, charged, polyanionic)
        return cls(shares, classes, tuple(ions), tuple(hard.tolist()), voltage_V)

    def __len__(self) -> int:
        return len(self.classes)

    def take(self, rows: Sequence[int]) -> OffsetInputs:
        """Some of the electrodes."""
        return OffsetInputs(
            self.shares[list(rows)],
            tuple(self.classes[row] for row in rows),
            tuple(self.ions[row] for row in rows),
            tuple(self.with_u[row] for row in rows),
            self.voltage_V[list(rows)],
        )

    def couples(self, row: int) -> dict[str, float]:
        """The couples that work in a row and their shares."""
        names = redox_steps().names
        return {names[step]: float(self.shares[row, step]) for step in np.flatnonzero(self.shares[row] > 0)}

    def levels(self, row: int) -> dict[tuple[str, str], float]:
        """(term, level) -> weight of a row."""
        name, group = self.classes[row], group_of(self.classes[row])
        found: dict[tuple[str, str], float] = {
            ("all", ""): 1.0,
            ("ion", self.ions[row]): 1.0,
            ("slope", ""): float(self.voltage_V[row]) - SLOPE_FROM_V,
        }
        for couple, share in self.couples(row).items():
            metal = SYMBOLS[redox_steps().numbers[redox_steps().names.index(couple)]]
            treated = "U" if self.with_u[row] and metal in _WITH_U else "no U"
            for key in (
                ("treatment", f"{treated}, {group}"),
                ("couple and class", f"{couple} in {name}"),
                ("couple and group", f"{couple} in {group}"),
            ):
                found[key] = found.get(key, 0.0) + share
        return found
