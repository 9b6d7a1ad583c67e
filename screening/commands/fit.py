"""`screening fit`: a predictor of a material class fitted to new data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from screening.configuration import as_dict
from screening.configuration.fit import FitConfig
from screening.console import say
from screening.errors import RequestError
from screening.locks import folder_lock
from screening.materials.registry import predictor_kind
from screening.release_folder import CARD
from screening.tabular.release import save_tabular_release
from screening.tracking.provenance import machine, package_versions


def run(config: FitConfig) -> None:
    """Fit, write the release, say how good it is."""
    recipe = predictor_kind(config.predictor, "predictor").recipe
    if recipe is None:
        raise RequestError(f"predictor={config.predictor}: it cannot be fitted")
    with folder_lock(Path(config.output_dir), "output_dir") as folder:
        release = recipe.fit(config.settings, folder, say)
        made = {"machine": machine()["machine"], "versions": package_versions(), "settings": as_dict(config)}
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        release = replace(release, training=release.training | made | {"finished": finished})
        save_tabular_release(folder, release, recipe.card(release))
    say(f"release: {folder}, its errors in {folder / CARD}")
    say(f"use it: screening rank task=... {config.predictor}={folder} candidates=... output_dir=...")
