"""The material class of permanent magnets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from screening.materials.base import CloserLook, Finalists, MaterialClass, PredictorKind
from screening.materials.magnets import merit
from screening.materials.magnets.columns import COLUMNS, FLAGS
from screening.settings import build_settings, setting, settings_class

if TYPE_CHECKING:
    import polars as pl

    from screening.array_types import Mask
    from screening.materials.reference import Comparison

_HERE = "screening.materials.magnets"


@settings_class
class MagnetKeys:
    """Keys of rankings of magnets."""

    temperature_K: float | None = setting(
        default=None, help="working temperature in K, for example 450 for motors; null: that of task.merit", minimum=0
    )


class Magnets(MaterialClass):
    """Permanent magnets: strong, magnetically ordered, uniaxial, stable and affordable."""

    name = "magnets"
    settings = merit.MagnetSettings
    keys = MagnetKeys
    columns = COLUMNS
    flags = FLAGS
    predictors = (
        PredictorKind(
            name="cells",
            default="ionic",
            help="crystals that go to the potential's volume before their stability is predicted: ionic, all, or none",
            predictor="screening.materials.settled_cells:SettledCells",
            depends_on=("device",),
            any_cell=True,
            quick="cells_as_given",
        ),
        PredictorKind(
            name="cells_as_given",
            default="ionic",
            help="which crystals the first stage of a ranking expects to gain from that: ionic, all, or none",
            predictor="screening.materials.settled_cells:CellsAsGiven",
            depends_on=("cells",),
            any_cell=True,
        ),
        PredictorKind(
            name="magnetism",
            default="magnetism-v3",
            help="predictor of magnetic order, Curie temperature and anisotropy: name of a release, folder, or none",
            predictor=f"{_HERE}.magnetism:MagnetismPredictor",
            general=True,
            any_cell=True,
            recipe_at=f"{_HERE}.magnetism_fit:RECIPE",
        ),
    )

    def evaluate(self, table: pl.DataFrame, settings: merit.MagnetSettings) -> pl.DataFrame:
        return merit.evaluate(table, settings)

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series:
        return merit.explain(ranked, gates)

    def symmetry_matters(self, table: pl.DataFrame, settings: merit.MagnetSettings) -> Mask:
        return merit.symmetry_matters(table, settings)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        from screening.materials.magnets.micromagnetic_file import FILE, micromagnetic_file
        from screening.materials.magnets.polarization_curves import polarization_curves

        settings = build_settings(merit.MagnetSettings, finalists.task["merit"], "task.merit")
        looks = []
        curves = polarization_curves(finalists.table, settings)
        for row, curve in zip(finalists.table.iter_rows(named=True), curves, strict=True):
            text = micromagnetic_file(row, settings.temperature_K)
            looks.append(CloserLook(curve=curve, files={FILE: text} if text else {}))
        return looks

    def check_measured(self, rows: Sequence[Mapping[str, str]]) -> None:
        from screening.materials.magnets.measured_units import check_measured

        check_measured(rows)

    def compare(
        self, ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]], settings: merit.MagnetSettings, unseen: Mask
    ) -> Comparison:
        from screening.materials.magnets.comparison import compare

        return compare(ranked, rows, settings, unseen)
