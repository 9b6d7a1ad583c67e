"""Typed settings: limits hold, every message names the key, the value and what was expected."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import pytest

from screening.errors import RequestError
from screening.settings import Key, as_typed, build_settings, check_settings, keys_of, setting, settings_class


def _names() -> list[str]:
    return ["one", "two"]


@settings_class
class Inner:
    depth: int = setting(default=2, help="how deep", minimum=1, maximum=9)
    names: list[str] | None = setting(default=None, help="which", choices=("a", "b"))


@settings_class
class Outer:
    path: str = setting(help="a file", path=True)
    share: float = setting(default=0.5, help="of the whole", minimum=0)
    kind: str = setting(default="one", help="looked up when asked", choices=_names)
    counts: list[int] = setting(default=[], help="some numbers")
    triple: tuple[float, float, float] = (1.0, 2.0, 3.0)
    open: dict[str, Any] = setting(default={}, help="anything")
    parts: dict[str, Inner] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)


def test_values_become_instances_with_defaults() -> None:
    built = build_settings(Outer, {"path": "x", "share": 1, "triple": [1, 2, 3], "inner": {"names": ["b"]}})
    assert built == Outer(path="x", share=1.0, triple=(1.0, 2.0, 3.0), inner=Inner(names=["b"]))
    assert type(built.share) is float


def test_lists_and_sections_are_not_shared_between_instances() -> None:
    first = Outer(path="x")
    first.counts.append(1)
    first.open["a"] = 1
    assert (Outer(path="x").counts, Outer(path="x").open) == ([], {})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "s.path: missing"),
        ({"path": "x", "shre": 1}, "s.shre: unknown key; did you mean share?"),
        ({"path": "x", "inner": {"dept": 1}}, "s.inner.dept: unknown key; did you mean depth?"),
        ({"path": "x", "zzz": 1}, "s.zzz: unknown key; known: counts, inner, kind"),
        ({"path": 3}, "s.path=3: expected text"),
        ({"path": None}, "s.path=null: expected text"),
        ({"path": "x", "share": -1}, "s.share=-1: expected a number, at least 0"),
        ({"path": "x", "share": float("nan")}, "s.share=nan: expected a number, at least 0"),
        ({"path": "x", "share": True}, "s.share=true: expected a number"),
        ({"path": "x", "share": "1"}, "s.share=1: expected a number"),
        ({"path": "x", "inner": {"depth": 10}}, "s.inner.depth=10: expected a whole number, at least 1, at most 9"),
        ({"path": "x", "inner": {"depth": 1.5}}, "s.inner.depth=1.5: expected a whole number"),
        ({"path": "x", "inner": {"names": ["c"]}}, "s.inner.names=[c]: expected a list of any of a, b, or null"),
        ({"path": "x", "inner": 3}, "s.inner=3: expected a section of keys"),
        ({"path": "x", "kind": "three"}, "s.kind=three: expected one of one, two"),
        ({"path": "x", "counts": [1, "b"]}, "s.counts[1]=b: expected a whole number"),
        ({"path": "x", "counts": 1}, "s.counts=1: expected a list such as [a,b]"),
        ({"path": "x", "triple": [1, "b", 2]}, "s.triple[1]=b: expected a number"),
        ({"path": "x", "open": [1]}, "s.open=[1]: expected a section of keys"),
        ({"path": "x", "parts": {"one": {"depth": "x"}}}, "s.parts.one.depth=x: expected a whole number"),
        ({"path": "x", "parts": {"one": {"dpth": 1}}}, "s.parts.one.dpth: unknown key; did you mean depth?"),
        (3, "s=3: expected a section of keys"),
    ],
)
def test_what_is_wrong_is_said(values: Any, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        build_settings(Outer, values, "s")
    assert str(caught.value).startswith(said)


def test_a_check_may_leave_out_what_is_still_missing() -> None:
    check_settings(Outer, {"share": 1})
    with pytest.raises(RequestError, match=r"^share=x: expected a number"):
        check_settings(Outer, {"share": "x"})


def test_every_key_is_listed_with_what_is_said_of_it() -> None:
    keys = {key.name: key for key in keys_of(Outer)}
    assert list(keys) == [
        "path", "share", "kind", "counts", "triple", "open", "parts", "inner.depth", "inner.names"
    ]  # fmt: skip
    assert keys["path"] == Key("path", str, required=True, help="a file", path=True)
    assert keys["kind"].choices == ("one", "two")
    assert keys["inner.names"] == Key("inner.names", list[str], optional=True, help="which", choices=("a", "b"))
    assert (keys["open"].is_open, keys["share"].is_open, keys["path"].is_text) == (True, False, True)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (Key("k", int, optional=True, minimum=1), "a whole number, at least 1, or null"),
        (Key("k", float, minimum=0, maximum=1), "a number, at least 0, at most 1"),
        (Key("k", bool), "true or false"),
        (Key("k", str, choices=("a", "b")), "one of a, b"),
        (Key("k", list[str]), "a list such as [a,b]"),
        (Key("k", dict[str, Any]), "a section of keys"),
    ],
)
def test_expectations_in_words(key: Key, text: str) -> None:
    assert key.expected == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (1.5, "1.5"), (["a", None], "[a,null]"), ({"a": {"b": [1]}}, "{a:{b:[1]}}")],
)
def test_values_are_shown_as_one_types_them(value: Any, text: str) -> None:
    assert as_typed(value) == text
