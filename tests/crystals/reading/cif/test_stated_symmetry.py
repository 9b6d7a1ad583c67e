"""Symmetry from operations, symbols and numbers; what contradicts or leaves the crystal open is refused."""

from __future__ import annotations

import pytest
from helpers.cifs import FORMS, HEXAGON, SALT, cif, content_of, operation_lines, sites_of

CELL = (3.77, 3.77, 6.36, 90, 90, 90)
LAVES = (7.417, 7.417, 7.417, 90, 90, 90)
FIRST = ("Sm1 Sm 0 0 0", "Fe1 Fe 0.625 0.625 0.625")
SECOND = ("Sm1 Sm 0.125 0.125 0.125", "Fe1 Fe 0.5 0.5 0.5")
IRON_ARSENIDE = ("Li1 Li 0.25 0.25 0.846", "Fe1 Fe 0.75 0.25 0.5", "As1 As 0.25 0.25 0.263")
NIAS = ("Ni Ni 0 0 0", "As As 0.3333 0.6667 0.25")
WHOLE = ("Na1 Na 0 0 0", "Na2 Na .5 .5 0", "Na3 Na .5 0 .5", "Na4 Na 0 .5 .5", "Cl1 Cl .5 .5 .5", "Cl2 Cl 0 0 .5",
         "Cl3 Cl 0 .5 0", "Cl4 Cl .5 0 0")  # fmt: skip
HM = "_symmetry_space_group_name_H-M"
FORMULA = "_chemical_formula_sum 'Sm Fe2'\n"
BISMUTH = ("Bi Bi 0.234 0.234 0.234",)


@pytest.mark.parametrize(
    ("symmetry", "atoms", "cell", "content", "flags"),
    [
        ("F m -3 m", SALT, None, "Na4Cl4", ()),
        ("_space_group_IT_number 225\n", SALT, None, "Na4Cl4", ()),
        ("_symmetry_Int_Tables_number 225\n", SALT, None, "Na4Cl4", ()),
        (f"{HM} 225\n", SALT, None, "Na4Cl4", ()),
        ("_space_group_name_Hall '-F 4 2 3'\n", SALT, None, "Na4Cl4", ()),
        (f"{HM} 'F d -3 m'\n_symmetry_space_group_name_Hall '-F 4vw 2vw 3'\n", SECOND, LAVES, "Sm8Fe16", ()),
        (f"{HM} 'F d -3 m'\n_symmetry_space_group_name_Hall 'F 4d 2 3 -1d'\n", FIRST, LAVES, "Sm8Fe16", ()),
        (f"{HM} 'F d -3 m'\n_space_group.IT_coordinate_system_code 2\n", SECOND, LAVES, "Sm8Fe16", ()),
        (f"{HM} 'F d -3 m'\n{FORMULA}", FIRST, LAVES, "Sm8Fe16", ("setting_deduced",)),
        (f"{HM} 'F d -3 m'\n{FORMULA}", SECOND, LAVES, "Sm8Fe16", ("setting_deduced",)),
        (f"_space_group_IT_number 227\n{FORMULA}", SECOND, LAVES, "Sm8Fe16", ("setting_deduced",)),
        ("P 4/n m m", IRON_ARSENIDE, CELL, "Li2Fe2As2", ("setting_deduced",)),
        ("P 4/n m m :2", IRON_ARSENIDE, CELL, "Li2Fe2As2", ()),
        ("R -3 m", BISMUTH, (4.746, 4.746, 4.746, 57.23, 57.23, 57.23), "Bi2", ()),
        ("R -3 m", ("Bi Bi 0 0 0.234",), (4.546, 4.546, 11.86, 90, 90, 120), "Bi6", ()),
        ("P 21/m", ("Fe Fe 0.1 0.25 0.2", "O O 0.4 0.75 0.2"), (4, 5, 6, 90, 98, 90), "Fe2O2", ()),
        ("P 21/m", ("Fe Fe 0.1 0.2 0.25", "O O 0.4 0.2 0.75"), (4, 5, 6, 90, 90, 98), "Fe2O2", ()),
        ("P 21/m", ("Fe Fe 0.25 0.1 0.2", "O O 0.75 0.4 0.2"), (4, 5, 6, 98, 90, 90), "Fe2O2", ()),
        ("_symmetry_equiv_pos_as_xyz x,y,z\n", SALT, None, "NaCl", ()),
        (operation_lines(FORMS["P63/mmc"]), NIAS, HEXAGON, "Ni2As2", ()),
        (operation_lines(FORMS["P63/mmc"], "_space_group_symop.operation_xyz"), NIAS, HEXAGON, "Ni2As2", ()),
        (operation_lines(FORMS["P63/mmc"]) + f"{HM} 'P 63/m m c'\n", NIAS, HEXAGON, "Ni2As2", ()),
        (operation_lines(FORMS["P63/mmc"]) + f"{HM} 'who knows'\n", NIAS, HEXAGON, "Ni2As2", ()),
        (operation_lines(FORMS["P63/mmc"]) + f"{HM} 'P 1'\n_chemical_formula_sum 'Ni As'\n_cell_formula_units_Z 2\n",
         NIAS, HEXAGON, "Ni2As2", ("symmetry_contradictory",)),
        ("_chemical_formula_sum 'Na Cl'\n_cell_formula_units_Z 4\n", WHOLE, None, "Na4Cl4", ("p1_assumed",)),
        ("_exptl_crystal_density_diffrn 2.16\n", WHOLE, None, "Na4Cl4", ("p1_assumed",)),
    ],
)  # fmt: skip
def test_what_is_understood(
    symmetry: str, atoms: tuple[str, ...], cell: tuple[float, ...] | None, content: str, flags: tuple[str, ...]
) -> None:
    text = cif(symmetry, atoms, cell=cell) if cell else cif(symmetry, atoms)
    assert content_of(text) == content
    assert sites_of(text).flags == flags


