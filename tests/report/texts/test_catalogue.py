"""Both languages have the same keys, and a text for everything in a ranking."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from screening.columns import column, known_columns
from screening.errors import RequestError
from screening.materials.registry import flag_meanings, remark_meanings
from screening.report.texts import LANGUAGES, Catalogue, catalogue

TASKS = sorted((Path(__file__).parents[3] / "configs" / "task").glob("*.yaml"))
FORMS = {"en": {"one", "other"}, "ru": {"one", "few", "many"}}
SECTIONS = [field.name for field in fields(Catalogue) if field.name != "language"]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_same_keys(section: str) -> None:
    english, russian = (getattr(catalogue(language), section) for language in LANGUAGES)
    assert set(english) == set(russian)
    if section in ("values", "columns"):
        assert {key: set(value) for key, value in english.items()} == {
            key: set(value) for key, value in russian.items()
        }


@pytest.mark.parametrize("section", ["page", "script"])
def test_the_same_values_are_put_in_and_plurals_are_complete(section: str) -> None:
    for key, english in getattr(catalogue("en"), section).items():
        russian = getattr(catalogue("ru"), section)[key]
        assert isinstance(english, str) == isinstance(russian, str), key
        assert _values(english) == _values(russian), key
        for language, entry in (("en", english), ("ru", russian)):
            assert isinstance(entry, str) or set(entry) == FORMS[language], key


def _values(entry: str | Mapping[str, str]) -> set[str]:
    texts = [entry] if isinstance(entry, str) else entry.values()
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", text)}


def test_nothing_in_russian_is_left_in_english() -> None:
    english, russian = (catalogue(language) for language in LANGUAGES)
    assert set(known_columns()) == set(russian.columns) and set(flag_meanings()) == set(russian.flags)
    assert set(remark_meanings()) == set(russian.remarks)
    for section in ("flags", "remarks", "gates", "titles", "stages"):
        mine, theirs = getattr(russian, section), getattr(english, section)
        assert not [key for key, text in mine.items() if text == theirs[key]], section
    assert all(re.search("[а-я]", said["description"]) for said in russian.columns.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", TASKS, ids=[path.stem for path in TASKS])
def test_every_column_flag_and_gate_of_the_tasks_has_a_text(path: Path, language: str) -> None:
    texts, task = catalogue(language), yaml.safe_load(path.read_text(encoding="utf-8"))
    gates = {name: gate for part in _parts(task) for name, gate in (part.get("gates") or {}).items() if gate}
    assert gates and set(gates) <= set(texts.gates)
    assert task["report"]["title"] in texts.titles
    conditions = [condition for gate in gates.values() for condition in (gate, gate.get("waived_by") or {})]
    assert {gate["without_flag"] for gate in conditions if "without_flag" in gate} <= set(texts.flags)
    used = {gate["column"] for gate in conditions if "column" in gate} | {*task["report"]["columns"]}
    used |= {*task["report"]["short_table"], *task["report"]["scatter"]} | {
        p["column"] for p in task["ranking"]["pareto"]
    }
    assert used <= set(texts.columns)
    assert {column(name).unit for name in used} <= {*texts.units, ""}


def _parts(task: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield task["ranking"]
    yield from (preset.get("ranking") or {} for preset in (task.get("presets") or {}).values())


def test_units_and_numbers_of_russian_chemists() -> None:
    texts = catalogue("ru")
    energy, price = texts.column("specific_energy_Wh_per_kg"), texts.column("price_USD_per_kg")
    assert texts.with_unit(energy, 1037.4) == "1\u202f037\u202fВт·ч/кг"
    assert texts.with_unit(price, -0.5) == "−0,50\u202fдолл./кг"
    assert texts.with_unit(texts.column("mu0_Ms_T"), None) == "–"
    assert texts.interval(price, 1.0, 2.0) == "1,00 … 2,00" and texts.interval(price, None, 2.0) == ""
    assert [texts.column(name).unit for name in ("mu0_Ms_T", "curie_temperature_K", "K1_MJ_per_m3")] == [
        "Тл",
        "К",
        "МДж/м³",
    ]
    assert texts.column("mu0_Ms_T_lo").label == "µ0Ms, 10 %" and texts.column("mu0_Ms_T_lo").unit == "Тл"


def test_english_is_as_the_columns_say() -> None:
    assert all(catalogue("en").column(name) == spec for name, spec in known_columns().items())
    assert catalogue("en").column("mu0_Ms_T_hi") == column("mu0_Ms_T_hi")
    assert catalogue("en").column("gate_easy_axis_probability") == column("gate_easy_axis_probability")


def test_values_are_words_where_there_are_words() -> None:
    texts = catalogue("ru")
    assert texts.shown(texts.column("magnetic_order"), "ferrimagnetic") == "ферримагнитный"
    assert texts.shown(texts.column("easy_axis"), "<odd>") == "<odd>"
    assert texts.shown(texts.column("limiting_gate"), "easy_axis") == "лёгкая ось"
    assert texts.shown(texts.column("uniaxial"), True) == "да"
    assert texts.gate("my_own_gate") == "my own gate"


def test_plurals_and_percentages() -> None:
    texts = catalogue("ru")
    assert [texts.text("lead_rejected", n=n) for n in (1, 3, 11)] == [
        "1 структура не оценена.",
        "3 структуры не оценены.",
        "11 структур не оценены.",
    ]
    shares = [texts.percent(share) for share in (0.0, 0.003, 0.5, 0.996, 1.0)]
    assert shares == ["0\u202f%", "<\u202f1\u202f%", "50\u202f%", ">\u202f99\u202f%", "100\u202f%"]


def test_labels_within_a_sentence() -> None:
    texts = catalogue("ru")
    inside = [texts.inside(texts.column(name)) for name in ("price_USD_per_kg", "curie_temperature_K", "mu0_Ms_T")]
    assert inside == ["цена", "Tc", "µ0Ms"]
    assert catalogue("en").inside(column("price_USD_per_kg")) == "Price"


def test_markup_comes_only_from_the_catalogue() -> None:
    assert "&lt;b&gt;" in catalogue("en").html("lead_first", formula="<b>", id="x", score="1")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(RequestError, match=r"report\.language=de"):
        catalogue("de")
