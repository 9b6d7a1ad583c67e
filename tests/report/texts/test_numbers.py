"""Numbers and plurals as each language writes them."""

from __future__ import annotations

import pytest

from screening.report.texts.numbers import STYLES, plural_form


@pytest.mark.parametrize(
    ("value", "digits", "english", "russian"),
    [
        (1234.5, 2, "1,234.50", "1\u202f234,50"),
        (-0.02, 3, "−0.020", "−0,020"),
        (-0.0004, 3, "0.000", "0,000"),
        (1e6, 0, "1,000,000", "1\u202f000\u202f000"),
        (7, 0, "7", "7"),
    ],
)
def test_fixed_decimals(value: float, digits: int, english: str, russian: str) -> None:
    assert STYLES["en"].fixed(value, digits) == english
    assert STYLES["ru"].fixed(value, digits) == russian


def test_as_few_digits_as_it_takes() -> None:
    assert [STYLES["ru"].short(value) for value in (0.8, 550, 1e-3, 12000)] == ["0,8", "550", "0,001", "12\u202f000"]


def test_russian_plurals() -> None:
    forms = {n: plural_form("ru", n) for n in (0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 25, 101, 111, 112, 1022)}
    assert [n for n, form in forms.items() if form == "one"] == [1, 21, 101]
    assert [n for n, form in forms.items() if form == "few"] == [2, 4, 22, 1022]
    assert [plural_form("en", n) for n in (0, 1, 2, 21)] == ["other", "one", "other", "other"]
