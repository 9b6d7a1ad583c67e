"""A release of tables of descriptors: kept and loaded whole, and every message names the key and the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.models import change_config

from screening.errors import RequestError
from screening.tabular.release import (
    FittedPart,
    TabularRelease,
    find_tabular_release,
    load_tabular_release,
    save_tabular_release,
)

KEY, FORMAT = "gap", "gap-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tensors = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([np.inf])}
    parts = {"one": FittedPart({"features": ["x", "y"], "target": "eV"}, tensors), "two": FittedPart({}, {})}
    release = TabularRelease("mine", parts, {"seed": 1}, FORMAT)
    save_tabular_release(tmp_path / "mine", release, "# mine")
    return tmp_path / "mine"


def test_a_release_of_any_format_is_loaded_as_it_was(folder: Path) -> None:
    assert find_tabular_release(str(folder), KEY, FORMAT) == folder
    loaded = load_tabular_release(folder, KEY, FORMAT)
    assert (loaded.name, loaded.training, loaded.format) == ("mine", {"seed": 1}, FORMAT)
    part = loaded.parts["one"]
    assert part.key == KEY
    np.testing.assert_array_equal(part.tensor("a", -1, 3), np.arange(6.0).reshape(2, 3))
    part.require_features(("x", "y"))
    part.require_target("eV")
    assert loaded.parts["two"].tensors == {}
    assert sorted(path.name for path in folder.iterdir()) == ["MODEL_CARD.md", "config.json", "weights.safetensors"]
    assert (folder / "weights.safetensors").stat().st_mode & 0o777 == 0o644


def test_messages_about_a_part_begin_with_the_key(folder: Path) -> None:
    part = load_tabular_release(folder, KEY, FORMAT).parts["one"]
    for wrong in (
        lambda: part.get("colour"),
        lambda: part.tensor("a", 3, 2),
        lambda: part.tensor("b", 1),
        lambda: part.tensor("c", -1),
        lambda: part.require_features(("y", "x")),
        lambda: part.require_target("V"),
    ):
        with pytest.raises(RequestError, match=r"^gap: "):
            wrong()


def test_a_damaged_or_foreign_release_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(RequestError, match=r"gap=nowhere: .*released name: none"):
        find_tabular_release("nowhere", KEY, FORMAT)
    with pytest.raises(RequestError, match=r"magnetism=nowhere: .*released name: .*magnetism-v3"):
        find_tabular_release("nowhere", "magnetism", "magnetism-1")
    with pytest.raises(RequestError, match=r"gap: .*config\.json: expected a release of format gap-2"):
        load_tabular_release(folder, KEY, "gap-2")
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(RequestError, match=r"gap: .*weights\.safetensors is truncated"):
        load_tabular_release(folder, KEY, FORMAT)
    weights.unlink()
    with pytest.raises(RequestError, match=r"gap: .*weights\.safetensors is missing"):
        load_tabular_release(folder, KEY, FORMAT)
    change_config(folder, {"parts": ["one"]})
    with pytest.raises(RequestError, match=r"gap: .*section for each part"):
        load_tabular_release(folder, KEY, FORMAT)
    for content in (b"\x80", b"[" * 100_000, b'{"format": ' + b"9" * 5000 + b"}"):
        (folder / "config.json").write_bytes(content)
        with pytest.raises(RequestError, match=r"gap: .*not readable JSON"):
            load_tabular_release(folder, KEY, FORMAT)


@pytest.mark.parametrize("value", [10_000_000, None, "x", [3], [None], {"x": "y"}, {"x": float("nan")}, {"x": 1e300}])
def test_settings_of_another_kind_are_named(value: object) -> None:
    part = FittedPart({"features": value}, {}, KEY)
    for wrong in (lambda: part.texts("features"), lambda: part.numbers("features")):
        with pytest.raises(RequestError, match=r"^gap: config\.json: features: expected a "):
            wrong()
