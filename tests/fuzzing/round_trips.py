"""Crystals written in every dialect and read again: the same crystal comes back, or a refusal says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fuzzing.dialects import DIALECTS
from fuzzing.fingerprints import Fingerprint, differences, fingerprint
from fuzzing.reading import read_here
from pymatgen.core import Structure

from screening.crystals import ReadSettings
from screening.crystals.sites import Sites

SHELLS = 8
SETTINGS = ReadSettings(workers=0, max_atoms=4000)
TOLERANCE_A = 5e-3
"""Files state six decimals, and a symmetrized cell moves atoms within its tolerance of 0.01 Å."""


def _of(item: Structure | Sites) -> Fingerprint:
    if isinstance(item, Sites):
        return fingerprint(item.lattice, item.numbers, item.frac, SHELLS)
    numbers = np.array([site.specie.Z for site in item])
    return fingerprint(item.lattice.matrix, numbers, item.frac_coords, SHELLS)


def round_trips(structure: Structure, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Dialect, verdict (`equal`, `refused`, `not written`, `differs`) and detail, for each dialect.

    Args:
        structure: An ordered crystal.
        folder: Where to write the files.
    """
    expected = _of(structure)
    for name, (extension, writer) in DIALECTS.items():
        path = folder / f"crystal{extension}"
        try:
            path.write_bytes(writer(structure))
        except Exception as error:
            yield name, "not written", f"{type(error).__name__}: {error}"
            continue
        found = read_here(path, SETTINGS)
        if len(found) != 1:
            yield name, "differs", f"{len(found)} inputs instead of one"
        elif found[0].sites is None:
            yield name, "refused", found[0].reason
        else:
            difference = differences(_of(found[0].sites), expected, tolerance_A=TOLERANCE_A)
            yield name, "differs" if difference else "equal", difference
