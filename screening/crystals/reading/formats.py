"""CIF, POSCAR and extended XYZ, parsed by pymatgen and ASE."""

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
    """Text of a file in UTF-8, or else in Latin-1.

    Raises:
        UnreadableError: The file is empty or binary.
    """
    if not data.strip():
        raise UnreadableError("the file is empty")
    if b"\0" in data:
        raise UnreadableError("binary data where text was expected")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


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


def read_poscar(data: bytes) -> Sites:
    """The crystal of a POSCAR or CONTCAR that names its elements.

    Raises:
        UnreadableError: The file cannot be read or does not name its elements.
    """
    from pymatgen.io.vasp.inputs import BadPoscarWarning, Poscar

    text = decode_text(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", BadPoscarWarning)  # pymatgen replaces unnamed elements by H, He, ...
        try:
            return from_structure(Poscar.from_str(text, read_velocities=False).structure)
        except BadPoscarWarning:
            raise UnreadableError("this POSCAR does not name its elements (VASP 4 format)") from None
        except (ValueError, IndexError) as error:
            raise UnreadableError(f"not a POSCAR, or truncated ({error})") from None


def read_xyz(data: bytes) -> Sites:
    """The crystal of a frame of extended XYZ with a `Lattice=`.

    Raises:
        UnreadableError: The frame cannot be read, or is not periodic.
    """
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
    """The crystal of a pymatgen structure, without oxidation states.

    Raises:
        UnreadableError: A site is empty or has a dummy species.
    """
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
    """The crystal of ASE atoms.

    Raises:
        UnreadableError: As in `from_positions`.
    """
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
    """A crystal from Cartesian positions.

    Args:
        lattice: (3, 3) row vectors in Å.
        numbers: (n,) atomic numbers.
        positions: (n, 3) in Å.
        periodic: Periodicity along each lattice vector.
        identity: The id in the input; empty if it has none.

    Raises:
        UnreadableError: It is a molecule or a slab, or its cell has no volume.
    """
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
