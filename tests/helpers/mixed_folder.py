"""A folder of good crystals in many formats with 50 broken files of ten kinds among them."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

BROKEN_OF_EACH_KIND = 5

_IONS = ["Li", "Na"]
_METALS = ["Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni"]
_ANIONS = ["O", "S"]
_FRAC = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 0.5]]
_GOOD_NAMES = ["{}", "crystal {}", "образец {}", "a#{}", "x={}", "[{}], (new)"]

Crystal = tuple[float, float, list[str]]
"""a and c of a tetragonal cell in Å, four species: a rock salt of alternating layers."""


def build_mixed_folder(folder: Path, good: int, seed: int) -> dict[str, str]:
    """Fill `folder` with `good` readable crystals (one file each, distinct) and 50 broken inputs.

    Returns, for each broken input by its path within the folder, words that the reason of its refusal must contain.
    """
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(good):
        _write_good(folder, index, _random_crystal(rng, index))
    expected: dict[str, str] = {}
    for index in range(BROKEN_OF_EACH_KIND):
        crystal = _random_crystal(rng, good + index)
        expected |= _write_broken_text(folder, index, crystal, rng)
        expected |= _write_broken_structures(folder, index, crystal)
        expected |= _write_hostile(folder, index, crystal)
    return expected


def cif_text(crystal: Crystal, occupancies: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)) -> str:
    """A CIF without symmetry."""
    a, c, species = crystal
    atoms = "".join(
        f"{symbol}{i} {symbol} {x} {y} {z} {occupancy}\n"
        for i, (symbol, (x, y, z), occupancy) in enumerate(zip(species, _FRAC, occupancies, strict=True))
    )
    return (
        f"# made for a test\ndata_crystal\n_cell_length_a {a}\n_cell_length_b {a}\n_cell_length_c {c}\n"
        "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_IT_number 1\n"
        "loop_\n_symmetry_equiv_pos_site_id\n_symmetry_equiv_pos_as_xyz\n1 'x, y, z'\n"
        "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
        f"_atom_site_fract_z\n_atom_site_occupancy\n{atoms}"
    )


def poscar_text(crystal: Crystal) -> str:
    """A VASP 5 POSCAR; a may be NaN."""
    a, c, species = crystal
    positions = "".join(f"{x} {y} {z}\n" for x, y, z in _FRAC)
    names, counts = " ".join(species), " ".join("1" for _ in species)
    return f"test\n1.0\n{a} 0 0\n0 {a} 0\n0 0 {c}\n{names}\n{counts}\nDirect\n{positions}"


def xyz_text(crystal: Crystal) -> str:
    """One frame of extended XYZ."""
    a, c, species = crystal
    atoms = "".join(f"{symbol} {x * a} {y * a} {z * c}\n" for symbol, (x, y, z) in zip(species, _FRAC, strict=True))
    return f'4\nLattice="{a} 0 0 0 {a} 0 0 0 {c}" Properties=species:S:1:pos:R:3 pbc="T T T"\n{atoms}'


def row(crystal: Crystal) -> dict[str, object]:
    """A row of lattice, species, frac, without an id."""
    a, c, species = crystal
    return {"lattice": [[a, 0, 0], [0, a, 0], [0, 0, c]], "species": species, "frac": _FRAC}


def _random_crystal(rng: random.Random, index: int) -> Crystal:
    anion = rng.choice(_ANIONS)
    a = (2.9 if anion == "O" else 3.6) + 1e-4 * index  # a different cell for every index: no duplicates
    return round(a, 4), round(a * rng.uniform(1.35, 1.5), 4), [rng.choice(_IONS), rng.choice(_METALS), anion, anion]


def _write_good(folder: Path, index: int, crystal: Crystal) -> None:
    below = folder / f"batch {index % 3}"
    below.mkdir(exist_ok=True)
    name = _GOOD_NAMES[index % len(_GOOD_NAMES)].format(index)
    match index % 5:
        case 0:
            (below / f"{name}.cif").write_text(cif_text(crystal), encoding="utf-8")
        case 1:
            (below / f"{name}.vasp").write_text(poscar_text(crystal), encoding="utf-8")
        case 2:
            (below / f"{name}.extxyz").write_text(xyz_text(crystal), encoding="utf-8")
        case 3:
            (below / f"{name}.json").write_text(json.dumps(row(crystal)), encoding="utf-8")
        case _:
            (below / f"{name}.jsonl").write_text(json.dumps({"id": name, **row(crystal)}) + "\n", encoding="utf-8")


def _write_broken_text(folder: Path, index: int, crystal: Crystal, rng: random.Random) -> dict[str, str]:
    whole = cif_text(crystal)
    truncated, junk, empty, odd = (
        f"truncated_{index}.cif",
        f"junk_{index}.cif",
        f"empty_{index}.vasp",
        f"сломан ный {index} ü.json",
    )
    (folder / truncated).write_text(
        whole[: whole.index("\n", whole.index("crystal")) + 60 + 60 * index], encoding="utf-8"
    )
    (folder / junk).write_bytes(bytes([0x7F, 0x45, 0x00, *(rng.randrange(256) for _ in range(500))]))
    (folder / empty).write_bytes(b"")
    (folder / odd).write_text('{"species": ["Fe"], "frac": [[0, 0, 0]]}', encoding="utf-8")
    return {truncated: "unreadable", junk: "binary", empty: "empty", odd: "no lattice"}


def _write_broken_structures(folder: Path, index: int, crystal: Crystal) -> dict[str, str]:
    _, c, species = crystal
    names = [f"nan_{index}.vasp", f"overlap_{index}.json", f"partial_{index}.cif", f"huge_{index}.vasp"]
    (folder / names[0]).write_text(poscar_text((float("nan"), c, species)), encoding="utf-8")
    overlapping = {**row(crystal), "frac": [*_FRAC[:3], _FRAC[2]]}
    (folder / names[1]).write_text(json.dumps(overlapping), encoding="utf-8")
    (folder / names[2]).write_text(cif_text(crystal, (0.5, 1.0, 1.0, 1.0)), encoding="utf-8")
    side = 22  # 22^3 = 10,648 atoms
    grid = "".join(
        f"{x / side:.6f} {y / side:.6f} {z / side:.6f}\n" for x in range(side) for y in range(side) for z in range(side)
    )
    edge = 2.5 * side
    (folder / names[3]).write_text(
        f"huge\n1.0\n{edge} 0 0\n0 {edge} 0\n0 0 {edge}\nFe\n{side**3}\nDirect\n{grid}", encoding="utf-8"
    )
    return dict(zip(names, ["not a number", "overlapping atoms", "partial occupancies", "10648 atoms"], strict=True))


def _write_hostile(folder: Path, index: int, crystal: Crystal) -> dict[str, str]:
    archive, loop = f"hostile_{index}.zip", f"loop_{index}"
    with zipfile.ZipFile(folder / archive, "w") as file:
        file.writestr("../outside.cif", cif_text(crystal))
    (folder / loop).symlink_to(folder, target_is_directory=True)
    return {f"{archive}/../outside.cif": "unsafe path", loop: "symbolic link loop"}
