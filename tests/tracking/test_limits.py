"""Names and values that every MLflow store accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import bad_path_message, path_not_unique

from screening.tracking.limits import key, shorten


@given(st.text())
def test_every_name_becomes_one_that_mlflow_accepts(name: str) -> None:
    made = key(name)
    assert 0 < len(made) <= 250 and not path_not_unique(made), bad_path_message(made)
    assert key(made) == made


@pytest.mark.parametrize("text", ["", "a", "я" * 300, "\0a\ud800"])
def test_values_are_stored_by_any_database(text: str) -> None:
    made = shorten(text, 250)
    assert len(made) <= 250 and "\0" not in made
    made.encode()
    assert made.endswith("(cut)") == (len(text) > 250)
