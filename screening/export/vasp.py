"""Inputs for VASP, as pymatgen writes those of the Materials Project; potentials are named, never included."""

from __future__ import annotations

import warnings
from pathlib import Path

from screening.errors import ScreeningError
from screening.export.crystals import CrystalFile

NONE = "none"
_SETS = {"relax": "MPRelaxSet", "scan": "MPScanRelaxSet"}


def write_vasp_inputs(file: CrystalFile, folder: Path, dft: str) -> None:
    """INCAR, POSCAR, POTCAR.spec and, where the set has a grid of its own, KPOINTS; nothing if `dft` is `none`.

    dft: `relax` for PBE(+U), `scan` for r2SCAN. MAGMOM is the set's ferromagnetic start. Raises ScreeningError if the
    set does not know an element.
    """
    if dft == NONE:
        return
    from pymatgen.io.vasp import sets

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about settings that the set itself chose, and potentials that are not here
        try:
            inputs = getattr(sets, _SETS[dft])(file.structure)
            inputs.write_input(str(folder), potcar_spec=True)
        except (KeyError, ValueError, OSError) as error:
            raise ScreeningError(f"{_SETS[dft]} cannot write inputs for {file.end}.cif: {error}") from None
