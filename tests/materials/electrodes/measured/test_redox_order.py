"""The redox couples that work between two compositions."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from screening.chemistry.compositions import formula_counts
from screening.materials.electrodes.measured.anion_classes import anion_class, group_of
from screening.materials.electrodes.measured.measured_table import measured_file, read_measured
from screening.materials.electrodes.measured.offset_terms import OffsetInputs
from screening.materials.electrodes.measured.redox_order import redox_steps


def _couples(discharged: str, charged: str, ion: str = "Li") -> dict[str, float]:
    ends = (formula_counts([formula]) for formula in (discharged, charged))
    return OffsetInputs.of(*ends, [ion], np.array([3.0])).couples(0)


@pytest.mark.parametrize(
    ("discharged", "charged", "expected"),
    [
        ("LiFePO4", "FePO4", {"Fe3+/Fe2+": 1.0}),
        ("LiCoMnO4", "CoMnO4", {"Co4+/Co3+": 1.0}),
        ("LiMn2O4", "Mn2O4", {"Mn4+/Mn3+": 1.0}),
        ("LiNi0.5Mn1.5O4", "Ni0.5Mn1.5O4", {"Ni3+/Ni2+": 0.5, "Ni4+/Ni3+": 0.5}),
        ("Li2Fe2(MoO4)3", "Fe2(MoO4)3", {"Fe3+/Fe2+": 1.0}),
        ("LiTiS2", "TiS2", {"Ti4+/Ti3+": 1.0}),
        ("LiF", "F", {}),
    ],
)
def test_the_lowest_couple_gives_its_electrons_first(discharged: str, charged: str, expected: dict[str, float]) -> None:
    assert _couples(discharged, charged) == pytest.approx(expected)


def test_polyanions_change_the_order_of_vanadium_and_manganese() -> None:
    assert _couples("Na4MnV(PO4)3", "Na2MnV(PO4)3", "Na") == pytest.approx({"V4+/V3+": 0.5, "Mn3+/Mn2+": 0.5})
    assert set(_couples("Li2MnVO4", "LiMnVO4")) == {"V5+/V4+"}


def test_the_couples_do_not_depend_on_the_size_of_the_cell() -> None:
    assert _couples("Li8Mn4Ni4O16", "Li2Mn4Ni4O16") == pytest.approx(_couples("LiMn0.5Ni0.5O2", "Li0.25Mn0.5Ni0.5O2"))


def test_the_steps_of_a_metal_follow_each_other_in_both_orders() -> None:
    steps = redox_steps()
    states = np.array([int("".join(c for c in name.split("+")[0] if c.isdigit())) for name in steps.names])
    for order in steps.order_V:
        for number in np.unique(steps.numbers):
            own = np.flatnonzero(steps.numbers == number)
            assert (np.diff(states[own][np.argsort(order[own], kind="stable")]) == 1).all()


def test_the_couple_of_each_measured_row_is_among_the_derived_ones() -> None:
    with measured_file().open(encoding="utf-8", newline="") as stream:
        stated = {row["name"]: row["couple"] for row in csv.DictReader(stream)}
    rows = read_measured(measured_file())
    ends = (np.array([getattr(row, end) for row in rows]) for end in ("discharged", "charged"))
    inputs = OffsetInputs.of(*ends, [row.ion for row in rows], np.zeros(len(rows)))
    wrong = []
    for index, row in enumerate(rows):
        high, _, low = stated[row.name].partition("/")
        derived = {part for couple in inputs.couples(index) for part in couple.split("/")}
        if low and not {high, low} & derived:
            wrong.append(row.name)
    assert len(wrong) <= 0.03 * len(rows), wrong  # niobium and tungsten work together


@pytest.mark.parametrize(
    ("frame", "expected", "group"),
    [
        ("FePO4", "phosphate", "polyanion"),
        ("TiP2O7", "pyrophosphate", "polyanion"),
        ("VPO4F", "fluorophosphate", "polyanion"),
        ("PNb9O25", "oxide", "oxide"),
        ("Fe2(MoO4)3", "molybdate", "polyanion"),
        ("Nb18W16O93", "oxide", "oxide"),
        ("FeSO4F", "fluorosulfate", "polyanion"),
        ("FeBO3", "borate", "polyanion"),
        ("MnFe(CN)6", "cyanide", "cyanide"),
        ("TiS2", "sulfide", "chalcogenide"),
        ("FeF3", "fluoride", "fluoride"),
        ("Al", "other", "other"),
    ],
)
def test_anion_classes(frame: str, expected: str, group: str) -> None:
    found = anion_class(formula_counts([frame])[0])
    assert (found, group_of(found)) == (expected, group)
