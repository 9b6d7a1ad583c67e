"""SevenNet-l3i5 on whole batches beside its own package through ASE: equal results, atoms per CPU second.

Both run on the same crystals in one process with one thread: ours in batches, the package one by one, as its ASE
calculator does. The package has no way to ask for energies without forces; it must be installed to compare with it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from benchmarks_common import (
    add_common_arguments,
    describe,
    heading,
    machine,
    sample_crystals,
    text_table,
    write_report,
)

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.potentials.base import Energies, Potential
from screening.potentials.registry import load_potential


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.set_defaults(crystals=40, threads=1)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    crystals = sample_crystals(arguments, arguments.crystals)
    packed, ours = pack(crystals), load_potential("sevennet", "cpu")
    rates = {
        "energies": _rate(lambda: ours.energies(packed, forces=False), len(packed.numbers)),
        "energies, forces, stress": _rate(lambda: ours.energies(packed), len(packed.numbers)),
    }
    report: dict[str, Any] = {"machine": machine(arguments.threads, "cpu"), "sample": describe(crystals, arguments)}
    theirs, differences = beside_the_package(ours, crystals)
    report |= {"ours_atoms_per_s": rates, "theirs_atoms_per_s": theirs, "largest_differences": differences}
    table: list[Sequence[object]] = [("", "ours, atoms/s", "the package, atoms/s")]
    table += [(name, rate, theirs) for name, rate in rates.items()]
    print(heading(report), text_table(table), f"largest differences: {differences}", sep="\n")
    write_report(arguments.output, report)
    return report


def beside_the_package(ours: Potential, crystals: Sequence[Crystal]) -> tuple[float, dict[str, float]]:
    """Atoms per CPU second of the package, and how far its results are from ours."""
    from ase import Atoms
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator("7net-l3i5", device="cpu")
    found: list[tuple[float, Any, Any]] = []

    def run() -> None:
        found.clear()
        for c in crystals:
            atoms = Atoms(c.numbers, scaled_positions=c.frac, cell=c.lattice, pbc=True, calculator=calculator)
            found.append((atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress(voigt=False)))

    packed = pack(crystals)
    rate = _rate(run, len(packed.numbers))
    mine: Energies = ours.energies(packed)
    energy, forces, stress = (list(part) for part in zip(*found, strict=True))
    differences = {
        "energy_eV_per_atom": np.abs((mine.energy_eV - np.array(energy)) / packed.n_atoms).max(),
        "forces_eV_per_A": np.abs(mine.forces_eV_per_A - np.concatenate(forces)).max(),
        "stress_eV_per_A3": np.abs(mine.stress_eV_per_A3 - np.array(stress)).max(),
    }
    return rate, {name: float(value) for name, value in differences.items()}


def _rate(run: Callable[[], object], atoms: int) -> float:
    """Atoms per CPU second of the second call; the first one warms up."""
    run()
    started = time.process_time()
    run()
    return atoms / (time.process_time() - started)


if __name__ == "__main__":
    main()
