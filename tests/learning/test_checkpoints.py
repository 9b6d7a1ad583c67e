"""Checkpoints are written atomically, damage is detected, and the newest valid one is used."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
import torch
from lightning import LightningModule

from screening.errors import RequestError, ScreeningError
from screening.files import part_path
from screening.learning.checkpoints import RUN, ChecksummedCheckpointIO, checkpoint_files, find_checkpoint


class Learning(LightningModule):
    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(width, 1)


def save(folder: Path, step: int, **more: object) -> Path:
    """Write a checkpoint of this step as training does."""
    content = {"global_step": step, "state_dict": Learning().state_dict(), RUN: "a run", **more}
    ChecksummedCheckpointIO().save_checkpoint(content, folder / f"step-{step:08d}.ckpt")
    return checkpoint_files(folder)[0]


def found(folder: Path) -> int:
    checkpoint = find_checkpoint(folder, Learning(), "a run")
    return checkpoint.step if checkpoint else 0


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    part_path(tmp_path / "step-00000001.ckpt").write_bytes(b"left by a process that was killed")
    for step in (9, 10, 99, 100, 12345678901):
        assert save(tmp_path, step).name.startswith(f"step-{step:08d}-")
    assert [path.name.split("-")[1] for path in checkpoint_files(tmp_path)] == ["12345678901", "00000100"]
    assert len(list(tmp_path.iterdir())) == 2
    assert found(tmp_path) == 12345678901


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_one_is_skipped_and_named(share: float, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path, 1)
    damaged = save(tmp_path, 2)
    os.truncate(damaged, int(share * damaged.stat().st_size))
    with caplog.at_level(logging.WARNING, logger="screening"):
        assert found(tmp_path) == 1
    assert str(damaged) in caplog.text and "trying an older checkpoint" in caplog.text
    assert damaged.with_name(f"{damaged.name}.damaged").is_file()
    save(tmp_path, 2)
    assert found(tmp_path) == 2 and len(checkpoint_files(tmp_path)) == 2


def test_every_flipped_bit_is_detected(tmp_path: Path) -> None:
    """Also in the weights, which torch reads without verifying the checksums of the zip file."""
    save(tmp_path, 1)
    content = save(tmp_path, 2).read_bytes()
    name = checkpoint_files(tmp_path)[0]
    for place in range(0, len(content), len(content) // 40):
        name.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        assert found(tmp_path) == 1, place
    name.write_bytes(content)
    assert found(tmp_path) == 2


def test_a_run_does_not_start_again_if_all_are_damaged(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path / "nowhere", Learning()) is None
    for step in (1, 2):
        save(tmp_path, step).write_bytes(b"")
        os.truncate(checkpoint_files(tmp_path)[0], 10)
    for _ in range(2):  # the first call renames them
        with pytest.raises(RequestError, match=r"no valid checkpoint \(step-0.*damaged, step-0.*delete the folder"):
            found(tmp_path)


def test_only_the_first_process_renames_damaged_ones(tmp_path: Path) -> None:
    save(tmp_path, 1)
    os.truncate(save(tmp_path, 2), 10)
    checkpoint = find_checkpoint(tmp_path, Learning(), "a run", set_aside=False)
    assert checkpoint is not None and checkpoint.step == 1 and len(checkpoint_files(tmp_path)) == 2


def test_what_could_run_code_is_not_loaded(tmp_path: Path) -> None:
    save(tmp_path, 1)
    save(tmp_path, 2, callbacks=Path("/"))  # an object that unpickling would create
    assert found(tmp_path) == 1


def test_one_of_another_network_or_run_is_refused(tmp_path: Path) -> None:
    file = save(tmp_path, 1)
    with pytest.raises(RequestError, match=f"{file} is from another network"):
        find_checkpoint(tmp_path, Learning(width=4))
    with pytest.raises(RequestError, match="other crystals, seed, batches or parent"):
        find_checkpoint(tmp_path, Learning(), "another run")


def test_a_full_disk_leaves_the_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, 1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(ScreeningError, match="No space"):
        patched.setattr(os, "fsync", full)
        save(tmp_path, 2)
    assert found(tmp_path) == 1 and len(list(tmp_path.iterdir())) == 1
