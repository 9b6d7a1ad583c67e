"""Passwords in addresses are masked, and nothing else is."""

from __future__ import annotations

import pytest

from screening.masking import has_password, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ann:PW@lab:5000/x", "http://ann:***@lab:5000/x"),
        ("postgresql+psycopg2://ann:P%40W/9@h/db failed", "postgresql+psycopg2://ann:***@h/db failed"),
        ("tracking={uri:http://:PW@lab}", "tracking={uri:http://:***@lab}"),
        ("http://ann:1234@lab and 'mysql://b:PW@h'", "http://ann:***@lab and 'mysql://b:***@h'"),
        ("postgresql://h/db?user=ann&password=PW&x=1", "postgresql://h/db?user=ann&password=***&x=1"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert has_password(text) and masked(shown) == shown


@pytest.mark.parametrize(
    "text", ["http://lab:5000/a@b", "sqlite:////data/a:b@c.db", "models:/name@best", "a: b@c", "https://ann@lab:5000"]
)
def test_other_texts_stay(text: str) -> None:
    assert masked(text) == text
