"""The text formats of crystallography, parsed by pymatgen and ASE: CIF, POSCAR and extended XYZ."""

from __future__ import annotations

import re
import warnings
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from screening.chemistry.compositions import formula_counts
from screening.chemistry.elements import N_ELEMENTS
from screening.chemistry.formulas import reduced_formula
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.rows import atomic_number, own_id
from screening.crystals.sites import Occupancy, Sites

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

_MAX_FORMULA_DEVIATION = 0.01


def decode_text(data: bytes) -> str:
    """Text of a file in UTF-8 or, failing that, Latin-1; raises UnreadableError for an empty or binary file."""
    if not data.strip():
        raise UnreadableError("the file is empty")
    if b"\0" in data:
        raise UnreadableError("binary data where text was expected")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_cif(data: bytes, settings: ReadSettings) -> Sites:
    """One CIF data block. Raises UnreadableError, also when the sites contradict the file's own formula."""
    from pymatgen.io.cif import CifParser

    text = decode_text(data)
    if "_atom_site_label" not in text:
        text = text.replace("_atom_site_type_symbol", "_atom_site_label")  # pymatgen insists on labels
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
    """Refuse before pymatgen applies the symmetry: its time grows with the square of the number of sites."""
    if rows > settings.max_atoms:
        raise UnreadableError(f"{rows} atoms listed, more than the limit of {settings.max_atoms}")
    operations = len(re.findall(r"^[^#\n]*[xyz][^#\n]*,[^#\n]*[xyz][^#\n]*,[^#\n]*[xyz]", text, re.MULTILINE | re.I))
    if rows * operations > 50 * settings.max_atoms:
        raise UnreadableError(f"{rows} sites under {operations} symmetry operations: far more than "
                              f"the limit of {settings.max_atoms} atoms")  # fmt: skip


def _explain_cif(error: Exception) -> UnreadableError:
    """pymatgen's complaints in the words of the other refusals."""
    exceeded = re.search(r"Occupancy ([\d.]+) exceeded tolerance", str(error))
    if exceeded:
        return UnreadableError(f"overlapping atoms: one place is occupied {float(exceeded[1]):.3g} times")
    return UnreadableError(f"malformed or truncated CIF ({type(error).__name__}: {error})")


def _check_formula(sites: Sites, stated: Any) -> None:
    """A CIF cut off between two lines parses well; its formula tells that atoms are missing."""
    expected = formula_counts([stated])[0] if isinstance(stated, str) else np.full(N_ELEMENTS, np.nan)
    if np.isnan(expected).any():
        return  # the formula, not the crystal, is malformed
    found = np.bincount(sites.numbers, minlength=N_ELEMENTS)
    if np.abs(found / found.sum() - expected / expected.sum()).max() > _MAX_FORMULA_DEVIATION:
        raise UnreadableError(
            f"the sites give {reduced_formula(sites.numbers)} but _chemical_formula_sum says {stated[:60]}: "
            "a truncated file, atoms without positions, or a formula that was not updated"
        )


def read_poscar(data: bytes) -> Sites:
    """A POSCAR or CONTCAR that names its elements. Raises UnreadableError."""
    from pymatgen.io.vasp.inputs import BadPoscarWarning, Poscar

    text = decode_text(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", BadPoscarWarning)  # it replaces unnamed elements by H, He, ...
        try:
            return from_structure(Poscar.from_str(text, read_velocities=False).structure)
        except BadPoscarWarning:
            raise UnreadableError("this POSCAR does not name its elements (VASP 4 format)") from None
        except (ValueError, IndexError) as error:
            raise UnreadableError(f"not a POSCAR, or truncated ({error})") from None


def read_xyz(data: bytes) -> Sites:
    """One frame of extended XYZ with a `Lattice=`. Raises UnreadableError."""
    from ase.io.extxyz import XYZError, read_xyz

    text = decode_text(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            (atoms,) = read_xyz(StringIO(text), index=slice(0, 1))
        except (XYZError, ValueError, KeyError, IndexError) as error:
            raise UnreadableError(f"not a frame of extended XYZ, or truncated ({error})") from None
    return from_atoms(atoms)


def from_structure(structure: Structure) -> Sites:
    """A pymatgen structure; oxidation states are dropped. Raises UnreadableError on dummy species."""
    occupancies: list[Occupancy] = []
    for species in structure.species_and_occu:
        site: Occupancy = {}
        for element, amount in species.items():
            number = atomic_number(element.symbol)
            site[number] = site.get(number, 0.0) + float(amount)
        if not site:
            raise UnreadableError("a site without any atom")
        occupancies.append(site)
    identity = own_id(structure.properties or {})
    return Sites.from_occupancies(structure.lattice.matrix.copy(), occupancies, structure.frac_coords.copy(), identity)


def from_atoms(atoms: Atoms) -> Sites:
    """ASE atoms, periodic in three directions. Raises UnreadableError."""
    return from_positions(
        np.array(atoms.cell.array), atoms.numbers, np.array(atoms.positions), list(atoms.pbc), own_id(atoms.info)
    )


def from_positions(
    lattice: NDArray[np.float64],
    numbers: NDArray[np.integer],
    positions: NDArray[np.float64],
    periodic: list[bool],
    identity: str,
) -> Sites:
    """From Cartesian positions (n, 3) in Å. Raises UnreadableError for a molecule, a slab or a cell without volume."""
    if not lattice.any():
        raise UnreadableError("no lattice: a molecule, not a crystal")
    if not all(periodic):
        raise UnreadableError(f"not periodic in three directions (pbc {' '.join('TF'[not p] for p in periodic)})")
    species = np.array([atomic_number(int(z)) for z in numbers], dtype=np.int16)
    try:
        frac = np.linalg.solve(lattice.T, positions.T).T
    except np.linalg.LinAlgError:
        raise UnreadableError("absurd lattice: the cell encloses no volume") from None
    return Sites(lattice, species, np.asarray(frac, dtype=np.float64), None, identity)
