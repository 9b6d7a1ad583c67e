"""Names and values in every spelling; what is not CIF, or not ASCII where it counts, is refused with the reason."""

from __future__ import annotations

import pytest
from helpers.cifs import CUBE, SALT, atom_lines, cell_lines, cif, content_of

from screening.crystals.reading.cif.cif_block import parse_block, parse_number, shown
from screening.crystals.reading.parts import UnreadableError

GOOD = cif("F m -3 m")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.upper().replace("F M -3 M", "F m -3 m").replace("NA1 NA", "Na1 Na").replace("CL1 CL", "Cl1 Cl"),
        GOOD.replace("_cell_", "_Cell.").replace("_atom_site_", "_atom_site.").replace("_symmetry_", "_symmetry."),
        GOOD.replace("_symmetry_space_group_name_H-M", "_space_group.name_H-M_alt"),
        GOOD.replace("\n", "\r"),
        GOOD.replace("\n", "\r\n") + "\x1a",
        GOOD.replace("loop_", "\n  LOOP_  # atoms\n"),
        GOOD.replace("'F m -3 m'", "\n;\nF m -3 m\n;"),
        GOOD.replace("data_x", "data_x\n_title 'Müller − Ω'\n_note\n;\n_cell_length_a 9\nloop_\n;\n# Å"),
        GOOD.replace("Na1 Na", "Naα Na"),
        GOOD.replace("5.64", "5.640(2)"),
        GOOD.replace("5.64", "564E-2"),
        GOOD + "_cell_length_a 5.64\n_cell.length_b 5.64\n",
        GOOD.rstrip("\n"),
        GOOD + "loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\nNa1 0.1\n",
        GOOD + "loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x\nNa1 0.1\n",
        GOOD + "save_frame\n_cell_length_a 9\nsave_\n",
    ],
)
def test_one_crystal_in_many_spellings(text: str) -> None:
    assert content_of(text) == "Na4Cl4"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cif("F m -3 m", ["Na1 Na −0.5 0 0", SALT[1]]), "U+2212, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Na –0.5 0 0", SALT[1]]), "U+2013, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Na —0.5 0 0", SALT[1]]), "U+2014, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Na －0.5 0 0", SALT[1]]), "U+FF0D, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Na ０ 0 0", SALT[1]]), "U+FF10, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Na\u00a00 0 0", SALT[1]]), "not ASCII"),
        (cif("F m −3 m"), "U+2212, but CIF is ASCII"),
        (cif("F m -3 m", ["Na1 Νa 0 0 0", SALT[1]]), "U+039D, but CIF is ASCII"),
        (GOOD.replace("length_a 5.64", "length_a 5.6４"), "_cell_length_a holds the character U+FF14"),
        (GOOD.replace("Na1 Na", "Naα ?"), "_atom_site_label holds"),
        (GOOD + "_cell_length_a 4\n", "_cell_length_a is given twice"),
        (GOOD + "_cell.length_a 4\n", "_cell_length_a is given twice"),
        (GOOD + "loop_\n_atom_site_label\n_atom_site_occupancy\nCl1 0.5\nNa1 0.3\n", "given twice"),
        (GOOD + "loop_\n_atom_site_occupancy\n0.5\n0.3\n", "in another loop"),
        (GOOD[:-5], "malformed or truncated"),
        (GOOD[: GOOD.index("loop_")], "no atoms in this CIF"),
        (GOOD[: GOOD.index("_cell_angle_gamma")] + GOOD[GOOD.index("_symm") :], "_cell_angle_gamma is missing"),
        (cif("F m -3 m", cell=("?", *CUBE[1:])), "_cell_length_a is missing"),
        (cif("F m -3 m", cell=(".", *CUBE[1:])), "_cell_length_a is missing"),
        (cif("F m -3 m", cell=("abc", *CUBE[1:])), "_cell_length_a: expected a number"),
        (cif("F m -3 m", cell=("5,64", *CUBE[1:])), "_cell_length_a: expected a number"),
        (cif("F m -3 m", cell=("nan", *CUBE[1:])), "_cell_length_a: expected a number"),
        (cif("F m -3 m", cell=("-5.64", *CUBE[1:])), "_cell_length_a is -5.64"),
        (cif("F m -3 m", cell=("0", *CUBE[1:])), "_cell_length_a is 0"),
        (cif("P 1", cell=(5, 5, 5, 10, 90, 140)), "absurd lattice"),
        (GOOD.replace("'F m -3 m'", "'F m -3 m"), "malformed or truncated"),
        (GOOD + "_x\n;\nno end\n", "malformed or truncated"),
        ("just words\n", "malformed or truncated"),
        (f"data_x\n{cell_lines()}{atom_lines(['? ? ? ? ?'])}", "neither _atom_site_label nor"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    assert content_of(text).startswith("!") and reason in content_of(text)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [("0.3333(5)", 0.3333, 4), (".5", 0.5, 1), ("-.25", -0.25, 2), ("+1.", 1.0, 0), ("1/3", 1 / 3, None), ("7", 7.0, 0),
     ("1.5E-1", 0.15, None), ("1.0d2", 100.0, None), ("0.250()", 0.25, 3), ("-1/4", -0.25, None)],
)  # fmt: skip
def test_numbers(text: str, value: float, decimals: int | None) -> None:
    number = parse_number(text, "_x")
    assert (number.value, number.decimals) == (pytest.approx(value), decimals)


@pytest.mark.parametrize("text", ["", ".", "-", "1,5", "inf", "nan", "1e9999", "0x10", "1_0", "1/0", "٣", "1" * 10**6])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(UnreadableError, match="expected a number"):
        parse_number(text, "_x")


def test_names_as_dictionaries_spell_them() -> None:
    names = ("_cell_formula_units_Z", "_symmetry_space_group_name_H-M", "_space_group_IT_number", "_atom_site_Cartn_x")
    assert [shown(name.lower()) for name in names] == list(names)


def test_matrices_of_newer_dictionaries() -> None:
    block = parse_block(GOOD + "_atom_sites.fract_transf_matrix[1][2] 0.5\n_atom_sites.fract_transf_vector[3] 1\n")
    assert block.text("_atom_sites_fract_transf_matrix_12") == "0.5"
    assert block.text("_atom_sites_fract_transf_vector_3") == "1"
