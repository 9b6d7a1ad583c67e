"""Whatever program wrote a crystal, the same crystal is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing.dialects import DIALECTS
from fuzzing.round_trips import round_trips
from pymatgen.core import Lattice, Structure

from screening.crystals import Crystal, read_crystals

pytestmark = pytest.mark.ci


@pytest.mark.parametrize("bundled", ["magnets", "electrodes"])
def test_bundled_crystals_come_back_from_every_dialect(bundled: str, tmp_path: Path) -> None:
    crystals = [item for item in read_crystals(bundled) if isinstance(item, Crystal)][:12]
    assert crystals
    for crystal in crystals:
        wrong = [found for found in round_trips(crystal.to_structure(), tmp_path) if found[1] != "equal"]
        assert wrong == [], crystal.candidate_id


def test_every_crystal_system_comes_back_from_every_dialect(tmp_path: Path) -> None:
    names = set()
    for structure in _systems():
        for name, verdict, detail in round_trips(structure, tmp_path):
            assert (verdict, detail) == ("equal", ""), (name, structure.formula)
            names.add(name)
    assert names == set(DIALECTS)


def _systems() -> list[Structure]:
    build = Structure.from_spacegroup
    return [
        Structure(Lattice.from_parameters(4.1, 5.2, 6.3, 81, 97, 105), ["Fe", "O"],
                  [[0.1, 0.2, 0.3], [0.7, 0.35, 0.45]]),
        build("C2/m", Lattice.monoclinic(5.6, 2.9, 5.1, 110), ["Na", "Mn", "O"],
              [[0, 0.5, 0.5], [0, 0, 0], [0.28, 0, 0.8]]),
        build("Pnma", Lattice.orthorhombic(5.4, 7.6, 5.3), ["Gd", "Fe", "O", "O"],
              [[0.06, 0.25, 0.98], [0, 0, 0.5], [0.47, 0.25, 0.1], [0.3, 0.05, 0.7]]),
        build("I4_1/amd", Lattice.tetragonal(3.78, 9.51), ["Ti", "O"], [[0, 0, 0], [0, 0, 0.208]]),
        build("R-3m", Lattice.hexagonal(8.55, 12.43), ["Sm", "Fe", "Fe", "Fe", "Fe"],
              [[0, 0, 0.34], [0, 0, 0.097], [0.5, 0, 0.5], [0.29, 0, 0], [0.5, 0.5, 0.15]]),
        build("P6_3/mmc", Lattice.hexagonal(4.28, 6.11), ["Mn", "Bi"], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]]),
        build("Fd-3m", Lattice.cubic(8.24), ["Li", "Mn", "O"], [[0, 0, 0], [0.625] * 3, [0.3875] * 3]),
    ]  # fmt: skip
