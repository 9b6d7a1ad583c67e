"""Numbers shared between processes; tests of whole runs cover the rest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import torch
import torch.distributed as distributed
import torch.multiprocessing as processes

from screening.learning.devices import SharedMaximum


def test_one_process_agrees_with_itself_at_once() -> None:
    agreement = SharedMaximum()
    assert agreement.now(3, -1) == [3, -1]
    assert [agreement.later(number) for number in (0, 2, 1)] == [0, 2, 1]
    assert agreement.wait() == 0


def _one_of_two(rank: int, folder: Path) -> None:
    store = distributed.FileStore(str(folder / "store"), 2)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    agreement = SharedMaximum()
    heard = agreement.now(rank, -rank)
    heard += [agreement.later(number) for number in ([0, 3, 0], [1, 0, 0])[rank]]
    heard.append(agreement.wait())
    torch.save(heard, folder / f"{rank}")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_get_the_largest_one_call_later(tmp_path: Path) -> None:
    processes.spawn(_one_of_two, (tmp_path,), nprocs=2)
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}", weights_only=True) == [1, 0, 0, 1, 3, 0]
