"""Turn a part of an input into an outcome: decode it, order it if asked, check it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.extended_xyz import read_xyz
from screening.crystals.reading.parts import OUT_OF_MEMORY, Outcome, Part, UnreadableError
from screening.crystals.reading.poscar import read_poscar
from screening.crystals.reading.row_ids import own_id
from screening.crystals.reading.rows import parse_json, read_row
from screening.crystals.reading.text_lines import decode_text
from screening.crystals.sanity import describe_partial, digest, find_atom_problem, find_cell_problem
from screening.crystals.sites import APPROXIMANT, TRACE, Sites

_MAX_REASON_LENGTH = 300
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def examine_each(parts: Iterable[Part], settings: ReadSettings) -> Iterator[Outcome]:
    """The outcomes of parts, one after another."""
    return (examine(part, settings) for part in parts)


def examine(part: Part, settings: ReadSettings) -> Outcome:
    """The outcome of a part. Bad input never raises: any error of a parser becomes the reason of a refusal.

    A part's charged crystal passes the same checks; if it is refused, so is the part.
    """
    try:
        return _examine(part, settings)
    except MemoryError:
        return _refusal("", "read", f"unreadable: {OUT_OF_MEMORY}")
    except Exception as error:  # an object of the caller, or a crystal that no check expects
        return _refusal("", "sanity", f"not a crystal: {type(error).__name__}: {error}")


def _examine(part: Part, settings: ReadSettings) -> Outcome:
    sites = _read(part, settings)
    if isinstance(sites, Outcome):
        return sites
    outcome = _check(sites, (*part.flags, *sites.flags), settings)
    if outcome.sites is None or (sites.charged is None and part.charged is None):
        return outcome
    other = _check(sites.charged, (), settings) if sites.charged is not None else _examine_charged(part, settings)
    if other.sites is None:
        reason = other.reason.removeprefix("unreadable: ")
        return _refusal(outcome.own_id, other.stage, f"the charged crystal: {reason}")
    both = replace(outcome.sites, charged=other.sites)
    flags = tuple(dict.fromkeys((*outcome.flags, *other.flags)))
    return Outcome(outcome.own_id, both, outcome.digest ^ ((other.digest << 1) % (1 << 64)), flags)


def _examine_charged(part: Part, settings: ReadSettings) -> Outcome:
    return examine(part.charged, settings) if part.charged is not None else Outcome()


def _read(part: Part, settings: ReadSettings) -> Sites | Outcome:
    """The sites of a part, or its refusal."""
    if part.reason:
        return _refusal("", "read", part.reason)
    row: object = None
    try:
        if part.kind == "row":
            row = parse_json(part.data) if isinstance(part.data, bytes) else part.data
            return read_row(row)
        return _decode(part, settings)
    except UnreadableError as error:
        return _refusal(own_id(row) if isinstance(row, Mapping) else "", "read", f"unreadable: {error}")
    except MemoryError:
        raise
    except Exception as error:  # parsers of other libraries may raise anything
        return _refusal("", "read", f"unreadable: {type(error).__name__}: {error}")


def _decode(part: Part, settings: ReadSettings) -> Sites:
    if isinstance(part.data, Sites):
        return part.data
    if not isinstance(part.data, bytes):
        raise TypeError(f"{part.kind} needs bytes")
    if part.kind == "cif":
        from screening.crystals.reading.cif.cif_reader import crystal_of_cif

        return crystal_of_cif(decode_text(part.data), settings)
    if part.kind == "poscar":
        return read_poscar(part.data, settings)
    if part.kind == "xyz":
        return read_xyz(part.data, settings)
    raise ValueError(f"no parser for '{part.kind}'")


def _check(sites: Sites, flags: tuple[str, ...], settings: ReadSettings) -> Outcome:
    problem = find_cell_problem(sites, settings)
    if not problem and sites.occupancies is not None:
        if not (settings.order or sites.is_alloy):
            problem = describe_partial(sites)
        else:
            from screening.crystals.ordering import OrderingError, order_sites

            try:
                sites = order_sites(sites)
            except OrderingError as error:
                return _refusal(sites.own_id, "sanity", f"partial occupancies that cannot be ordered: {error}")
            flags = (*flags, APPROXIMANT, *((TRACE,) if sites.loses_elements else ()))
            problem = find_cell_problem(sites, settings)
    problem = problem or find_atom_problem(sites, settings)
    if problem:
        return _refusal(sites.own_id, "sanity", problem)
    return Outcome(sites.own_id, sites, digest(sites), flags)


def _refusal(identity: str, stage: str, reason: str) -> Outcome:
    """A refusal whose reason is one line, short enough for a table, and the same in every run."""
    line = " ".join(_ADDRESS.sub("", reason).split())
    return Outcome(
        identity,
        stage=stage,
        reason=line if len(line) <= _MAX_REASON_LENGTH else f"{line[:_MAX_REASON_LENGTH]}...",
    )
