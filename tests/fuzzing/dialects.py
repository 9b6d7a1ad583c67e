"""One crystal as the programs of the field write it: CIF in six dialects, POSCAR in three, XYZ and JSON."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.db import connect
from ase.io import write
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp.inputs import Poscar

Writer = Callable[[Structure], bytes]


def _atoms(structure: Structure) -> Atoms:
    plain = Structure(structure.lattice, [site.specie.symbol for site in structure], structure.frac_coords)
    return AseAtomsAdaptor.get_atoms(plain)


def _pymatgen_cif(structure: Structure) -> bytes:
    return str(CifWriter(structure)).encode()


def _pymatgen_symmetrized(structure: Structure) -> bytes:
    return str(CifWriter(structure, symprec=0.01)).encode()


def _ase_cif(structure: Structure) -> bytes:
    stream = BytesIO()
    write(stream, _atoms(structure), format="cif")
    return stream.getvalue()


class Standard:
    """The standard cell of a crystal: its symmetry, and one atom of each orbit."""

    def __init__(self, structure: Structure) -> None:
        cell = (structure.lattice.matrix, structure.frac_coords, list(structure.atomic_numbers))
        self.data = spglib.get_symmetry_dataset(cell, symprec=0.01)
        lattice, frac, numbers = spglib.standardize_cell(cell, to_primitive=False, no_idealize=False, symprec=0.01)
        self.data = spglib.get_symmetry_dataset((lattice, frac, numbers), symprec=0.01)
        self.type = spglib.get_spacegroup_type(self.data.hall_number)
        self.structure = Structure(lattice, list(numbers), frac)
        first = np.unique(self.data.equivalent_atoms)
        self.orbits = [(self.structure[int(i)], int((self.data.equivalent_atoms == i).sum())) for i in first]
        self.wyckoff = [self.data.wyckoffs[int(i)] for i in first]
        found = spglib.get_symmetry_from_database(self.data.hall_number)
        self.operations = list(zip(found["rotations"], found["translations"], strict=True))

    def cell_lines(self, format: str = "{:.6f}") -> list[str]:
        lattice = self.structure.lattice
        names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        return [f"_cell_{name}  {format.format(value)}" for name, value in zip(names, lattice.parameters, strict=True)]

    def triplets(self) -> list[str]:
        return [_triplet(rotation, translation) for rotation, translation in self.operations]


def _triplet(rotation: Any, translation: Any) -> str:
    words = []
    for row, shift in zip(rotation, translation, strict=True):
        text = "".join(f"{'-' if c < 0 else '+'}{axis}" for c, axis in zip(row, "xyz", strict=True) if c)
        twelfths = round(float(shift) * 12) % 12
        if twelfths:
            divisor = np.gcd(twelfths, 12)
            text += f"+{twelfths // divisor}/{12 // divisor}"
        words.append(text.removeprefix("+"))
    return ",".join(words)


def _vesta_cif(structure: Structure) -> bytes:
    standard = Standard(structure)
    lines = ["", "#" + "=" * 70, "# CRYSTAL DATA", "#" + "-" * 70, "data_VESTA_phase_1", ""]
    lines += [f"_chemical_name_common                  '{structure.formula}'", *standard.cell_lines("{:.8f}(0)")]
    lines += [f"_cell_volume {standard.structure.volume:.6f}"]
    lines += [f"_space_group_name_H-M_alt              '{_spaced(standard)}'"]
    lines += [f"_space_group_IT_number                 {standard.type.number}", "", "loop_"]
    lines += ["_space_group_symop_operation_xyz", *(f"   '{text}'" for text in standard.triplets()), "", "loop_"]
    names = "label occupancy fract_x fract_y fract_z adp_type U_iso_or_equiv type_symbol"
    lines += [f"   _atom_site_{name}" for name in names.split()]
    for number, (site, _) in enumerate(standard.orbits, 1):
        x, y, z = site.frac_coords
        symbol = site.specie.symbol
        lines.append(f"   {symbol}{number}  1.0  {x:.6f}  {y:.6f}  {z:.6f}  Uiso  ? {symbol}")
    return "\n".join(lines).encode()


def _spaced(standard: Standard) -> str:
    """The full symbol that spglib has, which VESTA shortens: `P 2_1/c` becomes `P 1 21/c 1`."""
    return standard.type.international_full.replace("_", "")


def _aflow_cif(structure: Structure) -> bytes:
    standard = Standard(structure)
    lines = ["# CIF file", f"data_{structure.composition.reduced_formula}", "_pd_phase_name prototype"]
    lines += [*standard.cell_lines("{:.10f}"), ""]
    lines += [f'_symmetry_space_group_name_H-M "{standard.type.international_short.replace("_", "")}"']
    lines += [f"_symmetry_Int_Tables_Number {standard.type.number}", "", "loop_"]
    lines += ["_symmetry_equiv_pos_site_id", "_symmetry_equiv_pos_as_xyz"]
    lines += [f"{number} {text}" for number, text in enumerate(standard.triplets(), 1)]
    names = "label type_symbol symmetry_multiplicity Wyckoff_label fract_x fract_y fract_z occupancy"
    lines += ["", "loop_", *(f"_atom_site_{name}" for name in names.split())]
    for number, ((site, count), letter) in enumerate(zip(standard.orbits, standard.wyckoff, strict=True), 1):
        x, y, z = site.frac_coords
        symbol = site.specie.symbol
        lines.append(f"{symbol}{number} {symbol} {count} {letter} {x:.10f} {y:.10f} {z:.10f} 1.00000")
    return "\n".join([*lines, ""]).encode()


def _hall_cif(structure: Structure) -> bytes:
    """As databases of minerals shorten it: the Hall symbol, no list of operations, standard uncertainties."""
    standard = Standard(structure)
    lines = ["data_global", "_journal_year 1999", "data_1", *standard.cell_lines("{:.6f}(5)")]
    lines += [f"_space_group_name_Hall '{standard.type.hall_symbol}'", "loop_"]
    lines += [f"_atom_site_{name}" for name in ("label", "fract_x", "fract_y", "fract_z")]
    for number, (site, _) in enumerate(standard.orbits, 1):
        x, y, z = site.frac_coords
        lines.append(f"{site.specie.symbol}{number} {x:.7f}(2) {y:.7f}(2) {z:.7f}(2)")
    return "\r\n".join([*lines, ""]).encode()


def _pymatgen_poscar(structure: Structure) -> bytes:
    return Poscar(structure).get_str(significant_figures=10).encode()


def _ase_poscar(structure: Structure) -> bytes:
    stream = StringIO()
    write(stream, _atoms(structure), format="vasp", direct=False, sort=True)
    return stream.getvalue().encode()


def _relaxed_contcar(structure: Structure) -> bytes:
    """As VASP leaves it: a scale factor, selective dynamics, velocities."""
    ordered = structure.get_sorted_structure()
    amounts = ordered.composition.get_el_amt_dict()
    lines = ["relaxed", "   2.000"]
    lines += [" ".join(f"{value / 2:20.14f}" for value in vector) for vector in ordered.lattice.matrix]
    lines += [" ".join(f"{symbol}_pv" for symbol in amounts), " ".join(f"{amount:.0f}" for amount in amounts.values())]
    lines += ["Selective dynamics", "Direct"]
    lines += [" ".join(f"{value:19.15f}" for value in site.frac_coords) + "   T   T   F" for site in ordered]
    return "\n".join([*lines, "", *(["  0.0  0.0  0.0"] * len(ordered)), ""]).encode()


def _extxyz(structure: Structure) -> bytes:
    stream = StringIO()
    write(stream, _atoms(structure), format="extxyz")
    return stream.getvalue().encode()


def _plain(structure: Structure) -> dict[str, Any]:
    symbols = [site.specie.symbol for site in structure]
    return {"lattice": structure.lattice.matrix.tolist(), "species": symbols, "frac": structure.frac_coords.tolist()}


def _row(structure: Structure) -> bytes:
    return json.dumps({"id": "row-1", **_plain(structure)}).encode()


def _materials_project(structure: Structure) -> bytes:
    return json.dumps({"data": [{"material_id": "mp-1", "structure": structure.as_dict()}], "meta": {}}).encode()


def _entries(structure: Structure) -> bytes:
    entry = {"@class": "ComputedStructureEntry", "energy": -1.0, "entry_id": "agm1", "structure": structure.as_dict()}
    return json.dumps([entry]).encode()


def _optimade(structure: Structure) -> bytes:
    symbols = [site.specie.symbol for site in structure]
    kinds = sorted(set(symbols))
    attributes = {
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "cartesian_site_positions": structure.cart_coords.tolist(),
        "species_at_sites": symbols,
        "species": [{"name": kind, "chemical_symbols": [kind], "concentration": [1.0]} for kind in kinds],
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "nsites": len(symbols),
    }
    return json.dumps({"data": [{"id": "odbx-1", "type": "structures", "attributes": attributes}]}).encode()


def _jarvis(structure: Structure) -> bytes:
    symbols = [site.specie.symbol for site in structure]
    atoms = {
        "lattice_mat": structure.lattice.matrix.tolist(),
        "coords": structure.frac_coords.tolist(),
        "elements": symbols,
        "cartesian": False,
    }
    return json.dumps([{"jid": "JVASP-1", "atoms": atoms}]).encode()


def _ase_json(structure: Structure) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        connect(path).write(_atoms(structure))
        text = path.read_text("utf-8")
    text = re.sub(r'("[cm]time": )[\d.]+', r"\g<1>26.5", text)  # the same bytes in every run
    return re.sub(r'("unique_id": ")\w+', rf"\g<1>{'0' * 32}", text).encode()


def _ase_database(structure: Structure) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        connect(path).write(_atoms(structure))
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"UPDATE systems SET ctime = 26.5, mtime = 26.5, unique_id = '{'0' * 32}'")
            database.commit()
        return path.read_bytes()


DIALECTS: dict[str, tuple[str, Writer]] = {
    "pymatgen, P 1": (".cif", _pymatgen_cif),
    "pymatgen, symmetrized": (".cif", _pymatgen_symmetrized),
    "ASE": (".cif", _ase_cif),
    "like VESTA": (".cif", _vesta_cif),
    "like AFLOW": (".cif", _aflow_cif),
    "Hall symbol alone": (".cif", _hall_cif),
    "POSCAR of pymatgen": (".vasp", _pymatgen_poscar),
    "POSCAR of ASE": (".vasp", _ase_poscar),
    "CONTCAR": (".vasp", _relaxed_contcar),
    "extended XYZ": (".extxyz", _extxyz),
    "row": (".jsonl", _row),
    "answer of the Materials Project": (".json", _materials_project),
    "computed entries": (".json", _entries),
    "OPTIMADE": (".json", _optimade),
    "JARVIS": (".json", _jarvis),
    "ASE's JSON": (".json", _ase_json),
    "ASE's SQLite": (".db", _ase_database),
}
"""Extension and writer by name."""
