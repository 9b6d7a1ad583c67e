"""Space groups by what people write for them: short, full and old symbols, origin choices, axes, numbers.

The symbols are those of spglib's table of 530 settings, with the older ones and the additional settings of gemmi's.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from screening.crystals.reading.cif.operations import Operations, from_hall

_LONGEST = 80
_CUBIC = range(195, 231)
_CHOICES = {"z": "2", "s": "1", "h": "H", "r": "R"}
"""Letters that ICSD and others put after a symbol: origin choice 2 or 1, hexagonal or rhombohedral axes."""
_EXTENSION = re.compile(r":\s*(-?\w[\w-]*)$")
_IN_WORDS = (
    (re.compile(r"[\s,(\[]*origin\s*(?:choice|at)?\s*([12])[\s)\]]*$", re.I), ""),
    (re.compile(r"[\s,(\[]*(?:setting)\s*([12])[\s)\]]*$", re.I), ""),
    (re.compile(r"[\s,(\[]*hex(?:agonal)?\.?\s*(?:axes|setting)?[\s)\]]*$", re.I), "H"),
    (re.compile(r"[\s,(\[]*rhomb(?:ohedral)?\.?\s*(?:axes|setting)?[\s)\]]*$", re.I), "R"),
)
_NUMBER_BEHIND = re.compile(r"\s*[(\[]\s*(?:no\.?|nr\.?|#)?\s*(\d{1,3})\s*[)\]]$", re.I)
_SUBSCRIPT = re.compile(r"(?<=[1-6])\(([1-5])\)")
_MINUS_BEHIND = re.compile(r"(?<![1-6-])([1346])-")
_AXIS_OF_A_PLANE = re.compile(r"21?/(?=[a-z])")


@dataclass(frozen=True)
class Setting:
    """A space group with its axes and origin.

    Attributes:
        number: International number.
        choice: Code of the coordinate system in International Tables: `1` or `2` (origin), `H` or `R` (axes), `b1`,
            `cab`, ...; empty for the standard one.
        hall: Hall symbol.
    """

    number: int
    choice: str
    hall: str

    @property
    def operations(self) -> Operations:
        """Its symmetry operations."""
        return from_hall(self.hall)

    @property
    def is_standard(self) -> bool:
        """Whether International Tables describe the group in this setting, with any origin and rhombohedral axes."""
        return self.choice in ("", "1", "2", "H", "R", "b", "b1")

    def has_choice(self, code: str) -> bool:
        """Whether this is the setting of a code such as `2`, `h`, `b1` or `2abc`."""
        own, asked = self.choice.lower(), code.lower().removesuffix("abc")
        return own == asked or (asked in ("a", "b", "c") and own.startswith(asked)) or own + "1" == asked != "1"


def settings_of_symbol(text: str) -> list[Setting]:
    """Settings that a Hermann-Mauguin symbol may mean; none if it is not known.

    Blanks, capitals, underscores, and the letters and words that name an origin choice or axes are understood.
    """
    symbol = _SUBSCRIPT.sub(r"\1", text.strip().strip("'\"")[: _LONGEST + 1])
    if not symbol or len(symbol) > _LONGEST:
        return []
    choice = ""
    number = _NUMBER_BEHIND.search(symbol)
    if number:
        symbol = symbol[: number.start()]
    extension = _EXTENSION.search(symbol)
    if extension:
        symbol, choice = symbol[: extension.start()], _CHOICES.get(extension[1].lower(), extension[1])
    for pattern, meaning in () if choice else _IN_WORDS:
        words = pattern.search(symbol)
        if words:
            symbol, choice = symbol[: words.start()], meaning or words[1]
            break
    key = re.sub(r"[\s_~]", "", symbol).lower()
    found = _find(key)
    if not found and not choice and key[-1:] in _CHOICES:
        found, choice = _find(key[:-1]), _CHOICES[key[-1]]
    if not found and key[:1] == "h" and not choice:  # H 3 2, as in the Protein Data Bank
        found, choice = _find("r" + key[1:]), "H"
    return [
        setting
        for setting in found
        if (not choice or setting.has_choice(choice)) and (not number or setting.number == int(number[1]))
    ]


def settings_of_number(number: int) -> list[Setting]:
    """All settings of a space group, the standard ones first."""
    return sorted((s for s in _settings() if s.number == number), key=lambda setting: not setting.is_standard)


def _find(key: str) -> tuple[Setting, ...]:
    """Settings of a symbol without blanks; also with the minus behind its figure, or with axes that are implied."""
    table = _by_symbol()
    spellings = (key, _MINUS_BEHIND.sub(r"-\1", key), key[:3] + _AXIS_OF_A_PLANE.sub("", key[3:]))
    return next((table[spelling] for spelling in spellings if spelling in table), ())


@lru_cache(maxsize=1)
def _settings() -> tuple[Setting, ...]:
    return tuple(dict.fromkeys(setting for settings in _by_symbol().values() for setting in settings))


@lru_cache(maxsize=1)
def _by_symbol() -> dict[str, tuple[Setting, ...]]:
    """Settings by symbols without blanks, in lower case."""
    import gemmi
    import spglib

    found: dict[str, dict[Setting, None]] = defaultdict(dict)
    by_hall: dict[str, Setting] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entries: list[Any] = [spglib.get_spacegroup_type(index) for index in range(1, 531)]
    for entry in entries:
        setting = Setting(entry.number, entry.choice, entry.hall_symbol)
        by_hall[entry.hall_symbol] = setting
        full = entry.international_full.replace("_", "").split()
        names = {"".join(full), re.sub(r"[\s_]", "", entry.international.split("=")[-1])}
        if entry.number <= 15:  # P 1 21/c 1 is P 21/c as well
            names.add("".join(word for word in full if word != "1"))
        if entry.number in _CUBIC:  # F m 3 m, as before 1992
            names |= {name.replace("-3", "3") for name in names if "-3" in name[1:] and not name[1:].startswith("-")}
        for name in names:
            found[name.lower()][setting] = None
    for group in gemmi.spacegroup_table():
        name = group.hm.replace(" ", "").lower()
        known = by_hall.get(group.hall)
        if known is None and not name.endswith(("a", ")")):  # "a" marks origins of its own
            known = Setting(group.number, "other", group.hall)
        if known is not None:
            found[name][known] = None
    return {name: tuple(settings) for name, settings in found.items()}
