"""CIF, parsed by pymatgen."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from screening.chemistry.compositions import formula_counts
from screening.chemistry.elements import N_ELEMENTS
from screening.chemistry.formulas import reduced_formula
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.objects import from_structure
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.text_lines import decode_text
from screening.crystals.sites import Sites

_MAX_FORMULA_DEVIATION = 0.01


def read_cif(data: bytes, settings: ReadSettings) -> Sites:
    """The crystal of a CIF data block.

    Raises:
        UnreadableError: The block cannot be read, or its sites contradict its formula.
    """
    from pymatgen.io.cif import CifParser

    text = decode_text(data)
    if "_atom_site_label" not in text:
        text = text.replace("_atom_site_type_symbol", "_atom_site_label")  # pymatgen requires labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parser = CifParser.from_str(text, occupancy_tolerance=1.01)
            block: dict[str, Any] = next(iter(parser.as_dict().values()), {})
            labels = block.get("_atom_site_label", [])
            if not labels:
                raise UnreadableError("no atoms in this CIF (truncated?)")
            _refuse_huge(len(labels), text, settings)
            structures = parser.parse_structures(primitive=False, on_error="raise")
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise error if isinstance(error, UnreadableError) else _explain_cif(error) from None
        sites = from_structure(structures[0])
        if "implicit_hydrogens" in structures[0].site_properties:
            raise UnreadableError("hydrogen atoms without positions")
        if sites.occupancies is None:
            _check_formula(sites, block.get("_chemical_formula_sum"))
    return sites


def _refuse_huge(rows: int, text: str, settings: ReadSettings) -> None:
    """Refuse huge cells before pymatgen applies the symmetry, which takes time quadratic in the number of sites."""
    if rows > settings.max_atoms:
        raise UnreadableError(f"{rows} atoms listed, more than the limit of {settings.max_atoms}")
    operations = len(re.findall(r"^[^#\n]*[xyz][^#\n]*,[^#\n]*[xyz][^#\n]*,[^#\n]*[xyz]", text, re.MULTILINE | re.I))
    if rows * operations > 50 * settings.max_atoms:
        raise UnreadableError(f"{rows} sites under {operations} symmetry operations: far more than "
                              f"the limit of {settings.max_atoms} atoms")  # fmt: skip


def _explain_cif(error: Exception) -> UnreadableError:
    """An error of pymatgen in the words of other refusals."""
    exceeded = re.search(r"Occupancy ([\d.]+) exceeded tolerance", str(error))
    if exceeded:
        return UnreadableError(f"overlapping atoms: one place is occupied {float(exceeded[1]):.3g} times")
    return UnreadableError(f"malformed or truncated CIF ({type(error).__name__}: {error})")


def _check_formula(sites: Sites, stated: Any) -> None:
    """Refuse a CIF whose sites contradict its formula: one cut off between two lines parses without error."""
    expected = formula_counts([stated])[0] if isinstance(stated, str) else np.full(N_ELEMENTS, np.nan)
    if np.isnan(expected).any():
        return  # the formula, not the crystal, is malformed
    found = np.bincount(sites.numbers, minlength=N_ELEMENTS)
    if np.abs(found / found.sum() - expected / expected.sum()).max() > _MAX_FORMULA_DEVIATION:
        raise UnreadableError(
            f"the sites give {reduced_formula(sites.numbers)} but _chemical_formula_sum says {stated[:60]}: "
            "a truncated file, atoms without positions, or a formula that was not updated"
        )
