"""Whatever writes a file says which one could not be written and what to do, and leaves nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from screening.cluster.part_files import PartFolder
from screening.crystals import Crystal
from screening.crystals.spool import CrystalSpool
from screening.data.store import LabelledCrystal, write_store
from screening.errors import ScreeningError
from screening.files import atomic_path, named_write_errors, write_text_atomic
from screening.relaxation.progress_file import Finished, Progress
from screening.relaxation.relaxation import Relaxed
from screening.relaxation.results import write_xyz
from screening.release_folder import write_release
from screening.tables import TableWriter, write_table
from screening.tracking.provenance import write_json

resource = pytest.importorskip("resource")
LIMIT = 2000
NOISE = np.random.default_rng(0).random(5000)
TABLE = pl.DataFrame({"score": NOISE})
CRYSTAL = Crystal.from_arrays("a", np.eye(3) * 20, [26] * 200, np.random.default_rng(1).random((200, 3)))
RELAXED = Relaxed(CRYSTAL, True, 1, 0.0, 0.0, 0.0, 0.0)


@contextmanager
def small_files() -> Iterator[None]:
    """No file may be larger than LIMIT; the interpreter ignores the signal, so that writing fails with an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _pieces(path: Path) -> None:
    with TableWriter(path) as writer:
        for _ in range(3):
            writer.write(TABLE)


def _release(path: Path) -> None:
    from safetensors.numpy import save_file

    write_release(path.parent, lambda file: save_file({"w": NOISE}, file), {})


def _network(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    write_release(path.parent, lambda file: save_file({"w": torch.from_numpy(NOISE)}, file), {})


def _progress(path: Path) -> None:
    with Progress(path.parent, {}) as kept:
        for _ in range(3):
            kept.add(Finished("0", RELAXED))


WRITERS: dict[str, Callable[[Path], object]] = {
    "t.parquet": lambda path: write_table(TABLE, path),
    "t.csv": lambda path: write_table(TABLE, path),
    "pieces.parquet": _pieces,
    "text.html": lambda path: write_text_atomic(path, "x" * 5000),
    "run.json": lambda path: write_json(path, {"x": "x" * 5000}),
    "weights.safetensors": _release,
    "./weights.safetensors": _network,
    "relaxed.extxyz": lambda path: write_xyz([RELAXED] * 3, path),
    "progress.jsonl": _progress,
    "store": lambda path: write_store(path, [LabelledCrystal(CRYSTAL)], []),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_grows_too_large_is_named_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with small_files(), pytest.raises(ScreeningError) as refused:
        WRITERS[name](path)
    reason = "not all of it was" if name == "store" else "File too large"  # numpy does not say why
    assert str(refused.value).startswith(f"{path}: cannot be written ({reason}); "), refused.value
    assert "choose another place" in str(refused.value)
    assert [left.name for left in tmp_path.iterdir() if left.name != "progress.jsonl"] == []


def test_a_part_of_a_shard_is_named(tmp_path: Path) -> None:
    with small_files(), pytest.raises(ScreeningError, match=r"part-.*parquet: cannot be written \(File too large\)"):
        PartFolder(tmp_path, {}).append(TABLE)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_named(tmp_path: Path) -> None:
    from screening.learning.checkpoints import ChecksummedCheckpointIO

    with small_files(), pytest.raises(ScreeningError, match=r"step-.*ckpt: cannot be written \(File too large\)"):
        ChecksummedCheckpointIO().save_checkpoint({"x": "x" * 5000}, tmp_path / "step-00000001.ckpt")
    assert list(tmp_path.iterdir()) == []


def test_crystals_kept_meanwhile_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.crystals.spool._IN_MEMORY_BYTES", 1000)
    spool = CrystalSpool(tmp_path)
    with small_files(), pytest.raises(ScreeningError, match=r"a temporary file of the crystals: cannot be written"):
        spool.add([CRYSTAL] * 20)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("in_words", [False, True])
def test_each_kind_of_trouble_has_its_mend(code: int, in_words: bool, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    error: Exception = OSError(code, os.strerror(code))
    if in_words:
        error = RuntimeError(f"I/O error: {os.strerror(code)} (os error {code})")
        if code not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            pytest.skip("from libraries that open no files")
    with pytest.raises(ScreeningError) as refused, atomic_path(path):
        raise error
    assert str(refused.value).startswith(f"{path}: cannot be written ({os.strerror(code)}); ")
    assert refused.value.exit_status == 1 and list(tmp_path.iterdir()) == []


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "t"), (tmp_path / "no" / "such").open():
        pass
    of_another = PermissionError(errno.EACCES, "Permission denied", "/elsewhere/source.cif")
    with pytest.raises(PermissionError), named_write_errors(tmp_path / "t"):
        raise of_another
