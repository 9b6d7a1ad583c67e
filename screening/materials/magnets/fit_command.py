"""`screening fit`: magnetic order, Curie temperature and anisotropy learned from tables of measurements."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from screening.configuration.schemas import FitConfig
from screening.console import say
from screening.data.splits import DEFAULT_SALT
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.files import output_folder
from screening.materials.magnets.anisotropy import anisotropy, anisotropy_card, anisotropy_fit
from screening.materials.magnets.curie import curie, curie_card, curie_fit
from screening.materials.magnets.magnetism_card import magnetism_card
from screening.materials.magnets.moments import moment, moment_fit
from screening.materials.magnets.order import order, order_card, order_fit
from screening.tabular.interval_forest import ForestSettings
from screening.tabular.release import CARD, Part, TabularRelease, save_release
from screening.tracking.provenance import machine

Fit = Callable[[Store, Path, FitConfig], tuple[Part, dict[str, Any]]]


def _order(store: Store, folder: Path, config: FitConfig) -> tuple[Part, dict[str, Any]]:
    settings = order_fit.OrderFitSettings(seed=config.seed)
    settings = replace(settings, n_trees=config.n_trees or settings.n_trees)
    return order_fit.fit_order_part(store, folder, settings)


def _moment(store: Store, folder: Path, config: FitConfig) -> tuple[Part, dict[str, Any]]:
    settings = moment_fit.MomentFitSettings(_forest(moment_fit.FOREST, config), config.seed, config.n_seeds)
    return moment_fit.fit_moment_part(store, settings)


def _curie(store: Store, folder: Path, config: FitConfig) -> tuple[Part, dict[str, Any]]:
    forest = _forest(curie_fit.FOREST, config)
    settings = curie_fit.CurieFitSettings(forest, config.seed, config.n_seeds)
    return curie_fit.fit_curie_part(store, folder / "curie", settings)


def _anisotropy(store: Store, folder: Path, config: FitConfig) -> tuple[Part, dict[str, Any]]:
    forest = _forest(anisotropy_fit.FOREST, config)
    settings = anisotropy_fit.AnisotropyFitSettings(forest, config.seed, config.n_seeds)
    return anisotropy_fit.fit_anisotropy_part(folder, settings)


def _forest(forest: ForestSettings, config: FitConfig) -> ForestSettings:
    return replace(forest, n_trees=config.n_trees or forest.n_trees)


PARTS: dict[str, tuple[Fit, Callable[[dict[str, Any]], str]]] = {
    order.PART: (_order, order_card.order_card),
    moment.PART: (_moment, moment_fit.moment_card),
    curie.PART: (_curie, curie_card.curie_card),
    anisotropy.PART: (_anisotropy, anisotropy_card.anisotropy_card),
}


def run(config: FitConfig) -> None:
    """Fit every part, write the release, say how good it is."""
    if config.data.path is None or config.data.folder is None:
        raise RequestError("missing: data.path=STORE (written by `screening import`) and data.folder=TABLES")
    store, tables = open_store(Path(config.data.path)), Path(config.data.folder)
    if not tables.is_dir():
        raise RequestError(f"data.folder={tables}: there is no such folder")
    folder = output_folder(Path(config.output_dir), "output_dir")
    parts, sections, minutes = {}, [], {}
    for name, (fit, card) in PARTS.items():
        started = time.perf_counter()
        parts[name], report = fit(store, tables, config)
        parts[name].settings["report"] = report
        sections.append(card(report))
        minutes[name] = round((time.perf_counter() - started) / 60, 2)
        say(f"{name}: fitted in {minutes[name]} min")
    training = {
        "store_sha256": store.content_hash,
        "sources": store.meta["sources"],
        "seed": config.seed,
        "learned_splits": ["train", "validation"],
        "split_salt": DEFAULT_SALT,
        "minutes": minutes,
        "machine": machine()["machine"],
    }
    release = TabularRelease(config.name or folder.resolve().name, parts, training)
    save_release(folder, release, magnetism_card(release, sections))
    say(f"release: {folder}, its errors in {folder / CARD}")
    say(f"use it: screening rank task=magnets magnetism={folder} candidates=... output_dir=...")
