"""Every input form gives the same crystal, its own id or its file's name."""

from __future__ import annotations

import gzip
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.db import connect
from ase.io import write
from pymatgen.core import Composition, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals


def only(source: Path, settings: ReadSettings | None = None) -> Crystal:
    (item,) = read_crystals(source, settings or ReadSettings(workers=0))
    assert isinstance(item, Crystal), item
    return item


def row(structure: Structure) -> dict[str, object]:
    return {
        "lattice": structure.lattice.matrix.tolist(),
        "species": [site.specie.symbol for site in structure],
        "frac": structure.frac_coords.tolist(),
    }


def write_as(form: str, structure: Structure, folder: Path) -> Path:
    path = folder / f"crystal{form}"
    atoms = AseAtomsAdaptor.get_atoms(structure)
    if form == ".cif":
        structure.to(filename=str(path))
    elif form in (".vasp", ".poscar"):
        path.write_text(structure.to(fmt="poscar"))
    elif form == ".db":
        connect(path).write(atoms)
    elif form in (".xyz", ".extxyz"):
        write(path, atoms, format="extxyz")
    elif form == ".json":
        path.write_text(json.dumps(structure.as_dict()))
    elif form == ".jsonl":
        path.write_text(json.dumps(row(structure)))
    elif form == ".jsonl.gz":
        path.write_bytes(gzip.compress(json.dumps(row(structure)).encode()))
    elif form == ".cif.gz":
        path.write_bytes(gzip.compress(structure.to(fmt="cif").encode()))
    elif form == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(write_as(".cif", structure, folder), "inner/crystal.cif")
    else:
        with tarfile.open(path, "w:gz" if form.endswith("gz") else "w") as archive:
            archive.add(write_as(".db", structure, folder), "inner/crystal.db")
    return path


FORMS = [".cif", ".vasp", ".poscar", ".db", ".xyz", ".extxyz", ".json", ".jsonl", ".jsonl.gz", ".cif.gz", ".zip",
         ".tar", ".tar.gz"]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_crystal(form: str, structure: Structure, tmp_path: Path) -> None:
    crystal = only(write_as(form, structure, tmp_path))
    assert crystal.candidate_id == "crystal"
    assert crystal.formula == "LiFePO2"
    assert crystal.source.split("/")[0] == f"crystal{form}"
    assert crystal.lattice.dtype == np.float64 and crystal.frac.shape == (5, 3)
    # A CIF stores lengths and angles, so the cell may come back rotated: compare what rotation leaves alone.
    assert np.allclose(crystal.lattice @ crystal.lattice.T, structure.lattice.matrix @ structure.lattice.matrix.T, 1e-4)
    expected = {(site.specie.Z, *np.round(site.frac_coords % 1, 3)) for site in structure}
    assert {(z, *np.round(f % 1, 3)) for z, f in zip(crystal.numbers, crystal.frac, strict=True)} == expected


@pytest.mark.parametrize("name", ["POSCAR", "CONTCAR", "POSCAR.relaxed", "contcar_3"])
def test_poscar_by_name(name: str, structure: Structure, tmp_path: Path) -> None:
    (tmp_path / name).write_text(structure.to(fmt="poscar"))
    assert only(tmp_path / name).candidate_id == name


