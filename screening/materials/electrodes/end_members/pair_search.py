"""Finding both ends of an electrode from one crystal, its working ion, and the amount of the ion that moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.errors import RequestError
from screening.materials.electrodes.barriers.blocked import is_blocked
from screening.materials.electrodes.end_members.frame_layers import layers
from screening.materials.electrodes.end_members.frames import falls_apart
from screening.materials.electrodes.end_members.given_pair import given_pair
from screening.materials.electrodes.end_members.graphite import CARBON, bond_length, intercalated
from screening.materials.electrodes.end_members.insertion import Filled, enlarged, fill
from screening.materials.electrodes.end_members.pair import ElectrodePair, NoPair
from screening.materials.electrodes.end_members.practical import HOST_LIMIT, host_limit, with_practical_limit
from screening.materials.electrodes.end_members.redox import ION_CHARGES, active_symbols
from screening.materials.electrodes.end_members.roles import Roles, has_anions, is_cyanide, roles
from screening.materials.electrodes.working_ions import RADII_A

MAX_INSERTION_ATOMS = 200
"""Largest cell for the search for voids, whose time grows with the cell."""
_MOST_CELLS = 4
_CHUNK = 512


def find_pair(crystal: Crystal, working_ion: str | None = None) -> ElectrodePair | NoPair:
    """Find both ends of the electrode that a crystal belongs to.

    Args:
        crystal: One end, or a pair.
        working_ion: Li, Na, K, Mg, Ca, Zn or Al; None takes the first one in the crystal, or Li for a host without any.

    Returns:
        The pair, or why there is none.

    Raises:
        RequestError: The element is no working ion.
    """
    return next(iter(find_pairs([crystal], working_ion)))


def find_pairs(crystals: Iterable[Crystal], working_ion: str | None = None) -> Iterator[ElectrodePair | NoPair]:
    """As `find_pair`, for many crystals in their order.

    Raises:
        RequestError: The element is no working ion.
    """
    if working_ion is not None and working_ion not in ION_CHARGES:
        raise RequestError(f"working_ion={working_ion}: expected one of {', '.join(ION_CHARGES)}")
    stream = iter(crystals)
    while chunk := list(islice(stream, _CHUNK)):
        found = roles(count_matrix([cell_formula(crystal.numbers) for crystal in chunk]), working_ion)
        for row, crystal in enumerate(chunk):
            if crystal.charged is not None:
                pair = given_pair(crystal, crystal.charged, working_ion)
                pair = _with_structure_flags(pair) if isinstance(pair, ElectrodePair) else pair
            else:
                pair = _derived(crystal, found, row)
            yield with_practical_limit(pair) if isinstance(pair, ElectrodePair) else pair


def _derived(crystal: Crystal, found: Roles, row: int) -> ElectrodePair | NoPair:
    ion = found.ions[row]
    flags = tuple(name for name, mask in found.kinds.items() if mask[row])
    if (crystal.numbers == found.numbers[row]).all():
        return NoPair(f"only the working ion remains: {crystal.formula} has no frame", ("not_an_electrode",), True)
    if "not_an_electrode" in flags and not found.crowded[row]:
        return NoPair(_why_not(crystal, ion), flags)
    if found.inserts[row] or found.crowded[row]:
        return _inserted(crystal, ion, found, row, flags)
    return _topotactic(crystal, ion, found, row, flags)


def _topotactic(crystal: Crystal, ion: str, found: Roles, row: int, flags: tuple[str, ...]) -> ElectrodePair:
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    charged = replace(crystal, numbers=crystal.numbers[~held], frac=crystal.frac[~held])
    extractable = float(found.extractable[row] / found.charges[row])
    pair = ElectrodePair(crystal, charged, ion, float(held.sum()), "topotactic", flags, extractable)
    return _with_structure_flags(pair)


def _inserted(crystal: Crystal, ion: str, found: Roles, row: int, flags: tuple[str, ...]) -> ElectrodePair | NoPair:
    bond_A = bond_length(crystal)
    if bond_A is not None:
        return intercalated(crystal, ion, bond_A, flags)
    if (crystal.numbers == CARBON).all():
        return NoPair(f"carbon without flat sheets takes up no {ion}", ("not_an_electrode",))
    if "alloy_anode" in flags:
        return NoPair(f"{crystal.formula} has no voids for {ion}: it forms other phases with it", flags)
    each = float(found.insertable[row] / found.charges[row])
    limit = host_limit(crystal, ion)
    rule = HOST_LIMIT
    if limit is not None:
        each, rule = min(each, limit.n_ions), limit.rule
        if each < 1e-6:
            return NoPair(f"{crystal.formula} takes up no {ion}: {rule}", _without_room(flags))
    cells = next((n for n in range(1, _MOST_CELLS + 1) if n * each >= 1 - 1e-6), 0)
    if not cells or cells * crystal.n_atoms > MAX_INSERTION_ATOMS:
        limits = f"up to {_MOST_CELLS} cells and {MAX_INSERTION_ATOMS} atoms"
        return NoPair(f"{crystal.formula}: no discharged end was searched for, it needs more than {limits}", flags)
    host = enlarged(crystal, cells)
    wanted = int(cells * each + 1e-6)
    filled = _filled(host, ion, wanted)
    held = _holds(crystal, ion)
    if filled is None:
        reason = f"no void of {crystal.formula} is large enough for {'more ' if held else ''}{ion}"
        return NoPair(reason, _without_room(flags))
    rest = [flag for flag in flags if flag not in ("charged_host", "not_an_electrode")]
    named = {"charged_host": held, "ions_relocated": filled.relocated, "few_voids": filled.added < wanted}
    names = (*rest, *(name for name, true in named.items() if true))
    added = float(filled.added)
    ends = ElectrodePair(filled.crystal, host, ion, added, "inserted", names, added)
    return _with_structure_flags(replace(ends, n_ions_practical=added, practical_limit=rule))


def _filled(host: Crystal, ion: str, wanted: int) -> Filled | None:
    """The host with ions in its voids; layers move apart for an ion that is too large for the gap, as K in TiS2."""
    filled = fill(host, ion, wanted)
    if filled is not None or _holds(host, ion):
        return filled
    opened = _with_open_layers(host, ion)
    return None if opened is host else fill(opened, ion, wanted)


def _with_open_layers(crystal: Crystal, ion: str) -> Crystal:
    """The crystal with its layers as far apart as the ion needs; any other crystal as it is."""
    stacked = layers(crystal, crystal.numbers == ATOMIC_NUMBERS[ion])
    return crystal if stacked is None else stacked.opened(crystal, RADII_A[ATOMIC_NUMBERS[ion]])


def _without_room(flags: tuple[str, ...]) -> tuple[str, ...]:
    rest = [flag for flag in flags if flag not in ("charged_host", "host_without_ion", "not_an_electrode")]
    return (*rest, "not_an_electrode", "no_room")


def _with_structure_flags(pair: ElectrodePair) -> ElectrodePair:
    """The pair with the flags that need its structure: blocked ions, a frame that falls apart, and Prussian blues."""
    flags = ["hull_says_little"] if is_cyanide(pair.discharged.numbers) else []
    if flags and {ATOMIC_NUMBERS["H"], ATOMIC_NUMBERS["O"]} <= set(pair.discharged.numbers.tolist()):
        flags.append("water_in_cavities")
    frame = pair.discharged.numbers != ATOMIC_NUMBERS[pair.working_ion]
    contracted = pair.origin == "inserted"
    filled = _with_open_layers(pair.discharged, pair.working_ion) if contracted else pair.discharged
    if has_anions(filled.numbers) and is_blocked(filled, pair.working_ion, contracted):
        flags.append("ion_sites_blocked")
    if pair.origin == "topotactic" and falls_apart(pair.discharged, frame):
        flags.append("frame_falls_apart")
    return replace(pair, flags=(*pair.flags, *flags))


def _holds(crystal: Crystal, ion: str) -> bool:
    return bool((crystal.numbers == ATOMIC_NUMBERS[ion]).any())


def _why_not(crystal: Crystal, ion: str) -> str:
    active = sorted({SYMBOLS[z] for z in crystal.numbers.tolist()} & active_symbols() - {ion})
    if not active:
        why = "no metal in its frame changes its charge (a salt or a solid electrolyte)"
    elif _holds(crystal, ion):
        why = f"{', '.join(active)} cannot be oxidised further, and more has no place (a solid electrolyte or full)"
    else:
        why = f"{', '.join(active)} cannot be reduced further in a crystal"
    return f"{crystal.formula} is no electrode for {ion}: {why}"
