"""Battery electrodes as a material class: what the frame asks, answered by the modules of this package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from screening.materials.base import CloserLook, Finalists, MaterialClass, PredictorKind
from screening.materials.electrodes import merit
from screening.materials.electrodes.columns import COLUMNS, FLAGS, REMARKS
from screening.settings import setting, settings_class

if TYPE_CHECKING:
    import polars as pl

_HERE = "screening.materials.electrodes"


@settings_class
class ElectrodeKeys:
    """Keys of rankings of electrodes."""

    working_ion: str | None = setting(
        default=None, help="the ion that moves, for example Na; null: found in each crystal"
    )
    profile_states: int | None = setting(
        default=0,
        help="relax both ends of the best and this many states of charge between them (0: the ends alone), for the "
        "steps of the voltage and whether the frame is kept; null: neither",
        minimum=0,
    )


class Electrodes(MaterialClass):
    """Battery electrodes: frames whose metals pay for the ion."""

    name = "electrodes"
    settings = merit.ElectrodeSettings
    keys = ElectrodeKeys
    columns = COLUMNS
    flags = FLAGS
    remarks = REMARKS
    shown_crystals = ("charged", "discharged")
    closer_keys = frozenset({"profile_states"})
    predictors = (
        PredictorKind(
            name="voltage",
            default="voltage-v1",
            help="what predicts voltages and volume changes of electrodes: released name, folder, or none",
            predictor=f"{_HERE}.electrode_predictor:ElectrodePredictor",
            depends_on=("device", "working_ion"),
            refusal_stage="electrode",
            recipe_at=f"{_HERE}.voltage.voltage_release:RECIPE",
        ),
    )

    def evaluate(self, table: pl.DataFrame, settings: merit.ElectrodeSettings) -> pl.DataFrame:
        return merit.evaluate(table, settings)

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series:
        return merit.explain(ranked, gates)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        from screening.materials.electrodes.charging import charging

        return charging(finalists)
