"""Each row of a CIF is an atom, an empty site that is flagged, or the reason of a refusal."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.cifs import CUBE, SALT, cell_lines, cif, content_of, sites_of

SMALL = (4, 4, 4, 90, 90, 90)


def labelled(*labels: str, more: str = "") -> str:
    """A CIF whose sites have labels and no types."""
    rows = zip(labels, ("0 0 0", ".5 .5 .5", ".5 .5 0", "0 0 .5"), strict=False)
    columns = "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
    return f"data_x\n{cell_lines(SMALL)}_space_group_IT_number 1\n{more}{columns}" + "".join(
        f"{label} {position}\n" for label, position in rows
    )


@pytest.mark.parametrize(
    ("text", "content", "flags"),
    [
        (cif("F m -3 m", ["Na1 Na 0 0 0 .", "Cl1 Cl .5 .5 .5 ."], "occupancy"), "Na4Cl4", ()),
        (cif("F m -3 m", ["Na1 Na 0 0 0 .", "Cl1 Cl .5 .5 .5 1"], "occupancy"), "Na4Cl4", ()),
        (cif("F m -3 m", ["Na1 Na 0 0 0 ?", "Cl1 Cl .5 .5 .5 1"], "occupancy"), "Na4Cl4", ("occupancy_assumed",)),
        (cif("F m -3 m", ["Na1 Na 0 0 0 1.005", "Cl1 Cl .5 .5 .5 1.000(2)"], "occupancy"), "Na4Cl4", ()),
        (cif("F m -3 m", [*(f"{atom} 1" for atom in SALT), "Li Li .25 .25 .25 0"], "occupancy"), "Na4Cl4",
         ("empty_sites_left_out",)),
        (cif("F m -3 m", [*SALT, "Va1 Va .25 .25 .25"]), "Na4Cl4", ("empty_sites_left_out",)),
        (cif("F m -3 m", [*(f"{atom} d" for atom in SALT), "Cg1 C .25 .25 .25 dum"], "calc_flag"), "Na4Cl4",
         ("empty_sites_left_out",)),
        (cif("F m -3 m", [*(f"{atom} d" for atom in SALT), "Q1 ? ? ? ? DUM"], "calc_flag"), "Na4Cl4",
         ("empty_sites_left_out",)),
        (cif("F m -3 m", ["Na1 ? 0 0 0", "Cl1 Cl .5 .5 .5"]), "Na4Cl4", ()),
        (cif("F m -3 m", ["Li1 7Li 0 0 0", "D1 D .5 .5 .5"]), "Li4H4", ("isotopes_merged",)),
        (cif("P 1", ["Ca1 C 0 0 0", "Fe1 Fe .5 .5 .5"]), "FeC", ("label_ignored",)),
        (cif("P 1", ["Ca1 C 0 0 0", "Fe1 Fe .5 .5 .5"], more="_chemical_formula_sum 'C Fe'\n"), "FeC", ()),
        (cif("P 1", ["CO1 CO 0 0 0", "FE1 FE .5 .5 .5"]), "FeCo", ()),
        (cif("F m -3 m", [f"{atom} 0" for atom in SALT], "attached_hydrogens"), "Na4Cl4", ()),
        (labelled("Fe1", "O1"), "FeO", ()),
        (labelled("CA1", "O1", more="_chemical_formula_sum 'Ca O'\n"), "CaO", ()),
        (labelled("Va1", "Fe1", "O1", more="_chemical_formula_sum 'Fe O'\n"), "FeO", ("empty_sites_left_out",)),
        (labelled("Ni1", "OH1", "H1"), "NiHO", ()),
    ],
)  # fmt: skip
def test_what_is_read(text: str, content: str, flags: tuple[str, ...]) -> None:
    assert content_of(text) == content
    assert sites_of(text).flags == flags


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cif("P 1", ["Na1 Na 0 0 0 -0.1", "Cl1 Cl .5 .5 .5 1"], "occupancy"), "site Na1: the occupancy -0.1"),
        (cif("P 1", ["Na1 Na 0 0 0 50", "Cl1 Cl .5 .5 .5 50"], "occupancy"), "site Na1: the occupancy 50"),
        (cif("P 1", ["Na1 Na 0 0 0 full"], "occupancy"), "_atom_site_occupancy: expected a number"),
        (cif("P 1", ["Na1 Na 0 0 0 0"], "occupancy"), "all listed sites are empty"),
        (cif("P 1", ["Na1 Na 0 0 0", "O1 O ? ? ?"]), "site O1: no _atom_site_fract_x"),
        (cif("P 1", ["W1 H2O 0 0 0", "Fe1 Fe .5 .5 .5"]), "site W1: 'H2O': hydrogen atoms without positions"),
        (cif("P 1", ["OW1 O 0 0 0", "Fe1 Fe .5 .5 .5"]), "site OW1: hydrogen atoms without positions"),
        (cif("P 1", ["O1 O 0 0 0 1", "Fe1 Fe .5 .5 .5 0"], "attached_hydrogens"), "_atom_site_attached_hydrogens"),
        (cif("P 1", ["Vac1 V 0 0 0", "Fe1 Fe .5 .5 .5"]), "the label says vacancy"),
        (cif("P 1", ["M1 M 0 0 0", "Fe1 Fe .5 .5 .5"]), "site M1: 'M' is not an element"),
        (cif("P 1", ["Co1 CO 0 0 0", "Fe1 Fe .5 .5 .5"]), "several elements"),
        (cif("P 1", ["Na1 Na 0 0 0 1 A", "O1 O .5 .5 .5 1 A", "O2 O .5 .5 .7 2 A"], "disorder_group",
             "disorder_assembly"),
         "alternatives of a disordered part"),
        (labelled("CA1", "O1"), "the label 'CA1' may mean Ca or C"),
        (labelled("Va1", "O1", more="_chemical_formula_sum 'V O'\n"), "may be a vacancy or vanadium"),
        (labelled("OH1", "Fe1"), "hydrogen atoms without positions"),
        (cif("P 1").replace("_atom_site_fract_y", "_atom_site_y"), "_atom_site_fract_y is missing"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, reason: str) -> None:
    said = content_of(text)
    assert said.startswith("!") and reason in said


def test_shared_sites_become_partial_occupancies() -> None:
    mixture = sites_of(
        cif("I m -3 m", ["'Nb,Zr' '0.8Nb + 0.2Zr' 0 0 0 1"], "occupancy", cell=(3.3, 3.3, 3.3, 90, 90, 90))
    )
    rows = ["Nb1 Nb 0 0 0 0.8", "Zr1 Zr 0 0 0 0.2"]
    listed = sites_of(cif("I m -3 m", rows, "occupancy", cell=(3.3, 3.3, 3.3, 90, 90, 90)))
    assert mixture.occupancies == listed.occupancies == [{41: 0.8, 40: 0.2}] * 2


CARTESIAN = "loop_\n_atom_site_label\n_atom_site_Cartn_x\n_atom_site_Cartn_y\n_atom_site_Cartn_z\n"
CARTESIAN += "Na1 0 0 0\nCl1 2.82 2.82 2.82\n"


def test_cartesian_coordinates_need_their_axes() -> None:
    start = f"data_x\n{cell_lines(CUBE)}_space_group_IT_number 225\n"
    assert "Cartesian coordinates without the matrix" in content_of(start + CARTESIAN)
    inverse = np.linalg.inv(np.eye(3) * 5.64)
    for name, matrix in (("_atom_sites_Cartn_transf_matrix_{}{}", np.eye(3) * 5.64),
                         ("_atom_sites.fract_transf_matrix[{}][{}]", inverse)):  # fmt: skip
        lines = "".join(f"{name.format(i + 1, j + 1)} {matrix[i, j]}\n" for i in range(3) for j in range(3))
        assert content_of(start + lines + CARTESIAN) == "Na4Cl4"


def test_single_atoms_need_no_loop() -> None:
    atom = "_atom_site_label Fe1\n_atom_site_fract_x 0\n_atom_site_fract_y 0\n_atom_site_fract_z 0\n"
    assert content_of(f"data_x\n{cell_lines(SMALL)}_space_group_IT_number 229\n{atom}") == "Fe2"
