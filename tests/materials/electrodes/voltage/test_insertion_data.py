"""Calculated electrodes: the rows that are used, and those left out with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.crystals import supercell
from helpers.electrodes import electrode, electrode_row, write_rows

from screening.errors import RequestError
from screening.materials.electrodes.voltage.couples import balance_of
from screening.materials.electrodes.voltage.insertion_data import electrode_examples


def test_only_voltages_between_the_two_crystals_are_learned(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pairs = [electrode(rng, "Li", ("Fe", "Mn"), ions=3) for _ in range(6)]
    rows = [electrode_row(*pair, "Li", 3.0 + 0.1 * i) for i, pair in enumerate(pairs)]
    rows[1]["capacity_grav"] *= 0.5  # the crystals hold twice the ions of the step that the voltage is of
    rows[2]["energy_grav"] *= 1.4
    rows[3]["discharge_structure"]["species"][-1] = "F"
    rows[4]["average_voltage"], rows[4]["energy_grav"] = 9.0, 9.0 * rows[4]["capacity_grav"]
    rows.append({**rows[0], "working_ion": "H"})
    rows.append({**rows[0], "average_voltage": None})
    examples = electrode_examples(write_rows(tmp_path, rows))
    assert examples.voltage_V.tolist() == [3.0, 3.5]
    assert sum(examples.dropped.values()) == 6
    assert set(examples.dropped.values()) == {1, 2}
    assert examples.dropped["another working ion"] == 1
    assert "O" in examples.systems[0].split("-")


def test_a_multivalent_ion_and_cells_of_different_size(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    discharged, charged = electrode(rng, "Mg", ("Cr",))
    row = electrode_row(discharged, charged, "Mg", 2.0, charge=2)
    row["charge_structure"] = electrode_row(discharged, supercell(charged, (2, 1, 1)), "Mg", 2.0)["charge_structure"]
    examples = electrode_examples(write_rows(tmp_path, [row]))
    assert len(examples) == 1
    assert examples.systems.tolist() == ["Cr-Mg-O"]
    assert balance_of(examples.couples).moved == pytest.approx([2 / 8])
    assert examples.couples.charges.tolist() == [2.0]


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"electrodes\.jsonl\.gz is missing"):
        electrode_examples(tmp_path)
    with pytest.raises(RequestError, match="no electrode with a working ion"):
        electrode_examples(write_rows(tmp_path / "a", [{"working_ion": "H"}]))
    with pytest.raises(RequestError, match="lattice, species and frac"):
        electrode_examples(write_rows(tmp_path / "b", [{"working_ion": "Li", "average_voltage": 1.0}]))
