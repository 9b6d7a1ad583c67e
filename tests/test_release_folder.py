"""Releases whose bytes are not those that were written are refused: ours by a list, yours by what their config says."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.models import change_config, tiny_release

from screening import release_folder
from screening.checksums import CHECKSUM, file_sha256
from screening.errors import RequestError
from screening.networks.released_model import load_release
from screening.release_folder import CONFIG, SUMS, WEIGHTS, WEIGHTS_SHA256
from screening.resources import resource
from screening.tabular.release import load_tabular_release


def flip(file: Path, byte: int) -> None:
    data = bytearray(file.read_bytes())
    data[byte] ^= 4
    file.write_bytes(data)


def test_the_list_names_every_release_and_its_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails after a release was changed on purpose, run scripts/write_hashes.py."""
    models = resource("models")
    lines = (models / SUMS).read_text().splitlines()
    folders = sorted(path.parent.name for path in models.glob(f"*/{CONFIG}"))
    assert lines == [
        f"{file_sha256(models / name / file)}  {name}/{file}" for name in folders for file in (CONFIG, WEIGHTS)
    ]
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    before = [(path, path.read_bytes()) for path in (models / SUMS, *models.glob(f"*/{CONFIG}"))]
    importlib.import_module("write_hashes").main()
    assert all(path.read_bytes() == content for path, content in before)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of our releases that passes for ours."""
    models = tmp_path / "models"
    shutil.copytree(resource("models"), models)
    monkeypatch.setattr(release_folder, "resource", lambda _: models)
    release_folder._shipped.cache_clear()
    yield models
    release_folder._shipped.cache_clear()


def test_one_bit_of_a_shipped_release_is_noticed(shipped: Path) -> None:
    load_release(shipped / "screening-v3")
    flip(shipped / "screening-v3" / WEIGHTS, -1000)
    with pytest.raises(
        RequestError, match=r"model: .*screening-v3/weights\.safetensors is not what was written: .*SHA"
    ):
        load_release(shipped / "screening-v3")
    flip(shipped / "magnetism-v3" / WEIGHTS, -1000)
    with pytest.raises(RequestError, match=r"magnetism: .*magnetism-v3/weights\.safetensors is not what was written"):
        load_tabular_release(shipped / "magnetism-v3", "magnetism", "magnetism-1")


def test_a_shipped_release_that_says_other_hashes_itself_is_noticed(shipped: Path) -> None:
    flip(shipped / "screening-v3" / WEIGHTS, -1000)
    change_config(shipped / "screening-v3", {WEIGHTS_SHA256: file_sha256(shipped / "screening-v3" / WEIGHTS)})
    with pytest.raises(RequestError, match=r"model: .*screening-v3/config\.json is not what was written"):
        load_release(shipped / "screening-v3")
    (shipped / SUMS).unlink()
    release_folder._shipped.cache_clear()
    with pytest.raises(RequestError, match="install the package again"):
        load_release(shipped / "screening-v3")


def test_a_release_of_your_own_has_its_hashes_with_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tiny_release(tmp_path / "tiny")
    config = json.loads((folder / CONFIG).read_text())
    assert config[WEIGHTS_SHA256] == file_sha256(folder / WEIGHTS)
    load_release(folder)
    assert "hash" not in caplog.text
    (folder / CONFIG).write_text(json.dumps(config | {"targets": config["targets"][::-1]}))
    with pytest.raises(RequestError, match=r"config\.json: its entries do not have the checksum .* delete its entry"):
        load_release(folder)
    change_config(folder, {})
    flip(folder / WEIGHTS, -1)
    with pytest.raises(RequestError, match=r"weights\.safetensors is not what was written"):
        load_release(folder)


def test_a_release_of_an_earlier_version_is_loaded_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tiny_release(tmp_path / "tiny")
    config = json.loads((folder / CONFIG).read_text())
    earlier = {key: value for key, value in config.items() if key not in (CHECKSUM, WEIGHTS_SHA256)}
    (folder / CONFIG).write_text(json.dumps(earlier))
    assert load_release(folder)[1].name == "tiny"
    assert f"{folder / WEIGHTS}" in caplog.text and "a change cannot be seen" in caplog.text
