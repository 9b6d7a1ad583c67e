"""Releases load as saved; anything else is refused and never unpickled."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.crystals import random_crystal
from helpers.models import change_config, tiny_release

from screening.errors import RequestError
from screening.networks.predictor import Predictor
from screening.networks.released_model import find_release, load_release


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return tiny_release(tmp_path / "released")


def test_saved_and_loaded_model_predict_the_same(release: Path) -> None:
    crystals = [random_crystal(np.random.default_rng(i), 4) for i in range(3)]
    first, second = (Predictor.load(str(release), "cpu").predict(crystals) for _ in range(2))
    assert first.equals(second)
    assert first["candidate_id"].to_list() == [c.candidate_id for c in crystals]
    for column in ("energy_above_hull_eV_per_atom", "magnetization_muB_per_A3"):
        assert (first[column] >= 0).all() and (first[f"{column}_lo"] <= first[column]).all()
        assert (first[column] <= first[f"{column}_hi"]).all()
    assert not list(release.glob("*.part"))


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("pwned"),))  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["weights.safetensors", "model.ckpt", "model.pt"])
def test_pickles_are_refused_and_never_run(
    release: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (release / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RequestError) as error:
        load_release(find_release(str(release if name.endswith("safetensors") else release / name)))
    assert name in str(error.value)
    assert not Path("pwned").exists()


def test_truncated_weights_are_refused_by_name(release: Path) -> None:
    weights = release / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(RequestError, match=r"weights\.safetensors is truncated"):
        load_release(release)


def test_weights_of_another_architecture_are_refused(release: Path) -> None:
    parameters = json.loads((release / "config.json").read_text())["parameters"]
    change_config(release, {"parameters": parameters | {"width": 24}})
    with pytest.raises(RequestError, match="does not fit the architecture 'edge_update'"):
        load_release(release)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "os"}, "its network 'os' is not known; known: edge_update"),
        ({"architecture": "../evil"}, "its network '../evil' is not known"),
        ({"architecture": "their_own", "package": "theirs"}, "is from the package theirs, which is not installed"),
        ({"targets": ["free_energy"]}, "unknown target 'free_energy'"),
        ({"format": 99}, "format 1"),
        ({"graph": {"radius": 3}}, "malformed"),
        ({"parameters": {"depth": 3}}, "parameters.depth"),
        ({"parameters": {"width": "wide"}}, r"config\.json: cannot build a network"),
        ({"parameters": {"width": -1}}, r"config\.json: cannot build a network"),
    ],
)
def test_a_wrong_config_is_refused(release: Path, change: dict[str, object], message: str) -> None:
    change_config(release, change)
    with pytest.raises(RequestError, match=message):
        load_release(release)


def test_a_config_that_is_not_json_is_refused(release: Path) -> None:
    (release / "config.json").write_bytes(b"\x80\x04binary")
    with pytest.raises(RequestError, match=r"config\.json"):
        load_release(release)


def test_an_unknown_name_lists_the_releases() -> None:
    with pytest.raises(RequestError, match="released models: ") as error:
        find_release("no-such-model")
    names = str(error.value).partition("released models: ")[2].split(", ")
    assert "magnetism-v3" not in names
    assert all(load_release(find_release(name))[1].name == name for name in names)


def test_missing_cuda_is_a_wrong_request(release: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(RequestError, match="device=cuda"):
        Predictor.load(str(release), "cuda")
