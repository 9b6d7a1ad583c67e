"""Documents of databases and libraries that hold several crystals: which rows are in one, each exactly once.

A row is what `rows.read_row` reads. A document is any of: a list of rows; an answer or export with such a list under
`data`, `entries` and the like; an object with a crystal under each id; a pandas table in any orientation; ASE's JSON
database; or one of these inside another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.row_forms import PAIR_KEYS, inner_crystals, is_crystal, is_field, key_of_crystal
from screening.crystals.reading.row_ids import ID_KEYS, own_id

_LISTS = ("data", "entries", "structures", "crystals", "materials", "candidates", "results", "response", "docs", "rows")
"""Keys under which answers and exports keep their rows."""

_ABOUT = {"meta", "links", "schema", "included", "errors", "index", "columns", "ids", "nextid", "jsonapi", "version"}
"""Keys of a document that say something about it."""

_DEEPEST = 5
_MARKS = (b'"lattice', b'"cell"', b'"numbers"', b'"sites"', b'"frac"', b'"coords"', b'"positions"')
"""Texts of which a row has each at most once."""

_BEGINS_ROW = re.compile(
    rb'\{\s*"(?:' + "|".join((*ID_KEYS, "lattice", "species", "frac", "sites", "structure", "atoms")).encode() + rb')"'
)
_HAS_LIST = re.compile(rb'"(?:' + "|".join(_LISTS).encode() + rb')"\s*:\s*\[')


def rows_in(data: bytes) -> list[Any]:
    """The rows in the text of a JSON value; the text itself if it is one row, which most are.

    Raises:
        UnreadableError: It is not valid JSON, or has a key twice, so that a crystal would be lost.
    """
    once = max(map(data.count, _MARKS)) <= 1 and not _HAS_LIST.search(data)
    once = once and not (b'"frac"' in data and data.count(b'"species"') > 1)
    if once and _BEGINS_ROW.match(data):  # found without decoding, because there may be millions
        return [data]
    if once and _is_one_row(data):
        return [data]
    try:
        value = json.loads(data, object_pairs_hook=_unique)
    except RecursionError:
        raise UnreadableError("not valid JSON: it is nested too deeply") from None
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"not valid JSON: {error}") from None
    return crystals_of(value)


def _is_one_row(data: bytes) -> bool:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, Mapping) and _is_row(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise UnreadableError(f"the key '{twice[:40]}' stands twice in one object")
    return found


def crystals_of(value: Any) -> list[Any]:
    """The rows in a decoded JSON value; the value itself if it is a row, or if nothing in it looks like a crystal."""
    rows = list(_rows(value, 0))
    return rows if rows or _is_header(value) else [value]


def _rows(value: Any, depth: int) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            if isinstance(each, Mapping | list) and _holds_crystals(each, depth + 1):
                yield from _rows(each, depth + 1)
            else:
                yield each  # a refusal, for its own reason
    elif isinstance(value, Mapping):
        yield from [value] if _is_row(value) else _document(value, depth)


def _is_header(value: Any) -> bool:
    """The first line of an export of OPTIMADE, which describes the export."""
    return isinstance(value, Mapping) and set(value) == {"x-optimade"}


def _holds_crystals(value: Any, depth: int) -> bool:
    """Whether a value is a row or a document with at least one."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, list):
        return any(_holds_crystals(each, depth + 1) for each in value)
    if not isinstance(value, Mapping):
        return False
    return _is_row(value) or any(_holds_crystals(each, depth + 1) for each in value.values())


def _is_row(value: Mapping[str, Any]) -> bool:
    """Whether an object is a row: a crystal, or one with a crystal in a field of it."""
    if is_crystal(value):
        return True
    inner = inner_crystals(value)
    if not inner or any(isinstance(value.get(key), list) and value[key] for key in _LISTS):
        return False
    if key_of_crystal(value) in {*(key for key, _ in PAIR_KEYS), "attributes", "atoms"}:
        return True
    return (len(inner) == 1 and bool(own_id(value))) or all(map(is_field, inner))


def _document(value: Mapping[str, Any], depth: int) -> Iterator[Any]:
    if "nextid" in value and "ids" in value:  # ASE's database numbers its rows
        yield from (row for key, row in value.items() if key.isdigit())
        return
    table = _table(value)
    if table is not None:
        yield from table
        return
    by_id = {key: each for key, each in value.items() if isinstance(each, Mapping) and _is_row(each)}
    numbered = _are_numbers(list(by_id))
    for key, each in value.items():
        if key in by_id:
            yield each if numbered or key in _LISTS else _named(key, each)
        elif isinstance(each, Mapping | list) and (_holds_crystals(each, depth + 1) or (key in _LISTS and each)):
            yield from _rows(each, depth + 1) if depth < _DEEPEST else [each]
        elif by_id and key not in _ABOUT and not key.startswith(("@", "_")):
            yield {"id": key, "structure": each}  # refused, under its name


def _named(key: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with the key that it stands under as its id, unless it has one of its own."""
    if own_id(row):
        return row
    return {"id": key, "structure": row} if is_crystal(row) else {**row, "id": key}


def _are_numbers(keys: list[str]) -> bool:
    """Whether keys only count the rows, so that they are no ids."""
    return keys in ([str(n) for n in range(len(keys))], [str(n) for n in range(1, len(keys) + 1)])


def _table(value: Mapping[str, Any]) -> list[Any] | None:
    """Rows of a pandas table written column by column, or as `index, columns, data`; None if it is neither."""
    columns, data = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(cells, list) for cells in data):
        index = value.get("index")
        named = isinstance(index, list) and len(index) == len(data) and not _are_numbers([str(key) for key in index])
        rows = [dict(zip(map(str, columns), cells, strict=False)) for cells in data]
        keys = [str(key) for key in index] if named and isinstance(index, list) else [""] * len(rows)
        return [_named(key, row) if key else row for key, row in zip(keys, rows, strict=True)]
    first = next(iter(value.values()), None)
    if not isinstance(first, Mapping) or not first or len(value) < 1:
        return None
    same = all(isinstance(each, Mapping) and each.keys() == first.keys() for each in value.values())
    structures = [key for key, each in value.items() if same and is_field(key) and any(map(is_crystal, each.values()))]
    if not structures:
        return None
    keys, numbered = list(first), _are_numbers(list(first))
    rows = [{name: column[key] for name, column in value.items()} for key in keys]
    return rows if numbered else [_named(key, row) for key, row in zip(keys, rows, strict=True)]
