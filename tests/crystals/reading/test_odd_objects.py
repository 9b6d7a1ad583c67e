"""Objects of the caller: whatever they raise or hold, each is refused by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals

CUBE = [[3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]]


class Raising:
    """Has all that a structure has, but gives nothing."""

    lattice = None

    def __len__(self) -> int:
        return 1

    @property
    def species_and_occu(self) -> Any:
        raise RuntimeError(f"nothing from {object()}")


class Huge(Raising):
    species_and_occu = ()

    def __len__(self) -> int:
        return 10**9


class Hidden:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ZeroDivisionError(name)


def crystal(lattice: Any = CUBE, numbers: Any = (26,), frac: Any = ((0.0, 0.0, 0.0),)) -> Crystal:
    return Crystal("x", np.array(lattice), np.array(numbers, dtype=np.int16), np.array(frac))


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Raising(), "unreadable: RuntimeError: nothing from <object object>"),
        (Huge(), "unreadable: 1000000000 atoms, more than the limit of 1000"),
        (Hidden(), "unreadable: ZeroDivisionError: species_and_occu"),
        (object(), "expected a pymatgen Structure, ASE Atoms or a Crystal, found object"),
        (crystal(lattice=np.full((3, 3), np.nan)), "the lattice holds NaN or infinite numbers"),
        (crystal(frac=[[np.inf, 0, 0]]), "the positions hold NaN or infinite numbers"),
        (crystal(numbers=[0]), "no element has the atomic number 0"),
        (crystal(numbers=[26, 26]), "arrays that do not fit: a lattice of (3, 3), 2 species, positions of (1, 3)"),
        (crystal(lattice=[3.0, 3.0, 3.0]), "arrays that do not fit: a lattice of (3,), 1 species, positions of (1, 3)"),
        (crystal(lattice=[["a", "b", "c"]] * 3), "not a crystal: TypeError: "),
    ],
)
def test_an_object_that_is_no_crystal(item: Any, reason: str) -> None:
    refused, fine = as_crystals([item, crystal()], ReadSettings())
    assert isinstance(refused, Rejection) and isinstance(fine, Crystal)
    assert refused.reason.startswith(reason)
