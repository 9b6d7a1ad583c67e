"""A release that asks for too much, or holds what is no number, is refused before anything large is built."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.models import tiny_release
from safetensors.torch import load_file, save_file
from torch import Tensor

from screening.checksums import CHECKSUM
from screening.errors import RequestError
from screening.networks.release_limits import no_larger_than
from screening.networks.released_model import load_release
from screening.release_folder import CONFIG, WEIGHTS, WEIGHTS_SHA256


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_release(tmp_path_factory.mktemp("models") / "sound")


@pytest.fixture
def release(sound: Path, tmp_path: Path) -> Path:
    for name in (CONFIG, WEIGHTS):
        (tmp_path / name).write_bytes((sound / name).read_bytes())
    return tmp_path


def write_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the config, without the checksums that would tell of it: as a release that was made so."""
    config = json.loads((folder / CONFIG).read_text())
    change(config)
    (folder / CONFIG).write_text(json.dumps({k: v for k, v in config.items() if k not in (CHECKSUM, WEIGHTS_SHA256)}))


ABSURD = [10_000_000, -1, 2**63, "x", None, float("nan"), float("inf"), [], {}, True, 0.5]


@pytest.mark.parametrize("value", [*ABSURD, 0], ids=str)
@pytest.mark.parametrize(
    "key",
    ["members", "graph.neighbours", "parameters.width", "parameters.layers", "parameters.radial_size", "graph.spread"],
)
def test_absurd_numbers_are_refused_at_once(key: str, value: object, release: Path) -> None:
    if (key, value) in [("parameters.layers", 0), ("graph.spread", 0), ("graph.spread", 0.5)]:
        value = -2  # these may be
    section, _, name = key.rpartition(".")
    write_config(release, lambda config: (config[section] if section else config).update({name: value}))
    started = time.monotonic()
    with pytest.raises(RequestError) as refused:
        load_release(release)
    assert time.monotonic() - started < 5
    assert str(refused.value).startswith(f"model: {release / CONFIG}: ") and name in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("elements", [0]),
        ("elements", []),
        ("elements", [1.5]),
        ("targets", []),
        ("targets", ["band_gap_eV", "band_gap_eV"]),
        ("targets", "band_gap_eV"),
        ("architecture", 3),
        ("name", None),
        ("graph", []),
        ("parameters", 1),
        ("training", {"learned_splits": "train"}),
        ("training", None),
    ],
)
def test_entries_of_another_kind_are_refused(key: str, value: object, release: Path) -> None:
    write_config(release, lambda config: config.update({key: value}))
    with pytest.raises(RequestError, match=r"model: .*config\.json"):
        load_release(release)


@pytest.mark.parametrize("changes", [{"width": 4096, "edge_width": 4096, "layers": 100}, {"members": 1000}])
def test_a_network_far_larger_than_its_weights_is_not_built(
    changes: dict[str, int], release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screening.networks.release_limits._SPARE_BYTES", 1 << 20)
    members = changes.pop("members", 1)
    write_config(release, lambda config: config["parameters"].update(changes) or config.update(members=members))
    with pytest.raises(RequestError, match=r"config\.json: cannot build a network .* larger than"):
        load_release(release)


def test_the_limit_ends_with_the_block() -> None:
    with pytest.raises(ValueError, match="larger than"), no_larger_than(1):
        torch.nn.Linear(10_000, 10_000)
    torch.nn.Linear(10_000, 1000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.update({"scale": torch.full_like(state["scale"], torch.nan)}), "'scale' holds numbers"),
        (lambda state: state["domain.mean"].fill_(torch.inf), "'domain.mean' holds numbers"),
        (lambda state: state.pop("scale"), "does not fit the architecture"),
        (lambda state: state.update({"more": torch.ones(1)}), "does not fit the architecture"),
        (lambda state: state.update({"scale": torch.ones(7)}), "does not fit the architecture"),
    ],
    ids=["not a number", "infinite", "missing", "one more", "another shape"],
)
def test_weights_that_are_not_sound_are_refused(
    change: Callable[[dict[str, Tensor]], object], said: str, release: Path
) -> None:
    state = load_file(release / WEIGHTS)
    change(state)
    save_file(state, release / WEIGHTS)
    write_config(release, lambda _: None)
    with pytest.raises(RequestError, match=rf"weights\.safetensors.*{said}"):
        load_release(release)


@pytest.mark.parametrize(
    "header",
    [
        {"scale": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}},
        {"scale": {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**62]}},
        {"scale": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
        {"scale": {"dtype": "X", "shape": [1], "data_offsets": [0, 4]}},
        [],
    ],
    ids=str,
)
@pytest.mark.parametrize("claimed", [None, 2**62])
def test_absurd_headers_are_refused(header: object, claimed: int | None, release: Path) -> None:
    text = json.dumps(header).encode()
    size = len(text) if claimed is None else claimed
    (release / WEIGHTS).write_bytes(size.to_bytes(8, "little") + text + b"\0" * 4)
    write_config(release, lambda _: None)
    with pytest.raises(RequestError, match=r"weights\.safetensors is truncated or not a safetensors file"):
        load_release(release)
