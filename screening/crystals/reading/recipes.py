"""Rows that give a composition and a structure type: `id, composition, prototype`, perhaps with `a_A` and `c_A`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

import orjson

from screening.crystals.reading.number_text import real
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.row_forms import RECIPE
from screening.crystals.reading.row_ids import own_id
from screening.crystals.reading.text_lines import TOO_LONG, decode_text, numbered_lines
from screening.crystals.sites import Sites
from screening.errors import RequestError

EDGES = ("a_A", "c_A")
_COLUMNS = ("id", *RECIPE, *EDGES)


def read_recipe(row: Mapping[str, Any]) -> Sites:
    """The crystal of a row.

    Raises:
        UnreadableError: The composition does not fit the structure type, or a value is missing or wrong.
    """
    from screening.crystals.prototypes.alloy_sites import alloy_sites

    texts = [row.get(key) for key in RECIPE]
    empty = [key for key, text in zip(RECIPE, texts, strict=True) if not (isinstance(text, str) and text.strip())]
    if empty:
        raise UnreadableError(f"{' and '.join(empty)}: expected text, such as SmFe11Ti and ThMn12")
    edges = [_edge(name, row.get(name)) for name in EDGES]
    try:
        sites = alloy_sites(str(texts[0]).strip(), str(texts[1]).strip(), *edges)
    except RequestError as error:
        raise UnreadableError(str(error)) from None
    return replace(sites, own_id=own_id(row))


def table_rows(stream: IO[bytes]) -> Iterator[tuple[int, bytes, str]]:
    """Number of the line, JSON of the row, and the reason if it is refused, for each row of a table with commas."""
    header: list[str] | None = None
    for number, line in numbered_lines(stream):
        if line is None:
            yield number, b"", TOO_LONG
            continue
        if line.isspace() or not line:
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader(io.StringIO(decode_text(line))), [])]
        except csv.Error as error:  # no ValueError
            yield number, b"", str(error)
            continue
        if header is None:
            if problem := _problem(cells):
                yield number, b"", problem
                return
            header = cells
        elif len(cells) != len(header):
            yield number, b"", f"{len(cells)} cells in a table of {len(header)} columns"
        else:
            found = {name: cell for name, cell in zip(header, cells, strict=True) if name in _COLUMNS}
            yield number, orjson.dumps(found), ""


def _problem(header: list[str]) -> str:
    """Why the first line of a table is none of candidates; empty if it is."""
    missing = [name for name in RECIPE if name not in header]
    if missing:
        return f"not a table of candidates: its first line has no {' and no '.join(missing)}"
    twice = [name for name in _COLUMNS if header.count(name) > 1]
    return f"the column {twice[0]} stands twice" if twice else ""


def _edge(name: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return real(str(value), name)
