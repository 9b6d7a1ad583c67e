"""Inputs for VASP, as pymatgen writes those of the Materials Project; potentials are named, never included."""

from __future__ import annotations

import warnings
from pathlib import Path

from screening.errors import ScreeningError
from screening.export.crystals import CrystalFile

NONE = "none"
WARNINGS = "pymatgen_warnings.txt"
_SETS = {"relax": "MPRelaxSet", "scan": "MPScanRelaxSet"}


def write_vasp_inputs(file: CrystalFile, folder: Path, dft: str) -> None:
    """INCAR, POSCAR, POTCAR.spec and, where the set has a grid of its own, KPOINTS; nothing if `dft` is `none`.

    dft: `relax` for PBE(+U), `scan` for r2SCAN. MAGMOM is the set's ferromagnetic start. What pymatgen warns of (a
    doubtful potential of Yb, smearing for a metal) is kept beside them. Raises ScreeningError if the set has no
    potential for an element, where pymatgen itself would make up a name.
    """
    if dft == NONE:
        return
    from pymatgen.io.vasp import sets

    kind = getattr(sets, _SETS[dft])
    unknown = sorted({site.specie.symbol for site in file.structure} - kind.CONFIG["POTCAR"].keys())
    if unknown:
        raise ScreeningError(f"no VASP inputs for {file.end}.cif: {_SETS[dft]} has no potential for {unknown[0]}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", sets.BadInputSetWarning)
        try:
            kind(file.structure).write_input(str(folder), potcar_spec=True)
        except (KeyError, ValueError, OSError) as error:
            raise ScreeningError(f"no VASP inputs for {file.end}.cif: {_SETS[dft]}: {error}") from None
    told = {str(warning.message) for warning in caught if issubclass(warning.category, sets.BadInputSetWarning)}
    if told:
        (folder / WARNINGS).write_text("\n".join([*sorted(told), ""]), encoding="utf-8")
