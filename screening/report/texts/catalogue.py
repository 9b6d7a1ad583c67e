"""The catalogue of texts: a YAML file for each language, and those of the material classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from screening.columns import MISSING, Column, column, gate_name, is_gate, known_columns
from screening.errors import RequestError
from screening.materials.registry import all_classes, flag_meanings, remark_meanings
from screening.report.texts.numbers import STYLES, THIN_SPACE, NumberStyle, plural_form

if TYPE_CHECKING:
    from markupsafe import Markup

_ENGLISH = "en"
LANGUAGES = (_ENGLISH, "ru")
_FOLDER = Path(__file__).parent
_LIST = "rank_group"
_BOUNDS = {"_lo": "lower_bound", "_hi": "upper_bound"}
Entry = str | Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """Texts of one language.

    Attributes:
        language: `en` or `ru`.
        page: Texts of the page by key; an entry is a text, or its plural forms by the number `n`.
        script: Texts of the page's script, likewise.
        gates: Names of gates.
        values: Words for the values of categories, by column.
        titles: Titles of tasks by their English title.
        stages: Names of the steps that refuse inputs.
        units: Symbols of units by their English symbol.
        columns: `label` and `description` by column.
        flags: Meanings of flags.
        remarks: Meanings of remarks.
    """

    language: str
    page: Mapping[str, Entry]
    script: Mapping[str, Entry]
    gates: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    titles: Mapping[str, str]
    stages: Mapping[str, str]
    units: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    flags: Mapping[str, str]
    remarks: Mapping[str, str]

    @property
    def numbers(self) -> NumberStyle:
        """How numbers are written in the language."""
        return STYLES[self.language]

    def text(self, key: str, **values: Any) -> str:
        """The page's text of a key.

        Args:
            key: As in the catalogue's files.
            values: What to put in for `{name}`; whole numbers are grouped, and `n` chooses the plural form.
        """
        return self._entry(key, values).format(**self._written(values))

    def html(self, key: str, **values: Any) -> Markup:
        """As `text`, for an entry that contains HTML; the values are escaped."""
        from markupsafe import Markup

        return Markup(self._entry(key, values)).format(**self._written(values))  # noqa: S704 - the package's own text

    def named(self, key: str, name: str) -> str:
        """The page's text of a key if the catalogue has it, else the name with spaces."""
        return self.text(key) if key in self.page else name.replace("_", " ")

    def _entry(self, key: str, values: Mapping[str, Any]) -> str:
        entry = self.page[key]
        return entry if isinstance(entry, str) else entry[plural_form(self.language, values["n"])]

    def _written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.integer(value) if type(value) is int else value for name, value in values.items()}

    def integer(self, value: int) -> str:
        """A whole number with thousands grouped."""
        return self.numbers.fixed(value, 0)

    def percent(self, share: float) -> str:
        """A probability or share as a percentage: `< 1 %` and `> 99 %` for what is not exactly 0 or 100 %."""
        percent = 100.0 * share
        sign = "<" if 0 < percent < 1 else ">" if 99 < percent < 100 else ""
        bounded = {"<": 1.0, ">": 99.0}.get(sign, percent)
        return f"{sign}{THIN_SPACE if sign else ''}{self.numbers.fixed(bounded, 0)}{THIN_SPACE}%"

    def column(self, name: str) -> Column:
        """What a column means in this language; interval bounds and gates included."""
        spec = column(name)
        for suffix, key in _BOUNDS.items():
            if name.endswith(suffix) and name.removesuffix(suffix) in known_columns():
                base = self.column(name.removesuffix(suffix))
                label, words = self.text(f"{key}_label", label=base.label), self.text(key, description=base.description)
                return replace(base, name=name, label=label, description=words)
        if is_gate(name):
            gate = self.gate(gate_name(name))
            return replace(
                spec, label=self.text("gate_label", gate=gate), description=self.text("gate_column", gate=gate)
            )
        said = self.columns.get(name)
        if said is None:
            return spec
        return replace(spec, label=said["label"], unit=self.unit(spec.unit), description=said["description"])

    def unit(self, unit: str) -> str:
        """A unit's symbol."""
        return self.units.get(unit, unit)

    def gate(self, name: str) -> str:
        """A gate in words: its text, else its name with spaces."""
        return self.gates.get(name.replace(" ", "_"), name.replace("_", " "))

    def inside(self, spec: Column) -> str:
        """A column's label within a sentence: Cyrillic words begin in lower case, symbols stay as they are."""
        first, second = (*spec.label[:2], "", "")[:2]
        word = second.islower() and all("\u0400" <= letter <= "\u04ff" for letter in (first, second))
        return first.lower() + spec.label[1:] if word else spec.label

    def flag(self, name: str) -> str:
        """What a flag means; empty if unknown."""
        return self.flags.get(name, "")

    def words(self, name: str) -> Mapping[str, str]:
        """Words for the values of a column of categories; empty if it has none."""
        if name == "limiting_gate":
            return self.gates
        own = self.values.get(name, {})
        if name != _LIST:
            return own
        # Lists are named by the categories that they are made of.
        return {w: t for column in self.values.values() for w, t in column.items()} | dict(own)

    def group(self, name: str) -> str:
        """The name of a list of the ranking, each of its words in this language."""
        return self._phrase(_LIST, name)

    def _phrase(self, column: str, value: str) -> str:
        """A value of a category in words, or each word of a value that is a phrase: `Li cathode`."""
        words = self.words(column)
        if value in words or not words:
            return words.get(value, value)
        parts = [(part.rstrip(","), part[len(part.rstrip(",")) :]) for part in value.split(" ")]
        return " ".join(words.get(word, word) + comma for word, comma in parts)

    def shown(self, spec: Column, value: Any) -> str:
        """A value of a column as text, without its unit."""
        plain = spec.shown(value)
        if plain == MISSING:
            return MISSING
        if isinstance(value, bool):
            return self.text("yes" if value else "no")
        if spec.text or not isinstance(value, int | float):
            return self._phrase(spec.name, plain)
        return self.numbers.fixed(value, spec.digits)

    def with_unit(self, spec: Column, value: Any) -> str:
        """A value of a column with its unit."""
        text = self.shown(spec, value)
        return text if text == MISSING or not spec.unit else f"{text}{THIN_SPACE}{spec.unit}"

    def interval(self, spec: Column, low: float | None, high: float | None) -> str:
        """An interval as text; empty if a bound is missing."""
        ends = (self.shown(spec, low), self.shown(spec, high))
        return "" if MISSING in ends else self.text("interval", low=ends[0], high=ends[1])


@cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language, including those of all material classes; what is missing stays in English.

    Raises:
        RequestError: The language is unknown.
    """
    if language not in LANGUAGES:
        raise RequestError(f"report.language={language}: expected one of {', '.join(LANGUAGES)}")
    content = _english()
    for said in _files(language) if language != _ENGLISH else ():
        for section, entries in said.items():
            content[section] |= entries
    return Catalogue(language=language, **content)


def _english() -> dict[str, dict[str, Any]]:
    """English texts; those of columns, flags and remarks stand where they are defined."""
    specs = known_columns().values()
    content: dict[str, dict[str, Any]] = {field.name: {} for field in fields(Catalogue) if field.name != "language"}
    content["columns"] = {spec.name: {"label": spec.label, "description": spec.description} for spec in specs}
    content["units"] = {spec.unit: spec.unit for spec in specs if spec.unit}
    content["flags"], content["remarks"] = dict(flag_meanings()), dict(remark_meanings())
    for said in _files(_ENGLISH):
        for section, entries in said.items():
            content[section] |= entries
    return content


def _files(language: str) -> Iterator[dict[str, Any]]:
    """Texts of the page, then those of each material class."""
    folders = [_FOLDER, *(known.texts for known in all_classes())]
    for folder in folders:
        file = folder / f"{language}.yaml" if folder is not None else None
        if file is not None and file.is_file():
            yield yaml.safe_load(file.read_text(encoding="utf-8"))
