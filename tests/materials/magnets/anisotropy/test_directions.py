"""Directions of measured moments: axis, plane, tilted; votes by composition; scores of the 4f rule."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from screening.chemistry.elements import SYMBOLS
from screening.crystals import Crystal, read_crystals
from screening.errors import RequestError
from screening.materials.magnets.anisotropy.directions import (
    AXIS,
    NO_MOMENT,
    PLANE,
    TILTED,
    four_f_scores,
    host_directions,
    read_directions,
)

MAGNETS = {c.candidate_id: c for c in read_crystals("magnets") if isinstance(c, Crystal)}


def structure(name: str, direction: list[float], of: tuple[str, ...]) -> dict[str, object]:
    """A magnet with 2 µB along this direction on every atom of these elements, every second one reversed."""
    crystal = MAGNETS[name]
    species = [SYMBOLS[z] for z in crystal.numbers]
    unit = np.array(direction) / np.linalg.norm(direction)
    moment = [(2 * (-1) ** i * unit if symbol in of else 0 * unit).tolist() for i, symbol in enumerate(species)]
    return {
        "entry": f"{name} {direction}",
        "lattice": crystal.lattice.tolist(),
        "species": species,
        "frac": crystal.frac.tolist(),
        "moment_muB": moment,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        structure("Nd2Fe14B", [0, 0, 1], ("Nd", "Fe")),
        structure("Er2Fe14B", [0, 0, 1], ("Er", "Fe")),
        structure("MnBi", [1, 0, 0], ("Mn",)),
        structure("MnBi", [1, 0, 1], ("Mn",)),
        structure("CrO2", [0, 0, 1], ("Cr",)),
        structure("Fe bcc", [0, 0, 1], ("Fe",)),
        structure("Fe3C", [0, 0, 1], ("Fe",)),
    ]
    target = tmp_path / "magndata.jsonl.gz"
    target.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return target


def test_directions_of_uniaxial_crystals(file: Path) -> None:
    found = read_directions(file)
    assert found.host.tolist() == [AXIS, AXIS, PLANE, TILTED, AXIS]  # cubic iron and orthorhombic Fe3C have no axis
    assert found.four_f.tolist() == [AXIS, AXIS, NO_MOMENT, NO_MOMENT, NO_MOMENT]
    assert found.vote.tolist() == [1, 1, 0.5, 0.5, 1]


def test_votes_and_scores(file: Path) -> None:
    found = read_directions(file)
    assert host_directions(found) == {
        "metals": {"axis": 0.0, "plane": 0.5, "tilted": 0.5},
        "others": {"axis": 1.0, "plane": 0.0, "tilted": 0.0},
    }
    scores = four_f_scores(found)
    assert scores["held by 3d moments"] == {"n": 2.0, "right": 0.5, "majority": 1.0}  # Nd is axial, Er is not
    assert scores["alone"]["n"] == 0


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"magndata\.jsonl\.gz"):
        read_directions(tmp_path / "magndata.jsonl.gz")
