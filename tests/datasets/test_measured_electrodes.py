"""The table of measured voltages is complete, and each row describes one frame with two contents of its ion."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pymatgen.core import Composition

TABLE = Path(__file__).resolve().parents[2] / "datasets" / "measured" / "electrodes.csv"
ROWS = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))
NEEDED = ("name", "couple", "anion_class", "host_family", "authors", "journal", "page", "year")


def test_there_are_enough_rows_with_names_of_their_own() -> None:
    assert len(ROWS) >= 80
    assert len({row["name"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_both_ends_have_one_frame_and_the_source_is_named(row: dict[str, str]) -> None:
    ends = [Composition(row[f"formula_{end}"]) for end in ("discharged", "charged")]
    ions = [end[row["ion"]] for end in ends]
    assert ions == pytest.approx([float(row["ions_discharged"]), float(row["ions_charged"])], abs=1e-3)
    assert ions[0] > ions[1]
    frames = [{str(e): n for e, n in end.items() if str(e) != row["ion"]} for end in ends]
    assert frames[0] == pytest.approx(frames[1], abs=1e-6)
    assert 0 < float(row["voltage_V"]) < 5.5
    assert row["confidence"] in ("high", "med", "low")
    assert row["source_checked"] in ("yes", "no")
    assert all(row[name] for name in NEEDED), [name for name in NEEDED if not row[name]]
