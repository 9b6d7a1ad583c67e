"""CIF, POSCAR and extended XYZ; the last two are parsed by pymatgen and ASE."""

from __future__ import annotations

import warnings
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.cif.cif_reader import crystal_of_cif
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.rows import own_id
from screening.crystals.reading.species import atomic_number
from screening.crystals.sites import Occupancy, Sites

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure


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
        UnreadableError: As in `crystal_of_cif`.
    """
    return crystal_of_cif(decode_text(data), settings)


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
