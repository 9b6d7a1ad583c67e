"""What a material class is: the protocol behind ranking, report, tracking, shards, export and help.

A class is one package (in `screening/materials/`, or anywhere else with an entry point), one config and its data.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from screening.array_types import Mask
from screening.columns.spec import Column
from screening.crystals.crystal import Crystal
from screening.errors import RequestError
from screening.materials.predictor_kind import Description, FitRecipe, LearnedPredictor, PredictorKind
from screening.resources import resource
from screening.settings import settings_class

if TYPE_CHECKING:
    import polars as pl

    from screening.materials.reference import Comparison

__all__ = [
    "CloserLook", "Curve", "Description", "Finalists", "FitRecipe", "LearnedPredictor", "MaterialClass", "NoKeys",
    "PredictorKind",
]  # fmt: skip


@settings_class
class NoKeys:
    """The keys of a class that declares none."""


@dataclass(frozen=True)
class Curve:
    """A line to draw on a finalist's card, all tuples equally long.

    Attributes:
        kind: Selects the texts `curve_KIND`, `curve_x_KIND` and `curve_y_KIND` of the class: title and axes with units.
        x: Positions on the x axis.
        y: Values.
        lo, hi: Lower and upper ends of the 80 % interval of y; empty without an interval.
    """

    kind: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    lo: tuple[float, ...] = ()
    hi: tuple[float, ...] = ()


@dataclass(frozen=True)
class CloserLook:
    """What a class adds to the card of one finalist.

    Attributes:
        crystals: Further crystals to show and export, by name (`charged`); the text `structure_NAME` is the label.
        curve: A line to draw.
        further_curves: More of them, drawn below.
        remarks: Keys of the class's `remarks`.
        files: Further files for its folder, by name, as text.
    """

    crystals: Mapping[str, Crystal] = field(default_factory=dict)
    curve: Curve | None = None
    remarks: tuple[str, ...] = ()
    further_curves: tuple[Curve, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """All of them, in the order in which they are drawn."""
        return (*(() if self.curve is None else (self.curve,)), *self.further_curves)


@dataclass(frozen=True)
class Finalists:
    """The best candidates of a ranking.

    Attributes:
        table: The first N rows of the ranked table.
        crystals: The N crystals as they were scored.
        task: Sections of the task, as in `configs/task/NAME.yaml`.
        keys: The keys of the class as the user gave them.
        predictors: The loaded predictors by name.
    """

    table: pl.DataFrame
    crystals: Sequence[Crystal]
    task: Mapping[str, Any]
    keys: Mapping[str, Any]
    predictors: Mapping[str, LearnedPredictor]


class MaterialClass(ABC):
    """A class of materials.

    Attributes:
        name: As in `task=NAME`.
        settings: Settings class of the section `merit` of the task's config.
        keys: Settings class of the keys typed bare (`temperature_K=450`); given ones replace those in `merit`.
        columns: The columns that it adds to tables, in reading order.
        flags: Flag -> its meaning in one English sentence.
        remarks: Remark of a closer look -> its meaning.
        shown_crystals: Names of the further crystals that its closer looks may show.
        closer_keys: Those of `keys` that change only closer looks, not the table.
        predictors: Kinds of predictors that it provides; the config of a task names the ones to use.
    """

    name: ClassVar[str]
    settings: ClassVar[type]
    keys: ClassVar[type] = NoKeys
    columns: ClassVar[tuple[Column, ...]] = ()
    flags: ClassVar[Mapping[str, str]] = {}
    remarks: ClassVar[Mapping[str, str]] = {}
    shown_crystals: ClassVar[tuple[str, ...]] = ()
    closer_keys: ClassVar[frozenset[str]] = frozenset()
    predictors: ClassVar[tuple[PredictorKind, ...]] = ()

    @property
    def home(self) -> Path:
        """The folder of the package that defines the class; its data are there too."""
        return Path(inspect.getfile(type(self))).parent

    @property
    def config(self) -> Path:
        """The YAML file of the task: gates, objective, presets, columns of the report."""
        own = self.home / "task.yaml"
        return own if own.is_file() else resource("configs") / "task" / f"{self.name}.yaml"

    @property
    def texts(self) -> Path:
        """The folder of the report's words, `LANGUAGE.yaml`; missing words appear in English."""
        return self.home / "texts"

    @property
    def landmarks(self) -> Path | None:
        """Known materials that are scored along with every ranking, in any form that `candidates=` takes."""
        return self._data("landmarks.jsonl", "landmarks")

    @property
    def reference(self) -> Path | None:
        """The table of measured materials, with the columns of `datasets/reference/`."""
        return self._data("reference.csv", "reference")

    def _data(self, own: str, folder: str) -> Path | None:
        """A file next to the code of the class or, for our classes, in `datasets/`; None if there is none."""
        bundled = resource("datasets") / folder / f"{self.name}{Path(own).suffix}"
        return next((file for file in (self.home / own, bundled) if file.is_file()), None)

    def missing(self, language: str) -> list[str]:
        """What the class does not provide for a report in this language, in English words."""
        parts = {
            "known materials to score along": self.landmarks is not None,
            "measured materials": self.reference is not None,
            f"texts in {language}": (self.texts / f"{language}.yaml").is_file(),
        }
        return [words for words, there in parts.items() if not there]

    @property
    def compares(self) -> bool:
        """Whether the class can compare its predictions with measurements."""
        return type(self).compare is not MaterialClass.compare

    @abstractmethod
    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        """Add the figures of merit to a table.

        Args:
            table: Predictions of B crystals.
            settings: An instance of `settings`.

        Returns:
            The table with more columns; the rows stay the same and in order.

        Raises:
            RequestError: A column is missing or a setting is wrong.
        """

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series | None:
        """The column `why`, one English sentence per row; None if the class explains nothing.

        Args:
            ranked: The ranked table.
            gates: The gates of the ranking, as in the task's config.
        """
        return None

    def note(self, row: Mapping[str, Any]) -> str | None:
        """What a report says after the reason of a row, as the key of a text of the class; None for nothing.

        In that text `{COLUMN}` stands for the value of a column with its unit. The column `why` has it already.
        """
        return None

    def symmetry_matters(self, table: pl.DataFrame, settings: Any) -> Mask:
        """Rows of a prediction table, (B,), whose figures of merit need `space_group_number`; none by default."""
        return np.zeros(table.height, dtype=np.bool_)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        """What the cards of N finalists show besides the table; nothing by default."""
        return [CloserLook()] * len(finalists.crystals)

    def check_measured(self, rows: Sequence[Mapping[str, str]]) -> None:  # noqa: B027 -- a class may add its check
        """Check the rows of a reference table before anything is ranked; by default anything goes.

        Args:
            rows: As text.

        Raises:
            RequestError: A measured value cannot be right, such as one in another unit.
        """

    def compare(
        self, ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]], settings: Any, unseen: Mask
    ) -> Comparison:
        """Compare a ranking of the reference materials with their measurements.

        Args:
            ranked: The ranked table; its `candidate_id` holds the names of the materials.
            rows: The rows of the reference table, as text.
            settings: An instance of `settings`.
            unseen: Rows of `ranked`, (B,), that no model learned from.

        Raises:
            RequestError: The class has no such comparison.
        """
        raise RequestError(f"task={self.name}: this class has no comparison with measurements")
