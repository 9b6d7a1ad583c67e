"""What a material class is: the protocol that ranking, report, tracking, shards, export and help ask, and no more.

A class is one package (in `screening/materials/`, or anywhere, announced by an entry point), one config and its data.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from screening import plugins
from screening.columns.spec import Column
from screening.crystals.crystal import Crystal
from screening.errors import RequestError
from screening.resources import resource
from screening.settings import settings_class

if TYPE_CHECKING:
    import polars as pl

    from screening.materials.reference import Comparison
    from screening.tabular.release import TabularRelease


@settings_class
class NoKeys:
    """The keys of a class that has none of its own."""


@dataclass(frozen=True)
class Description:
    """What a predictor says of B crystals.

    Attributes:
        columns: Series of length B that join the table. One named `flags` is added to the flags there are.
        refused: Row of a crystal that is no candidate at all -> the reason.
    """

    columns: list[pl.Series]
    refused: Mapping[int, str] = field(default_factory=dict)


class LearnedPredictor(Protocol):
    """A predictor of a class, loaded."""

    @property
    def folder(self) -> Path | None:
        """Where its release was loaded from; None if it needs none."""

    @property
    def training(self) -> Mapping[str, Any] | None:
        """What the release says it learned from; None if it does not say."""

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any]) -> LearnedPredictor | None:
        """By released name or folder, with the settings that its kind heeds; None where nothing is left to predict.

        Raises:
            RequestError: A wrong name or a damaged release.
        """

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """Describe B crystals; of none, the same columns without a row."""


@dataclass(frozen=True)
class FitRecipe:
    """How a predictor is fitted anew by `screening fit NAME`.

    Attributes:
        summary: The help page: one sentence, details, examples.
        keys: Settings class of its keys, beside `output_dir`, `name`, `n_trees`, `n_seeds` and those of every command.
        fit: Gets all settings of the command, the output folder, and where to report progress; gives the release.
        card: The model card of a release.
    """

    summary: str
    keys: type
    fit: Callable[[Mapping[str, Any], Path, Callable[[str], object]], TabularRelease]
    card: Callable[[TabularRelease], str]


@dataclass(frozen=True)
class PredictorKind:
    """A learned predictor that material classes share, chosen by the key of its name.

    Attributes:
        name: The key that chooses the release (`NAME=release|folder|none`) and the stage that its time is booked to.
        default: The release that ships with the package.
        help: What `--help` says of the key.
        predictor: Its class as `module:name`, a `LearnedPredictor` that is imported when it is needed.
        heeds: Other keys of the command that loading it depends on.
        general: Whether `screening predict` runs it too.
        refusal_stage: The stage in `rejected.csv` of crystals that it refuses.
        recipe_at: How it is fitted anew, a `FitRecipe` as `module:name`; empty if it cannot be.
    """

    name: str
    default: str
    help: str
    predictor: str
    heeds: tuple[str, ...] = ()
    general: bool = False
    refusal_stage: str = ""
    recipe_at: str = ""

    @property
    def implementation(self) -> type[LearnedPredictor]:
        """The class of the predictor."""
        found: type[LearnedPredictor] = plugins.imported(self.predictor)
        return found

    @property
    def recipe(self) -> FitRecipe | None:
        """How it is fitted anew, if it can be."""
        return plugins.imported(self.recipe_at) if self.recipe_at else None


@dataclass(frozen=True)
class Curve:
    """A line to draw on a finalist's card, all tuples equally long.

    Attributes:
        kind: Names the texts `curve_KIND`, `curve_x_KIND` and `curve_y_KIND` of the class: title and axes with units.
        x: Abscissae.
        y: Values.
        lo: Lower ends of the 80 % interval of y, empty where there is none.
        hi: Upper ends.
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
        crystals: Further crystals to show and to export, by name (`charged`); text `structure_NAME` is the label.
        curve: A line to draw.
        remarks: Keys of the class's `remarks`.
    """

    crystals: Mapping[str, Crystal] = field(default_factory=dict)
    curve: Curve | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finalists:
    """The best of a ranking, for a closer look.

    Attributes:
        table: The head of the ranked table, N rows.
        crystals: The N crystals, as they were scored.
        task: Sections of the task, as in `configs/task/NAME.yaml`.
        keys: The class's own keys as they were given.
        predictors: The loaded predictors by name.
    """

    table: pl.DataFrame
    crystals: Sequence[Crystal]
    task: Mapping[str, Any]
    keys: Mapping[str, Any]
    predictors: Mapping[str, LearnedPredictor]


class MaterialClass(ABC):
    """A class of materials: what only it knows.

    Attributes:
        name: As in `task=NAME`.
        settings: Settings class of the section `merit` of the task's config.
        keys: Settings class of the keys typed bare (`temperature_K=450`). One that is not null replaces the setting
            of the same name in `merit`.
        columns: The columns that it adds to tables, in the order in which a reader wants them.
        flags: Flag -> its meaning in one sentence, in English.
        remarks: Remark of a closer look -> its meaning.
        shown_crystals: Names of the further crystals that its closer looks may show.
        closer_keys: Those of `keys` that change closer looks alone, not the table.
        predictors: Kinds of predictors that it brings; a task's config names those it wants.
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
        """The folder of the package that defines the class, where its data lie."""
        return Path(inspect.getfile(type(self))).parent

    @property
    def config(self) -> Path:
        """The YAML file of the task: gates, objective, presets, columns of the report."""
        return _first(self.home / "task.yaml", resource("configs") / "task" / f"{self.name}.yaml")

    @property
    def texts(self) -> Path:
        """The folder of `LANGUAGE.yaml` with the words of the report; what is not there is said in English."""
        return self.home / "texts"

    @property
    def landmarks(self) -> Path | None:
        """Known materials that are scored along with every ranking, in any form that `candidates=` takes."""
        file = _first(self.home / "landmarks.jsonl", resource("datasets") / "landmarks" / f"{self.name}.jsonl")
        return file if file.is_file() else None

    @property
    def reference(self) -> Path | None:
        """The table of measured materials, with the columns of `datasets/reference/`."""
        file = _first(self.home / "reference.csv", resource("datasets") / "reference" / f"{self.name}.csv")
        return file if file.is_file() else None

    def missing(self, language: str) -> list[str]:
        """What a reader of a report in a language will miss, in English words; nothing of a class that is complete."""
        parts = {
            "known materials to score along": self.landmarks is not None,
            "measured materials": self.reference is not None,
            f"texts in {language}": (self.texts / f"{language}.yaml").is_file(),
        }
        return [words for words, there in parts.items() if not there]

    @property
    def compares(self) -> bool:
        """Whether the class can hold its predictions against measurements."""
        return type(self).compare is not MaterialClass.compare

    @abstractmethod
    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        """Give the figures of merit.

        Args:
            table: Predictions of B crystals.
            settings: An instance of `settings`.

        Returns:
            The table with more columns; rows keep their order and number.

        Raises:
            RequestError: A column is missing or a setting is wrong.
        """

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series | None:
        """A plain English sentence a row of the ranked table, named `why`; None without."""
        return None

    def symmetry_matters(self, table: pl.DataFrame, settings: Any) -> NDArray[np.bool_]:
        """Rows of a prediction table, (B,), whose `space_group_number` the figures of merit need; none by default."""
        return np.zeros(table.height, dtype=np.bool_)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        """What the cards of N finalists show beyond the table; nothing by default."""
        return [CloserLook()] * len(finalists.crystals)

    def compare(
        self,
        ranked: pl.DataFrame,
        rows: Sequence[Mapping[str, str]],
        settings: Any,
        unseen: NDArray[np.bool_],
    ) -> Comparison:
        """Hold a ranking of the reference materials against their measurements.

        Args:
            ranked: The ranked table, `candidate_id` being their names.
            rows: Of the reference table, as text.
            settings: An instance of `settings`.
            unseen: Rows of `ranked`, (B,), that no model learned from.

        Raises:
            RequestError: The class has no such comparison.
        """
        raise RequestError(f"task={self.name}: there is no comparison with measurements for it yet")


def _first(own: Path, bundled: Path) -> Path:
    """A class outside keeps its files beside its code, ours where the package's data are."""
    return own if own.is_file() else bundled
