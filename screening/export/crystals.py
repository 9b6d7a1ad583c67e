"""The crystal files of an approved candidate: checked as any input is before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screening.chemistry.formulas import cell_formula
from screening.crystals import Crystal, ReadSettings
from screening.crystals.reading.examine import examine
from screening.crystals.reading.parts import Part
from screening.errors import ScreeningError
from screening.materials.registry import shown_crystals
from screening.tracking.reviews import ReviewedFinalist

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

CRYSTAL = "crystal"
"""The CIF that every finalist has; its material class may show further ones."""
_MOST_ATOMS = 10_000


def crystal_names() -> list[str]:
    """What the CIFs of a finalist may be called, without `.cif`."""
    return [CRYSTAL, *shown_crystals()]


@dataclass(frozen=True)
class CrystalFile:
    """A crystal and the CIF it came from. end: its name without `.cif`."""

    end: str
    cif: bytes
    crystal: Crystal

    @property
    def structure(self) -> Structure:
        """As pymatgen's, equal elements together as VASP wants them."""
        return self.crystal.to_structure().get_sorted_structure()


def read_crystal_files(entry: ReviewedFinalist, files: Mapping[str, bytes]) -> list[CrystalFile]:
    """The crystals of a finalist; files: content of CIFs by name. Raises ScreeningError if one is missing or wrong."""
    if f"{CRYSTAL}.cif" not in files:
        raise ScreeningError(f"the run has no artifact {CRYSTAL}.cif")
    names = [name for name in crystal_names() if f"{name}.cif" in files]
    found = [_read(name, files[f"{name}.cif"], entry) for name in names]
    formula = found[0].crystal.formula
    if formula != entry.formula:
        raise ScreeningError(f"{CRYSTAL}.cif holds {formula}, but the run is about {entry.formula}")
    return found


def _read(end: str, cif: bytes, entry: ReviewedFinalist) -> CrystalFile:
    outcome = examine(Part("cif", f"{end}.cif", end, cif), ReadSettings(max_atoms=_MOST_ATOMS))
    if outcome.sites is None:
        raise ScreeningError(f"{end}.cif cannot be used: {outcome.reason}")
    sites = outcome.sites
    return CrystalFile(end, cif, Crystal.from_arrays(entry.candidate_id, sites.lattice, sites.numbers, sites.frac))


def poscar(file: CrystalFile) -> str:
    """The crystal for VASP and most viewers, with all digits; the first line says what the cell holds."""
    from pymatgen.io.vasp.inputs import Poscar

    comment = cell_formula(file.crystal.numbers)
    return Poscar(file.structure, comment=comment, sort_structure=False).get_str(significant_figures=16)
