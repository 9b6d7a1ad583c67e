#!/usr/bin/env python
"""Neighbour searches side by side on the same crystals, then our graphs and our packing.

    python scripts/benchmark_graphs.py --store stores/mp --output graphs.json

Every search gives index pairs, lattice translations, vectors and distances of all directed pairs within the cutoff, and
all must find equally many. A crystal with a pair at the cutoff itself is left out: rounding decides there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from benchmarks_common import (
    add_common_arguments,
    batches,
    describe,
    heading,
    machine,
    rate,
    sample_crystals,
    text_table,
    write_report,
)

from screening.crystals import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.graphs.batch import build_batch
from screening.graphs.nearest import GraphSettings
from screening.graphs.neighbours import _batched_search, neighbour_pairs

_AT_CUTOFF_A = 1e-5
Search = Callable[[Sequence[PackedCrystals]], int]


@dataclass(frozen=True)
class Row:
    """edges: pairs found in the crystals it took, expected: by our search in the same ones; rate None: see the note."""

    name: str
    structures_per_s: float | None
    crystals: int = 0
    edges: int | None = None
    expected: int | None = None
    note: str = ""


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written. Raises SystemExit when edge counts differ."""
    arguments = parse(argv)
    torch.set_num_threads(arguments.threads)
    crystals = clear_of_cutoff(sample_crystals(arguments, arguments.crystals), arguments.cutoff)
    report: dict[str, Any] = {
        "machine": machine(arguments.threads, "auto"),
        "sample": describe(crystals, arguments) | {"cutoff_A": arguments.cutoff},
    }
    print(heading(report))
    searches = measure_searches(crystals, arguments)
    ours = measure_graphs(crystals, arguments)
    report |= {"neighbours": [asdict(row) for row in searches], "graphs": [asdict(row) for row in ours]}
    print_rows(f"pairs within {arguments.cutoff:g} Å", searches)
    print_rows("graphs", ours)
    write_report(arguments.output, report)
    different = [row for row in searches if row.edges != row.expected]
    if different:
        raise SystemExit(f"{different[0].name}: {different[0].edges} edges, expected {different[0].expected}")
    return report


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--cutoff", type=float, default=5.0, help="of the searches, in Å (default: %(default)s)")
    parser.add_argument("--ase-crystals", type=int, default=50, help="ASE is slow: it takes the first of the sample")
    return parser.parse_args(argv)


def clear_of_cutoff(crystals: Sequence[Crystal], cutoff: float) -> list[Crystal]:
    """The crystals without a pair at the cutoff."""
    kept = []
    for crystal in crystals:
        distance = neighbour_pairs(pack([crystal]), np.array([cutoff + 2 * _AT_CUTOFF_A])).distance
        if not bool((torch.abs(distance - cutoff) < _AT_CUTOFF_A).any()):
            kept.append(crystal)
    if not kept:
        raise SystemExit(f"every crystal has a pair at exactly {cutoff} Å; choose another --cutoff")
    return kept


def measure_searches(crystals: Sequence[Crystal], arguments: argparse.Namespace) -> list[Row]:
    """A row for every search, batches of the size that `screening predict` makes for the batched ones."""
    cutoff = arguments.cutoff
    searches: list[tuple[str, Search, int]] = [
        ("pymatgen C++, one by one (ours on a CPU)", partial(ours, cutoff=cutoff), len(crystals)),
        ("nvalchemi, batched, CPU", partial(batched, cutoff=cutoff, device="cpu"), len(crystals)),
        ("matscipy, one by one", partial(matscipy, cutoff=cutoff), len(crystals)),
        ("ASE, one by one", partial(ase, cutoff=cutoff), min(arguments.ase_crystals, len(crystals))),
    ]
    if torch.cuda.is_available():
        cuda = ("nvalchemi, batched, CUDA (ours there)", partial(batched, cutoff=cutoff, device="cuda"), len(crystals))
        searches.insert(2, cuda)
    rows = []
    for name, search, count in searches:
        parts = [pack(batch) for batch in batches(crystals[:count], arguments.batch_atoms)]
        try:
            speed = rate(partial(search, parts), count, arguments.passes)
        except ImportError as error:
            rows.append(Row(name, None, note=f"not measured: {error}"))
            continue
        rows.append(Row(name, speed, count, search(parts), ours(parts, cutoff)))
    return rows


def ours(parts: Sequence[PackedCrystals], cutoff: float) -> int:
    """The search that the package uses on a CPU."""
    return sum(len(neighbour_pairs(part, np.full(len(part), cutoff)).vectors()) for part in parts)


def batched(parts: Sequence[PackedCrystals], cutoff: float, device: str) -> int:
    """nvalchemi-toolkit-ops, a whole batch at once: what the package uses on CUDA."""
    where = torch.device(device)
    return sum(len(_batched_search(part, np.full(len(part), cutoff), True, where).vectors()) for part in parts)


def matscipy(parts: Sequence[PackedCrystals], cutoff: float) -> int:
    """matscipy's cell list in C."""
    from matscipy.neighbours import neighbour_list

    edges = 0
    for lattice, positions in _cells(parts):
        found = neighbour_list("ijSDd", cutoff=cutoff, cell=lattice, positions=positions, pbc=[True] * 3)
        edges += len(found[0])
    return edges


def ase(parts: Sequence[PackedCrystals], cutoff: float) -> int:
    """ASE's cell list in Python."""
    from ase.neighborlist import primitive_neighbor_list

    edges = 0
    for lattice, positions in _cells(parts):
        edges += len(primitive_neighbor_list("ijSDd", [True] * 3, lattice, positions, cutoff)[0])
    return edges


def _cells(parts: Sequence[PackedCrystals]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(part.lattice[i], part.frac[part.atoms(i)] @ part.lattice[i]) for part in parts for i in range(len(part))]


def measure_graphs(crystals: Sequence[Crystal], arguments: argparse.Namespace) -> list[Row]:
    """Our whole graphs (fading nearest neighbours) from packed crystals, and packing alone."""
    groups = list(batches(crystals, arguments.batch_atoms))
    parts = [pack(group) for group in groups]
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    rows = []
    for device in devices:
        build = partial(graphs, parts, GraphSettings(), device)
        speed = rate(build, len(crystals), arguments.passes)
        rows.append(Row(f"graphs of packed crystals, {device}", speed, len(crystals), build()))
    speed = rate(lambda: [pack(group) for group in groups], len(crystals), arguments.passes)
    return [*rows, Row("packing", speed, len(crystals))]


def graphs(parts: Sequence[PackedCrystals], settings: GraphSettings, device: str) -> int:
    """Everything between packed crystals and the network."""
    return sum(len(build_batch(part, settings, device).centre) for part in parts)


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """One table."""
    table: list[Sequence[object]] = [(title, "structures/s", "crystals", "edges", "expected", "")]
    table += [(row.name, row.structures_per_s, row.crystals, row.edges, row.expected, row.note) for row in rows]
    print("", text_table(table), sep="\n", flush=True)


if __name__ == "__main__":
    main()
