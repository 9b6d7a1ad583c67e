"""Other readers of the same bytes: gemmi, ASE and pymatgen, and a plain one for JSON; what they find is compared."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
from ase import Atoms
from ase.db import connect
from ase.io import read
from ase.io.jsonio import decode
from fuzzing.fingerprints import Fingerprint, fingerprint
from pymatgen.core import Structure
from pymatgen.io.cif import CifParser
from pymatgen.io.vasp.inputs import Poscar

Judge = Callable[[Path], list[Fingerprint]]
MOST_ATOMS = 2000


_FORTRAN = re.compile(r"(?<=\d)[dD](?=[+-]?\d+(?:\(\d+\))?(?:\s|$))")
_FRACTION = re.compile(r"(?<=[ \t])(\d{1,2})/([1-9]\d?)(?=\s)")
_SYMMETRY = re.compile(r"_(?:symop|equiv_pos|name_h-m|int_tables|it_number|space_group_symop)", re.IGNORECASE)


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cif(path: Path) -> str:
    """Exponents of Fortran (0.5d0) and fractions are numbers to us; others take them for text, or for not a number."""
    text = _FORTRAN.sub("e", _text(path))
    return _FRACTION.sub(lambda found: str(int(found[1]) / int(found[2])), text)


def _of_structure(structure: Structure) -> Fingerprint:
    if not structure.is_ordered or len(structure) > MOST_ATOMS:
        raise ValueError("partial occupancies or too many atoms")
    numbers = np.array([site.specie.Z for site in structure])
    return fingerprint(structure.lattice.matrix, numbers, structure.frac_coords)


def _of_atoms(atoms: Atoms) -> Fingerprint:
    if len(atoms) > MOST_ATOMS or not all(atoms.pbc):
        raise ValueError("no crystal, or too many atoms")
    return fingerprint(atoms.cell.array, atoms.numbers, atoms.get_scaled_positions(wrap=False))


def gemmi_cif(path: Path) -> list[Fingerprint]:
    """gemmi: its own table of space groups and its own expansion; blocks that it cannot read are left out."""
    text = _cif(path)
    try:
        blocks = list(gemmi.cif.read_string(text))
    except Exception:
        blocks = []
        for piece in re.split(r"(?m)^(?=\s*data_)", text):
            with suppress(Exception):
                blocks.extend(gemmi.cif.read_string(piece))
    found = []
    for block in blocks:
        with suppress(ValueError):
            found.extend(_of_block(block))
    return found


def _of_block(block: Any) -> Iterator[Fingerprint]:
    small = gemmi.make_small_structure_from_block(block)
    if not small.sites:
        return
    if small.spacegroup is None or any(abs(site.occ - 1) > 1e-3 for site in small.sites):
        raise ValueError("no space group, or partial occupancies")
    sites = small.get_all_unit_cell_sites()
    if len(sites) > MOST_ATOMS:
        raise ValueError("too many atoms")
    numbers = np.array([site.element.atomic_number for site in sites])
    if not numbers.all():
        raise ValueError("unknown elements, which gemmi keeps as X")
    frac = np.array([site.fract.tolist() for site in sites])
    yield fingerprint(np.array(small.cell.orth.mat.tolist()).T, numbers, frac)


def ase_cif(path: Path) -> list[Fingerprint]:
    """ASE, which does not know Hall symbols: without another statement of the symmetry it takes P 1."""
    text = _cif(path)
    if not _SYMMETRY.search(text):
        raise ValueError("no symmetry that ASE knows")
    return [_of_atoms(atoms) for atoms in read(StringIO(text), format="cif", index=":")]


def pymatgen_cif(path: Path) -> list[Fingerprint]:
    """pymatgen."""
    parser = CifParser.from_str(_cif(path))
    types = [kind for block in parser.as_dict().values() for kind in block.get("_atom_site_type_symbol", [])]
    if not all(kind[:1].isalpha() for kind in types):
        raise ValueError("types that pymatgen drops without a word")
    return [_of_structure(structure) for structure in parser.parse_structures(primitive=False, on_error="raise")]


def ase_poscar(path: Path) -> list[Fingerprint]:
    """ASE."""
    return [_of_atoms(read(StringIO(_text(path)), format="vasp"))]


def pymatgen_poscar(path: Path) -> list[Fingerprint]:
    """pymatgen."""
    return [_of_structure(Poscar.from_str(_text(path), read_velocities=False).structure)]


def ase_xyz(path: Path) -> list[Fingerprint]:
    """ASE, with names of columns in lower case: it leaves zeros for positions called Pos."""
    text = re.sub(r"(?i)properties=\S+", lambda found: "Properties=" + _lower(found[0].partition("=")[2]), _text(path))
    return [_of_atoms(atoms) for atoms in read(StringIO(text), format="extxyz", index=":")]


def _lower(columns: str) -> str:
    parts = columns.split(":")
    return ":".join(part.lower() if place % 3 == 0 else part for place, part in enumerate(parts))


def ase_sqlite(path: Path) -> list[Fingerprint]:
    """ASE."""
    return [_of_atoms(row.toatoms()) for row in connect(path, type="db").select()]


def plain_json(path: Path) -> list[Fingerprint]:
    """Every object that looks like a crystal in the documents of a file, which may follow each other."""
    text = path.read_bytes().decode("utf-8-sig")
    documents, start = [], 0
    while start < len(text):
        try:
            document, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            end = text.find("\n", start) + 1 or len(text)
        else:
            documents.append(document)
        start = end
        while start < len(text) and text[start] in " \t\r\n,":
            start += 1
    return [found for document in documents for found in _crystals(document)]


def _crystals(value: Any, depth: int = 0) -> Iterator[Fingerprint]:
    if depth > 8:
        return
    if isinstance(value, dict):
        found = _crystal(value)
        if found is not None:
            yield found
            return
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _crystals(each, depth + 1)


def _crystal(value: dict[str, Any]) -> Fingerprint | None:
    try:
        if "sites" in value and "lattice" in value:
            return _of_structure(Structure.from_dict(value))
        if "frac" in value:
            return _of_structure(Structure(value["lattice"], value["species"], value["frac"]))
        if "lattice_mat" in value:
            cartesian = value["cartesian"] in (True, "true", "True")
            arguments = value["lattice_mat"], value["elements"], value["coords"]
            return _of_structure(Structure(*arguments, coords_are_cartesian=cartesian))
        if "lattice_vectors" in value:
            symbols = {kind["name"]: kind["chemical_symbols"][0] for kind in value["species"]}
            species = [symbols[name] for name in value["species_at_sites"]]
            arguments = value["lattice_vectors"], species, value["cartesian_site_positions"]
            return _of_structure(Structure(*arguments, coords_are_cartesian=True))
        if "numbers" in value and "positions" in value:
            plain = decode(json.dumps(value))
            cell = getattr(plain["cell"], "array", plain["cell"])
            return _of_atoms(Atoms(plain["numbers"], plain["positions"], cell=cell, pbc=plain["pbc"]))
    except Exception:
        return None
    return None


JUDGES: dict[str, tuple[Judge, ...]] = {
    ".cif": (gemmi_cif, ase_cif, pymatgen_cif),
    ".vasp": (ase_poscar, pymatgen_poscar),
    ".extxyz": (ase_xyz,),
    ".db": (ase_sqlite,),
    ".json": (plain_json,),
    ".jsonl": (plain_json,),
}
"""The readers for each extension, the quickest first."""


def opinion(judge: Judge, path: Path) -> list[Fingerprint] | None:
    """What a reader finds; None if it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return judge(path)
        except Exception:
            return None
