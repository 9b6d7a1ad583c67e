"""Imports a user's structures with a CSV of ids and labels.

The CSV has a column of ids (`id`, `mp_id`, `name`, `material_id` or `candidate_id`) and label columns named as in
`screening.data.targets`. Other columns are ignored; an empty cell means no label. The id of a crystal is the same as in
a ranking: its own id, or the file name with or without its ending.
"""

from __future__ import annotations

import csv
import logging
from dataclasses import dataclass
from pathlib import Path

from screening.crystals import Crystal, ReadSettings, Rejection, read_crystals
from screening.crystals.reading.row_ids import ID_KEYS
from screening.data.importers.base import Importer, Labelled
from screening.data.importers.labels import check_label, label_columns_of
from screening.data.store import LabelledCrystal
from screening.errors import RequestError

logger = logging.getLogger(__name__)
_ID_COLUMNS = (*ID_KEYS, "candidate_id")
_STAGE = "labels"


@dataclass(frozen=True)
class _Row:
    line: int
    labels: dict[str, float]


class CsvTable(Importer):
    """Structures in any form that `candidates=` accepts, and a CSV of ids and labels.

    The source is the structures, or the CSV in the same folder. `labels` is the CSV; None for the only one in the
    folder. Structures without labels, and labels without a structure, are rejected.
    """

    takes_labels = True

    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        structures, table = _find(source, labels)
        rows = _read_rows(table)
        settings = ReadSettings(passed_over=passed_over | {table.resolve()})
        used: set[str] = set()
        unlabelled: list[str] = []
        for item in read_crystals(structures, settings):
            names = (item.candidate_id, item.source, Path(item.source).name)
            found = next((name for name in names if name in rows), None)
            if found in used:
                yield Rejection(
                    item.candidate_id, item.source, _STAGE, f"the values of {found!r} belong to another crystal"
                )
                continue
            if found is not None:
                used.add(found)
            if isinstance(item, Rejection):
                yield item
            elif found is None:
                unlabelled.append(item.candidate_id)
                yield Rejection(item.candidate_id, item.source, _STAGE, f"no row in {table.name}")
            else:
                yield _labelled(item, rows[found], table)
        if not used:
            raise RequestError(
                f"{table}: none of its ids ({_some(list(rows))}) is a crystal in {structures} "
                f"({_some(unlabelled)}); use the crystal's own id or the file name"
            )
        for name, row in rows.items():
            if name not in used:
                yield Rejection(
                    name, f"{table.name}, line {row.line}", _STAGE, f"no crystal of this id in {structures.name}"
                )


def _labelled(crystal: Crystal, row: _Row, table: Path) -> LabelledCrystal | Rejection:
    if row.labels:
        return LabelledCrystal(crystal, row.labels)
    reason = f"no value in line {row.line} of {table.name}"
    return Rejection(crystal.candidate_id, crystal.source, _STAGE, reason)


def _find(source: Path, labels: Path | None) -> tuple[Path, Path]:
    """The structures and the table of labels."""
    if labels is None and source.suffix.lower() == ".csv":
        return source.parent, _existing(source)
    if labels is not None:
        return source, _existing(labels)
    tables = sorted(source.glob("*.csv")) if source.is_dir() else []
    if len(tables) != 1:
        found = f"found {', '.join(table.name for table in tables)}" if tables else "found none"
        raise RequestError(f"{source}: expected one CSV with the labels, {found}; give it as labels=FILE.csv")
    return source, tables[0]


def _existing(table: Path) -> Path:
    if not table.is_file():
        raise RequestError(f"{table}: no such file; expected a CSV of ids and labels")
    return table


def _read_rows(table: Path) -> dict[str, _Row]:
    """Labels by id; the delimiter is a comma, semicolon or tab, whichever is most frequent in the header."""
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{table}: not readable as UTF-8 text ({error})") from None
    header = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=max(",;\t", key=header.count))
    columns = [name.strip() for name in next(reader, [])]
    id_column = next((name for name in _ID_COLUMNS if name in columns), None)
    if id_column is None:
        raise RequestError(f"{table}: no column of ids; expected one of {', '.join(_ID_COLUMNS)} in the header")
    repeated = next((name for name in columns if columns.count(name) > 1), None)
    if repeated is not None:
        raise RequestError(f"{table}: column {repeated!r} occurs twice")
    targets = label_columns_of([name for name in columns if name != id_column], str(table))
    passed_over = [name for name in columns if name not in (id_column, *targets)]
    if passed_over:
        logger.info("%s: ignoring columns that are not labels: %s", table.name, ", ".join(passed_over))
    rows: dict[str, _Row] = {}
    for cells in reader:
        where = f"{table}, line {reader.line_num}"
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise RequestError(f"{where}: expected {len(columns)} cells, found {len(cells)}")
        row = dict(zip(columns, cells, strict=True))
        name = row[id_column].strip()
        if not name:
            raise RequestError(f"{where}, column {id_column}: the id is empty")
        if name in rows:
            raise RequestError(f"{where}, column {id_column}: {name!r} is already in line {rows[name].line}")
        rows[name] = _Row(reader.line_num, {target: _number(row[target], target, where) for target in targets
                                            if row[target].strip()})  # fmt: skip
    return rows


def _number(cell: str, target: str, where: str) -> float:
    place = f"{where}, column {target}"
    try:
        value = float(cell)
    except ValueError:
        raise RequestError(
            f"{place}: expected a number with a decimal point, got {cell!r}; leave the cell empty if it is unknown"
        ) from None
    return check_label(target, value, place)


def _some(names: list[str]) -> str:
    return ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "") or "none readable"
