"""The number of ions that move in practice, by rules for classes of electrodes.

The redox limit says what the metals allow. In practice frames change irreversibly before, or the electrolyte does not
stand the last couple: `datasets/elements/practical_limits.csv` has such limits by class, ion and metal, with sources.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl

from screening.array_types import Mask
from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.end_members.frame_class import frame_class
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.redox import ION_CHARGES, active_symbols, formal_charges
from screening.materials.electrodes.end_members.roles import ANIONS
from screening.resources import resource

REDOX_LIMIT = "redox limit; no rule for this class"
HOST_LIMIT = "as many as metals and voids allow; no rule for this class"
_UNKNOWN = "unknown: common oxidation states do not balance"
_FULL = 1e-6
_ANION_NUMBERS = [ATOMIC_NUMBERS[symbol] for symbol in ANIONS if symbol != "H"]


@dataclass(frozen=True)
class _Rule:
    """A row of the table.

    Attributes:
        frame: Class of the frame.
        ions: Working ions; `*` stands for all.
        metal: Symbol; `*` stands for all that have no row of their own.
        alone: Whether the rule holds only if this is the only redox-active metal.
        quantity: `ions_left` (ions that stay per cation of the frame), `electrons` (that leave per redox-active metal),
            `highest_state` (of the metal when it is charged), `electrons_in` (that enter the host, per metal) or
            `cations_per_anion` (in the discharged crystal).
        value: Of this quantity.
        reason: In words.
        source: Publication.
    """

    frame: str
    ions: tuple[str, ...]
    metal: str
    alone: bool
    quantity: str
    value: float
    reason: str
    source: str


_Rules = dict[str, dict[str, _Rule]]
"""Quantity -> metal -> rule."""


@dataclass(frozen=True)
class HostLimit:
    """How many more ions a host takes up in practice, and the rule in words."""

    n_ions: float
    rule: str


def with_practical_limit(pair: ElectrodePair) -> ElectrodePair:
    """The pair with the number of ions that move in practice; the redox limit where no class applies.

    Pairs that have this number keep it.
    """
    if pair.practical_limit:
        return pair
    allowed = pair.n_ions_extractable
    if np.isnan(allowed):
        return replace(pair, practical_limit=_UNKNOWN)
    found = _leaving(pair.discharged, pair.working_ion, _rules(pair.discharged, pair.working_ion))
    if found is None:
        return replace(pair, n_ions_practical=allowed, practical_limit=REDOX_LIMIT)
    n_ions, rule = found
    if n_ions > allowed - _FULL:
        return replace(pair, n_ions_practical=allowed, practical_limit=f"redox limit, which is within the rule: {rule}")
    flags = pair.flags if n_ions > _FULL else tuple(dict.fromkeys([*pair.flags, "inactive_redox_couple"]))
    return replace(pair, n_ions_practical=n_ions, practical_limit=rule, flags=flags)


def host_limit(host: Crystal, ion: str) -> HostLimit | None:
    """The practical limit of a host that takes up ions; None where no class applies."""
    rules = _rules(host, ion)
    anions = np.isin(host.numbers, _ANION_NUMBERS)
    if close_packed := rules.get("cations_per_anion", {}).get("*"):
        room = close_packed.value * anions.sum() - (~anions).sum()
        return HostLimit(max(float(room), 0.0), _worded(close_packed, ion))
    if "electrons_in" not in rules:
        return None
    among = host.numbers != ATOMIC_NUMBERS[ion]
    electrons, used = _summed(host, among, rules["electrons_in"], active_only=True)
    return HostLimit(electrons / ION_CHARGES[ion], "; ".join(_worded(rule, ion) for rule in used))


def _rules(crystal: Crystal, ion: str) -> _Rules:
    """The rules of a crystal's class for the ion, by quantity and metal."""
    kind = frame_class(crystal, ion)
    symbols = {SYMBOLS[number] for number in np.unique(crystal.numbers)}
    single = len(symbols & active_symbols()) == 1
    found: _Rules = {}
    for rule in _table():
        if rule.frame == kind and (ion in rule.ions or "*" in rule.ions) and (single or not rule.alone):
            found.setdefault(rule.quantity, {})[rule.metal] = rule
    return found


def _leaving(crystal: Crystal, ion: str, rules: _Rules) -> tuple[float, str] | None:
    """Ions that leave the discharged crystal by the rules, and these in words; None without a rule."""
    held = crystal.numbers == ATOMIC_NUMBERS[ion]
    if "ions_left" in rules:
        frame = ~held & ~np.isin(crystal.numbers, _ANION_NUMBERS)
        left, used = _summed(crystal, frame, rules["ions_left"], active_only=False)
        n_ions = float(held.sum()) - left
    elif "electrons" in rules:
        electrons, used = _summed(crystal, ~held, rules["electrons"], active_only=True)
        n_ions = electrons / ION_CHARGES[ion]
    elif states := rules.get("highest_state"):
        charges = formal_charges(count_matrix([cell_formula(crystal.numbers)]))[0]
        used = list(states.values())
        numbers = {metal: ATOMIC_NUMBERS[metal] for metal in states}
        each = {metal: max(rule.value - float(charges[numbers[metal]]), 0.0) for metal, rule in states.items()}
        electrons = sum(each[metal] * int((crystal.numbers == number).sum()) for metal, number in numbers.items())
        n_ions = electrons / ION_CHARGES[ion]
    else:
        return None
    return max(n_ions, 0.0), "; ".join(_worded(rule, ion) for rule in used)


def _summed(crystal: Crystal, among: Mask, rules: dict[str, _Rule], active_only: bool) -> tuple[float, list[_Rule]]:
    """Sum of the rules' values over some atoms, and the rules that were used."""
    total, used = 0.0, []
    for number, count in zip(*np.unique(crystal.numbers[among], return_counts=True), strict=True):
        symbol = SYMBOLS[number]
        rule = rules.get(symbol, rules.get("*"))
        if rule is None or (active_only and symbol not in active_symbols()):
            continue
        total += float(count) * rule.value
        if rule not in used:
            used.append(rule)
    return total, used


def _worded(rule: _Rule, ion: str) -> str:
    metal = "metal" if rule.metal == "*" else rule.metal
    electrons = "1 electron" if rule.value == 1 else f"{rule.value:g} electrons"
    words = {
        "ions_left": f"{rule.value:g} {ion} per {metal} must stay" if rule.value else f"all {ion} leaves",
        "electrons": f"{electrons} per {metal}",
        "highest_state": f"{metal} stays {rule.value:g}+ or below",
        "electrons_in": f"{electrons} per {metal} of the host",
        "cations_per_anion": "one cation per anion at most",
    }
    return f"{rule.frame}: {words[rule.quantity]}, {rule.reason} ({rule.source})"


@lru_cache(maxsize=1)
def _table() -> tuple[_Rule, ...]:
    table = pl.read_csv(
        resource("datasets") / "elements" / "practical_limits.csv", schema_overrides={"value": pl.Float64}
    )
    return tuple(
        _Rule(
            row["class"], tuple(row["ions"].split()), row["metal"], row["alone"] == "yes",
            row["quantity"], row["value"], row["reason"], row["source"],
        )
        for row in table.iter_rows(named=True)
    )  # fmt: skip
