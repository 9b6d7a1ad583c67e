"""Voltages and volume changes of electrodes learned from calculated ones, as one release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.errors import RequestError
from screening.materials.base import FitRecipe
from screening.materials.electrodes.voltage.insertion_data import FILE
from screening.materials.electrodes.voltage.voltage import FORMAT
from screening.materials.electrodes.voltage.voltage_card import voltage_card
from screening.materials.electrodes.voltage.voltage_fit import FOREST, VoltageFitSettings, fit_voltage_parts
from screening.networks.predictor import Predictor
from screening.potentials.registry import load_potential
from screening.settings import setting, settings_class
from screening.tabular.release import TabularRelease

CACHE = "evaluated"


@settings_class
class VoltageFitKeys:
    """Keys of `screening fit voltage`."""

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    potential: str = setting(default="chgnet", help="interatomic potential whose voltages are corrected")
    model: str = setting(
        default="screening-v3", help="property network that describes both ends: name or folder", path=True
    )


def fit_voltage(settings: Mapping[str, Any], folder: Path, say: Callable[[str], object]) -> TabularRelease:
    """Evaluate the crystals of calculated electrodes and fit every part.

    Args:
        settings: Of `screening fit voltage`.
        folder: Where the release will be written; what was evaluated is kept in it, so that a killed run goes on.
        say: Hears what can be deleted.

    Raises:
        RequestError: The electrodes are not there, or a model is wrong.
    """
    tables = Path(settings["electrodes"])
    if not tables.is_dir():
        raise RequestError(f"electrodes={tables}: expected a folder with {FILE} in it")
    potential = load_potential(settings["potential"], settings["device"])
    network = Predictor.load(settings["model"], settings["device"], "32")
    forest = replace(FOREST, n_trees=settings["n_trees"] or FOREST.n_trees)
    wanted = VoltageFitSettings(forest, settings["seed"], settings["n_seeds"])
    started = time.perf_counter()
    found = fit_voltage_parts(tables, potential, network, folder / CACHE, wanted)
    for part, report in found.values():
        part.settings["report"] = report
    training = {
        "potential": settings["potential"],
        "network": settings["model"],
        "seed": wanted.seed,
        "minutes": round((time.perf_counter() - started) / 60, 1),
    }
    say(f"{folder / CACHE} can be deleted")
    parts = {name: part for name, (part, _) in found.items()}
    return TabularRelease(settings["name"] or folder.resolve().name, parts, training, FORMAT)


RECIPE = FitRecipe(
    summary="""Fit voltages and volume changes to calculated electrodes; half an hour on one core, resumable.

    Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
    which `voltage=FOLDER` uses. A killed run goes on where it stopped.

    Examples:
      screening fit voltage electrodes=downloads/electrodes output_dir=runs/voltage
    """,
    keys=VoltageFitKeys,
    fit=fit_voltage,
    card=voltage_card,
)
