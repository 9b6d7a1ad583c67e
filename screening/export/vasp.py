"""Inputs for VASP by pymatgen's sets of the Materials Project; potentials are named, not included."""

from __future__ import annotations

import warnings
from pathlib import Path

from screening.errors import ScreeningError
from screening.export.crystals import CrystalFile

NONE = "none"
WARNINGS = "pymatgen_warnings.txt"
_SETS = {"relax": "MPRelaxSet", "scan": "MPScanRelaxSet"}


def write_vasp_inputs(file: CrystalFile, folder: Path, dft: str) -> None:
    """Write INCAR, POSCAR, POTCAR.spec and, if the set has its own grid, KPOINTS.

    MAGMOM is the set's ferromagnetic start. Warnings of pymatgen (a doubtful potential for Yb, smearing for a metal)
    are kept in a file beside them.

    Args:
        file: The crystal.
        folder: Where to write.
        dft: `relax` for PBE(+U), `scan` for r2SCAN, `none` for no inputs.

    Raises:
        ScreeningError: The set has no potential for an element (pymatgen would make up a name), or pymatgen failed.
    """
    if dft == NONE:
        return
    from pymatgen.io.vasp import sets

    kind = getattr(sets, _SETS[dft])
    unknown = sorted({site.specie.symbol for site in file.structure} - kind.CONFIG["POTCAR"].keys())
    if unknown:
        raise ScreeningError(f"no VASP inputs for {file.name}.cif: {_SETS[dft]} has no potential for {unknown[0]}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", sets.BadInputSetWarning)
        try:
            kind(file.structure).write_input(str(folder), potcar_spec=True)
        except (KeyError, ValueError, OSError) as error:
            raise ScreeningError(f"no VASP inputs for {file.name}.cif: {_SETS[dft]}: {error}") from None
    messages = {str(warning.message) for warning in caught if issubclass(warning.category, sets.BadInputSetWarning)}
    if messages:
        (folder / WARNINGS).write_text("\n".join([*sorted(messages), ""]), encoding="utf-8")
