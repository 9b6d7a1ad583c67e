"""The crystal files of an approved candidate, checked like any other input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screening.checksums import SHOWN
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
"""Name of the CIF that every finalist has; its material class may show further crystals."""
_MOST_ATOMS = 10_000


def crystal_names() -> list[str]:
    """Possible names of a finalist's CIFs, without `.cif`."""
    return [CRYSTAL, *shown_crystals()]


@dataclass(frozen=True)
class CrystalFile:
    """A crystal and the CIF that it came from.

    Attributes:
        name: Name of the file without `.cif`.
        cif: Its content.
        crystal: The crystal in it.
    """

    name: str
    cif: bytes
    crystal: Crystal

    @property
    def structure(self) -> Structure:
        """The crystal as a pymatgen structure, sorted by element as VASP needs it."""
        return self.crystal.to_structure().get_sorted_structure()


def read_crystal_files(entry: ReviewedFinalist, files: Mapping[str, bytes]) -> list[CrystalFile]:
    """The crystals of a finalist.

    Args:
        entry: The finalist.
        files: Content of CIFs by file name.

    Raises:
        ScreeningError: A file is missing, cannot be read, contains another formula, or is not what was ranked.
    """
    if f"{CRYSTAL}.cif" not in files:
        raise ScreeningError(f"the run has no artifact {CRYSTAL}.cif")
    _check_unchanged(entry, files)
    names = [name for name in crystal_names() if f"{name}.cif" in files]
    found = [_read(name, files[f"{name}.cif"], entry) for name in names]
    formula = found[0].crystal.formula
    if formula != entry.formula:
        raise ScreeningError(f"{CRYSTAL}.cif contains {formula}, but the run is about {entry.formula}")
    return found


def _check_unchanged(entry: ReviewedFinalist, files: Mapping[str, bytes]) -> None:
    """Compare the files with the hashes that were recorded together with them; earlier versions recorded none."""
    for name in crystal_names():
        known, content = entry.hashes.get(name), files.get(f"{name}.cif")
        if known is not None and content is None:
            raise ScreeningError(f"the run has no artifact {name}.cif any more")
        if content is None or (known is None and not entry.hashes):
            continue
        found = hashlib.sha256(content).hexdigest()
        if found != known:
            raise ScreeningError(
                f"{name}.cif in MLflow is not the crystal that was ranked (SHA-256 {found[:SHOWN]}... instead of "
                f"{str(known)[:SHOWN]}...); restore the file, or rank again"
            )


def _read(name: str, cif: bytes, entry: ReviewedFinalist) -> CrystalFile:
    outcome = examine(Part("cif", f"{name}.cif", name, cif), ReadSettings(max_atoms=_MOST_ATOMS))
    if outcome.sites is None:
        raise ScreeningError(f"{name}.cif cannot be used: {outcome.reason}")
    sites = outcome.sites
    return CrystalFile(name, cif, Crystal.from_arrays(entry.candidate_id, sites.lattice, sites.numbers, sites.frac))


def poscar(file: CrystalFile) -> str:
    """The crystal as a POSCAR with all digits; the first line is the formula of the cell."""
    from pymatgen.io.vasp.inputs import Poscar

    comment = cell_formula(file.crystal.numbers)
    return Poscar(file.structure, comment=comment, sort_structure=False).get_str(significant_figures=16)
