"""Permanent magnets as a material class: what the frame asks, answered by the modules of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.materials.base import (
    CloserLook,
    Finalists,
    FitRecipe,
    LearnedPredictor,
    MaterialClass,
    PredictorKind,
)
from screening.materials.magnets.columns import COLUMNS, FLAGS
from screening.resources import resource
from screening.settings import build_settings, setting, settings_class

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from screening.materials.reference import Comparison


@settings_class
class MagnetKeys:
    """Keys of rankings of magnets."""

    temperature_K: float | None = setting(
        None, help="working temperature in K, for example 450 for motors; null: as task.merit says", minimum=0
    )


@settings_class
class MeasuredData:
    """What the magnetism predictors learn from."""

    path: str = setting(help="folder of the store written by `screening import`", path=True)
    folder: str = setting(
        help="tables of measurements: curie/curie_literature.csv, curie/curie_experimental.csv, curie/nemad.csv, "
        "magndata/magndata.jsonl.gz, mp/site_magmoms.jsonl.gz and novamag/novamag.jsonl.gz in it",
        path=True,
    )


@settings_class
class MagnetismFitKeys:
    """Keys of `screening fit magnetism`."""

    data: MeasuredData


def _load(release: str, settings: Mapping[str, Any]) -> LearnedPredictor | None:
    from screening.materials.magnets.magnetism import MagnetismPredictor

    return MagnetismPredictor.load(release)


def _check(release: str) -> Path:
    from screening.materials.magnets.magnetism import MagnetismPredictor
    from screening.tabular.release import find_release

    MagnetismPredictor.load(release)
    return find_release(release)


def _fit(*arguments: Any) -> Any:
    from screening.materials.magnets.magnetism_fit import fit_magnetism

    return fit_magnetism(*arguments)


def _card(release: Any) -> str:
    from screening.materials.magnets.magnetism_fit import fitted_card

    return fitted_card(release)


MAGNETISM = PredictorKind(
    name="magnetism",
    default="magnetism-v2",
    help="what predicts magnetic order, Curie temperature and anisotropy: released name, folder, or none",
    load=_load,
    check=_check,
    general=True,
    recipe=FitRecipe(
        summary="""Fit magnetic order, Curie temperature and anisotropy to tables of measurements; takes minutes.

        Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
        which `magnetism=FOLDER` uses.

        Examples:
          screening fit magnetism data.path=stores/mp data.folder=downloads/tables output_dir=runs/magnetism
        """,
        keys=MagnetismFitKeys,
        fit=_fit,
        card=_card,
    ),
)


class Magnets(MaterialClass):
    """Permanent magnets: strong, magnetically ordered, uniaxial, stable and affordable."""

    name = "magnets"
    keys = MagnetKeys
    columns = COLUMNS
    flags = FLAGS
    predictors = (MAGNETISM,)

    @property
    def settings(self) -> type:  # type: ignore[override]
        from screening.materials.magnets.merit import MagnetSettings

        return MagnetSettings

    @property
    def config(self) -> Path:
        return resource("configs") / "task" / "magnets.yaml"

    @property
    def texts(self) -> Path:
        return Path(__file__).with_name("texts")

    @property
    def landmarks(self) -> Path:
        return resource("datasets") / "landmarks" / "magnets.jsonl"

    @property
    def reference(self) -> Path:
        return resource("datasets") / "reference" / "magnets.csv"

    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        from screening.materials.magnets.merit import evaluate

        return evaluate(table, settings)

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series:
        from screening.materials.magnets.merit import explain

        return explain(ranked, gates)

    def symmetry_matters(self, table: pl.DataFrame, settings: Any) -> NDArray[np.bool_]:
        from screening.materials.magnets.merit import symmetry_matters

        return symmetry_matters(table, settings)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        from screening.materials.magnets.polarization_curves import polarization_curves

        settings = build_settings(self.settings, finalists.task["merit"], "task.merit")
        return [CloserLook(curve=curve) for curve in polarization_curves(finalists.table, settings)]

    def compare(
        self, ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]], settings: Any, unseen: NDArray[np.bool_]
    ) -> Comparison:
        from screening.materials.magnets.comparison import compare

        return compare(ranked, rows, settings, unseen)
