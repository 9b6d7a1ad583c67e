"""Paths are read from rows, and each one that cannot be used gets its reason."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from helpers.barriers import rock_salt_row

from screening.materials.electrodes.barriers.migration_path import MIGRATING_CHARGES, MigrationPath, check_path


def path(**changes: Any) -> MigrationPath:
    return MigrationPath.from_row(rock_salt_row() | changes)


def test_a_sound_path() -> None:
    assert check_path(path()) is None
    assert path().length_A == pytest.approx(4.2 / np.sqrt(2))


@pytest.mark.parametrize("ion", MIGRATING_CHARGES)
def test_every_ion_with_known_barriers(ion: str) -> None:
    assert check_path(path(ion=ion)) is None


def test_points_that_are_wrapped_into_the_cell_are_the_same_path() -> None:
    moved = np.array(rock_salt_row()["path_frac"]) - [0.1, 0.1, 0.0]
    frac = (np.array(rock_salt_row()["frac"]) - [0.1, 0.1, 0.0]).tolist()
    whole, wrapped = path(path_frac=moved.tolist(), frac=frac), path(path_frac=(moved % 1.0).tolist(), frac=frac)
    assert wrapped.length_A == pytest.approx(whole.length_A)
    assert check_path(wrapped) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"path_frac": np.linspace([0, 0, 0], [0.25, 0.25, 0], 4).tolist()}, "path_frac has 4 points; expected 5"),
        ({"ion": "Cu"}, "no barriers of 'Cu' are known; expected one of Li, Na"),
        ({"path_frac": [[float("nan"), 0, 0]] * 5}, "not finite"),
        ({"lattice": [[8.4, 0, 0], [0, 8.4, 0], [0, 0, 0]]}, "the lattice is flat"),
        ({"path_frac": np.linspace([0, 0, 0], [0.25, 0.25, 0], 6).tolist()}, "path_frac has 6 points; expected 5"),
        ({"lattice": [[float("inf"), 0, 0], [0, 8.4, 0], [0, 0, 8.4]]}, "not finite"),
        ({"frac": [[None, 0, 0], *rock_salt_row()["frac"][1:]]}, "not finite"),
        ({"path_frac": [[x, x, 0] for x in (0, 0.06, 0.12, 0.06, 0)]}, "the path ends where it begins"),
        ({"species": ["Fe"] * 62}, "the frame has no anions"),
        ({"species": ["He"] * 62}, "the frame has no anions"),
        ({"species": ["Og", *rock_salt_row()["species"][1:]]}, "no barrier is known in a frame with Og"),
        ({"frac": [rock_salt_row()["frac"][9], *rock_salt_row()["frac"][1:]]}, r"overlap: Fe and Li are 0\.00 Å"),
        ({"path_frac": [[0, 0, 0]] * 5}, r"0\.00 Å long; expected 0\.5 to 15 Å"),
    ],
)
def test_reasons(changes: dict[str, Any], reason: str) -> None:
    said = check_path(path(**changes))
    assert said is not None
    assert re.search(reason, said)


@pytest.mark.parametrize("place", [0.125, 0.1])
def test_a_path_through_an_atom(place: float) -> None:
    """On a point of the path, and between two."""
    row = rock_salt_row()
    said = check_path(path(species=[*row["species"], "O"], frac=[*row["frac"], [place, place, 0.0]]))
    assert said is not None
    assert "goes through an atom: 0.0" in said


@pytest.mark.parametrize(("site", "verb"), [(0.0, "begins"), (0.25, "ends")])
def test_a_frame_that_still_holds_the_ion(site: float, verb: str) -> None:
    row = rock_salt_row()
    said = check_path(path(species=[*row["species"], "Li"], frac=[*row["frac"], [site, site, 1.0]]))
    assert said is not None
    assert f"the path {verb} 0.00 Å from Li; expected a free site and a frame without the moving ion" in said


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"species": "LiO"}, "species: expected a list"),
        ({"species": [["Li"]]}, "species: expected element symbols, found \\['Li'\\]"),
        ({"species": [None]}, "species: expected element symbols, found None"),
        ({"frac": [[10**400, 0, 0]]}, "frac: expected rows of three numbers"),
        ({"species": ["Qq"]}, "species: expected element symbols, found Qq"),
        ({"frac": [], "species": []}, r"frac: expected rows of three numbers, found the shape \(0,\)"),
        ({"frac": [[0, 0]]}, "frac: expected rows of three numbers"),
        ({"frac": [[0, 0, 0]]}, "expected as many of both"),
        ({"lattice": [[1, 0, 0]]}, "lattice: expected 3 vectors, found 1"),
        ({"path_frac": "none"}, "path_frac: expected rows of three numbers"),
        ({"path_frac": None}, "path_frac: expected rows of three numbers"),
    ],
)
def test_rows_that_are_no_path(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        path(**changes)


def test_a_row_without_ion() -> None:
    row = rock_salt_row()
    del row["ion"]
    with pytest.raises(ValueError, match="the row has no ion"):
        MigrationPath.from_row(row)
