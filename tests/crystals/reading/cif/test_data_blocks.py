"""Data blocks are found where the syntax says, whatever is in comments, quotes and text fields."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from helpers.cifs import SALT, atom_lines, cell_lines, cif

from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.cif.data_blocks import cif_crystal_blocks


def blocks(text: str | bytes, limit: int = 10**6) -> list[bytes]:
    data = text.encode() if isinstance(text, str) else text
    return [b"too long" if is_too_long else block for block, is_too_long in cif_crystal_blocks(io.BytesIO(data), limit)]


ATOMS = cell_lines() + "_symmetry_space_group_name_H-M 'F m -3 m'\n" + atom_lines(SALT)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"data_a\n{ATOMS}data_b\n{ATOMS}", 2),
        (f"DATA_a\n{ATOMS}  Data_b\n{ATOMS}", 2),
        (f"\tdata_a\n{ATOMS} data_b {ATOMS}", 2),
        (f"data_a _x 1 data_b\n{ATOMS}", 1),
        (f"data_a\n_x 'data_b'\n{ATOMS}", 1),
        (f"data_a\n_x 'it's data_b'\n{ATOMS}", 1),
        (f'data_a\n_x "say data_b"\n{ATOMS}', 1),
        (f"data_a # data_b\n{ATOMS}", 1),
        (f"data_a\n_x\n;\ndata_b\n_cell_length_a 1\n;\n{ATOMS}", 1),
        (f"data_a\n_x\n;text\ndata_b ;\n; {ATOMS}", 1),
        (f"data_a\n_x\n;text\n; data_b\n{ATOMS}", 1),
        (f"data_global\n_x ?\ndata_b\n{ATOMS}", 1),
        (f"global_\n_x 1\ndata_b\n{ATOMS}", 1),
        (f"data_a\n{ATOMS}data_a\n{ATOMS}", 2),
        (f"data_a\n{ATOMS}_x mydata_b\n_y x;\n", 1),
        (f"some words before\ndata_a\n{ATOMS}", 1),
        ("data_a\n_Cell.Length_A 1\ndata_b\n_atom_site.fract_x 1\ndata_c\n_y 1", 2),
        ("data_a\n_x 1\ndata_b\n_y 2\n", 1),
        (f"data_a\n_x naïveté\u00e0data_b\n{ATOMS}", 1),
        ("# nothing\n", 1),
        ("", 0),
    ],
)
def test_blocks(text: str, count: int) -> None:
    for written in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text):
        found = blocks(written)
        assert len(found) == (count if written.strip("\ufeff") else 0)
        assert all(b"\r" not in block for block in found)


def test_a_block_that_is_too_long_costs_no_other() -> None:
    long = f"data_long\n{ATOMS}_x\n;\n" + "word\n" * 5000 + ";\n"
    found = blocks(f"data_a\n{ATOMS}{long}data_b\n{ATOMS}", limit=10_000)
    assert [block == b"too long" for block in found] == [False, True, False]
    assert blocks(f"data_a\n{ATOMS}_x '" + "w" * 50_000 + f"'\ndata_b\n{ATOMS}", 10_000)[1].startswith(b"data_b")


@pytest.mark.parametrize("piece", ["'a ", "\"a 'b ", "data_ ", "'data_", ";\n", "# data_\n", "\n", "_x\n;\n"])
def test_splitting_takes_linear_time(piece: str) -> None:
    times = []
    for size in (1 << 15, 1 << 18):
        text = (piece * size)[:size].encode()
        start = time.process_time()
        blocks(text)
        times.append(time.process_time() - start)
    assert times[1] < 30 * max(times[0], 0.01)


def test_every_block_ends_in_one_place(tmp_path: Path) -> None:
    text = (
        "data_global\n_x ?\n"
        + cif("F m -3 m")
        + "  data_no_atoms\n_cell_length_a 3\n"
        + cif("P 1")
        + " Data_cut\nloop_\n"
    )
    text += "_atom_site_label\n_atom_site_fract_x\nFe1\n"
    (tmp_path / "many.cif").write_text(text)
    items = list(read_crystals(tmp_path / "many.cif", ReadSettings(workers=0)))
    assert [item.candidate_id for item in items] == ["many#1", "many#2", "many#3", "many#4"]
    assert [type(item) for item in items] == [Crystal, Rejection, Crystal, Rejection]
