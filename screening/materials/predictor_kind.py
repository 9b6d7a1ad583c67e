"""What a learned predictor of a material class is: how it is named, loaded, fitted, and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from screening import plugins
from screening.array_types import Mask
from screening.crystals.crystal import Crystal

if TYPE_CHECKING:
    import polars as pl

    from screening.networks.predictor import Predictor
    from screening.tabular.release import TabularRelease


@dataclass(frozen=True)
class Description:
    """What a predictor returns for B crystals.

    Attributes:
        columns: Series of length B to add to the table. A series named `flags` extends the existing flags.
        refused: Row of each crystal that cannot be a candidate -> the reason.
    """

    columns: list[pl.Series]
    refused: Mapping[int, str] = field(default_factory=dict)


class LearnedPredictor(Protocol):
    """A predictor of a class, loaded; `loads`, if it has it, names the paths of other models for records."""

    @property
    def folder(self) -> Path | None:
        """The folder of its release; None if it has none."""

    @property
    def training(self) -> Mapping[str, Any] | None:
        """The release's record of its training; None if it has none."""

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any]) -> LearnedPredictor | None:
        """Load a release; None if `none` leaves nothing to predict.

        Args:
            release: Its name, its folder, or `none`.
            settings: Those settings of the command that its kind depends on.

        Raises:
            RequestError: The release is unknown or damaged.
        """

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """Describe B crystals; an empty sequence gives the same columns without rows."""


@runtime_checkable
class KnowsProperties(Protocol):
    """A learned predictor that makes use of what the network has predicted for the same crystals."""

    def describe_predicted(self, crystals: Sequence[Crystal], table: pl.DataFrame) -> Description:
        """As `describe`; table: the B predictions of the network so far."""


@runtime_checkable
class UsesNetwork(Protocol):
    """A predictor that has the network predict other states of the same crystals; it may replace its columns."""

    def describe_with(self, network: Predictor, crystals: Sequence[Crystal], table: pl.DataFrame) -> Description:
        """As `describe`; network: of the job; table: its B predictions so far."""


@runtime_checkable
class KnowsSettled(Protocol):
    """A quick predictor of a first stage some of whose rows the second stage would repeat."""

    def settled(self, table: pl.DataFrame) -> Mask:
        """Which of B predictions are as the second stage would make them, (B,)."""


@dataclass(frozen=True)
class FitRecipe:
    """How a predictor is fitted anew by `screening fit NAME`.

    Attributes:
        summary: The help page: one sentence, details, examples.
        keys: Settings class of its keys, in addition to `output_dir`, `name`, `n_trees`, `n_seeds` and the common keys.
        fit: Takes all settings, the output folder and a function that reports progress; returns the release.
        card: Writes the model card of a release.
    """

    summary: str
    keys: type
    fit: Callable[[Mapping[str, Any], Path, Callable[[str], object]], TabularRelease]
    card: Callable[[TabularRelease], str]


@dataclass(frozen=True)
class PredictorKind:
    """A learned predictor that material classes share, chosen by the key of its name.

    Attributes:
        name: The key that chooses the release (`NAME=release|folder|none`); its time is recorded under this name.
        default: The release that ships with the package.
        help: The text of the key in `--help`.
        predictor: Its class, a `LearnedPredictor`, as `module:name`; imported when it is needed.
        depends_on: Other keys of the command that loading depends on.
        general: Whether `screening predict` runs it too.
        any_cell: Whether every cell of a crystal gives the same answer; if not, it gets standard cells (1 ms each).
        refusal_stage: The stage in `rejected.csv` of the crystals that it refuses.
        recipe_at: A `FitRecipe` as `module:name`; empty if it cannot be fitted anew.
        quick: The kind that stands in for it in the first stage of a ranking: the same columns from a fraction of the
            work, with wider intervals. Empty if the ranking has no such stage.
        thorough: The release that the best of a ranking get after it; empty if there is no better one.
    """

    name: str
    default: str
    help: str
    predictor: str
    depends_on: tuple[str, ...] = ()
    general: bool = False
    any_cell: bool = False
    refusal_stage: str = ""
    recipe_at: str = ""
    quick: str = ""
    thorough: str = ""

    @property
    def implementation(self) -> type[LearnedPredictor]:
        """The class of the predictor."""
        implementation: type[LearnedPredictor] = plugins.imported(self.predictor)
        return implementation

    @property
    def recipe(self) -> FitRecipe | None:
        """How it is fitted anew; None if it cannot be."""
        return plugins.imported(self.recipe_at) if self.recipe_at else None
