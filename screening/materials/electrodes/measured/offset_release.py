"""Releases of offsets: fitting with `screening fit offsets`, loading, and the voltage release that each corrects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screening.checksums import file_sha256
from screening.crystals.crystal import Crystal
from screening.errors import RequestError
from screening.materials.base import Description, FitRecipe
from screening.materials.electrodes.measured.measured_table import measured_file, read_measured
from screening.materials.electrodes.measured.mixed_model import Variances, WeightedRows
from screening.materials.electrodes.measured.offset_card import offset_card
from screening.materials.electrodes.measured.offset_fit import CALCULATED, calculate, fit_offsets, offset_errors
from screening.materials.electrodes.measured.offset_model import OffsetModel
from screening.materials.electrodes.measured.offset_terms import TERMS
from screening.materials.electrodes.voltage.voltage import VoltagePredictor
from screening.release_folder import WEIGHTS, released_names
from screening.settings import setting, settings_class
from screening.tabular.release import FittedPart, TabularRelease, find_tabular_release, load_tabular_release

OFFSET_FORMAT, OFFSET_KEY, AUTO, NO_OFFSETS = "offsets-1", "offsets", "auto", "none"
_PART = "offsets"
_VOLTAGE_HASH = "voltage_weights_sha256"


@dataclass(frozen=True)
class LoadedOffsets:
    """Offsets for one voltage release.

    Attributes:
        model: The offsets.
        fits: Whether they were learned with this voltage release. If not, they are not applied, and only their spread
            widens the interval.
        folder: Of the release.
    """

    model: OffsetModel
    fits: bool
    folder: Path


@dataclass(frozen=True)
class OffsetKind:
    """What the key `offsets=` names; the voltage predictor applies it.

    Attributes:
        folder: Of a release that was named.
        training: Not used.
    """

    folder: Path | None = None
    training: Mapping[str, Any] | None = None

    @classmethod
    def load(cls, release: str, settings: Mapping[str, Any]) -> OffsetKind | None:
        """Find the release; None for `none`. Raises RequestError."""
        if release == NO_OFFSETS:
            return None
        return cls(None if release == AUTO else find_tabular_release(release, OFFSET_KEY, OFFSET_FORMAT))

    def describe(self, crystals: Sequence[Crystal]) -> Description:
        """No column."""
        return Description([])


def load_offsets(name: str, voltage: Path) -> LoadedOffsets | None:
    """Load the offsets that correct a voltage release.

    Args:
        name: A released name or folder; `auto` takes the one that was learned with this voltage release, `none` none.
        voltage: Folder of the voltage release.

    Raises:
        RequestError: The release is unknown or damaged, or a named one was learned with another voltage release.
    """
    if name == NO_OFFSETS:
        return None
    own = file_sha256(voltage / WEIGHTS)
    if name != AUTO:
        found = _load(find_tabular_release(name, OFFSET_KEY, OFFSET_FORMAT), own)
        if not found.fits:
            raise RequestError(
                f"offsets={name}: learned with another voltage release than {voltage.name}; "
                f"give offsets=auto, or fit them: screening fit offsets voltage={voltage.name} ..."
            )
        return found
    names = [each for each in released_names(OFFSET_FORMAT).split(", ") if each != "none"]
    every = [_load(find_tabular_release(each, OFFSET_KEY, OFFSET_FORMAT), own) for each in names]
    return next((each for each in every if each.fits), every[0] if every else None)


def _load(folder: Path, voltage_sha256: str) -> LoadedOffsets:
    release = load_tabular_release(folder, OFFSET_KEY, OFFSET_FORMAT)
    part = release.parts.get(_PART)
    if part is None:
        raise RequestError(f"{OFFSET_KEY}={folder}: the release has no part {_PART!r}")
    texts = part.texts("levels")
    levels = tuple((term, level) for term, _, level in (text.partition(": ") for text in texts))
    weights = part.tensor("weights", -1, len(levels))
    rows = WeightedRows(
        levels, weights, part.tensor("target", len(weights)), part.tensor("known_variance", len(weights))
    )
    variances = part.numbers("variances_V2")
    systems = part.texts("systems")
    if (
        set(variances) != {*TERMS, "noise"}
        or not {term for term, _ in levels} <= set(TERMS)
        or len(systems) != len(weights)
    ):
        raise part.problem("fitted by another version of the program; fit it again")
    model = OffsetModel(rows, Variances({term: variances[term] for term in TERMS}, variances["noise"]), systems)
    return LoadedOffsets(model, release.training.get(_VOLTAGE_HASH) == voltage_sha256, folder)


@settings_class
class OffsetFitKeys:
    """Keys of `screening fit offsets`."""

    structures: str = setting(help="crystals of measured electrodes, their ids the names in the table", path=True)
    measured: str | None = setting(
        default=None, help="table of measured voltages; null: the one that comes with the package", path=True
    )
    voltage: str = setting(default="voltage-v2", help="voltage release to correct: name or folder", path=True)


def fit_offset_release(settings: Mapping[str, Any], folder: Path, progress: Callable[[str], object]) -> TabularRelease:
    """Calculate the voltages of measured electrodes and learn the offsets.

    Args:
        settings: Of `screening fit offsets`.
        folder: Where the release will be written; it keeps calculated voltages, with which a stopped run continues.
        progress: Reports rows that cannot be used.

    Raises:
        RequestError: A file is missing, too few rows can be calculated, or a model is unknown or damaged.
    """
    table = read_measured(Path(settings["measured"]) if settings["measured"] else measured_file())
    predictor = VoltagePredictor.load(settings["voltage"], settings["device"])
    if predictor is None:
        raise RequestError("voltage=none: expected the voltage release to correct")
    rows = calculate(table, Path(settings["structures"]), predictor, folder / CALCULATED, progress)
    model = fit_offsets(rows)
    part = FittedPart(
        {
            "levels": [f"{term}: {level}" for term, level in model.rows.levels],
            "variances_V2": {**model.variances.terms, "noise": model.variances.noise},
            "systems": list(model.systems),
            "names": [row.name for row in rows.measured],
            "report": offset_errors(rows),
        },
        {"weights": model.rows.weights, "target": model.rows.target, "known_variance": model.rows.known_variance},
    )
    training = {
        "voltage": settings["voltage"],
        _VOLTAGE_HASH: file_sha256(predictor.folder / WEIGHTS),
        "measured": len(table),
        "used": len(rows.measured),
    }
    return TabularRelease(settings["name"] or folder.resolve().name, {_PART: part}, training, OFFSET_FORMAT)


OFFSET_RECIPE = FitRecipe(
    summary="""Learn the offsets between calculated and measured voltages; takes some minutes.

    Writes weights.safetensors, config.json and MODEL_CARD.md (with the errors on couples and systems that were left
    out) to output_dir, and calculated.csv with the calculated voltages. The offsets hold for the voltage release that
    they were learned with: fit them again after each `screening fit voltage`. A stopped run continues with the same
    command.

    Examples:
      screening fit offsets structures=measured.jsonl voltage=voltage-v2 output_dir=runs/offsets
    """,
    keys=OffsetFitKeys,
    fit=fit_offset_release,
    card=offset_card,
)
