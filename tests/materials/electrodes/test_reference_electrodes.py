"""The flags against the reference table: no usable electrode is refused and no insulator passes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.formulas import cell_formula
from screening.materials.electrodes.merit import ElectrodeSettings, evaluate
from screening.resources import resource

TableMaker = Callable[..., pl.DataFrame]


def test_usable_electrodes_pass_and_unusable_ones_do_not(predictions: TableMaker) -> None:
    from pymatgen.core import Composition

    folder = resource("datasets")
    with (folder / "reference" / "electrodes.csv").open(newline="", encoding="utf-8") as stream:
        reference = {row["name"]: row for row in csv.DictReader(stream)}
    lines = (folder / "candidates" / "electrodes.jsonl").read_text("utf-8").splitlines()
    for crystal in map(json.loads, lines):
        known = reference[crystal["id"]]
        formula = cell_formula(np.array([ATOMIC_NUMBERS[symbol] for symbol in crystal["species"]]))
        row = evaluate(predictions(formula), ElectrodeSettings()).row(0, named=True)
        assert ("not_an_electrode" in row["flags"]) == (known["usable_electrode"] == "no"), crystal["id"]
        if known["structure_is"] == "discharged":
            # The table counts only the ions that leave in practice (n_ion), the formula all of them.
            held = Composition(known["formula_discharged"])[known["ion"]]
            expected = float(known["cap_theo_discharged_basis_mAh_g"]) * held / float(known["n_ion"])
            assert row["capacity_mAh_per_g"] == pytest.approx(expected, rel=5e-4), crystal["id"]