def test_symmetry_of_a_cif_is_applied(tmp_path: Path) -> None:
    salt = Structure.from_spacegroup("Fm-3m", np.eye(3) * 5.64, ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    salt.to(filename=str(tmp_path / "salt.cif"), symprec=0.01)
    assert only(tmp_path / "salt.cif").n_atoms == 8


def test_cif_of_several_blocks(structure: Structure, tmp_path: Path) -> None:
    metadata = "data_global\n_publ_section_title\n;\ndata_not a block\n;\n"
    second = structure.copy()
    second.replace(1, "Mn")
    text = metadata + structure.to(fmt="cif") + "data_broken\n_cell_length_a 3\n" + second.to(fmt="cif")
    (tmp_path / "many.cif").write_text(text)
    items = list(read_crystals(tmp_path / "many.cif"))
    assert [item.candidate_id for item in items] == ["many#1", "many#2", "many#3"]
    assert [item.formula if isinstance(item, Crystal) else item.stage for item in items] == [
        "LiFePO2", "read", "LiMnPO2"
    ]  # fmt: skip


def test_frames_of_xyz_and_their_ids(structure: Structure, tmp_path: Path) -> None:
    frames = []
    for index, info in enumerate([{"mp_id": "mp-1"}, {}, {"name": "second of its kind"}, {"id": 7}]):
        moved = structure.copy()
        moved.scale_lattice(moved.volume * (1 + 0.01 * index))
        atoms = AseAtomsAdaptor.get_atoms(moved)
        atoms.info = dict(info)
        frames.append(atoms)
    write(tmp_path / "run.extxyz", frames, format="extxyz")
    items = list(read_crystals(tmp_path / "run.extxyz"))
    assert [item.candidate_id for item in items] == ["mp-1", "run#2", "second of its kind", "7"]
    assert items[1].source == "run.extxyz#2"


def test_ase_database_is_only_read(structure: Structure, tmp_path: Path) -> None:
    path = tmp_path / "set.db"
    with connect(path) as database:
        database.write(AseAtomsAdaptor.get_atoms(structure), mp_id="mp-5")
        structure.replace(0, "Na")
        database.write(AseAtomsAdaptor.get_atoms(structure))
    before = path.read_bytes()
    path.chmod(0o400)
    assert [item.candidate_id for item in read_crystals(path)] == ["mp-5", "set#2"]
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["set.db"]


def test_json_lists_and_nested_structures(structure: Structure, tmp_path: Path) -> None:
    other = structure.copy()
    other.replace(1, "Mn")
    document = [structure.as_dict(), {"id": "mine", "structure": other.as_dict()}, 5, {"name": "x", **row(structure)}]
    (tmp_path / "list.json").write_text(json.dumps(document, indent=1))
    items = list(read_crystals(tmp_path / "list.json"))
    assert [item.candidate_id for item in items] == ["list#1", "mine", "list#3", "x"]
    assert [type(item) for item in items] == [Crystal, Crystal, Rejection, Rejection]
    assert "exact duplicate of list#1" in items[3].reason


def test_oxidation_states_isotopes_and_atomic_numbers(tmp_path: Path) -> None:
    lines = [
        {"lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "species": species, "frac": [[0, 0, 0], [0.5, 0.5, 0.5]]}
        for species in (
            ["Fe3+", "O2-"],
            ["Fe", "D"],
            [26, 17],
            ["Fe+2.5", {"S2-": 1}],
            [{"Fe2+": 0.4, "Fe3+": 0.6}, "F"],
        )
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    crystals = [item for item in read_crystals(tmp_path / "r.jsonl") if isinstance(item, Crystal)]
    assert [crystal.numbers.tolist() for crystal in crystals] == [[26, 8], [26, 1], [26, 17], [26, 16], [26, 9]]


def test_the_python_stream(structure: Structure) -> None:
    named = structure.copy()
    named.replace(1, "Co")
    named.properties["id"] = "from properties"
    atoms = AseAtomsAdaptor.get_atoms(structure)
    molecule = AseAtomsAdaptor.get_atoms(structure)
    molecule.pbc = False
    ready = Crystal.from_arrays("ready", np.eye(3) * 4, [26], [[0, 0, 0]], flags=("mine",))
    items = list(as_crystals([structure, named, atoms, molecule, ready, 5]))  # type: ignore[list-item]
    assert [item.candidate_id for item in items] == [
        "structure#0", "from properties", "structure#2", "structure#3", "ready", "structure#5"
    ]  # fmt: skip
    assert [isinstance(item, Crystal) for item in items] == [True, True, True, False, True, False]
    assert "not periodic" in items[3].reason and "found int" in items[5].reason
    assert items[4].flags == ("mine",)
    assert [item.candidate_id for item in as_crystals(named)] == ["from properties"]


def test_the_formula_tells_a_truncated_cif(structure: Structure, tmp_path: Path) -> None:
    lines = structure.to(fmt="cif").rstrip().split("\n")
    (tmp_path / "cut.cif").write_text("\n".join(lines[:-1]) + "\n")  # between two lines: it parses well
    (item,) = read_crystals(tmp_path / "cut.cif")
    assert isinstance(item, Rejection) and "LiFePO but _chemical_formula_sum says" in item.reason
    assert Composition("LiFePO").num_atoms == 4


BAD_TEXT = {
    "unnamed.vasp": ("t\n1.0\n3 0 0\n0 3 0\n0 0 3\n1\nDirect\n0 0 0\n", "does not name its elements"),
    "short.vasp": ("t\n1.0\n3 0 0\n0 3 0\n0 0 3\nFe\n3\nDirect\n0 0 0\n", "truncated"),
    "molecule.xyz": ("2\nwater\nO 0 0 0\nH 0 0 1\n", "no lattice"),
    "slab.xyz": ('1\nLattice="3 0 0 0 3 0 0 0 9" pbc="T T F"\nFe 0 0 0\n', "not periodic in three directions"),
    "short.xyz": ('3\nLattice="3 0 0 0 3 0 0 0 3"\nFe 0 0 0\n', "truncated"),
    "words.xyz": ("hello\n", "should be a number of atoms"),
    "sql.db": ("not sqlite", "not an ASE database"),
    "half.json": ('[{"lattice": [[3, 0', "not valid JSON"),
    "none.json": ("[]", "empty"),
    "ragged.json": ('{"lattice": [[3,0,0],[0,3,0],[0,0]], "species": ["Fe"], "frac": [[0,0,0]]}', "three vectors"),
    "count.json": ('{"lattice": [[3,0,0],[0,3,0],[0,0,3]], "species": [26], "frac": []}', "1 species but 0 positions"),
    "dummy.json": ('{"lattice": [[3,0,0],[0,3,0],[0,0,3]], "species": ["Xx"], "frac": [[0,0,0]]}', "not an element"),
    "nan.json": ('{"lattice": [[NaN,0,0],[0,3,0],[0,0,3]], "species": ["Fe"], "frac": [[0,0,0]]}', "NaN"),
    "molecule.json": ('{"sites": []}', "molecule"),
    "damaged.jsonl.gz": ("not gzip at all", "breaks off"),
    "double.cif": (
        "data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
        "_cell_angle_gamma 90\nloop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
        "Fe1 0 0 0\nFe2 0 0 0\n",
        "overlapping atoms: one place is occupied 2 times",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TEXT)
def test_bad_text_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    text, reason = BAD_TEXT[name]
    (tmp_path / name).write_text(text)
    items = list(read_crystals(tmp_path / name))
    assert len(items) == 1 and isinstance(items[0], Rejection)
    assert reason in items[0].reason
    assert items[0].candidate_id == name.split(".")[0]
