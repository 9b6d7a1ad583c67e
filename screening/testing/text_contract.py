"""What the texts of a material class must satisfy: in each language that it speaks, it says everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from screening.materials.base import MaterialClass
from screening.report.texts import LANGUAGES, catalogue
from screening.testing.contract import require, require_subset

_SECTIONS = {"page", "gates", "values", "titles", "stages", "units", "columns", "flags", "remarks"}
_ENGLISH = "en"


def check_texts(material: MaterialClass, task: Mapping[str, Any], gates: Mapping[str, Mapping[str, Any]]) -> None:
    """Check the files `LANGUAGE.yaml` of a class; one that has none shows names and English texts.

    Args:
        material: The class.
        task: Its config.
        gates: All its gates by name, those of presets among them.

    Raises:
        ContractError: A file has no word for something, or has one for something that is not there.
    """
    for file in sorted(material.texts.glob("*.yaml")):
        said = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        require(file.stem in LANGUAGES, f"{file.name}: a language that reports are written in: {LANGUAGES}")
        require_subset(said, _SECTIONS, f"{file.name}: unknown sections")
        frame = catalogue(file.stem)
        require_subset(gates, {*said.get("gates", {}), *frame.gates}, f"{file.name}: gates without a name")
        if file.stem != _ENGLISH:
            _check_complete(material, task, said, file.name)


def _check_complete(material: MaterialClass, task: Mapping[str, Any], said: Mapping[str, Any], name: str) -> None:
    """In another language than English there is a text for everything that is declared, and for nothing else."""
    frame = catalogue(name.partition(".")[0])
    declared = {
        "columns": {column.name for column in material.columns},
        "flags": set(material.flags),
        "remarks": set(material.remarks),
    }
    for section, names in declared.items():
        texts = said.get(section) or {}
        require_subset(names, texts, f"{name}: {section} without a text")
        require_subset(texts, names, f"{name}: texts of {section} that are not declared")
    for column, texts in (said.get("columns") or {}).items():
        require({"label", "description"} <= set(texts), f"{name}: the column {column} has a label and a description")
    require(task["report"]["title"] in (said.get("titles") or {}), f"{name}: titles has the config's report.title")
    units = {column.unit for column in material.columns if column.unit}
    require_subset(units, {*(said.get("units") or {}), *frame.units}, f"{name}: units without a text")
