"""Fitting magnetic order, moments, Curie temperature and anisotropy to tables of measurements, as one release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from screening.data.splits import DEFAULT_SALT
from screening.data.store import Store, open_store
from screening.errors import RequestError
from screening.materials.base import FitRecipe
from screening.materials.exclusions import EXCLUDE_HELP, formulas_to_exclude
from screening.materials.magnets.anisotropy import anisotropy, anisotropy_card, anisotropy_fit
from screening.materials.magnets.curie import curie, curie_card, curie_fit
from screening.materials.magnets.magnetism import FORMAT
from screening.materials.magnets.magnetism_card import magnetism_card
from screening.materials.magnets.moments import moment, moment_fit
from screening.materials.magnets.order import order, order_card, order_fit
from screening.settings import setting, settings_class
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings
from screening.tabular.release import FittedPart, TabularRelease


@settings_class
class MeasuredData:
    """The data that the magnetism predictors learn from."""

    path: str = setting(help="folder of the store written by `screening import`", path=True)
    folder: str = setting(
        help="folder with the tables of measurements: curie/curie_literature.csv, curie/curie_experimental.csv, "
        "curie/nemad.csv, magndata/magndata.jsonl.gz, mp/site_magmoms.jsonl.gz and novamag/novamag.jsonl.gz",
        path=True,
    )


@settings_class
class MagnetismFitKeys:
    """Keys of `screening fit magnetism`."""

    data: MeasuredData
    exclude: str | None = setting(default=None, help=f"{EXCLUDE_HELP} by measurement; calculations count", path=True)


Fit = Callable[[Store, Path, "FitSettings"], tuple[FittedPart, dict[str, Any]]]


@dataclass(frozen=True)
class FitSettings:
    """How the parts are fitted.

    Attributes:
        seed: Of the first fit.
        n_seeds: Number of fits; the first is kept, the others show the spread.
        n_trees: In every forest; None for the default of each part.
        excluded: Formulas of compounds whose measurements are not learned.
    """

    seed: int
    n_seeds: int
    n_trees: int | None
    excluded: tuple[str, ...] = ()

    def of(self, default: ForestSettings) -> ForestFitSettings:
        """Those of a part: its default forest with the requested number of trees."""
        forest = replace(default, n_trees=self.n_trees or default.n_trees)
        return ForestFitSettings(forest, self.seed, self.n_seeds)


def _order(store: Store, folder: Path, settings: FitSettings) -> tuple[FittedPart, dict[str, Any]]:
    default = order_fit.OrderFitSettings(seed=settings.seed, excluded=settings.excluded)
    return order_fit.fit_order_part(store, folder, replace(default, n_trees=settings.n_trees or default.n_trees))


def _moment(store: Store, folder: Path, settings: FitSettings) -> tuple[FittedPart, dict[str, Any]]:
    return moment_fit.fit_moment_part(store, settings.of(moment_fit.FOREST))


def _curie(store: Store, folder: Path, settings: FitSettings) -> tuple[FittedPart, dict[str, Any]]:
    return curie_fit.fit_curie_part(store, folder / "curie", settings.of(curie_fit.FOREST), settings.excluded)


def _anisotropy(store: Store, folder: Path, settings: FitSettings) -> tuple[FittedPart, dict[str, Any]]:
    return anisotropy_fit.fit_anisotropy_part(folder, settings.of(anisotropy_fit.FOREST), settings.excluded)


PARTS: dict[str, tuple[Fit, Callable[[dict[str, Any]], str]]] = {
    order.PART: (_order, order_card.order_card),
    moment.PART: (_moment, moment_fit.moment_card),
    curie.PART: (_curie, curie_card.curie_card),
    anisotropy.PART: (_anisotropy, anisotropy_card.anisotropy_card),
}


def fit_magnetism(settings: Mapping[str, Any], folder: Path, progress: Callable[[str], object]) -> TabularRelease:
    """Fit every part.

    Args:
        settings: Of `screening fit magnetism`.
        folder: Where the release will be written; also its name if none is given.
        progress: Reports the time that each part took.

    Raises:
        RequestError: The store or the tables are missing.
    """
    store, tables = open_store(Path(settings["data"]["path"])), Path(settings["data"]["folder"])
    if not tables.is_dir():
        raise RequestError(f"data.folder={tables}: no such folder; expected the folder with the tables of measurements")
    wanted = FitSettings(
        settings["seed"], settings["n_seeds"], settings["n_trees"], formulas_to_exclude(settings["exclude"])
    )
    parts, minutes = {}, {}
    for name, (fit, _) in PARTS.items():
        started = time.perf_counter()
        parts[name], report = fit(store, tables, wanted)
        parts[name].settings["report"] = report
        minutes[name] = round((time.perf_counter() - started) / 60, 2)
        progress(f"{name}: fitted in {minutes[name]} min")
    training = {
        "store_sha256": store.content_hash,
        "sources": store.meta["sources"],
        "seed": wanted.seed,
        "excluded": len(wanted.excluded),
        "learned_splits": ["train", "validation"],
        "split_salt": DEFAULT_SALT,
        "minutes": minutes,
    }
    return TabularRelease(settings["name"] or folder.resolve().name, parts, training, FORMAT)


def fitted_card(release: TabularRelease) -> str:
    """The model card of a release, with a section for each part."""
    sections = [card(release.parts[name].settings["report"]) for name, (_, card) in PARTS.items()]
    return magnetism_card(release, sections)


RECIPE = FitRecipe(
    summary="""Fit magnetic order, Curie temperature and anisotropy to tables of measurements; takes minutes.

    Writes weights.safetensors, config.json and MODEL_CARD.md (with the errors on unseen chemical systems) to
    output_dir. Use the result with `magnetism=FOLDER`.

    Examples:
      screening fit magnetism data.path=stores/mp data.folder=downloads/tables output_dir=runs/magnetism
    """,
    keys=MagnetismFitKeys,
    fit=fit_magnetism,
    card=fitted_card,
)
