"""Text from files never becomes Markdown in a description."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.tracking.descriptions import escaped

ACTIVE = set("\\`*_{}[]()<>+!|~@:$\"'=/")


@given(st.text())
def test_nothing_of_a_text_is_markup(text: str) -> None:
    shown = escaped(text)
    assert not ACTIVE & set(shown) and "\n" not in shown
    assert "www." not in shown.lower()


@given(st.text(max_size=100))
def test_a_reader_sees_the_text(text: str) -> None:
    from html import unescape

    assert unescape(escaped(text)) == " ".join(text.split())


@pytest.mark.parametrize("text", ["Nd2Fe14B", "Sm2(Fe,Co)17", "x | y", "Ба-1"])
def test_formulas_stay_readable(text: str) -> None:
    assert len(escaped(text * 100)) < 1200 and escaped(text * 100)[-1] == "…"
