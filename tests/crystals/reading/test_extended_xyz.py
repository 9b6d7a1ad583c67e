"""Extended XYZ in whatever order, case and quotes: one crystal a frame, and a wrong frame costs only itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.extended_xyz import read_xyz, xyz_frames
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.sites import Sites

LATTICE = 'Lattice="4 0 0 1 4 0 0 0 5"'
ATOMS = "Fe 0 0 0\nCo 2 2 2\n"
GOOD = f"2\n{LATTICE} Properties=species:S:1:pos:R:3\n{ATOMS}"


def read(text: str) -> Sites:
    return read_xyz(text.encode(), ReadSettings())


def frames(text: str) -> list[tuple[int, str]]:
    """Lines and reason of each frame."""
    return [(data.count(b"\n"), reason) for _, data, reason in xyz_frames(io.BytesIO(text.encode()))]


def with_comment(comment: str, atoms: str = ATOMS) -> str:
    return f"2\n{comment}\n{atoms}"


DIALECTS = {
    "BOM": "\ufeff" + GOOD,
    "CR": GOOD.replace("\n", "\r"),
    "CRLF": GOOD.replace("\n", "\r\n"),
    "no Properties": with_comment(LATTICE),
    "case": with_comment('LATTICE="4 0 0 1 4 0 0 0 5" properties=species:S:1:pos:R:3 PBC="t T true"'),
    "single quotes": with_comment("Lattice='4 0 0 1 4 0 0 0 5'"),
    "braces": with_comment("Lattice={4 0 0 1 4 0 0 0 5} pbc={T T T}"),
    "spaces": with_comment('Lattice = "4.0  0 0 1.0d0 4 0 0 0 5" pbc = "1 1 1"'),
    "a list": with_comment("Lattice=[4, 0, 0, 1, 4, 0, 0, 0, 5] pbc=[True, True, True]"),
    "a list of vectors": with_comment("Lattice=[[4, 0, 0], [1, 4, 0], [0, 0, 5]] pbc=[T,T,T]"),
    "other keys": with_comment(f'energy=-1.5 note="a=b \\"c\\"" flag {LATTICE} stress="0 0 0 0 0 0" config_type=x'),
    "order": with_comment(f"{LATTICE} Properties=pos:R:3:forces:R:3:species:S:1", "0 0 0 9 9 9 Fe\n2 2 2 9 9 9 Co\n"),
    "Z": with_comment(f"{LATTICE} Properties=Z:I:1:pos:R:3", "26 0 0 0\n27 2 2 2\n"),
    "Z and species": with_comment(f"{LATTICE} Properties=species:S:1:Z:I:1:pos:R:3", "Fe 26 0 0 0\nCo 27 2 2 2\n"),
    "small letters": with_comment(LATTICE, "fe 0 0 0\nco 2 2 2\n"),
    "capitals": with_comment(LATTICE, "FE 0 0 0\nCO 2 2 2\n"),
    "numbers": with_comment(LATTICE, "26 0 0 0\n27 2 2 2\n"),
    "more columns of plain XYZ": with_comment(LATTICE, "Fe 0 0 0 0.1 0.2\nCo 2 2 2 0.1 0.2\n"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect(dialect: str) -> None:
    sites, good = read(DIALECTS[dialect]), read(GOOD)
    assert sites.numbers.tolist() == [26, 27]
    assert np.allclose(sites.lattice, [[4, 0, 0], [1, 4, 0], [0, 0, 5]]) and np.allclose(sites.frac, good.frac)
    assert np.allclose(sites.frac @ sites.lattice, [[0, 0, 0], [2, 2, 2]])


REFUSED = {
    "plain XYZ": (with_comment("water, at 25 C = x"), "no lattice: a molecule"),
    "no comment": (with_comment(""), "no lattice: a molecule"),
    "zeros": (with_comment('Lattice="0 0 0 0 0 0 0 0 0"'), "no lattice: a molecule"),
    "a slab": (with_comment(f'{LATTICE} pbc="T T F"'), "not periodic in three directions (pbc T T F)"),
    "a slab, as a list": (with_comment(f"{LATTICE} pbc=[True, False, True]"), "(pbc T F T)"),
    "one pbc": (with_comment(f"{LATTICE} pbc=T"), "three directions, not 1"),
    "unknown pbc": (with_comment(f'{LATTICE} pbc="T T yes"'), "found 'yes'"),
    "six numbers": (with_comment('Lattice="4 4 4 90 90 90"'), "nine numbers, not 6"),
    "words": (with_comment('Lattice="4 0 0 0 four 0 0 0 4"'), "'four' is not a number"),
    "NaN": (with_comment('Lattice="4 0 0 0 nan 0 0 0 4"'), "'nan' is not a number"),
    "twice": (with_comment(f"{LATTICE} {LATTICE}"), "lattice stands twice"),
    "an open quote": (with_comment('Lattice="4 0 0 0 4 0 0 0 5'), "cannot be read as key=value pairs"),
    "no positions": (with_comment(f"{LATTICE} Properties=species:S:1:frac:R:3"), "no pos:R:3"),
    "no species": (with_comment(f"{LATTICE} Properties=label:S:1:pos:R:3"), "neither species nor Z"),
    "Z against species": (
        with_comment(f"{LATTICE} Properties=species:S:1:Z:I:1:pos:R:3", "Fe 26 0 0 0\nCo 28 2 2 2\n"),
        "contradict each other",
    ),
    "great widths": (with_comment(f"{LATTICE} Properties=species:S:1:pos:R:3:x:R:30000000"), "state 30000004"),
    "absurd widths": (with_comment(f"{LATTICE} Properties=species:S:1:pos:R:{'9' * 5000}"), "must be name:type:width"),
    "fewer columns": (with_comment(LATTICE, "Fe 0 0 0\nCo 2 2\n"), "atom 2 has 3 columns"),
    "more columns": (with_comment(f"{LATTICE} Properties=species:S:1:pos:R:3", "Fe 0 0 0\nCo 2 2 2 1\n"), "5 columns"),
    "a label": (with_comment(LATTICE, "Fe1 0 0 0\nCo1 2 2 2\n"), "'Fe1' is not an element"),
    "a dummy": (with_comment(LATTICE, "Fe 0 0 0\nX 2 2 2\n"), "'X' is not an element"),
    "Z of nothing": (with_comment(LATTICE, "Fe 0 0 0\n0 2 2 2\n"), "is not an element"),
    "a comma": (with_comment(LATTICE, "Fe 0 0 0\nCo 2,0 2 2\n"), "'2,0' is not a number"),
    "flat": (with_comment('Lattice="4 0 0 4 0 0 0 0 5"'), "encloses no volume"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault(fault: str) -> None:
    text, reason = REFUSED[fault]
    with pytest.raises(UnreadableError) as caught:
        read(text)
    assert reason in str(caught.value)


def test_deuterium_is_hydrogen() -> None:
    assert read(with_comment(LATTICE, "Fe 0 0 0\nD 2 2 2\n")).numbers.tolist() == [26, 1]


@pytest.mark.parametrize("key", ["id", "mp_id", "material_id", "entry_id", "task_id", "name", "jid"])
def test_ids_are_kept_as_they_are_written(key: str) -> None:
    assert read(with_comment(f"{LATTICE} {key}=007")).own_id == "007"
    assert read(with_comment(f'{LATTICE} {key}="a b ＝ c"')).own_id == "a b ＝ c"


def test_frames_are_separated_by_their_counts() -> None:
    assert frames(GOOD + GOOD) == [(4, ""), (4, "")]
    assert frames(GOOD + "\n\n" + GOOD + "\n") == [(4, ""), (4, "")]
    assert frames(GOOD.replace("\n", "\r\n") * 3) == [(4, "")] * 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("1" + GOOD[1:], "longer than it says: it states 1 atoms and has 2"),
        ("3" + GOOD[1:], "truncated: it states 3 atoms and has 2"),
        ("999999999" + GOOD[1:], "truncated: it states 999999999 atoms and has 2"),
    ],
)
def test_a_wrong_count_costs_only_its_frame(wrong: str, reason: str) -> None:
    (first, none), (_, found), (last, nothing) = frames(GOOD + wrong + GOOD)
    assert (first, none, last, nothing) == (4, "", 4, "") and reason in found


@pytest.mark.parametrize("wrong", ["two" + GOOD[1:], "-2" + GOOD[1:], "2 atoms" + GOOD[1:], "Fe 0 0 0\n"])
def test_a_file_that_begins_without_a_count(wrong: str) -> None:
    (_, found), (lines, nothing) = frames(wrong + GOOD)
    assert "should be a number of atoms" in found and (lines, nothing) == (4, "")


def test_lines_after_a_frame_refuse_it() -> None:
    (kept, why), (after, fine) = frames(GOOD + "Fe 0 0 0\n" + GOOD)
    assert kept == 0 and "states 2 atoms and has 3" in why and (after, fine) == (4, "")


@pytest.mark.parametrize("seed", range(5))
def test_the_writer_of_ase(seed: int) -> None:
    rng = np.random.default_rng(seed)
    atoms = Atoms(rng.choice(["Fe", "O", "H"], size=5), cell=rng.normal(size=(3, 3)) + 5 * np.eye(3), pbc=True)
    atoms.positions = rng.normal(size=(5, 3))
    atoms.set_array("forces", rng.normal(size=(5, 3)))
    atoms.set_initial_magnetic_moments(rng.normal(size=5))
    atoms.info = {"name": "a 'quoted' \"name\"", "energy": 1.5, "list": [1, 2, 3], "deep": {"a": [1]}}
    buffer = io.StringIO()
    write(buffer, atoms, format="extxyz")
    sites = read(buffer.getvalue())
    assert sites.numbers.tolist() == atoms.numbers.tolist() and sites.own_id == "a 'quoted' \"name\""
    assert np.allclose(sites.lattice, atoms.cell.array)
    assert np.allclose(sites.frac @ sites.lattice, atoms.positions, atol=1e-6)
