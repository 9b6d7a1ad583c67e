"""The material class of battery electrodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from screening.chemistry.compositions import count_matrix
from screening.materials.base import CloserLook, Finalists, MaterialClass, PredictorKind
from screening.materials.electrodes import merit
from screening.materials.electrodes.columns import COLUMNS, FLAGS, REMARKS
from screening.materials.electrodes.figures.ion_exchange import exchange_possible
from screening.materials.electrodes.reasons import offset_note
from screening.materials.electrodes.voltage.release_choice import ACCURATE, RELEASE
from screening.settings import setting, settings_class

if TYPE_CHECKING:
    import polars as pl

    from screening.array_types import Mask
    from screening.materials.reference import Comparison

_HERE = "screening.materials.electrodes"


@settings_class
class ElectrodeKeys:
    """Keys of rankings of electrodes."""

    working_ion: str | None = setting(
        default=None, help="working ion, for example Na; null: the one found in each crystal"
    )
    profile_states: int | None = setting(
        default=0,
        help="relax both ends of the best electrodes and this many states of charge between them (0: only the ends), "
        "for the voltage profile and the stability of the frame; null: relax nothing",
        minimum=0,
    )


class Electrodes(MaterialClass):
    """Battery electrodes: voltage, capacity, energy, strain, and stability of both end members."""

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
            default=RELEASE,
            help="predictor of voltages and volume changes of electrodes: name of a release, folder, accurate (best "
            "whose potential is installed), or none",
            predictor=f"{_HERE}.electrode_predictor:ElectrodePredictor",
            depends_on=("device", "working_ion", "offsets"),
            refusal_stage="electrode",
            recipe_at=f"{_HERE}.voltage.voltage_release:RECIPE",
            quick="network_voltage",
            thorough=ACCURATE,
        ),
        PredictorKind(
            name="network_voltage",
            default="network-voltage-v1",
            help="rough voltages of the first stage of a ranking: name of a release, folder, or none",
            predictor=f"{_HERE}.quick_electrodes:QuickElectrodes",
            depends_on=("device", "working_ion", "offsets"),
            refusal_stage="electrode",
            recipe_at=f"{_HERE}.voltage.network_release:NETWORK_RECIPE",
        ),
        PredictorKind(
            name="offsets",
            default="auto",
            help="offsets between calculated and measured voltages: name of a release, folder, auto (those learned "
            "with the voltage release), or none (voltage_V is as calculated)",
            predictor=f"{_HERE}.measured.offset_release:OffsetKind",
            recipe_at=f"{_HERE}.measured.offset_release:OFFSET_RECIPE",
        ),
        PredictorKind(
            name="mobility",
            default="finalists",
            help="barriers on the ion's best way through the crystal: finalists (of the best alone, by the released "
            "model of barriers), a release or folder (of every candidate, a quarter of a second each), or none",
            predictor=f"{_HERE}.barriers.mobility_predictor:MobilityPredictor",
            depends_on=("device", "working_ion"),
            any_cell=True,
            thorough="barrier-v1",
        ),
        PredictorKind(
            name="barrier",
            default="barrier-v1",
            help="predictor of migration barriers along paths: name of a release, folder, or none",
            predictor=f"{_HERE}.barriers.barrier_predictor:BarrierPredictor",
            recipe_at=f"{_HERE}.barriers.barrier_release:BARRIER_RECIPE",
        ),
    )

    def evaluate(self, table: pl.DataFrame, settings: merit.ElectrodeSettings) -> pl.DataFrame:
        return merit.evaluate(table, settings)

    def explain(self, ranked: pl.DataFrame, gates: Mapping[str, Any]) -> pl.Series:
        return merit.explain(ranked, gates)

    def note(self, row: Mapping[str, Any]) -> str | None:
        return offset_note(row)

    def symmetry_matters(self, table: pl.DataFrame, settings: merit.ElectrodeSettings) -> Mask:
        return exchange_possible(count_matrix(table["cell_formula"].to_list()))

    def compare(
        self, ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]], settings: merit.ElectrodeSettings, unseen: Mask
    ) -> Comparison:
        from screening.materials.electrodes.measured.measured_comparison import compare_electrodes

        return compare_electrodes(ranked, rows)

    def look_closer(self, finalists: Finalists) -> Sequence[CloserLook]:
        from screening.materials.electrodes.barriers.hop_curves import hop_curves
        from screening.materials.electrodes.charging import charging

        thorough = next(kind.thorough for kind in self.predictors if kind.name == "mobility")
        curves = hop_curves(finalists, str(thorough))
        return [
            replace(look, further_curves=(curves[row],)) if row in curves else look
            for row, look in enumerate(charging(finalists))
        ]
