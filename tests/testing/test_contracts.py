"""The contract tests find what is wrong: each of these plug-ins breaks one promise."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from screening.columns.spec import Column
from screening.crystals import Crystal
from screening.data.importers.base import Importer, Labelled
from screening.data.store import LabelledCrystal
from screening.errors import RequestError
from screening.materials.base import MaterialClass, NoKeys
from screening.networks import edge_update
from screening.potentials.base import Potential, PotentialOutput
from screening.potentials.state import CrystalState
from screening.testing import ContractError, check_importer, check_material_class, check_network, check_potential
from screening.testing.sample_crystals import cubic, random_crystal

TINY = {"width": 8, "edge_width": 8, "layers": 1, "readout_width": 0}


class Volumes(Potential):
    """Every cell is bound to 16 Å³ an atom; `change` spoils the output."""

    name, device, batch_atoms, elements = "volumes", torch.device("cpu"), 64, frozenset(range(1, 90))

    def __init__(self, change: Callable[[CrystalState, PotentialOutput], PotentialOutput] | None = None) -> None:
        self.change = change

    def evaluate(self, state: CrystalState, forces: bool = True) -> PotentialOutput:
        size = state.volume_A3 / state.n_atoms
        energy = state.n_atoms * (size - 16.0).square() / 16
        pull = (size - 16.0) / 8
        stress = pull[:, None, None] * torch.eye(3, dtype=torch.float64)
        found = PotentialOutput(energy, torch.zeros_like(state.frac), stress) if forces else PotentialOutput(energy)
        return self.change(state, found) if self.change else found


def test_a_sound_potential_passes() -> None:
    check_potential(Volumes(), tolerance=1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state, out: replace(out, energy_eV=out.energy_eV / state.n_atoms), "a cell twice as large"),
        (lambda state, out: replace(out, energy_eV=out.energy_eV * (1 + len(state))), "does not depend on its batch"),
        (lambda state, out: replace(out, energy_eV=out.energy_eV + state.lattice[:, 0, 0]), "turning a crystal"),
        (lambda state, out: replace(out, energy_eV=out.energy_eV.float()), "energy_eV is float64"),
        (lambda state, out: PotentialOutput(out.energy_eV), "evaluate gives forces_eV_per_A"),
        (
            lambda state, out: replace(
                out, stress_eV_per_A3=None if out.stress_eV_per_A3 is None else -out.stress_eV_per_A3
            ),
            "stress is the derivative",
        ),
        (
            lambda state, out: replace(
                out, forces_eV_per_A=None if out.forces_eV_per_A is None else out.forces_eV_per_A + 1.0
            ),
            "forces",
        ),
    ],
)
def test_potentials_that_break_a_promise(change: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_potential(Volumes(change))


def test_unknown_elements_must_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Volumes, "check_elements", lambda self, numbers: None)
    with pytest.raises(ContractError, match="an element that the potential does not know is refused"):
        check_potential(Volumes())


def network_module(**parts: Any) -> types.ModuleType:
    module = types.ModuleType("theirs")
    module.Settings, module.Network = edge_update.Settings, edge_update.Network  # type: ignore[attr-defined]
    for name, part in parts.items():
        setattr(module, name, part)
    return module


class SeesDirections(edge_update.Network):
    def forward(self, batch: Any) -> Any:
        found = super().forward(batch)
        tilt = torch.zeros(len(batch)).index_add(0, batch.owner[batch.centre], batch.vector[:, 0].abs())
        return found._replace(crystal=found.crystal + tilt[:, None] / batch.n_atoms[:, None])


class SeesItsBatch(edge_update.Network):
    def forward(self, batch: Any) -> Any:
        found = super().forward(batch)
        return found._replace(crystal=found.crystal + found.crystal.mean())


class HasSpares(edge_update.Network):
    def __init__(self, settings: Any, neighbours: int) -> None:
        super().__init__(settings, neighbours)
        self.spare = torch.nn.Linear(2, 2)


class Jumps(edge_update.Network):
    def forward(self, batch: Any) -> Any:
        return super().forward(replace(batch, weight=torch.ones_like(batch.weight)))


class LooseSettings:
    width = 8


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"Network": SeesDirections}, "turning a crystal"),
        ({"Network": SeesItsBatch}, "turning a crystal|does not see the rest"),
        ({"Network": HasSpares}, r"reaches the parameter spare\.weight"),
        ({"Network": Jumps}, "without a jump"),
        ({"Settings": LooseSettings}, "Settings is made by"),
    ],
)
def test_networks_that_break_a_promise(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_network(network_module(**parts), TINY)


class Rows(Importer):
    """Given rows, whatever the file."""

    def __init__(self, *rows: LabelledCrystal, careless: bool = False) -> None:
        self.rows, self.careless = rows, careless

    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        if not source.exists() and not self.careless:
            raise RequestError(f"source: {source}: no such file")
        yield from self.rows


def labelled(name: str, **labels: float) -> LabelledCrystal:
    iron = cubic(26, 2.87, "I")
    return LabelledCrystal(Crystal.from_arrays(name, iron.lattice, iron.numbers, iron.frac), labels)


@pytest.mark.parametrize(
    ("importer", "message"),
    [
        (Rows(), "has a labelled crystal"),
        (Rows(labelled("a", band_gap_eV=1), labelled("a", band_gap_eV=2)), "no two crystals have the same id"),
        (Rows(labelled("a")), "a has a label"),
        (Rows(labelled("a", gap=1)), "have names of screening.data.targets: gap"),
        (Rows(labelled("a", band_gap_eV=1500)), "is it in another unit"),
        (Rows(labelled("a", band_gap_eV=1), careless=True), "a missing source is refused: nothing was raised"),
    ],
)
def test_importers_that_break_a_promise(importer: Importer, message: str, tmp_path: Path) -> None:
    (tmp_path / "rows.txt").touch()
    with pytest.raises(ContractError, match=message):
        check_importer(importer, tmp_path / "rows.txt")


CONFIG = """
name: dense
ranking:
  gates: {heavy: {column: %s, at_least: 8}}
  objective: {column: twice_g_per_cm3, scale: 40}
  tie_break: []
  pareto: [{column: twice_g_per_cm3, maximise: true}]
