"""Rows of the second stage on disk, so that a ranking that was stopped goes on with them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from screening import __version__
from screening.cluster.part_files import PartFolder
from screening.configuration import as_dict
from screening.configuration.rank import RankConfig
from screening.crystals import Crystal
from screening.materials.predictors import Predictors
from screening.materials.registry import material_class
from screening.materials.stages import STAGE
from screening.signals import held_back
from screening.tracking.provenance import sha256

FUNNEL = "funnel"
"""The folder in an output folder; it is there only while the ranking is not finished."""
_DIGEST = "_crystal"
_KEYS = ["candidate_id", _DIGEST]
_DIGITS = 16


_NOT_OF_THE_ROWS = (
    "output_dir", "shard", "workers", "device", "batch_atoms", "debug", "tracking", "top", "report", "review",
)  # fmt: skip


def rows_depend_on(config: RankConfig, predictors: Predictors) -> dict[str, Any]:
    """What predictions depend on: settings by name, our version, and the hashes of the models."""
    without = {*_NOT_OF_THE_ROWS, *material_class(config.task.name).closer_keys}
    tree = {name: value for name, value in as_dict(config).items() if name not in without}
    return {
        **tree,
        "funnel": config.funnel.enabled,
        "version": __version__,
        **{f"SHA-256 of {name}": sha256(path) for name, path in predictors.folders.items()},
    }


class FunnelRows:
    """Rows that later stages predicted, found by crystal.

    Rows of other settings or models stay apart: the folder is named by a hash of all that they depend on.
    """

    def __init__(self, output_dir: Path, depends_on: Mapping[str, Any]) -> None:
        self._root = output_dir / FUNNEL
        header = orjson.dumps(dict(depends_on), option=orjson.OPT_SORT_KEYS, default=str)
        self._parts = PartFolder(self._root / hashlib.sha256(header).hexdigest()[:_DIGITS], {})

    def found(self, crystals: Sequence[Crystal], stage: int) -> pl.DataFrame | None:
        """The rows that a stage predicted before for some of these crystals; None without any.

        A row counts if its id and its atoms are the same.
        """
        if self._kept is None:
            return None
        wanted = pl.DataFrame([(c.candidate_id, c.digest) for c in crystals], _KEYS, orient="row")
        rows = self._kept.filter(pl.col(STAGE) == stage).join(wanted, on=_KEYS, how="semi").drop(_DIGEST)
        return rows if rows.height else None

    def add(self, crystals: Sequence[Crystal], table: pl.DataFrame) -> None:
        """Keep the rows of crystals; those that were refused have none."""
        digests = {crystal.candidate_id: crystal.digest for crystal in crystals}
        marks = pl.Series(_DIGEST, [digests[name] for name in table["candidate_id"]], dtype=pl.String)
        self._parts.folder.mkdir(parents=True, exist_ok=True)
        with held_back():
            self._parts.append(table.with_columns(marks))

    def clear(self) -> None:
        """Remove all rows: the ranking is finished."""
        shutil.rmtree(self._root, ignore_errors=True)

    @cached_property
    def _kept(self) -> pl.DataFrame | None:
        tables = self._parts.tables()
        return pl.concat(tables, how="vertical").unique([*_KEYS, STAGE], keep="last") if tables else None
