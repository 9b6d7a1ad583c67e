"""One flipped bit anywhere in what is kept: the same result, a refusal, or a line that says what is done again."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers.crystals import cubic
from helpers.damage import flipped
from helpers.labelled import small_store
from helpers.models import tiny_release
from helpers.rankings import finished_ranking

from screening.cluster.part_files import PartFolder
from screening.data.store import open_store
from screening.errors import ScreeningError
from screening.graphs.nearest import GraphSettings
from screening.learning.data import DataSettings, labelled_graphs
from screening.networks.released_model import load_release
from screening.potentials.chgnet import chgnet
from screening.relaxation.progress_file import Finished, Progress
from screening.relaxation.relaxation import Relaxed
from screening.tabular.release import FittedPart, TabularRelease, load_tabular_release, save_tabular_release
from screening.tracking.provenance import output_hashes, write_run_record
from screening.tracking.ranking_folder import FINALISTS, PAGE, RECORD, TABLES, read_ranking

pytestmark = pytest.mark.ci

FLIPS = 60


@pytest.fixture(autouse=True)
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, "screening")
    return caplog


def silent(file: Path, load: Callable[[], Any], said: pytest.LogCaptureFixture, again: Callable[[], Any] = dict) -> int:
    """The flips in a file after which `load` gives something else without a word; again: repairs what it moved."""
    right, wrong = repr(load()), 0
    said.clear()
    for _ in flipped(file, FLIPS):
        with suppress(ScreeningError):
            wrong += repr(load()) != right and not said.records
        said.clear()
        again()
    assert repr(load()) == right
    return wrong


def said_by(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says, without its checksum: a flip in the name of that entry changes nothing."""
    return {
        name: record.get(name) for name in ("format", "labels", "sources", "sha256", "command", "config", "outputs")
    }


def content(path: Path) -> Any:
    """A network's weights and config, in full."""
    model, config = load_release(path)
    return [(name, tensor.numpy().tobytes()) for name, tensor in model.state_dict().items()], config


def test_in_a_release(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    network = tiny_release(tmp_path / "network")
    parts = {"one": FittedPart({"features": ["x"], "target": "eV"}, {"a": np.arange(600.0)})}
    save_tabular_release(tmp_path / "table", TabularRelease("mine", parts, {"seed": 1}, "gap-1"), "# mine")

    def table() -> Any:
        found = load_tabular_release(tmp_path / "table", "gap", "gap-1")
        return found, found.parts["one"].tensors["a"].tobytes()

    for name in ("weights.safetensors", "config.json"):
        assert silent(network / name, lambda: content(network), said) == 0
        assert silent(tmp_path / "table" / name, table, said) == 0


def test_in_the_weights_of_chgnet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    copy = Path(shutil.copy(chgnet._weights(), tmp_path))
    monkeypatch.setattr(chgnet, "_weights", lambda: copy)
    refused = 0
    for _ in flipped(copy, 10):
        try:
            chgnet.chgnet_module()
        except ScreeningError as error:
            refused += "install the package chgnet again" in str(error)
    assert refused >= 8, "some bits between the records of an archive mean nothing"


def test_in_a_store_and_its_graphs(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    store = small_store(tmp_path / "store", 30)
    settings, rows = DataSettings(store.path, ("band_gap_eV",)), np.arange(30)

    def opened() -> Any:
        found = open_store(store.path)
        arrays = (*vars(found.crystals).values(), found.site_moment_muB)
        return said_by(found.meta), found.index.to_dicts(), [np.asarray(array).tobytes() for array in arrays]

    for file in sorted(path for path in store.path.iterdir() if path.is_file()):
        assert silent(file, opened, said) == 0, file

    def graphs() -> Any:
        found = labelled_graphs(store, rows, settings, GraphSettings())
        return [tensor.numpy().tobytes() for tensor in vars(found.graphs).values()]

    graphs()
    (cached,) = (store.path / "graphs").iterdir()
    whole = cached.read_bytes()
    assert silent(cached, graphs, said, lambda: cached.write_bytes(whole)) == 0


def test_in_the_parts_of_a_shard(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    parts = PartFolder(tmp_path, {"model": "a", "shard": 0})
    parts.append(pl.DataFrame({"position": range(300), "text": [f"{n} é" for n in range(300)]}))
    parts.finish({"total": 300, "fingerprint": 7, "scored": 300, "rejected": 0, "earlier": 0, "seconds": {"a": 1.5}})
    (part,) = tmp_path.glob("part-*.parquet")
    aside = part.with_name(f"{part.name}.damaged")

    def back() -> None:
        if aside.exists():
            aside.replace(part)

    assert silent(part, lambda: [table.to_dicts() for table in parts.tables()], said, back) == 0
    whole = parts.summary()
    for _ in flipped(tmp_path / "done.json", FLIPS):
        with suppress(ScreeningError):
            assert parts.summary() in (whole, None), "none: not complete, which is said by whoever asks"


def test_in_the_progress_of_a_relaxation(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    crystals = {f"c{n}": cubic(29, 3.6 + 0.1 * n, "F") for n in range(4)}
    keys = {name: f"digest of {name}" for name in crystals}
    with Progress(tmp_path, {"fmax": 0.1}) as kept:
        for name, crystal in crystals.items():
            own = type(crystal)(name, crystal.lattice, crystal.numbers, crystal.frac)
            kept.add(Finished(keys[name], Relaxed(own, True, 7, -1.25, -1.5, 0.05, 1.25)))

    def found() -> dict[str, str]:
        opened = Progress(tmp_path, {"fmax": 0.1})
        opened._stream.close()
        return {result.crystal.candidate_id: repr(result) for result in opened.results(keys)}

    whole = found()
    assert len(whole) == 4
    for _ in flipped(kept.path, FLIPS):
        with suppress(ScreeningError):
            assert found().items() <= whole.items(), "the others are relaxed again"


def test_in_a_finished_ranking(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    folder, record = finished_ranking(tmp_path), {"command": "rank", "seeds": {"seed": 0}, "config": {"task": {}}}
    names = (*TABLES, PAGE, FINALISTS)
    write_run_record(folder / RECORD, record | {"outputs": output_hashes(folder, names)})

    def read() -> Any:
        found = read_ranking(folder)
        return (
            said_by(found.record),
            found.table.to_dicts(),
            found.rejected.to_dicts(),
            [dict(f.entry) for f in found.finalists],
        )

    for name in (*TABLES, RECORD, "finalists/index.json"):
        assert silent(folder / name, read, said) == 0, name
    for name in (PAGE, "finalists/01-Nd2Fe14B/crystal.cif"):
        for _ in flipped(folder / name, 5):
            with pytest.raises(ScreeningError, match="changed after the ranking"):
                read()
