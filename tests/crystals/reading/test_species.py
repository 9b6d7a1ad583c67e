"""What symbols and labels mean: the right element, or a refusal."""

from __future__ import annotations

import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.species import (
    Occupant,
    Surroundings,
    atomic_number,
    clear_element,
    names_water,
    occupant_of_label,
    occupant_of_type,
)


def said(occupant: Occupant) -> str:
    return "".join(f"{SYMBOLS[z]}{amount:g}" for z, amount in occupant.amounts.items()) + "*" * occupant.is_isotope


def around(*known: str, hydrogen: bool = False, capitals: bool = False) -> Surroundings:
    return Surroundings(frozenset(ATOMIC_NUMBERS[s] for s in known) if known else None, hydrogen, capitals)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *[(text, "Fe1") for text in ("Fe", "FE", "fe", "Fe3+", "Fe+3", "Fe3", "Fe2.5+", "Fe0+", "Fe 3+", "(Fe1)", "1Fe",
                                     "Fe*", "Fe(III)", "Fe_pv", "Fe1A", " Fe ", "'Fe'")],
        ("O2-", "O1"), ("O-2", "O1"), ("7Li", "Li1*"), ("57Fe", "Fe1*"), ("11B", "B1*"), ("D", "H1*"), ("2H", "H1*"),
        ("H", "H1"), ("Tm", "Tm1"), ("Re", "Re1"), ("N3-", "N1"), ("Cl1-", "Cl1"),
        *[(text, "") for text in ("Va", "VA", "va", "Vac", "Vc", "[]", "vacancy")],
        ("0.8Nb + 0.2Zr", "Nb0.8Zr0.2"), ("Nb0.8Zr0.2", "Nb0.8Zr0.2"), ("(Fe0.5Co0.5)", "Fe0.5Co0.5"),
        ("0.75Fe3+ + 0.25Co2+", "Fe0.75Co0.25"), ("0.9Fe + 0.1Va", "Fe0.9"), ("0.5Fe2+ + 0.5Fe3+", "Fe1"),
    ],
)  # fmt: skip
def test_types(text: str, meaning: str) -> None:
    assert said(occupant_of_type(text, around())) == meaning


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "hydrogen atoms without positions") for text in ("OH", "H2O", "Wat", "OW", "NH4", "OH-", "D2O",
                                                                           "CH3")],
        *[(text, "several elements") for text in ("Fe,Co", "Fe/Co", "Fe+Co", "Fe-Co", "FeCo", "SiO4", "CO", "NO")],
        *[(text, "is not an element") for text in ("M", "Q", "X", "R", "Ln", "RE", "TM", "T", "A", "*", "", "12", "Cg",
                                                   "Xx", "Fe0.5", "M(Fe,Co)", "Mn/Vac", "Fe2+/Fe3+",
                                                   "F" + "9" * 10**6)],
        ("0.8Nb + 0.8Zr", "more than one atom"),
    ],
)  # fmt: skip
def test_types_that_cannot_be_known(text: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        occupant_of_type(text, around())


@pytest.mark.parametrize(
    ("text", "surroundings", "meaning"),
    [
        ("CO", around("Co", "O"), "Co1"),
        ("CO", around(capitals=True), "Co1"),
        ("OH", around(hydrogen=True), "O1"),
        ("OH", around("Ni", "O"), "O1"),
        ("RE", around("Re"), "Re1"),
        ("Va", around("Fe", "N"), ""),
    ],
)
def test_the_rest_of_the_file_decides_about_a_type(text: str, surroundings: Surroundings, meaning: str) -> None:
    assert said(occupant_of_type(text, surroundings)) == meaning


@pytest.mark.parametrize(
    ("text", "surroundings"),
    [("CO", around("C", "O")), ("Va", around("V", "O")), ("RE", around("Sm", "Co")), ("NO", around(capitals=True))],
)
def test_the_rest_of_the_file_speaks_against_a_type(text: str, surroundings: Surroundings) -> None:
    with pytest.raises(UnreadableError):
        occupant_of_type(text, surroundings)


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        *[(label, "Fe1") for label in ("Fe1", "Fe", "(Fe1)", "1Fe", "Fe*", "Fe1*", "Fe1A", "Fe1a", "Fe_1", "Fe(1)",
                                       "FeA", "Fe2+/Fe3+")],
        ("MN1", "Mn1"), ("LI1", "Li1"), ("ZR", "Zr1"), ("O1", "O1"), ("O1'", "O1"), ("Oa", "O1"), ("7Li1", "Li1*"),
        ("D1", "H1*"), ("Ca1", "Ca1"), ("Ho1", "Ho1"), ("Na1+", "Na1"), ("Vac1", ""), ("Sn2b", "Sn1"),
    ],
)  # fmt: skip
def test_labels(label: str, meaning: str) -> None:
    assert said(occupant_of_label(label, around())) == meaning


@pytest.mark.parametrize(
    "label",
    ["CA1", "FE1", "fe1", "CO1", "OH1", "OW1", "Wat1", "Va1", "VA1", "X1", "*", "T1", "M1", "Q1", "RE1", "Ln1", "Fe,Co",
     "Fe1/Co1", "FeCo1", "FeB", "NaCl", "Copper", "Iron1", "Cg1", "Ct1", "12", "", "H2O1"],
)  # fmt: skip
def test_labels_that_cannot_be_known(label: str) -> None:
    with pytest.raises(UnreadableError):
        occupant_of_label(label, around())


@pytest.mark.parametrize(
    ("label", "known", "meaning"),
    [
        ("CA1", ("Ca", "O"), "Ca1"), ("CA1", ("C", "O"), "C1"), ("FE1", ("Fe",), "Fe1"), ("fe1", ("Fe",), "Fe1"),
        ("Ho1", ("H", "O"), "H1"), ("CL1", ("Cl", "Na"), "Cl1"), ("Va1", ("Fe", "N"), ""), ("Cg", ("C", "H"), "C1"),
        ("OH1", ("Ni", "O"), "O1"), ("FeB", ("Fe", "O"), "Fe1"),
    ],
)  # fmt: skip
def test_the_formula_decides_about_a_label(label: str, known: tuple[str, ...], meaning: str) -> None:
    assert said(occupant_of_label(label, around(*known))) == meaning


@pytest.mark.parametrize(
    ("label", "known"), [("CA1", ("Ca", "C")), ("FeCo1", ("Fe", "Co")), ("FeB", ("Fe", "B")), ("Va1", ("V", "O"))]
)
def test_the_formula_allows_both(label: str, known: tuple[str, ...]) -> None:
    with pytest.raises(UnreadableError):
        occupant_of_label(label, around(*known))


def test_labels_beside_types() -> None:
    assert [clear_element(label) for label in ("Fe1", "Ca", "CA1", "OW1", "X1")] == [26, 20, None, None, None]
    assert all(names_water(label) for label in ("OW1", "OH1", "Wat2", "H2O1", "Ow"))
    assert not any(names_water(label) for label in ("O1", "W1", "Os1", "H1", "Ho1"))


def test_numbers_and_symbols() -> None:
    assert [atomic_number(text) for text in ("Fe", "Fe3+", "O2-", "D", 26)] == [26, 26, 8, 1, 26]
    for wrong in ("Xx", "", 0, 119, True, "F" + "9" * 10**6 + "x"):
        with pytest.raises(UnreadableError, match="is not an element"):
            atomic_number(wrong)
