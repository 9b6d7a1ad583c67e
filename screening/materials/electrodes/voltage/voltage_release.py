"""Fitting voltages and volume changes to calculated electrodes, as one release."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.errors import RequestError
from screening.materials.base import FitRecipe
from screening.materials.electrodes.voltage.ends import Refinement
from screening.materials.electrodes.voltage.insertion_data import FILE
from screening.materials.electrodes.voltage.voltage import FORMAT
from screening.materials.electrodes.voltage.voltage_card import voltage_card
from screening.materials.electrodes.voltage.voltage_fit import FOREST, VoltageFitSettings, fit_voltage_parts
from screening.materials.exclusions import EXCLUDE_HELP, formulas_to_exclude
from screening.networks.predictor import Predictor
from screening.potentials.registry import load_potential
from screening.release_folder import WEIGHTS
from screening.settings import setting, settings_class
from screening.tabular.release import TabularRelease

CACHE = "evaluated"


@settings_class
class VoltageFitKeys:
    """Keys of `screening fit voltage`."""

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    exclude: str | None = setting(default=None, help=EXCLUDE_HELP, path=True)
    most_atoms: int | None = setting(
        default=None, help="largest cell whose other end is derived and relaxed; null: any", minimum=1
    )
    potential: str = setting(default="chgnet", help="interatomic potential: relaxes derived ends, gives energies")
    energies_by: str | None = setting(
        default=None, help="a better potential for the energies of both ends, such as sevennet; null: the same"
    )
    further_steps: int = setting(
        default=0, help="relaxation steps of derived ends after the first ones; for better, slower voltages", minimum=0
    )
    model: str = setting(default="screening-v3", help="property network for both ends: name or folder", path=True)


def fit_voltage(settings: Mapping[str, Any], folder: Path, progress: Callable[[str], object]) -> TabularRelease:
    """Evaluate the crystals of calculated electrodes and fit every part.

    Args:
        settings: Of `screening fit voltage`.
        folder: Where the release will be written; it also keeps evaluations, so that a stopped run can continue.
        progress: Reports which folder can be deleted.

    Raises:
        RequestError: The electrodes are missing, or a model is unknown or damaged.
    """
    tables = Path(settings["electrodes"])
    if not tables.is_dir():
        raise RequestError(f"electrodes={tables}: expected a folder with {FILE} in it")
    potential = load_potential(settings["potential"], settings["device"])
    better = settings["energies_by"]
    single_point = load_potential(better, settings["device"], "energies_by") if better else None
    network = Predictor.load(settings["model"], settings["device"], "32")
    forest = replace(FOREST, n_trees=settings["n_trees"] or FOREST.n_trees)
    excluded = formulas_to_exclude(settings["exclude"])
    wanted = VoltageFitSettings(forest, settings["seed"], settings["n_seeds"], excluded=excluded)
    wanted = replace(wanted, most_atoms=settings["most_atoms"])
    refinement = Refinement(single_point, settings["further_steps"])
    started = time.perf_counter()
    found = fit_voltage_parts(tables, potential, network, folder / CACHE, wanted, refinement)
    for part, report in found.values():
        part.settings["report"] = report
    training = {
        "potential": settings["potential"],
        "network": settings["model"],
        "energies_by": better,
        "further_steps": refinement.further_steps,
        "excluded": len(excluded),
        "most_atoms": wanted.most_atoms,
        "sha256": {
            "potential": _digest(potential.checkpoint),
            "network": _digest(network.folder / WEIGHTS),
            "energies_by": None if single_point is None else _digest(single_point.checkpoint),
        },
        "seed": wanted.seed,
        "minutes": round((time.perf_counter() - started) / 60, 1),
    }
    progress(f"{folder / CACHE} can be deleted")
    parts = {name: part for name, (part, _) in found.items()}
    return TabularRelease(settings["name"] or folder.resolve().name, parts, training, FORMAT)


RECIPE = FitRecipe(
    summary="""Fit voltages and volume changes to calculated electrodes; takes half an hour on one core.

    Writes weights.safetensors, config.json and MODEL_CARD.md (with the errors on unseen chemical systems) to
    output_dir. Use the result with `voltage=FOLDER`. A stopped run continues with the same command.

    Examples:
      screening fit voltage electrodes=downloads/electrodes output_dir=runs/voltage
      screening fit voltage electrodes=downloads/electrodes energies_by=sevennet output_dir=runs/voltage-accurate
    """,
    keys=VoltageFitKeys,
    fit=fit_voltage,
    card=voltage_card,
)


def _digest(file: Path | None) -> str | None:
    """SHA-256 of a file; None where there is none."""
    if file is None or not file.is_file():
        return None
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
