"""`screening fit barrier` writes a release that predicts; rows that teach nothing are left out and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.barriers import rock_salt_row, write_barriers

from screening.commands.fit import run
from screening.configuration import load_config
from screening.configuration.fit import FitConfig
from screening.errors import RequestError
from screening.materials.electrodes.barriers.barrier_data import EXCLUDED, barrier_examples
from screening.materials.electrodes.barriers.barrier_predictor import BARRIER_COLUMNS, BarrierPredictor
from screening.materials.electrodes.barriers.migration_path import MigrationPath


def config(folder: Path, **more: str) -> FitConfig:
    values = {"barriers": str(folder / "tables"), "output_dir": str(folder / "out"), "name": "mine"} | more
    loaded = load_config("fit", ["barrier", "n_trees=4", "n_seeds=1"], values)
    assert isinstance(loaded, FitConfig)
    return loaded


def rows() -> list[dict[str, Any]]:
    """Barriers that rise as the frame gets tighter."""
    kinds = [(metal, a) for metal in ("Fe", "Mn", "Co", "Ni", "V") for a in (4.0, 4.2, 4.4, 4.6)]
    return [
        rock_salt_row("Li", metal, "O", a, seed=i) | {"barrier_eV": 0.2 + 2.0 * (4.6 - a)}
        for i, (metal, a) in enumerate(kinds)
    ]


@pytest.mark.ci
def test_a_release_that_predicts(tmp_path: Path) -> None:
    write_barriers(tmp_path / "tables", rows())
    run(config(tmp_path))
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "# mine" in card
    assert "Rows: 20 paths in 5 chemical systems" in card
    predictor = BarrierPredictor.load(str(tmp_path / "out"), {})
    assert predictor is not None
    tight, wide = (MigrationPath.from_row(rock_salt_row("Li", "Cr", "O", a)) for a in (4.0, 4.6))
    found = predictor.predict([tight, wide])
    assert found[0, 0] > found[1, 0] + 0.3
    assert (found[:, 1] <= found[:, 0]).all()
    assert (found[:, 0] <= found[:, 2]).all()
    assert (found >= 0).all()
    broken = rock_salt_row() | {"path_frac": [[0, 0, 0]]}
    described = predictor.describe_paths([broken, rock_salt_row(a=4.4), {"id": "x"}])
    assert [column.name for column in described.columns] == list(BARRIER_COLUMNS)
    assert described.columns[0].is_null().to_list() == [True, False, True]
    assert described.refused == {
        0: "path_frac has 1 points; expected 5, from one site to the other",
        2: "the row has no ion, lattice, species, frac, path_frac",
    }
    alone = predictor.predict([MigrationPath.from_row(rock_salt_row(a=4.4))])
    assert described.columns[0][1] == pytest.approx(alone[0, 0])
    assert np.isnan(predictor.predict([MigrationPath.from_row(broken)])).all()


def test_what_teaches_nothing_is_left_out(tmp_path: Path) -> None:
    one, other = rock_salt_row(seed=1), rock_salt_row(metal="Mn", seed=2)
    given = [
        one | {"barrier_eV": 0.3},
        one | {"barrier_eV": 0.5, "id": "again"},
        other | {"barrier_eV": 0.7},
        other | {"barrier_eV": 9.0},
        other | {"barrier_eV": None},
        other | {"barrier_eV": 0.4, "ion": "Cu"},
        {"id": "x", "barrier_eV": 0.4},
    ]
    write_barriers(tmp_path / "tables", given)
    found = barrier_examples(tmp_path / "tables")
    assert found.barrier_eV.tolist() == [0.4, 0.7]
    assert found.systems.tolist() == ["Fe-Li-O", "Li-Mn-O"]
    assert found.repeated == 1
    assert sum(found.dropped.values()) == 4


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        ("Mn15O32", ["FeNa"]),  # without the moving ion
        ("Li7Mn15O32", ["FeNa"]),  # with another content of it
        ("NaMn15O32", ["Mn", "FeNa"]),  # another compound, if lithium moves
        ("Na2Fe15O32", ["Mn"]),
    ],
)
def test_paths_in_an_excluded_compound(tmp_path: Path, formula: str, left: list[str]) -> None:
    """With whatever content of the moving ion; that of other ions is part of the frame."""
    given = [rock_salt_row("Li", "Mn") | {"id": "Mn"}, rock_salt_row("Na", "Fe") | {"id": "FeNa"}]
    write_barriers(tmp_path / "tables", [row | {"barrier_eV": 0.5} for row in given])
    found = barrier_examples(tmp_path / "tables", [formula])
    assert [path.id for path in found.paths] == left
    assert found.dropped == ({EXCLUDED: 1} if len(left) == 1 else {})


@pytest.mark.ci
def test_the_card_says_what_was_excluded(tmp_path: Path) -> None:
    write_barriers(tmp_path / "tables", rows())
    (tmp_path / "list.txt").write_text("LiNi15O32\nCaSnO3\n")
    run(config(tmp_path, exclude=str(tmp_path / "list.txt")))
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "exclude=FILE`. Nothing was learned from the 2 compounds in FILE" in card
    assert "Rows: 16 paths in 4 chemical systems" in card
    assert f"- Left out: {EXCLUDED} 4." in card


def test_a_list_of_excluded_compounds_that_is_none(tmp_path: Path) -> None:
    write_barriers(tmp_path / "tables", rows())
    (tmp_path / "list.txt").write_text("LiNiO2\n12\n")
    with pytest.raises(RequestError, match=r"exclude=.*list\.txt: expected one formula a line, got '12'"):
        run(config(tmp_path, exclude=str(tmp_path / "list.txt")))


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    write_barriers(tmp_path / "tables", [rock_salt_row() | {"barrier_eV": -1.0}])
    with pytest.raises(RequestError, match="no row is a path with a barrier up to 5 eV"):
        run(config(tmp_path))


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"barriers=.*tables: expected a folder with barriers\.jsonl\.gz"):
        run(config(tmp_path))


def test_none_predicts_nothing() -> None:
    assert BarrierPredictor.load("none", {}) is None


def test_an_unknown_release() -> None:
    with pytest.raises(RequestError, match="barrier=unheard"):
        BarrierPredictor.load("unheard", {})
