"""The hull of a store is that of pymatgen's phase diagram."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from helpers.labelled import small_store
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from screening.data.splits import splits_of
from scripts.compare_hulls import ENERGY, HULL, KnownCompounds, compare


def test_hull_is_that_of_the_phase_diagram(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 80)
    systems, formulas = store.index["chemical_system"].to_list(), store.index["formula"].to_list()
    energies = store.labels((ENERGY,))[:, 0].astype(float)
    known = KnownCompounds(store, left_out="none")
    for row in np.argsort([-len(system) for system in systems])[:10]:
        elements = systems[row].split("-")
        entries = [PDEntry(Composition(e), 0.0) for e in elements]
        for formula, system, energy in zip(formulas, systems, energies, strict=True):
            if set(system.split("-")) <= set(elements) and len(set(system.split("-"))) > 1:
                composition = Composition(formula)
                entries.append(PDEntry(composition, energy * composition.num_atoms))
        diagram = PhaseDiagram(entries, elements=[Element(e) for e in elements])
        expected = diagram.get_hull_energy_per_atom(Composition(formulas[row]))
        assert known.hull_eV_per_atom(int(row), systems[row]) == pytest.approx(expected, abs=1e-6)


def test_a_perfect_head_has_no_error_and_a_split_s_own_compounds_are_not_known(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", 150)
    table = store.index.select("crystal_id", "chemical_system").with_columns(
        *(pl.Series(name, store.labels((name.removesuffix("_label"),))[:, 0]).fill_nan(None)
          for name in (f"{ENERGY}_label", f"{HULL}_label")),
    )  # fmt: skip
    table = table.with_columns(pl.col(f"{ENERGY}_label").alias(ENERGY), pl.col(f"{HULL}_label").alias(HULL))
    with pytest.raises(SystemExit, match="one split"):
        compare(store, table, 50)
    training = pl.Series([split == "train" for split in splits_of(table["chemical_system"].to_list())])
    errors = dict(compare(store, table.filter(training), 50).select("way", "mae_eV_per_atom").iter_rows())
    assert errors["own head"] == 0 < errors["best constant"]
    everything, without = (KnownCompounds(store, left_out=split) for split in ("none", "train"))
    rows = range(len(store))
    systems = store.index["chemical_system"].to_list()
    hulls = [[known.hull_eV_per_atom(row, systems[row]) for row in rows] for known in (everything, without)]
    assert np.all(np.array(hulls[0]) <= np.array(hulls[1]) + 1e-9) and np.less(*hulls).any()
