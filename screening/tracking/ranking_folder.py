"""Reads a finished ranking from its output folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from screening.checksums import checksum_fails
from screening.errors import RequestError
from screening.files import is_inside, link_outside
from screening.report.texts import LANGUAGES
from screening.tables import read_table
from screening.tracking.provenance import changed_outputs

RECORD, PAGE = "run.json", "report.html"
TABLES = ("ranking.parquet", "ranking.csv", "rejected.csv", "landmarks.parquet")
FILES = (*TABLES, PAGE, RECORD)
SETTINGS_FILE = "config.yaml"
FINALISTS, INDEX = "finalists", "index.json"
_SHORT = ("rank", "candidate_id", "formula", "score", "limiting_gate")


@dataclass(frozen=True)
class FinalistFolder:
    """A finalist of a ranking.

    Attributes:
        row: Its row of the ranking.
        folder: The folder with its files.
        entry: Its entry in index.json.
    """

    row: Mapping[str, Any]
    folder: Path
    entry: Mapping[str, Any]

    @property
    def candidate_id(self) -> str:
        """Its id in the ranking."""
        return str(self.row["candidate_id"])

    @property
    def formula(self) -> str:
        """Its formula in the ranking."""
        return str(self.row["formula"])

    @property
    def name(self) -> str:
        """The name of the finalist's run: formula and id, once if they are the same."""
        return self.formula if self.candidate_id == self.formula else f"{self.formula} {self.candidate_id}"


@dataclass(frozen=True)
class RankingFolder:
    """A finished ranking.

    Attributes:
        folder: Its output folder.
        record: The content of run.json.
        table: The ranked candidates.
        rejected: The rejected candidates.
        finalists: The finalists by rank.
    """

    folder: Path
    record: Mapping[str, Any]
    table: pl.DataFrame
    rejected: pl.DataFrame
    finalists: tuple[FinalistFolder, ...]

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of the ranking."""
        return dict(self.record.get("config") or {})

    @property
    def task(self) -> Mapping[str, Any]:
        """The task's section of the settings."""
        return dict(self.config.get("task") or {})

    @property
    def language(self) -> str:
        """The language of the report."""
        return str((self.config.get("report") or {}).get("language") or LANGUAGES[0])

    @property
    def short_table(self) -> list[str]:
        """The columns of the task's short table that the ranking has."""
        wanted = (self.task.get("report") or {}).get("short_table") or _SHORT
        return [name for name in wanted if name in self.table.columns]

    @property
    def name(self) -> str:
        """The name of the ranking's run."""
        return ranking_name(str(self.task.get("name", "")), str(self.config.get("candidates", "")))

    @cached_property
    def finished_ms(self) -> int | None:
        """When it finished, in ms since 1970. Metrics get this time, so that logging again adds none."""
        try:
            return int(datetime.fromisoformat(str(self.record["finished"])).timestamp() * 1000)
        except (KeyError, ValueError):
            return None


def ranking_name(task: str, candidates: str) -> str:
    """The name of a ranking's run: `TASK: my_cifs`."""
    return f"{task}: {Path(candidates).name}"


def read_ranking(folder: Path, key: str = "output_dir") -> RankingFolder:
    """Read the finished ranking in a folder.

    Args:
        folder: The output folder.
        key: The setting that named the folder, for messages.

    Raises:
        RequestError: If a file is missing, cannot be read, leads elsewhere (a link), or was changed after the ranking.
    """
    if not folder.is_dir():
        raise RequestError(f"{key}={folder}: no such folder; expected the output_dir of a finished `screening rank`")
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise RequestError(
            f"{key}={folder}: no finished ranking ({', '.join(missing)} missing); "
            "expected the output_dir of a finished `screening rank`"
        )
    outside = [name for name in (*FILES, SETTINGS_FILE, FINALISTS) if not is_inside(folder / name, folder)]
    link = folder / outside[0] if outside else link_outside(folder / FINALISTS)
    if link is not None:
        raise RequestError(f"{link}: a link out of the folder of the ranking; put the file itself there")
    record = _json(folder / RECORD, dict)
    if record.get("command") != "rank":
        raise RequestError(f"{folder / RECORD}: expected the record of `screening rank`")
    changed = [*changed_outputs(folder, record), *([RECORD] if checksum_fails(record) else [])]
    if changed:
        raise RequestError(
            f"{key}={folder}: {', '.join(changed)} changed after the ranking, by hand or by damage: what stands there "
            f"was not ranked; restore it, or rank again (the hashes are in {RECORD})"
        )
    try:
        table, rejected = read_table(folder / TABLES[0]), read_table(folder / "rejected.csv")
        rows = {row["candidate_id"]: row for row in table.iter_rows(named=True)}
    except (pl.exceptions.PolarsError, KeyError, OSError) as error:
        raise RequestError(f"{key}={folder}: cannot read its tables ({error})") from None
    return RankingFolder(folder, record, table, rejected, tuple(_finalists(folder / FINALISTS, rows)))


def edited_since(folder: Path) -> list[str]:
    """The tables and the page that were changed after the ranking in a folder; none where there is no ranking."""
    try:
        record = _json(folder / RECORD, dict)
    except RequestError:
        return []
    return [name for name in changed_outputs(folder, record) if name in FILES]


def _finalists(folder: Path, rows: Mapping[str, Mapping[str, Any]]) -> list[FinalistFolder]:
    """The finalists listed in index.json; none if there is no such file (`report.cards=0`)."""
    index = folder / INDEX
    if not index.is_file():
        return []
    found = []
    for entry in _json(index, list):
        try:
            row, own = rows[entry["candidate_id"]], str(entry["folder"])
        except (KeyError, TypeError) as error:
            raise RequestError(f"{index}: an entry is not from this ranking ({error})") from None
        if Path(own).name != own or not (folder / own).is_dir():
            raise RequestError(f"{index}: {own}: expected a folder next to this file")
        found.append(FinalistFolder(row, folder / own, entry))
    return sorted(found, key=lambda finalist: int(finalist.row["rank"]))


def _json(file: Path, kind: type[Any]) -> Any:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(f"{file}: not valid JSON ({error})") from None
    if not isinstance(content, kind):
        raise RequestError(f"{file}: expected {'a list' if kind is list else 'an object'}")
    return content
