"""Operations in every spelling, checked to be a group."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.cifs import FORMS

from screening.crystals.reading.cif.operations import MAX_OPERATIONS, from_hall, from_triplets
from screening.crystals.reading.parts import UnreadableError

BCC = from_triplets(["x,y,z", "x+1/2,y+1/2,z+1/2"])


@pytest.mark.parametrize(
    "second",
    ["x+1/2,y+1/2,z+1/2", "X+1/2,Y+1/2,Z+1/2", " 1/2+x , 1/2 + y,1/2+z ", "x+.5,y+0.5,z+.50", "x+3/2,y-1/2,z+1/2",
     "+x+1/2,+y+1/2,+z+1/2", "'x+1/2,y+1/2,z+1/2'"],
)  # fmt: skip
def test_spellings(second: str) -> None:
    assert from_triplets(["x,y,z", second]).keys == BCC.keys


def test_thirds_and_factors() -> None:
    centred = from_triplets(["x,y,z", "x+2/3,y+1/3,z+1/3", "x+1/3,y+2/3,z+2/3"])
    assert from_triplets(["x,y,z", "x+0.6667,y+.3333,z+0.33", "x+0.333,y+0.667,z+.66667"]).keys == centred.keys
    assert len(from_triplets(["x,y,z", "-x,-y,-2x+z"])) == 2


@pytest.mark.parametrize(
    "triplet",
    ["x,y", "x,y,z,w", "h,k,l", "a,b,c", "x,x,z", "2x,y,z", "x/2,y,z", "x,y,z+0.3", "x,y,z+1/7", "x,y,z+1/0", "x;y;z",
     "x,y,z+", "", "x,y,z" * 1000, "x,y,z+1.2.3", "0,0,0"],
)  # fmt: skip
def test_what_is_no_operation(triplet: str) -> None:
    with pytest.raises(UnreadableError):
        from_triplets(["x,y,z", triplet])


def test_a_list_that_is_cut_off_or_wrong_is_refused() -> None:
    listed = FORMS["P63/mmc"]
    assert from_triplets(listed).number == 194
    assert from_triplets(listed[1:]).keys == from_triplets(listed).keys  # the identity may be missing
    for wrong in (listed[:20], [*listed, "x+1/2,y,z"], ["x,y,z", "-y,x,z"], ["x,y,z", "x,y,z+1/3"]):
        with pytest.raises(UnreadableError, match="not a space group"):
            from_triplets(wrong)


def test_too_many_operations_are_not_looked_at() -> None:
    with pytest.raises(UnreadableError, match="more than any space group"):
        from_triplets(["junk"] * (MAX_OPERATIONS + 1))


def test_centrings_are_combined_with_every_operation() -> None:
    combined = from_triplets(["x,y,z", "-x,-y,-z"], ["x,y,z", "x,y,z+1/2"])
    assert combined.keys == from_triplets(["x,y,z", "-x,-y,-z", "x,y,z+1/2", "-x,-y,-z+1/2"]).keys


@pytest.mark.parametrize("symbol", ["-F 4 2 3", "-f 4 2 3", "-F_4_2_3", " -F  4 2 3 "])
def test_hall_symbols(symbol: str) -> None:
    assert len(from_hall(symbol)) == 192 and from_hall(symbol).number == 225


def test_hall_symbols_in_capitals_and_with_two_quotes() -> None:
    assert from_hall("-P 4A 2A").keys == from_hall("-P 4a 2a").keys
    assert from_hall("-R 3 2''").keys == from_hall('-R 3 2"').keys
    for wrong in ("", "nonsense", "F 4 2 3 9", "F m -3 m"):
        with pytest.raises(UnreadableError):
            from_hall(wrong)


def test_a_group_in_no_table_is_still_found() -> None:
    shifted = from_triplets(["x,y,z", "-x+1/4,-y,-z"])
    assert shifted.number == 2


def test_deviation_of_a_cell() -> None:
    cubic = from_hall("-F 4 2 3")
    assert cubic.deviation(np.eye(3) * 5) < 1e-12
    assert cubic.deviation(np.diag([5, 5, 5.1])) > 0.03
    assert from_hall("P 1").deviation(np.array([[3.0, 0, 0], [1, 4, 0], [1, 1, 5]])) == 0.0
