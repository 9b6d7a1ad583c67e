"""Fitting the rough voltages of the first stage to calculated electrodes, as one release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.checksums import file_sha256
from screening.errors import RequestError
from screening.materials.base import FitRecipe
from screening.materials.electrodes.voltage.insertion_data import FILE
from screening.materials.electrodes.voltage.network_voltages import NETWORK_FORMAT
from screening.materials.electrodes.voltage.voltage_card import part_sections
from screening.materials.electrodes.voltage.voltage_fit import FOREST, VoltageFitSettings, fit_voltage_parts
from screening.materials.exclusions import EXCLUDE_HELP, excluded_words, formulas_to_exclude
from screening.networks.predictor import Predictor
from screening.release_folder import WEIGHTS
from screening.settings import setting, settings_class
from screening.tabular.release import TabularRelease

_TITLES = {
    "pair": "both ends given",
    "discharged": "only the discharged crystal given, its frame as it stands",
    "charged": "only the host given, with ions in its voids",
}


@settings_class
class NetworkVoltageFitKeys:
    """Keys of `screening fit network_voltage`."""

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    exclude: str | None = setting(default=None, help=EXCLUDE_HELP, path=True)
    model: str = setting(default="screening-v3", help="property network for both ends: name or folder", path=True)


def fit_network_voltage(settings: Mapping[str, Any], folder: Path, progress: Callable[[str], object]) -> TabularRelease:
    """Predict both ends of calculated electrodes by the network and fit every part.

    Args:
        settings: Of `screening fit network_voltage`.
        folder: Where the release will be written.
        progress: Not needed.

    Raises:
        RequestError: The electrodes are missing, or the network is unknown or damaged.
    """
    tables = Path(settings["electrodes"])
    if not tables.is_dir():
        raise RequestError(f"electrodes={tables}: expected a folder with {FILE} in it")
    network = Predictor.load(settings["model"], settings["device"], "32")
    forest = replace(FOREST, n_trees=settings["n_trees"] or FOREST.n_trees)
    excluded = formulas_to_exclude(settings["exclude"])
    wanted = VoltageFitSettings(forest, settings["seed"], settings["n_seeds"], excluded=excluded)
    started = time.process_time()
    found = fit_voltage_parts(tables, None, network, folder, wanted)
    for part, report in found.values():
        part.settings["report"] = report
    training = {
        "network": settings["model"],
        "excluded": len(excluded),
        "sha256": {"network": file_sha256(network.folder / WEIGHTS)},
        "seed": wanted.seed,
        "minutes": round((time.process_time() - started) / 60, 1),
    }
    parts = {name: part for name, (part, _) in found.items()}
    return TabularRelease(settings["name"] or folder.resolve().name, parts, training, NETWORK_FORMAT)


def network_voltage_card(release: TabularRelease) -> str:
    """The whole card in Markdown."""
    training = release.training
    command = f"electrodes=FOLDER output_dir={release.name} seed={training['seed']}"
    if training.get("excluded"):
        command += " exclude=FILE"
    head = f"""# {release.name}

Rough average voltage and volume change of an insertion electrode for the first stage of a ranking: formation energies
of both ends as they stand by `{training["network"]}`, without a potential and without relaxation, corrected by extra
trees and a kernel on the same descriptors as the voltages of the second stage. Splits and intervals are theirs too.

- Fitted with `screening fit network_voltage {command}`.{excluded_words(training)}
- Time: {training["minutes"]} min of one core.
- Use: `funnel.*` of `screening rank`. A ranking names it in `voltage_method` where it has the last word.
"""
    return "\n".join([head, *part_sections(release, _TITLES)])


NETWORK_RECIPE = FitRecipe(
    summary="""Fit the rough voltages of the first stage of rankings; takes a few minutes on one core.

    Writes weights.safetensors, config.json and MODEL_CARD.md (with the errors on unseen chemical systems) to
    output_dir.

    Examples:
      screening fit network_voltage electrodes=downloads/electrodes output_dir=runs/network-voltage
    """,
    keys=NetworkVoltageFitKeys,
    fit=fit_network_voltage,
    card=network_voltage_card,
)
