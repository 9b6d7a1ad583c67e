"""CHGNet on whole batches beside its own package: equal results, graphs, energies and forces, relaxations.

Everything runs on the same crystals with the same threads in one process, ours and theirs alternately. The package
runs at its best batch size, and relaxes with `StructOptimizer` as it comes (FIRE, Frechet cell filter), both to the
same largest force.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from benchmarks_common import (
    add_common_arguments,
    describe,
    heading,
    machine,
    rate,
    sample_crystals,
    seconds,
    text_table,
    write_report,
)

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.potentials.batching import spans
from screening.potentials.chgnet.bond_graph import build_graph
from screening.potentials.chgnet.chgnet import ChgnetPotential, chgnet_module
from screening.potentials.state import CrystalState
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax

BATCH_SIZES = (1, 4, 16, 32)
GPA_PER_eV_PER_A3 = 160.21766208
KEYS = {"energy_eV_per_atom": "e", "forces_eV_per_A": "f", "stress_GPa": "s", "site_moment_muB": "m"}


@dataclass(frozen=True)
class Row:
    """One comparison: both rates, in `unit`, and ours over theirs."""

    name: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    note: str = ""


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written."""
    arguments = parse(argv)
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore")
    crystals = sample_crystals(arguments, arguments.crystals)
    network = chgnet_module()
    network.to(arguments.device)
    network.graph_converter.set_isolated_atom_response("ignore")
    ours = ChgnetPotential(chgnet_module(), torch.device(arguments.device))
    report: dict[str, Any] = {
        "machine": machine(arguments.threads, arguments.device) | {"load_at_start": os.getloadavg()},
        "sample": describe(crystals, arguments),
    }
    print(heading(report), f"load at the start {os.getloadavg()[0]:.1f}", sep="\n", flush=True)
    if arguments.compare:
        chosen = sample_crystals(arguments, arguments.compare)
        report["largest_differences"] = largest_differences(ours, network, chosen)
        print_differences(report["largest_differences"], len(chosen))
    rows = [*measure_graphs(ours, network, crystals, arguments), *measure_energies(ours, network, crystals, arguments)]
    if arguments.relaxations:
        chosen = [perturbed(crystal, i) for i, crystal in enumerate(middle_sized(arguments))]
        row, report["relaxations"] = measure_relaxations(ours, network, chosen, arguments)
        rows.append(row)
    report["rows"] = [asdict(row) for row in rows]
    report["machine"]["load_at_end"] = os.getloadavg()
    table: list[Sequence[object]] = [("", "unit", "ours", "CHGNet 0.3.0", "ours over it", "")]
    table += [(row.name, row.unit, row.ours, row.theirs, row.ratio, row.note) for row in rows]
    print("", text_table(table), f"load at the end {os.getloadavg()[0]:.1f}", sep="\n")
    write_report(arguments.output, report)
    return report


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.set_defaults(crystals=60, passes=3)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument("--compare", type=int, default=100, help="crystals whose results must agree (default: 100)")
    parser.add_argument("--relaxations", type=int, default=20, help="crystals to relax; 0: none (default: 20)")
    parser.add_argument("--fmax", type=float, default=0.1, help="largest force left, in eV/Å (default: %(default)s)")
    parser.add_argument("--max-steps", type=int, default=500, help="of either optimiser (default: %(default)s)")
    return parser.parse_args(argv)


def largest_differences(ours: ChgnetPotential, network: Any, crystals: Sequence[Crystal]) -> dict[str, float]:
    """Between ours and the package's, over all crystals, by quantity."""
    packed = pack(crystals)
    found = ours.energies(packed)
    stress = np.asarray(found.stress_eV_per_A3) * GPA_PER_eV_PER_A3
    values = (found.energy_eV / packed.n_atoms, found.forces_eV_per_A, stress, found.site_moment_muB)
    largest = dict.fromkeys(KEYS, 0.0)
    for index, crystal in enumerate(crystals):
        theirs = network.predict_structure(crystal.to_structure(), task="efsm")
        for (name, key), mine in zip(KEYS.items(), values, strict=True):
            rows = packed.atoms(index) if key in "fm" else index
            largest[name] = max(largest[name], float(np.abs(np.asarray(mine)[rows] - theirs[key]).max()))
    return largest


def print_differences(largest: dict[str, float], count: int) -> None:
    """One line."""
    print(f"largest differences on {count} crystals:", ", ".join(f"{name} {v:.1e}" for name, v in largest.items()))


def measure_graphs(
    ours: ChgnetPotential, network: Any, crystals: Sequence[Crystal], arguments: argparse.Namespace
) -> list[Row]:
    """From crystals in memory (ours packed, theirs as pymatgen structures) to the two graphs."""
    structures = [crystal.to_structure() for crystal in crystals]
    packed = pack(crystals)

    def build() -> None:
        for start, stop in spans(packed.n_atoms, ours.batch_atoms):
            build_graph(CrystalState.of(packed.chunk(start, stop), ours.device))

    mine = rate(build, len(crystals), arguments.passes)
    theirs = rate(lambda: [network.graph_converter(s) for s in structures], len(crystals), arguments.passes)
    return [Row("graphs", "structures/s", mine, theirs, mine / theirs)]


