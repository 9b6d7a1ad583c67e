#!/usr/bin/env python
"""Rebuild `datasets/elements/properties.csv` from pymatgen's table of the elements.

    python scripts/build_element_properties.py

A property that pymatgen does not know is that of the known element nearest on the Mendeleev scale (`filled` names it).
"""

from __future__ import annotations

import argparse
import csv
import math
import warnings
from pathlib import Path

from ase.data import covalent_radii
from pymatgen.core import Element

LAST = 103
ATTRIBUTES = {
    "mendeleev_number": "mendeleev_no",
    "electronegativity_pauling": "X",
    "atomic_mass_u": "atomic_mass",
    "molar_volume_cm3": "molar_volume",
    "melting_point_K": "melting_point",
    "ionization_energy_eV": "ionization_energy",
    "electron_affinity_eV": "electron_affinity",
}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).resolve().parent.parent / "datasets" / "elements" / "properties.csv"
    parser.add_argument("--output", type=Path, default=default)
    output = parser.parse_args().output
    warnings.simplefilter("ignore")  # pymatgen warns of every property that it lacks
    elements = [Element.from_Z(z) for z in range(1, LAST + 1)]
    columns = {name: [value(element, attribute) for element in elements] for name, attribute in ATTRIBUTES.items()}
    filled: list[list[str]] = [[] for _ in elements]
    for name, values in columns.items():
        for row in [row for row, number in enumerate(values) if math.isnan(number)]:
            known = [other for other in range(LAST) if not math.isnan(value(elements[other], ATTRIBUTES[name]))]
            nearest = min(known, key=lambda o: abs(elements[o].mendeleev_no - elements[row].mendeleev_no))
            values[row] = value(elements[nearest], ATTRIBUTES[name])
            filled[row].append(f"{name} of {elements[nearest].symbol}")
    with output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        shells = [f"valence_{shell}" for shell in "spdf"]
        writer.writerow(["number", "element", "group", "row", "covalent_radius_A", *columns, *shells, "filled"])
        for row, element in enumerate(elements):
            numbers = [f"{columns[name][row]:g}" for name in columns]
            identity = [element.Z, element.symbol, element.group, element.row, f"{covalent_radii[element.Z]:g}"]
            writer.writerow([*identity, *numbers, *valence(element), "; ".join(filled[row])])


def value(element: Element, attribute: str) -> float:
    """A property as a number, NaN where it is not known."""
    found = getattr(element, attribute)
    return math.nan if found is None else float(found)


def valence(element: Element) -> list[int]:
    """Electrons in the outermost s, p, d and f shells that can take part in bonds or moments; no filled inner ones."""
    period, counts = element.row, dict.fromkeys("spdf", 0)
    outermost = {"s": period, "p": period, "d": period - 1, "f": period - 2}
    for level, shell, electrons in element.full_electronic_structure:
        if level == outermost[shell]:
            counts[shell] = electrons
    return list(counts.values())


if __name__ == "__main__":
    main()
