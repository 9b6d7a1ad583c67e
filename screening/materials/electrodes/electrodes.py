"""Battery electrodes as a material class: what the frame asks, answered by the modules of this package."""

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
from screening.materials.electrodes.columns import COLUMNS, FLAGS, REMARKS
from screening.resources import resource
from screening.settings import setting, settings_class

if TYPE_CHECKING:
    import polars as pl


@settings_class
class ElectrodeKeys:
    """Keys of rankings of electrodes."""

    working_ion: str | None = setting(None, help="the ion that moves, for example Na; null: found in each crystal")
    profile_states: int | None = setting(
        0,
        help="relax both ends of the best and this many states of charge between them (0: the ends alone), for the "
        "steps of the voltage and whether the frame is kept; null: neither",
        minimum=0,
    )


@settings_class
class VoltageFitKeys:
    """Keys of `screening fit voltage`."""

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    potential: str = setting("chgnet", help="interatomic potential whose voltages are corrected")
    model: str = setting("screening-v3", help="property network that describes both ends: name or folder", path=True)


def _load(release: str, settings: Mapping[str, Any]) -> LearnedPredictor:
    from screening.materials.electrodes.electrode_predictor import ElectrodePredictor

    return ElectrodePredictor.load(release, settings.get("working_ion"), str(settings.get("device", "auto")))


def _check(release: str) -> Path:
    from screening.materials.electrodes.voltage.voltage import FORMAT, KEY, VoltagePredictor
    from screening.tabular.release import find_release

    VoltagePredictor.load(release, "cpu")
    return find_release(release, KEY, FORMAT)


def _fit(*arguments: Any) -> Any:
    from screening.materials.electrodes.voltage.voltage_release import fit_voltage

    return fit_voltage(*arguments)


def _card(release: Any) -> str:
    from screening.materials.electrodes.voltage.voltage_card import voltage_card

    return voltage_card(release)


VOLTAGE = PredictorKind(
    name="voltage",
    default="voltage-v1",
    help="what predicts voltages and volume changes of electrodes: released name, folder, or none",
    load=_load,
    check=_check,
    refusal_stage="electrode",
    recipe=FitRecipe(
        summary="""Fit voltages and volume changes to calculated electrodes; half an hour on one core, resumable.

        Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
        which `voltage=FOLDER` uses. A killed run goes on where it stopped.

        Examples:
          screening fit voltage electrodes=downloads/electrodes output_dir=runs/voltage
        """,
        keys=VoltageFitKeys,
        fit=_fit,
        card=_card,
    ),
)


class Electrodes(MaterialClass):
    """Battery electrodes: frames whose metals pay for the ion."""

    name = "electrodes"
    keys = ElectrodeKeys
    columns = COLUMNS
    flags = FLAGS
    remarks = REMARKS
    shown_crystals = ("charged", "discharged")
    closer_keys = frozenset({"profile_states"})
    predictors = (VOLTAGE,)

    @property
    def settings(self) -> type:  # type: ignore[override]
        from screening.materials.electrodes.merit import ElectrodeSettings

        return ElectrodeSettings

    @property
    def config(self) -> Path:
        return resource("configs") / "task" / "electrodes.yaml"

    @property
    def texts(self) -> Path:
        return Path(__file__).with_name("texts")

    @property
    def landmarks(self) -> Path:
        return resource("datasets") / "landmarks" / "electrodes.jsonl"

    @property
    def reference(self) -> Path:
        return resource("datasets") / "reference" / "electrodes.csv"

    def evaluate(self, table: pl.DataFrame, settings: Any) -> pl.DataFrame:
        from screening.materials.electrodes.merit import evaluate

        return evaluate(table, settings)

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series:
        from screening.materials.electrodes.merit import explain

        return explain(ranked, gates)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        from screening.materials.electrodes.charging import charging

        return charging(finalists)
