"""JSON is split where a decoder would split it, whatever the size of blocks, in linear time."""

from __future__ import annotations

import io
import json
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.crystals.reading import json_stream
from screening.crystals.reading.json_stream import json_values

pytestmark = pytest.mark.ci

TEXT = st.text(st.sampled_from(['"', "\\", "[", "]", "{", "}", ",", "a", " ", "é", "\n"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def split(data: bytes) -> list[tuple[bytes, str]]:
    return list(json_values(io.BytesIO(data)))


@settings(max_examples=150, deadline=None)
@given(values=st.lists(VALUES, max_size=5), block=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_elements_of_a_list(values: list[object], block: int, indent: int | None) -> None:
    before, json_stream._BLOCK = json_stream._BLOCK, block
    try:
        found = split(json.dumps(values, indent=indent, ensure_ascii=False).encode())
    finally:
        json_stream._BLOCK = before
    assert [(json.loads(text), reason) for text, reason in found] == [(value, "") for value in values]


@settings(max_examples=100, deadline=None)
@given(objects=st.lists(st.dictionaries(TEXT, VALUES), max_size=4), block=st.integers(1, 40), comma=st.booleans())
def test_values_one_after_another(objects: list[dict[str, object]], block: int, comma: bool) -> None:
    before, json_stream._BLOCK = json_stream._BLOCK, block
    try:
        found = split((",\n" if comma else "\n").join(map(json.dumps, objects)).encode())
    finally:
        json_stream._BLOCK = before
    assert [json.loads(text) for text, _ in found] == objects


def test_several_lists_and_a_byte_order_mark() -> None:
    assert split("\ufeff[1, [2]] [{}],[3]".encode()) == [(b"1", ""), (b"[2]", ""), (b"{}", ""), (b"3", "")]
    assert split(b"[1, 2,]") == [(b"1", ""), (b"2", "")]
    assert split(b"") == split(b" \n") == split(b"[]") == []


def test_a_broken_element_costs_only_itself() -> None:
    assert split(b'[{"a": 1}, {"b": tru}, {"c": 3}]') == [(b'{"a": 1}', ""), (b'{"b": tru}', ""), (b'{"c": 3}', "")]


@pytest.mark.parametrize("data", [b'[{"a": 1}, {"b"', b'[{"a": 1}', b'[{"a": 1},', b'[{"a": 1}, "\\'])
def test_a_list_that_breaks_off(data: bytes) -> None:
    first, last = split(data)[0], split(data)[-1]
    assert first[0] in (b'{"a": 1}', b"") and "breaks off" in last[1]


def test_a_bracket_too_many_ends_the_file_with_one_refusal() -> None:
    assert [reason[:30] for _, reason in split(b'{"a": 1}] {"b": 2}')] == ["", "not valid JSON: a bracket clos"]


def test_a_long_value_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MAX_PART_BYTES", 1000)
    found = split(b'[{"a": 1}, "' + b"x" * 300_000 + b'", {"b": 2}]')
    assert [text for text, _ in found] == [b'{"a": 1}', b"", b'{"b": 2}'] and "longer than" in found[1][1]


@pytest.mark.parametrize(
    "data", [b"[" + b"[]," * 170_000 + b"[]]", b"[]," * 170_000, b"[" * 300_000, b'{"a":' * 100_000]
)
def test_brackets_take_linear_time_and_no_memory(data: bytes) -> None:
    started = time.process_time()
    for _ in json_values(io.BytesIO(data)):
        pass
    assert time.process_time() - started < 5
    tracemalloc.start()
    try:
        for _ in json_values(io.BytesIO(data[: len(data) // 4])):
            pass
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