def measure_energies(
    ours: ChgnetPotential, network: Any, crystals: Sequence[Crystal], arguments: argparse.Namespace
) -> list[Row]:
    """Energies alone, and with forces, stress and moments; graphs included."""
    packed, rows = pack(crystals), []
    structures = [crystal.to_structure() for crystal in crystals]
    for name, task in (("energies", "e"), ("energies, forces, stress, moments", "efsm")):
        predict = partial(network.predict_structure, structures, task=task)
        times = {size: seconds(partial(predict, batch_size=size)) for size in BATCH_SIZES if size <= len(crystals)}
        best = min(times, key=lambda size: times[size])
        mine = rate(partial(ours.energies, packed, task != "e"), len(crystals), arguments.passes)
        theirs = rate(partial(predict, batch_size=best), len(crystals), arguments.passes)
        rows.append(Row(name, "structures/s", mine, theirs, mine / theirs, f"theirs in batches of {best}"))
    return rows


def middle_sized(arguments: argparse.Namespace) -> list[Crystal]:
    """Crystals of 15 to 40 atoms from the sample."""
    found = sample_crystals(arguments, 20 * arguments.relaxations)
    return [crystal for crystal in found if 15 <= crystal.n_atoms <= 40][: arguments.relaxations]


def perturbed(crystal: Crystal, seed: int) -> Crystal:
    """Every atom 0.05 to 0.1 Å off its place, the cell strained by 2 % along one axis or another."""
    rng = np.random.default_rng(seed)
    strain = rng.normal(size=(3, 3))
    strain += strain.T
    lattice = crystal.lattice @ (np.eye(3) + 0.02 * strain / np.abs(np.linalg.eigvalsh(strain)).max())
    moves = rng.normal(size=crystal.frac.shape)
    moves *= rng.uniform(0.05, 0.1) / np.linalg.norm(moves, axis=1, keepdims=True)
    frac = crystal.frac + moves @ np.linalg.inv(lattice)
    return Crystal.from_arrays(crystal.candidate_id, lattice, crystal.numbers, frac)


def measure_relaxations(
    ours: ChgnetPotential, network: Any, crystals: Sequence[Crystal], arguments: argparse.Namespace
) -> tuple[Row, dict[str, Any]]:
    """Relaxations per minute, and where both ended."""
    from chgnet.model.dynamics import StructOptimizer

    settings = RelaxationSettings(arguments.fmax, arguments.max_steps)
    with contextlib.redirect_stdout(io.StringIO()):
        optimiser = StructOptimizer(model=network, use_device=arguments.device)
    list(relax(ours, crystals[:2], settings))
    mine: dict[str, Relaxed] = {}
    theirs: dict[str, tuple[float, float, int]] = {}

    def run_ours() -> None:
        mine.update({result.crystal.candidate_id: result for result in relax(ours, list(crystals), settings)})

    def run_theirs() -> None:
        for crystal in crystals:
            theirs[crystal.candidate_id] = _relax_theirs(optimiser.relax, crystal, arguments)

    per_minute = [60 * len(crystals) / seconds(run) for run in (run_ours, run_theirs)]
    ends = compare_ends(crystals, mine, theirs)
    note = f"{len(crystals)} crystals, mean steps {ends['steps_ours']:.0f} and {ends['steps_theirs']:.0f}"
    print(ends)
    return Row("relaxations", "a minute", *per_minute, per_minute[0] / per_minute[1], note), ends


def _relax_theirs(run: Callable[..., Any], crystal: Crystal, arguments: argparse.Namespace) -> tuple[float, float, int]:
    found = run(crystal.to_structure(), fmax=arguments.fmax, steps=arguments.max_steps, verbose=False)
    path = found["trajectory"]
    return float(path.energies[-1]), float(found["final_structure"].volume), len(path) - 2


def compare_ends(
    crystals: Sequence[Crystal], mine: dict[str, Relaxed], theirs: dict[str, tuple[float, float, int]]
) -> dict[str, Any]:
    """Steps, how many of ours converged, and how far apart both ends lie."""
    pairs = [(crystal.n_atoms, mine[crystal.candidate_id], theirs[crystal.candidate_id]) for crystal in crystals]
    pairs = [pair for pair in pairs if not pair[1].failure]
    energy = [(ours.energy_eV - energy) / n for n, ours, (energy, _, _) in pairs]
    volume = [100 * abs(ours.crystal.volume_A3 / volume - 1) for _, ours, (_, volume, _) in pairs]
    return {
        "converged_ours": sum(ours.converged for _, ours, _ in pairs),
        "steps_ours": statistics.fmean(ours.n_steps for _, ours, _ in pairs),
        "steps_theirs": statistics.fmean(steps for _, _, (_, _, steps) in pairs),
        "energy_ours_minus_theirs_eV_per_atom": {"median": statistics.median(energy), "lowest": min(energy),
                                                 "highest": max(energy)},
        "volume_difference_percent": {"median": statistics.median(volume), "largest": max(volume)},
    }  # fmt: skip


if __name__ == "__main__":
    main()
