"""What the text at a site means: an element, an isotope, a mixture, no atom at all, or something that cannot be known.

Nothing is guessed: `Fe,Co` without amounts, `M`, `H2O` or `CA1` without a type are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.chemistry.formulas import parse_formula
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.sites import Occupancy

LONGEST = 60
"""Longer texts are no species."""

_ISOTOPES = {"D": 1, "T": 1}
_SPECIES = re.compile(r"([A-Z][a-z]?)(?:\d*\.?\d*[+-]|[+-]\d+\.?\d*)?(?:,\s*[a-z_]+=[^,]*)*")

_VACANCIES = {"[]", "vac", "vacancy", "vacant", "\u25a1"}
_MAYBE_VACANCIES = {"va", "vc"}
"""As an element, a site a or c of vanadium."""
_WITH_HYDROGEN = {"oh", "ow", "od", "hw"}
"""Oxygen or hydrogen of water and hydroxyl, if the hydrogen is listed."""
_GROUPS = {"wat", "water", "hoh", "h2o", "d2o", "oh2", "h3o", "nh4", "nh3", "nh2", "ch4", "ch3", "ch2", "aq"}
_PLACEHOLDERS = {"RE", "TM", "AE", "ME", "LN", "AN"}
"""In capitals: rare earth, transition metal, ... instead of rhenium and thulium."""
_FERMIUM = 100

_GIVE_TYPE = "give _atom_site_type_symbol or _chemical_formula_sum"

_CHARGE = r"(?:\d{0,2}(?:\.\d{1,3})?[+-]|[+-]\d{1,2}(?:\.\d{1,3})?)"
_TYPE = re.compile(
    rf"(\d{{0,3}})([A-Za-z]{{1,2}})(?:\s?{_CHARGE}|\d{{1,3}}[A-Za-z]?'*|\s?\([IVXivx]+\)|_[a-z]{{1,3}}|)"
)
_AMOUNT = r"(?:\d?\.\d+|1\.?)"
_BEFORE = re.compile(rf"({_AMOUNT})\*?([A-Z][a-z]{{0,2}}){_CHARGE}?")
_BEHIND = re.compile(rf"([A-Z][a-z]{{0,2}})(?:\d?[+-]:?)?({_AMOUNT})")
_LETTERS = re.compile(r"[^A-Za-z]*?(\d{0,3})[(\[]?([A-Za-z]+)")
_SEVERAL = re.compile(r"[A-Z][a-z]?[\d.+-]*(?:\s*[,/&|;]\s*|\s*\+\s*(?=[A-Z])|-(?=[A-Z]))(?=[A-Z(])")


@dataclass(frozen=True)
class Surroundings:
    """What else a file says that helps to understand a symbol.

    Attributes:
        known: Atomic numbers in its formula; None if it has none that can be understood.
        hydrogen: Whether it lists hydrogen sites.
        capitals: Whether its symbols are in capitals throughout.
    """

    known: frozenset[int] | None = None
    hydrogen: bool = False
    capitals: bool = False

    def has(self, number: int) -> bool:
        """Whether the formula is known and holds this element."""
        return self.known is not None and number in self.known


@dataclass(frozen=True)
class Occupant:
    """What sits on a site.

    Attributes:
        amounts: Amounts by atomic number; empty for a vacancy.
        is_isotope: Whether an isotope was named.
    """

    amounts: Occupancy = field(default_factory=dict)
    is_isotope: bool = False


VACANCY = Occupant()


def atomic_number(species: str | int) -> int:
    """Atomic number of `Fe`, `Fe3+`, `O2-`, `D` or 26.

    Raises:
        UnreadableError: It is anything else.
    """
    if isinstance(species, int) and not isinstance(species, bool) and 0 < species < len(SYMBOLS):
        return species
    text = str(species)[: LONGEST + 1].strip()
    number = _number(text) if len(text) <= LONGEST else None
    if number is None:
        raise UnreadableError(f"'{text[:40]}' is not an element")
    return number


@lru_cache(maxsize=4096)
def _number(text: str) -> int | None:
    match = _SPECIES.fullmatch(text)
    return (ATOMIC_NUMBERS.get(match[1]) or _ISOTOPES.get(match[1])) if match else None


def occupant_of_type(text: str, around: Surroundings) -> Occupant:
    """What an atom-type symbol means: `Fe`, `FE`, `Fe3+`, `7Li`, `D`, `Va`, `0.8Nb + 0.2Zr`.

    Raises:
        UnreadableError: It is no element, or may be several.
    """
    plain = text.strip().strip("'\"*#").strip()
    if len(plain) > LONGEST:
        raise UnreadableError(f"'{plain[:40]}' is not an element")
    if plain.startswith("(") and plain.endswith(")"):
        plain = plain[1:-1]
    special = _special(plain, around)
    if special is not None:
        return special
    mixture = _mixture(plain)
    if mixture is not None:
        return mixture
    match = _TYPE.fullmatch(plain)
    if match is None:
        raise UnreadableError(_why_not(plain))
    return _single(match[2], match[1], plain, around)


def occupant_of_label(label: str, around: Surroundings) -> Occupant:
    """What a label means if there is no type: `Fe1`, `(Fe1)`, `1Fe`, `Fe1A`, `OH1` beside hydrogen.

    Raises:
        UnreadableError: It begins with no element, or with one of two, as `CA1` does.
    """
    plain = label.strip().strip("'\"*#").strip()
    match = _LETTERS.match(plain[:LONGEST])
    word = match[2] if match else plain
    for part in (plain, re.sub(r"[\d_.'*+-]*$", "", plain), word):
        special = _special(part, around)
        if special is not None:
            if part.lower() in _MAYBE_VACANCIES and around.known is None:
                raise UnreadableError(f"the label '{label[:40]}' may mean a vacancy or vanadium: {_GIVE_TYPE}")
            return special
    if match is None or _is_several(plain):
        raise UnreadableError(_why_not(plain))
    lengths = [n for n in (2, 1) if len(word) >= n and word[:n].capitalize() in ATOMIC_NUMBERS]
    if around.known is not None:
        lengths = [n for n in lengths if ATOMIC_NUMBERS[word[:n].capitalize()] in around.known] or lengths[:1]
    if word[0].isupper() and word[1:2].islower():
        lengths = lengths[:1]  # Ca is calcium, CA may be carbon A
    if len(lengths) == 2 or (around.known is None and word[:2] in _PLACEHOLDERS):
        raise UnreadableError(_ambiguous(label, word))
    length = lengths[0] if lengths else len(word)
    if not _is_suffix(word[length:], length, word[0], around):
        raise UnreadableError(_ambiguous(label, word))
    return _single(word[:length], match[1], plain, around)


def _is_suffix(rest: str, length: int, first: str, around: Surroundings) -> bool:
    """Whether the letters behind an element are a name of the site: not another element, nor the rest of a word."""
    if not rest:
        return True
    texts = (rest, rest.upper()) if rest[0].isupper() else ()
    elements = [{number for number, _ in amounts} for text in texts if (amounts := parse_formula(text))]
    if around.known is not None:
        return not any(numbers <= around.known for numbers in elements)
    return not elements and not (len(rest) > 1 and rest.islower()) and (length == 2 or first in "OHoh")


def clear_element(label: str) -> int | None:
    """The element that a label names without doubt, such as `Fe1`; None for any other label."""
    match = re.match(r"([A-Z][a-z]?)(?![A-Za-z])", label)
    return ATOMIC_NUMBERS.get(match[1]) if match else None


def names_water(label: str) -> bool:
    """Whether a label says that hydrogen belongs to the site, as `OW1`, `OH2` and `Wat` do."""
    letters = re.match(r"[A-Za-z]*", label)
    word = letters[0].lower() if letters else ""
    return word in ("oh", "ow", "wat", "water", "hoh", "aq") or label.lower().startswith(("h2o", "oh2"))


def _special(text: str, around: Surroundings) -> Occupant | None:
    """Vacancies, and groups of atoms of which not all have positions."""
    word = text.lower()
    if word in _VACANCIES:
        return VACANCY
    if word in _MAYBE_VACANCIES:
        if around.has(ATOMIC_NUMBERS["V"]):
            raise UnreadableError(f"'{text}' may be a vacancy or vanadium: name one in _atom_site_type_symbol")
        return VACANCY
    if word in _WITH_HYDROGEN and (around.hydrogen or (around.known is not None and 1 not in around.known)):
        return Occupant({8 if word[0] == "o" else 1: 1.0})
    if word in _GROUPS or word in _WITH_HYDROGEN:
        raise UnreadableError(f"'{text}': hydrogen atoms without positions")
    return None


def _mixture(text: str) -> Occupant | None:
    """`0.8Nb + 0.2Zr` (Pauling file) or `Nb0.8Zr0.2`; None for other texts."""
    if "." not in text:
        return None
    compact = re.sub(r"\s", "", text)
    for pattern, amount, symbol, least in ((_BEFORE, 1, 2, 1), (_BEHIND, 2, 1, 2)):
        parts = list(pattern.finditer(compact))
        left = pattern.sub("", compact).strip("()")
        if len(parts) < least or left.strip("+,;/&") or not all("." in part[amount] for part in parts):
            continue
        amounts: Occupancy = {}
        for part in parts:
            if part[symbol].lower() in _VACANCIES | _MAYBE_VACANCIES:
                continue
            number = atomic_number(part[symbol])
            amounts[number] = amounts.get(number, 0.0) + float(part[amount])
        if sum(amounts.values()) > 1.01:
            raise UnreadableError(f"'{text}' holds more than one atom")
        return Occupant(amounts)
    return None


def _single(letters: str, mass: str, text: str, around: Surroundings) -> Occupant:
    symbol = letters.capitalize()
    if symbol == "D" or (symbol == "T" and around.has(1)):
        return Occupant({1: 1.0}, is_isotope=True)
    number = ATOMIC_NUMBERS.get(symbol)
    if number is None:
        raise UnreadableError(_why_not(text))
    if letters in _PLACEHOLDERS and not around.has(number):
        raise UnreadableError(f"'{text[:40]}' is not an element: name it")
    if letters.isupper() and len(letters) == 2 and parse_formula(letters) is not None:  # CO: cobalt, or C and O?
        sure = number in around.known if around.known is not None else around.capitals and number < _FERMIUM
        if not sure:
            raise UnreadableError(_why_not(text))
    return Occupant({number: 1.0}, is_isotope=bool(mass) and number <= int(mass) <= 3 * number and mass != "1")


def _is_several(text: str) -> bool:
    """Whether different elements are named with a separator; `Fe2+/Fe3+` is one."""
    if not _SEVERAL.search(text):
        return False
    return len(set(re.findall(r"[A-Z][a-z]?", text)) & set(ATOMIC_NUMBERS)) > 1


def _why_not(text: str) -> str:
    amounts = parse_formula(re.sub(r"[\s,/&|;+-]", "", text)[:LONGEST]) or ()
    if len(amounts) > 1:
        if 1 in dict(amounts):
            return f"'{text[:40]}' is a group of atoms: hydrogen atoms without positions"
        return f"'{text[:40]}' names several elements without amounts: one row for each, with its occupancy"
    return f"'{text[:40]}' is not an element"


def _ambiguous(label: str, word: str) -> str:
    first = " or ".join(w for w in (word[:2].capitalize(), word[0].upper()) if w in ATOMIC_NUMBERS) or "nothing"
    return f"the label '{label[:40]}' may mean {first} or more: {_GIVE_TYPE}"
