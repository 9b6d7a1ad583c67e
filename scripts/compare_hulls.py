#!/usr/bin/env python
"""Two ways to an energy above the hull: the network's own head, or its formation energy and the hull of a data store.

    screening evaluate model=NAME data.path=stores/mp output_dir=runs/eval
    python scripts/compare_hulls.py --store stores/mp --predictions runs/eval/predictions.parquet

The hull of the store is made of its labelled formation energies outside the split that is measured, so without any
compound of the same chemical system, which is where a new candidate stands. For each crystal a linear programme finds
the mixture of known compounds and elements of least energy at its composition. With the labelled formation energy in
place of the predicted one the same hull tells how much of the error is the hull's.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linprog

from screening.data.splits import splits_of
from screening.data.store import Store, open_store

ENERGY, HULL = "formation_energy_eV_per_atom", "energy_above_hull_eV_per_atom"
Floats = NDArray[np.float64]


class KnownCompounds:
    """The compounds that mix: lowest labelled formation energy of each composition, by the set of their elements."""

    def __init__(self, store: Store, left_out: str) -> None:
        self.energy = store.labels((ENERGY,))[:, 0].astype(np.float64)
        counts = store.crystals.element_counts()
        self.fractions = counts / counts.sum(axis=1, keepdims=True)
        systems = store.index["chemical_system"].to_list()
        usable = (self.energy < 0) & (np.array(splits_of(systems)) != left_out)
        lowest: dict[bytes, int] = {}
        for row in np.flatnonzero(usable)[np.argsort(self.energy[usable])]:
            lowest.setdefault(self.fractions[row].round(4).tobytes(), int(row))
        self._by_elements: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        for row in lowest.values():
            self._by_elements[frozenset(systems[row].split("-"))].append(row)

    def hull_eV_per_atom(self, row: int, system: str) -> float:
        """The hull at the composition of a crystal; elements have the energy 0."""
        elements = system.split("-")
        subsets = (frozenset(part) for k in range(2, len(elements) + 1) for part in combinations(elements, k))
        rows = [known for part in subsets for known in self._by_elements.get(part, [])]
        present = np.flatnonzero(self.fractions[row])
        mixtures = np.concatenate([np.eye(len(present)), self.fractions[rows][:, present]])
        energies = np.concatenate([np.zeros(len(present)), self.energy[rows]])
        return float(linprog(energies, A_eq=mixtures.T, b_eq=self.fractions[row][present], bounds=(0, None)).fun)


def compare(store: Store, predictions: pl.DataFrame, crystals: int) -> pl.DataFrame:
    """Mean absolute errors of the ways, eV/atom, over `crystals` rows drawn with seed 0."""
    labelled = predictions.filter(pl.col(f"{HULL}_label").is_not_null() & pl.col(f"{ENERGY}_label").is_not_null())
    chosen = labelled.sample(min(crystals, labelled.height), seed=0)
    row_of = {crystal: row for row, crystal in enumerate(store.index["crystal_id"].to_list())}
    splits = set(splits_of(chosen["chemical_system"].to_list()))
    if len(splits) > 1 or not set(chosen["crystal_id"]) <= set(row_of):
        raise SystemExit("--predictions: expected those of one split of the store")
    known = KnownCompounds(store, left_out=splits.pop())
    hull = np.array(
        [known.hull_eV_per_atom(row_of[c], s) for c, s in chosen.select("crystal_id", "chemical_system").iter_rows()]
    )
    head, energy, labelled_energy, label = (
        chosen[column].to_numpy() for column in (HULL, ENERGY, f"{ENERGY}_label", f"{HULL}_label")
    )
    ways: dict[str, Floats] = {
        "own head": head,
        "predicted formation energy over the hull of the store": np.maximum(energy - hull, 0.0),
        "labelled formation energy over the hull of the store": np.maximum(labelled_energy - hull, 0.0),
        "mean of the first two": (head + np.maximum(energy - hull, 0.0)) / 2,
        "best constant": np.full(len(label), np.median(label)),
    }
    errors = [float(np.abs(values - label).mean()) for values in ways.values()]
    return pl.DataFrame({"way": list(ways), "crystals": len(label), "mae_eV_per_atom": errors})


def main(argv: Sequence[str] | None = None) -> pl.DataFrame:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="the data store")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.parquet of `screening evaluate`")
    parser.add_argument("--crystals", type=int, default=2000, help="how many of them (default: %(default)s)")
    arguments = parser.parse_args(argv)
    table = compare(open_store(arguments.store), pl.read_parquet(arguments.predictions), arguments.crystals)
    with pl.Config(fmt_str_lengths=80, tbl_width_chars=120):
        print(table)
    return table


if __name__ == "__main__":
    main()
