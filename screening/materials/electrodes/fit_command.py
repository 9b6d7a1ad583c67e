"""`screening fit_voltage`: voltages and volume changes of electrodes learned from calculated ones."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from screening.configuration.schemas import FitVoltageConfig
from screening.console import say
from screening.errors import RequestError
from screening.files import output_folder
from screening.materials.electrodes.voltage.insertion_data import FILE
from screening.materials.electrodes.voltage.voltage import FORMAT
from screening.materials.electrodes.voltage.voltage_card import voltage_card
from screening.materials.electrodes.voltage.voltage_fit import FOREST, VoltageFitSettings, fit_voltage_parts
from screening.networks.predictor import Predictor
from screening.potentials.registry import load_potential
from screening.tabular.release import CARD, TabularRelease, save_release
from screening.tracking.provenance import machine

CACHE = "evaluated"


def run(config: FitVoltageConfig) -> None:
    """Evaluate the electrodes' crystals, fit every part, write the release, say how good it is."""
    tables = Path(config.electrodes)
    if not tables.is_dir():
        raise RequestError(f"electrodes={tables}: expected a folder with {FILE} in it")
    folder = output_folder(Path(config.output_dir), "output_dir")
    potential = load_potential(config.potential, config.device)
    network = Predictor.load(config.model, config.device, "32")
    forest = replace(FOREST, n_trees=config.n_trees or FOREST.n_trees)
    settings = VoltageFitSettings(forest, config.seed, config.n_seeds)
    started = time.perf_counter()
    found = fit_voltage_parts(tables, potential, network, folder / CACHE, settings)
    for part, report in found.values():
        part.settings["report"] = report
    training = {
        "potential": config.potential,
        "network": config.model,
        "seed": config.seed,
        "minutes": round((time.perf_counter() - started) / 60, 1),
        "machine": machine()["machine"],
    }
    parts = {name: part for name, (part, _) in found.items()}
    release = TabularRelease(config.name or folder.resolve().name, parts, training, FORMAT)
    save_release(folder, release, voltage_card(release))
    say(f"release: {folder}, its errors in {folder / CARD}; {folder / CACHE} can be deleted")
