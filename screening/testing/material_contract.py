"""What every material class must satisfy: what it declares is what it does, and its config asks for nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from screening.columns import FRAME_COLUMNS, is_gate
from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.data.targets import TARGETS
from screening.graphs.nearest import GraphSettings
from screening.materials.base import Finalists, LearnedPredictor, MaterialClass
from screening.materials.flags import FLAGS
from screening.materials.predictors import Predictors
from screening.materials.registry import predictor_kind
from screening.networks.predictor import Predictor
from screening.networks.released_model import ModelConfig, build_model
from screening.ranking.ranked import rank_table, ranking_settings
from screening.settings import build_settings
from screening.testing.contract import require, require_subset
from screening.testing.same_answers import check_same_answers, learned_columns
from screening.testing.sample_crystals import cubic, descriptions, random_crystal
from screening.testing.text_contract import check_texts

_OF_FRAME = {column.name for column in FRAME_COLUMNS}
_WORD = re.compile(r"\w+$")


def check_material_class(material: MaterialClass, crystals: Sequence[Crystal] | None = None) -> None:
    """Check a material class on a few crystals, with made-up predictions of their properties.

    The predictors that its config names are loaded with their default releases.

    Args:
        material: An instance of what the entry point of group `screening.materials` names.
        crystals: Two or more that it is made for; None for its landmarks, or random ones.

    Raises:
        ContractError: Something that every material class must do does not hold.
        RequestError: The class refuses its own config or the crystals.
    """
    task = _check_config(material)
    _check_declarations(material)
    predictors = Predictors(_untrained_network(), _learned(task))
    candidates = list(crystals or _samples(material))
    described = predictors.describe(candidates, predictors.network.predict(candidates), lambda _: nullcontext())
    table = described.table.with_columns(space_group_number=pl.lit(1, pl.Int32))
    none = predictors.no_rows().with_columns(space_group_number=pl.lit(None, pl.Int32))
    require(table.schema == none.schema, "predictors give the same columns for no crystals as for some")
    require(table.height > 1, "two crystals at least are candidates")
    _check_descriptions(predictors, candidates[:2])
    merit = _check_evaluate(material, task, table, none)
    ranked = _check_ranking(material, task, merit)
    _check_closer_looks(material, task, ranked, described.crystals, predictors.learned)
    check_texts(material, task, _gates(task))


def _check_config(material: MaterialClass) -> Mapping[str, Any]:
    require(material.config.is_file(), f"config is a file: {material.config}")
    task: Mapping[str, Any] = yaml.safe_load(material.config.read_text(encoding="utf-8"))
    require(task.get("name") == material.name, f"the config says name: {material.name}")
    require((task.get("report") or {}).get("title"), "the config has a report.title")
    for path in (material.landmarks, material.reference):
        require(path is None or path.exists(), f"landmarks and reference are there: {path}")
    return task


def _check_declarations(material: MaterialClass) -> None:
    require(type(material).__doc__, "the docstring says what the class is, for the help page")
    names = [column.name for column in material.columns]
    require(len(set(names)) == len(names), "no column is declared twice")
    require(not _OF_FRAME & set(names), f"columns that every table has are not declared: {_OF_FRAME & set(names)}")
    for column in material.columns:
        require(column.label and column.description, f"the column {column.name} has a label and a description")
        require(not is_gate(column.name), f"the column {column.name} is not named like the probability of a gate")
    for kind in ("flags", "remarks"):
        for name, meaning in getattr(material, kind).items():
            require(_WORD.match(name) and meaning, f"{kind}: {name} is one word and has a meaning")
    require(is_dataclass(material.settings), "settings is made by screening.settings.settings_class")
    require(is_dataclass(material.keys), "keys is made by screening.settings.settings_class")
    for key in fields(material.keys):
        require(key.metadata.get("help"), f"the key {key.name} is made by screening.settings.setting with a help text")
    require_subset(material.closer_keys, [key.name for key in fields(material.keys)], "closer_keys that are no keys")


def _untrained_network() -> Predictor:
    small = {"width": 8, "edge_width": 8, "layers": 1, "readout_width": 0}
    elements = tuple(range(1, 104))
    config = ModelConfig("untrained", "edge_update", small, GraphSettings(), tuple(TARGETS), elements, {})
    return Predictor(build_model(config), config, Path(), "cpu", "32")


def _learned(task: Mapping[str, Any]) -> dict[str, LearnedPredictor]:
    loaded = {}
    for name in task.get("predictors") or ():
        kind = predictor_kind(name, "predictors")
        predictor = kind.implementation.load(kind.default, {"device": "cpu"})
        require(predictor is not None, f"the predictor {name} loads its default release {kind.default}")
        if predictor is not None:
            loaded[name] = predictor
    return loaded


def _check_descriptions(predictors: Predictors, crystals: Sequence[Crystal]) -> None:
    """What the predictors of the class say about a crystal does not depend on its cell, axes or order of atoms."""
    rng = np.random.default_rng(0)
    others = [descriptions(crystal, rng)["all at once"] for crystal in crystals]
    names = [crystal.candidate_id for crystal in crystals]
    check_same_answers(
        learned_columns(predictors, crystals),
        learned_columns(predictors, others),
        f"{' and '.join(names)} in another cell",
    )


def _samples(material: MaterialClass) -> list[Crystal]:
    if material.landmarks is not None:
        read = read_crystals(material.landmarks, ReadSettings(workers=0))
        return [item for item in read if isinstance(item, Crystal)][:6]
    rng = np.random.default_rng(0)
    return [cubic(26, 2.87, "I"), cubic(29, 3.61, "F"), *(random_crystal(rng, atoms) for atoms in (2, 5))]


def _check_evaluate(
    material: MaterialClass, task: Mapping[str, Any], table: pl.DataFrame, none: pl.DataFrame
) -> pl.DataFrame:
    settings: Any = build_settings(material.settings, task.get("merit") or {}, "task.merit")
    found = material.evaluate(table, settings)
    require(found["candidate_id"].equals(table["candidate_id"]), "evaluate keeps the rows and their order")
    require_subset(table.columns, found.columns, "evaluate drops columns of the prediction table")
    declared = {*table.columns, *_OF_FRAME, *(column.name for column in material.columns)}
    ends = {f"{name}{end}" for name in declared for end in ("_lo", "_hi")}
    require_subset(found.columns, declared | ends, "evaluate adds columns that are not declared")
    flags = {flag for text in found["flags"].to_list() for flag in (text or "").split(";") if flag}
    require_subset(flags, {*material.flags, *FLAGS}, "evaluate sets flags that are not declared")
    backwards = material.evaluate(table.reverse(), settings).reverse()
    require(backwards.equals(found), "what a row gets does not depend on the rows around it")
    require(material.evaluate(none, settings).schema == found.schema, "evaluate of no rows gives the same columns")
    asked = material.symmetry_matters(table, settings)
    require(asked.shape == (table.height,) and asked.dtype == np.bool_, "symmetry_matters gives one boolean a row")
    return found


def _check_ranking(material: MaterialClass, task: Mapping[str, Any], merit: pl.DataFrame) -> pl.DataFrame:
    ranking = task.get("ranking") or {}
    used = {name for gate in _gates(task).values() for name in _columns_of(gate)}
    require_subset(used, merit.columns, "gates ask for columns that are not in the table")
    ranked = rank_table(merit, ranking_settings(ranking))
    report = task.get("report") or {}
    shown = {name for key in ("short_table", "columns", "scatter") for name in report.get(key) or ()}
    require_subset(shown, {*ranked.columns, "why"}, "the report shows columns that are not in the table")
    why = material.explain(ranked, ranking.get("gates") or {})
    if why is not None:
        require(why.name == "why" and why.dtype == pl.String and len(why) == ranked.height, "explain gives texts `why`")
    return ranked


def _gates(task: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The gates of the config and of its presets by name; a preset may remove some."""
    parts = [task, *(task.get("presets") or {}).values()]
    every = (item for part in parts for item in ((part.get("ranking") or {}).get("gates") or {}).items())
    return {name: gate for name, gate in every if gate}


def _columns_of(gate: Mapping[str, Any]) -> Iterator[str]:
    if "column" in gate:
        yield gate["column"]
    if gate.get("waived_by"):
        yield from _columns_of(gate["waived_by"])


def _check_closer_looks(
    material: MaterialClass,
    task: Mapping[str, Any],
    ranked: pl.DataFrame,
    crystals: Sequence[Crystal],
    learned: Mapping[str, LearnedPredictor],
) -> None:
    by_id = {crystal.candidate_id: crystal for crystal in crystals}
    best = ranked.head(2)
    own = [by_id[name] for name in best["candidate_id"]]
    keys = dict.fromkeys(field.name for field in fields(material.keys))
    looks = material.look_closer(Finalists(best, own, task, keys, learned))
    require(len(looks) == len(own), "look_closer gives one look a finalist")
    for look in looks:
        require_subset(look.remarks, material.remarks, "closer looks make remarks that are not declared")
        require_subset(look.crystals, material.shown_crystals, "closer looks show crystals that are not declared")
        for curve in look.curves:
            lengths = {len(curve.x), len(curve.y), len(curve.lo or curve.x)}
            require(len(lengths) == 1, f"the curve {curve.kind} has as many values as abscissae")
