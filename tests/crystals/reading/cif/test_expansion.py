"""Special positions are merged, rounded coordinates restored, and atoms listed beside their images counted once."""

from __future__ import annotations

import time

import numpy as np
import pytest
from helpers.cifs import FORMS, HEXAGON, SALT, cif, content_of, operation_lines, shortest_distance, sites_of

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.cif.cif_reader import crystal_of_cif
from screening.crystals.reading.parts import UnreadableError

NIAS = operation_lines(FORMS["P63/mmc"])
RESTORED = ("positions_restored",)


@pytest.mark.parametrize(
    ("arsenic", "flags"),
    [
        ("1/3 2/3 1/4", ()),
        ("0.333333 0.666667 0.25", ()),
        ("0.3333 0.6667 0.25", ()),
        ("0.3333(2) 0.6667(2) 0.25", ()),
        ("0.333 0.667 0.25", RESTORED),
        ("0.333 0.666 0.25", RESTORED),
        ("0.33 0.67 0.25", RESTORED),
        ("0.33 0.66 0.250", RESTORED),
        ("0.3330 0.6670 0.2500", RESTORED),
        ("-0.333 0.333 1.25", RESTORED),
    ],
)
def test_thirds(arsenic: str, flags: tuple[str, ...]) -> None:
    text = cif(NIAS, ["Ni Ni 0 0 0", f"As As {arsenic}"], cell=HEXAGON)
    assert (content_of(text), sites_of(text).flags) == ("Ni2As2", flags)
    assert np.allclose(sorted(sites_of(text).frac[2:, 0]), [1 / 3, 2 / 3], atol=1e-4 if not flags else 1e-9)


def test_x_and_2x() -> None:
    rows = ["Fe1 Fe 0.169 0.337 0.892", "O1 O 0.155 0.310 0.052", "Ba1 Ba 0.3333 0.6667 0.25"]
    sites = sites_of(cif(NIAS, rows, cell=(5.89, 5.89, 23.18, 90, 90, 120)))
    assert (len(sites.numbers), sites.flags) == (26, RESTORED)
    iron = sites.frac[sites.numbers == 26]
    assert np.abs(iron[0] - [0.1686666, 0.3373333, 0.892]).max() < 1e-3
    assert abs(iron[0][1] - 2 * iron[0][0]) < 1e-9


@pytest.mark.parametrize("arsenic", ["0.32 0.67 0.25", "0.3 0.7 0.25", "0.34 0.67 0.25", "0.340 0.667 0.25"])
def test_positions_beyond_the_rounding_stay_and_overlap(arsenic: str) -> None:
    sites = sites_of(cif(NIAS, ["Ni Ni 0 0 0", f"As As {arsenic}"], cell=HEXAGON))
    assert len(sites.numbers) > 4 and sites.flags == () and shortest_distance(sites) < 0.5


def test_two_atoms_of_two_digits_are_not_one() -> None:
    rows = ["H1 H 0.01 0 0.25", "Fe1 Fe 0.5 0.5 0.5"]  # 0.8 Å from its image in the mirror
    sites = sites_of(cif("P m -3 m", rows, cell=(40, 40, 40, 90, 90, 90)))
    assert (sites.numbers == 1).sum() == 24 and sites.flags == ()


WHOLE = ("Na0 Na 0 0 0", "Na1 Na .5 .5 0", "Na2 Na .5 0 .5", "Na3 Na 0 .5 .5", "Cl0 Cl .5 .5 .5", "Cl1 Cl 0 0 .5",
         "Cl2 Cl 0 .5 0", "Cl3 Cl .5 0 0")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (cif("F m -3 m", WHOLE), "Na4Cl4"),
        (cif("F m -3 m", WHOLE[:6]), "Na4Cl4"),
        (cif("F m -3 m", [f"{row} 0.5" for row in WHOLE], "occupancy"), "Na4Cl4"),
        (
            cif(NIAS, ["Ni Ni 0 0 0", "Ni2 Ni 0 0 .5", "As1 As .333 .667 .25", "As2 As .667 .333 .75"], cell=HEXAGON),
            "Ni2As2",
        ),
        (cif(NIAS, ["Ni Ni 0 0 0", "H1 H .104 .211 .31", "H2 H .211 .107 .81"], cell=HEXAGON), "Ni2H24"),
    ],
)
def test_atoms_listed_beside_their_images_count_once(text: str, content: str) -> None:
    assert content_of(text) == content
    assert "sites_listed_twice" in sites_of(text).flags


def test_halves_of_one_element_on_one_site_are_summed() -> None:
    rows = ["Fe1 Fe2+ 0 0 0 0.5", "Fe2 Fe3+ 0 0 0 0.5", "O1 O .5 .5 .5 1"]
    sites = sites_of(cif("F m -3 m", rows, "occupancy"))
    assert (sites.occupancies, len(sites.numbers), sites.flags) == (None, 8, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cif("P 1", ["Fe1 Fe 0 0 0", "Fe2 Fe 0 0 0"]), "one place is occupied 2 times"),
        (cif("F m -3 m", ["Na1 Na 0 0 0", "K1 K 0 0 0", "Cl1 Cl .5 .5 .5"]), "one place is occupied 2 times (Na1, K1)"),
        (cif("F m -3 m", ["Na1 Na 0 0 0", "K1 K .5 .5 0"]), "one place is occupied 2 times"),
        (
            cif("F m -3 m", [f"{row} 0.5" for row in WHOLE[1:5]], "occupancy"),
            "listed at 3 of its 4 equivalent positions",
        ),
        (cif("F m -3 m", ["Na1 Na 0 0 0 0.7", "K1 K 0 0 0 0.7"], "occupancy"), "one place is occupied 1.4 times"),
    ],
)
def test_what_shares_a_place_is_refused(text: str, reason: str) -> None:
    said = content_of(text)
    assert said.startswith("!") and reason in said


def test_split_sites_stay_apart() -> None:
    rows = ["O1 O 0.12 0.3 0.3 0.5", "O2 O 0.13 0.3 0.3 0.5", "Fe1 Fe 0.5 0.5 0.5 1"]
    assert len(sites_of(cif("P 1", rows, "occupancy")).numbers) == 3


def test_stated_sizes_are_looked_at_before_they_are_expanded() -> None:
    rows = [f"Fe{i} Fe {i % 97 / 97:.4f} {i % 89 / 89:.4f} {i % 83 / 83:.4f}" for i in range(900)]
    start = time.process_time()
    with pytest.raises(UnreadableError, match="limit of 1000 atoms"):
        sites_of(cif("F m -3 m", rows, cell=(50, 50, 50, 90, 90, 90)))
    with pytest.raises(UnreadableError, match="5000 atoms listed"):
        sites_of(cif("P 1", (rows * 6)[:5000]))
    with pytest.raises(UnreadableError, match="limit of 20 atoms"):
        crystal_of_cif(cif("F m -3 m", [*SALT, "Fe1 Fe 0.1 0.2 0.3"]), ReadSettings(max_atoms=20))
    assert time.process_time() - start < 5
