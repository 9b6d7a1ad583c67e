"""Small CIFs for tests, and the crystals read from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from screening.chemistry.formulas import cell_formula
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.cif.cif_reader import crystal_of_cif
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.sites import Sites

CUBE = (5.64, 5.64, 5.64, 90, 90, 90)
HEXAGON = (4.28, 4.28, 6.11, 90, 90, 120)
SALT = ("Na1 Na 0 0 0", "Cl1 Cl 0.5 0.5 0.5")
FORMS = {  # NiAs
    "P63/mmc": [
        "x,y,z", "-y,x-y,z", "-x+y,-x,z", "-x,-y,z+1/2", "y,-x+y,z+1/2", "x-y,x,z+1/2", "y,x,-z", "x-y,-y,-z",
        "-x,-x+y,-z", "-y,-x,-z+1/2", "-x+y,y,-z+1/2", "x,x-y,-z+1/2", "-x,-y,-z", "y,-x+y,-z", "x-y,x,-z",
        "x,y,-z+1/2", "-y,x-y,-z+1/2", "-x+y,-x,-z+1/2", "-y,-x,z", "-x+y,y,z", "x,x-y,z", "y,x,z+1/2",
        "x-y,-y,z+1/2", "-x,-x+y,z+1/2",
    ],
}  # fmt: skip


def cell_lines(cell: Sequence[float | str] = CUBE) -> str:
    """The six lines of a cell."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    return "".join(f"_cell_{name} {value}\n" for name, value in zip(names, cell, strict=True))


def operation_lines(operations: Iterable[str], name: str = "_symmetry_equiv_pos_as_xyz") -> str:
    """A loop of operations."""
    return f"loop_\n{name}\n" + "".join(f"'{operation}'\n" for operation in operations)


def atom_lines(atoms: Iterable[str], *columns: str) -> str:
    """A loop of atoms with label, type, coordinates, and more columns."""
    names = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", *columns)
    return "loop_\n" + "".join(f"_atom_site_{name}\n" for name in names) + "".join(f"{atom}\n" for atom in atoms)


def cif(
    symmetry: str = "", atoms: Iterable[str] = SALT, *columns: str, cell: Sequence[float | str] = CUBE, more: str = ""
) -> str:
    """A CIF; `symmetry` is a symbol, or lines."""
    lines = (
        symmetry
        if symmetry.startswith(("_", "loop_")) or not symmetry
        else f"_symmetry_space_group_name_H-M '{symmetry}'\n"
    )
    return f"data_x\n{cell_lines(cell)}{lines}{more}{atom_lines(atoms, *columns)}"


def sites_of(text: str) -> Sites:
    """The crystal in a CIF."""
    return crystal_of_cif(text, ReadSettings())


def content_of(text: str) -> str:
    """The formula of the cell, or the reason of the refusal behind a `!`."""
    try:
        return cell_formula(sites_of(text).numbers)
    except UnreadableError as error:
        return f"!{error}"


def shortest_distance(sites: Sites) -> float:
    """The shortest distance in Å between different atoms."""
    difference = sites.frac[:, None] - sites.frac[None]
    difference -= np.rint(difference)
    distances = np.sqrt(((difference @ sites.lattice) ** 2).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())
