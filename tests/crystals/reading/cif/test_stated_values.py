"""Formula, Z, density, volume and multiplicities are compared with what was read."""

from __future__ import annotations

import pytest
from helpers.cifs import SALT, cif, content_of, sites_of

FECO = ("Fe1 Fe 0 0 0", "Co1 Co 0.5 0.5 0.5")
SMALL = (2.86, 2.86, 2.86, 90, 90, 90)
SUM = "_chemical_formula_sum"
ROWS = tuple(f"O{i} O {i / 100:.2f} {i * 37 % 100 / 100:.2f} {i * 59 % 100 / 100:.2f}" for i in range(99))


@pytest.mark.parametrize(
    ("more", "flags"),
    [
        (f"{SUM} 'Co Fe'\n", ()), (f"{SUM} 'CO FE'\n", ()), (f"{SUM} 'co fe'\n", ()), (f"{SUM} CoFe\n", ()),
        (f"{SUM} 'Co1 Fe1'\n", ()), (f"{SUM} 'Fe2 Co2'\n", ()), (f"{SUM} 'Fe1.00 Co1.00'\n", ()), (f"{SUM} ?\n", ()),
        (f"{SUM} 'RE Co5'\n", ("formula_ignored",)), (f"{SUM} 'M X'\n", ("formula_ignored",)),
        (f"{SUM} 'Fe Co'\n_cell_formula_units_Z 1\n", ()), (f"{SUM} 'Fe2 Co2'\n_cell_formula_units_Z 0.5\n", ()),
        ("_cell_formula_units_Z 1\n", ()), ("_cell_volume 23.39(1)\n", ()), ("_cell_volume 23.5\n", ()),
        ("_exptl_crystal_density_diffrn 8.15\n", ()), ("_exptl_crystal_density_diffrn 8150\n", ()),
        ("_exptl_crystal_density_diffrn ?\n", ()),
    ],
)  # fmt: skip
def test_what_agrees(more: str, flags: tuple[str, ...]) -> None:
    text = cif("P m -3 m", FECO, cell=SMALL, more=more)
    assert (content_of(text), sites_of(text).flags) == ("FeCo", flags)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (f"{SUM} 'Co2 Fe'\n", "the sites give FeCo but _chemical_formula_sum says Co2 Fe"),
        (f"{SUM} 'C O Fe'\n", "but _chemical_formula_sum says C O Fe"),
        (f"{SUM} 'Fe Co H'\n", "atoms without positions"),
        (f"{SUM} 'Fe Co'\n_cell_formula_units_Z 4\n", "the sites give 2 atoms, but _chemical_formula_sum and "
         "_cell_formula_units_Z give 8"),
        ("_cell_formula_units_Z 4\n", "do not make up 4 formula units"),
        ("_exptl_crystal_density_diffrn 5.1\n", "the sites give a density of 8.15"),
        ("_cell_volume 29.1\n", "the cell has a volume of 23.3937 Å³, but _cell_volume says 29.1"),
        ("_cell_volume big\n", "_cell_volume: expected a number"),
    ],
)  # fmt: skip
def test_what_contradicts(more: str, reason: str) -> None:
    said = content_of(cif("P m -3 m", FECO, cell=SMALL, more=more))
    assert said.startswith("!") and reason in said


def test_formula_of_the_cell_beside_z() -> None:
    """pymatgen writes Na4 Cl4 and Z = 4."""
    assert content_of(cif("F m -3 m", more=f"{SUM} 'Na4 Cl4'\n_cell_formula_units_Z 4\n")) == "Na4Cl4"


def test_a_single_missing_atom_of_a_hundred_is_found() -> None:
    text = cif("P 1", ROWS, cell=(20, 20, 20, 90, 90, 90), more=f"{SUM} 'O99 Fe'\n")
    assert "a truncated file" in content_of(text)
    whole = cif("P 1", [*ROWS, "Fe1 Fe 0.995 0.005 0.5"], cell=(20, 20, 20, 90, 90, 90), more=f"{SUM} 'O99 Fe'\n")
    assert content_of(whole) == "FeO99"


def test_deuterium_is_hydrogen_in_the_formula() -> None:
    assert content_of(cif("F m -3 m", ["Li1 Li 0 0 0", "D1 D .5 .5 .5"], more=f"{SUM} 'D Li'\n")) == "Li4H4"


def test_formulas_of_partial_occupancies_are_rounded() -> None:
    rows = ["Na1 Na 0 0 0 0.667", "K1 K 0 0 0 0.333", "Cl1 Cl .5 .5 .5 1"]
    assert sites_of(cif("F m -3 m", rows, "occupancy", more=f"{SUM} 'Cl K0.3 Na0.7'\n")).occupancies is not None
    assert "but _chemical_formula_sum" in content_of(
        cif("F m -3 m", rows, "occupancy", more=f"{SUM} 'Cl K0.7 Na0.3'\n")
    )


@pytest.mark.parametrize("name", ["symmetry_multiplicity", "site_symmetry_multiplicity"])
def test_multiplicities(name: str) -> None:
    rows = [f"{atom} 4" for atom in SALT]
    assert content_of(cif("F m -3 m", rows, name)) == "Na4Cl4"
    assert "site Na1 has 1 equivalent positions" in content_of(cif("P m -3 m", rows, name))
    assert content_of(cif("F m -3 m", [f"{atom} 1" for atom in SALT], name)) == "Na4Cl4"  # written by who does not know