@pytest.mark.parametrize(
    ("symmetry", "atoms", "cell", "reason"),
    [
        ("", SALT, None, "no symmetry is stated"),
        (f"{HM} ?\n", SALT, None, "no symmetry is stated"),
        ("_chemical_formula_sum 'Na Cl'\n", SALT, None, "no symmetry is stated"),
        ("_chemical_formula_sum 'Na4 Cl4'\n_cell_formula_units_Z 4\n", WHOLE, None, "no symmetry is stated"),
        ("_chemical_formula_sum 'Na Cl'\n_cell_formula_units_Z 4\n", SALT, None, "the sites give 2 atoms"),
        ("P 99 q", SALT, None, "the space group 'P 99 q' is not known"),
        ("_space_group_IT_number 999\n", SALT, None, "the space group '999' is not known"),
        ("_space_group_name_Hall 'junk'\n", SALT, None, "'JUNK' is not a Hall symbol"),
        (f"{HM} 'F m -3 m'\n_space_group_IT_number 221\n", SALT, None, "stated twice, and differently"),
        (f"{HM} 'P m -3 m'\n_space_group_name_Hall '-F 4 2 3'\n", SALT, None, "stated twice, and differently"),
        (f"{HM} 'F d -3 m :1'\n_space_group_name_Hall '-F 4vw 2vw 3'\n", FIRST, LAVES, "stated twice, and differently"),
        (f"{HM} 'F d -3 m'\n_space_group_IT_coordinate_system_code H\n", FIRST, LAVES, "no setting 'H'"),
        ("F d -3 m", FIRST, LAVES, "the origin of the space group is not stated"),
        ("F m -3 m", SALT, (5.64, 5.74, 5.64, 90, 90, 90), "contradict the space group 'F m -3 m'"),
        ("P 63/m m c", NIAS, (4.28, 4.28, 6.11, 90, 90, 90), "contradict the space group"),
        ("R -3 m :H", BISMUTH, (4.746, 4.746, 4.746, 57.23, 57.23, 57.23), "contradict the space group"),
        ("P 21/c", SALT, (4, 5, 6, 90, 90, 98), "contradict the space group"),
        (operation_lines(FORMS["P63/mmc"]), NIAS, (4.28, 4.28, 6.11, 90, 90, 90), "contradict the listed operations"),
        (operation_lines(FORMS["P63/mmc"][:20]), NIAS, HEXAGON, "not a space group"),
        (operation_lines(["x,y,z"]) + f"{HM} 'P 63/m m c'\n", NIAS, HEXAGON, "those of space group 1, but"),
        (operation_lines(FORMS["P63/mmc"]) + f"{HM} 'P 1'\n", NIAS, HEXAGON, "those of space group 194, but"),
        (operation_lines(["x,y,z"]) + operation_lines(["x,y,z", "-x,-y,-z"], "_space_group_symop_operation_xyz"), SALT,
         None, "list different operations"),
        ("_cell_modulation_dimension 1\n", SALT, None, "modulated"),
        ("_space_group_magn.name_BNS 'P 1'\n", SALT, None, "without its operations"),
        ("_parent_space_group.name_H-M_alt 'F m -3 m'\n", SALT, None, "no symmetry is stated"),
    ],
)  # fmt: skip
def test_what_is_refused(symmetry: str, atoms: tuple[str, ...], cell: tuple[float, ...] | None, reason: str) -> None:
    said = content_of(cif(symmetry, atoms, cell=cell) if cell else cif(symmetry, atoms))
    assert said.startswith("!") and reason in said


@pytest.mark.parametrize(
    "dots", [("magn_operation.xyz", "magn_centering.xyz"), ("magn_operation_xyz", "magn_centering_xyz")]
)
def test_magnetic_operations_move_atoms_whatever_they_do_to_time(dots: tuple[str, str]) -> None:
    operations = operation_lines(["x,y,z,+1", "-x,-y,-z,+1"], f"_space_group_symop_{dots[0]}")
    centrings = operation_lines(["x,y,z,+1", "x, y, z+1/2, -1"], f"_space_group_symop_{dots[1]}")
    parent = "_parent_space_group.name_H-M_alt 'F m -3 m'\n_symmetry_space_group_name_H-M 'F m -3 m'\n"
    text = cif(
        operations + centrings, ["Mn1 Mn 0 0 0", "O1 O .5 .5 .25"], cell=(4.2, 4.2, 8.4, 90, 90, 90), more=parent
    )
    assert content_of(text) == "Mn2O2"