report: {title: Dense}
"""
COLUMN = Column("twice_g_per_cm3", "Twice", "g/cm³", "Twice the density.", 1, "merit")


def dense(folder: Path, column: str = "twice_g_per_cm3", **parts: Any) -> MaterialClass:
    """A small class, with some of its parts replaced."""
    (folder / "dense.yaml").write_text(CONFIG % column)

    def evaluate(self: Any, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        return table.with_columns(twice_g_per_cm3=2 * pl.col("density_g_per_cm3"))

    own = {
        "__doc__": "Dense crystals.", "name": "dense", "settings": NoKeys, "columns": (COLUMN,), "evaluate": evaluate,
        "config": folder / "dense.yaml",
    }  # fmt: skip
    kind: type[MaterialClass] = type("Dense", (MaterialClass,), own | parts)
    return kind()


def test_a_sound_class_passes(tmp_path: Path) -> None:
    check_material_class(dense(tmp_path))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"columns": ()}, "adds columns that are not declared: twice_g_per_cm3"),
        ({"columns": (COLUMN, COLUMN)}, "no column is declared twice"),
        ({"columns": (COLUMN, replace(COLUMN, name="rank"))}, "columns that every table has"),
        ({"columns": (replace(COLUMN, description=""),)}, "has a label and a description"),
        ({"flags": {"too light": "It floats."}}, "too light is one word"),
        ({"column": "no_such_column"}, "gates ask for columns that are not in the table: no_such_column"),
        ({"name": "other"}, "the config says name: other"),
        (
            {
                "evaluate": lambda self, table, settings: table.with_columns(pl.lit(1.0).alias("twice_g_per_cm3")).head(
                    1
                )
            },
            "keeps the rows and their order",
        ),
        (
            {
                "evaluate": lambda self, table, settings: table.with_columns(
                    pl.col("density_g_per_cm3").shift(1, fill_value=0.0).alias("twice_g_per_cm3")
                )
            },
            "does not depend on the rows around it",
        ),
        (
            {
                "evaluate": lambda self, table, settings: table.with_columns(
                    pl.lit("floats").alias("flags"), pl.lit(1.0).alias("twice_g_per_cm3")
                )
            },
            "sets flags that are not declared: floats",
        ),
        ({"look_closer": lambda self, finalists: []}, "one look a finalist"),
        ({"explain": lambda self, ranked, gates: pl.Series("why", [1])}, "explain gives texts"),
    ],
)
def test_classes_that_break_a_promise(parts: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=message):
        check_material_class(dense(tmp_path, **parts))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("columns: {}", "columns without a text: twice_g_per_cm3"),
        ("jokes: {}", "unknown sections: jokes"),
        ("gates: {}", "gates without a name: heavy"),
    ],
)
def test_texts_are_complete_where_there_are_some(texts: str, message: str, tmp_path: Path) -> None:
    rest = {"gates": "{heavy: тяжёлый}", "columns": "{twice_g_per_cm3: {label: Вдвое, description: Вдвое.}}"}
    section = texts.partition(":")[0]
    lines = [texts, *(f"{name}: {value}" for name, value in rest.items() if name != section)]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "ru.yaml").write_text("\n".join([*lines, "titles: {Dense: Плотные}"]) + "\n")
    with pytest.raises(ContractError, match=message):
        check_material_class(dense(tmp_path, texts=tmp_path / "texts"))


def test_random_crystals_keep_their_distance() -> None:
    crystal = random_crystal(np.random.default_rng(0), 6, closest_A=2.0)
    assert crystal.n_atoms == 6
