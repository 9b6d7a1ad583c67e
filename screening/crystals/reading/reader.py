"""Read crystals from any source as a stream of crystals and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from screening.crystals.crystal import Crystal, Rejection
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.charged import charged_partners
from screening.crystals.reading.dispatch import examine_all
from screening.crystals.reading.identity import Register, printable
from screening.crystals.reading.inputs import find_source, walk
from screening.crystals.reading.objects import from_atoms, from_structure
from screening.crystals.reading.parts import Outcome, Part, UnreadableError, refuse_many
from screening.crystals.reading.row_forms import is_crystal, key_of_crystal
from screening.crystals.sites import Sites
from screening.errors import RequestError

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

    Item = Structure | Atoms | Crystal | Mapping[str, Any] | str | Path

_DEFAULT = ReadSettings()


def read_crystals(source: str | Path, settings: ReadSettings = _DEFAULT) -> Iterator[Crystal | Rejection]:
    """All crystals in a file, an archive, a folder or a bundled set.

    Each input gives one crystal or one rejection, in a fixed order: files by name, entries as in the file. Ids are
    unique over both.

    Args:
        source: A path or the name of a bundled set.
        settings: How to read, and limits.

    Raises:
        RequestError: The source does not exist (at once), or a folder has nothing to read (on the first step).
    """
    return _finish(examine_all(walk(find_source(source), settings), settings))


def as_crystals(
    items: Iterable[Item] | Mapping[str, Item] | Item,
    settings: ReadSettings = _DEFAULT,
) -> Iterator[Crystal | Rejection]:
    """As `read_crystals`, with the same checks, for objects in memory.

    The id is the key in a dictionary, else a structure's `properties["id"]` or the `info["id"]` of atoms (or `mp_id`,
    `name`), or else `structure#0`, and so on.

    Args:
        items: pymatgen structures, ASE atoms, crystals, rows as in JSON or paths; the same by id; or a single object. A
            path that does not exist is refused like any broken input.
        settings: How to read, and limits.

    Raises:
        RequestError: `items` is of another type.
    """
    if any(hasattr(items, name) for name in ("lattice", "positions")):  # a structure is iterable too, over its sites
        items = [cast("Item", items)]
    if isinstance(items, Mapping):
        if not is_crystal(items) and key_of_crystal(items) is None:
            return _finish(examine_all(_named_parts(items, settings), settings))
        items = [items]
    if not isinstance(items, Iterable):
        raise RequestError(f"candidates: expected paths, structures or crystals, found {type(items).__name__}")
    return _finish(examine_all(_parts(items, settings), settings))


def _named_parts(items: Mapping[Any, Any], settings: ReadSettings) -> Iterator[Part]:
    """Parts of a dictionary, whose keys are the ids, before any id of a structure's own."""
    for key, item in items.items():
        name = str(key)
        if not isinstance(item, str | Path):
            yield replace(_as_part(item, name, settings), own_id=name)
            continue
        parts = _parts([item], settings)
        ahead = list(islice(parts, 2))
        for number, part in enumerate(chain(ahead, parts), 1):
            yield replace(part, own_id=name if len(ahead) == 1 else f"{name}#{number}")


def _parts(items: Iterable[object], settings: ReadSettings) -> Iterator[Part]:
    # In a list of files, the charged crystal of a discharged one is not a candidate itself.
    listed = [str(item) for item in items if isinstance(item, str | Path)] if isinstance(items, Sequence) else []
    charged = set(charged_partners(listed).values())
    for index, item in enumerate(items):
        if not isinstance(item, str | Path):
            yield _as_part(item, f"structure#{index}", settings)
            continue
        if str(item) in charged:
            continue
        try:
            yield from walk(find_source(item), settings)
        except RequestError as error:
            yield Part("", str(item), Path(item).stem, reason=str(error))


def _finish(examined: Iterator[tuple[Part, Outcome]]) -> Iterator[Crystal | Rejection]:
    """Assign ids and refuse duplicates, which needs the whole stream."""
    register = Register()
    for part, outcome in examined:
        candidate_id = register.identify(part.own_id or outcome.own_id or part.stem, part.source)
        source = printable(part.source)
        sites = outcome.sites
        if sites is None:
            yield Rejection(candidate_id, source, outcome.stage, printable(outcome.reason))
            continue
        duplicate = register.duplicate(outcome.digest, candidate_id)
        if duplicate:
            yield Rejection(candidate_id, source, "sanity", duplicate)
            continue
        yield as_crystal(sites, candidate_id, source, outcome.flags)


def as_crystal(sites: Sites, candidate_id: str, source: str, flags: tuple[str, ...]) -> Crystal:
    """A crystal from checked sites, with its charged crystal if there is one."""
    charged = None if sites.charged is None else as_crystal(sites.charged, candidate_id, source, ())
    return Crystal(
        candidate_id,
        sites.lattice,
        sites.numbers,
        sites.frac,
        source,
        flags,
        sites.parent_space_group,
        charged,
        sites.composition,
        sites.weight,
        tuple(as_crystal(other, candidate_id, source, flags) for other in sites.approximants),
        sites.parent_axis,
    )


def _as_sites(crystal: Crystal) -> Sites:
    charged = None if crystal.charged is None else _as_sites(crystal.charged)
    identity, group = crystal.candidate_id, crystal.parent_space_group
    return Sites(
        crystal.lattice,
        crystal.numbers,
        crystal.frac,
        own_id=identity,
        parent_space_group=group,
        charged=charged,
        composition=crystal.composition,
        weight=crystal.weight,
        parent_axis=crystal.parent_axis,
        approximants=tuple(_as_sites(other) for other in crystal.approximants),
    )


def _as_part(item: object, name: str, settings: ReadSettings) -> Part:
    """An object of the caller; one that raises when it is asked for its atoms is refused like a broken file."""
    try:
        if isinstance(item, Crystal):
            return Part("sites", item.source or name, name, _as_sites(item), flags=item.flags)
        if isinstance(item, Mapping):
            return Part("row", name, name, item)
        is_structure = hasattr(item, "species_and_occu") and hasattr(item, "lattice")
        if is_structure or (hasattr(item, "pbc") and hasattr(item, "positions")):
            refuse_many(len(item), settings)  # type: ignore[arg-type]
            read = cast("Callable[[object], Sites]", from_structure if is_structure else from_atoms)
            return Part("sites", name, name, read(item))
    except UnreadableError as error:
        return Part("sites", name, name, reason=f"unreadable: {error}")
    except Exception as error:  # subclasses may raise anything
        return Part("sites", name, name, reason=f"unreadable: {type(error).__name__}: {error}")
    kind = type(item).__name__
    return Part("sites", name, name, reason=f"expected a pymatgen Structure, ASE Atoms or a Crystal, found {kind}")
