"""Training on several devices: one process each, which Lightning starts or a cluster does."""

from __future__ import annotations

import torch
import torch.distributed as distributed
from torch import Tensor


def process_rank(devices: int) -> int:
    """Which of the run's processes this is, before training starts: 0 is the one that records and writes."""
    if devices == 1:
        return 0
    from lightning.fabric.utilities import rank_zero_only

    return int(getattr(rank_zero_only, "rank", 0))


def mean_over_ranks(count: Tensor) -> Tensor:
    """A count averaged over the processes of a run; itself where there is one process.

    The gradients of the processes are averaged. With a sum over each one's own crystals divided by this mean, they
    average to the gradient of the whole batch's loss, however unevenly its labels are spread over the processes.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return count
    total = count.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


class SharedMaximum:
    """The largest of the numbers that the processes of a run say, which all of them hear.

    It goes through the CPUs, so that no device is waited for.
    """

    def __init__(self) -> None:
        several = distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
        self._group = distributed.new_group(backend="gloo") if several else None
        self._pending: tuple[Tensor, distributed.Work | None] | None = None

    def now(self, *numbers: int) -> list[int]:
        """The largest of each of the numbers, once all have said theirs."""
        said = torch.tensor(numbers)
        if self._group is not None:
            distributed.all_reduce(said, distributed.ReduceOp.MAX, group=self._group)
        return [int(number) for number in said]

    def later(self, number: int) -> int:
        """The largest of the numbers said in the call before this one (0 in the first), which nobody waits for.

        With one process it is the number itself.
        """
        if self._group is None:
            return number
        heard = self.settle()
        said = torch.tensor(number)
        work = distributed.all_reduce(said, distributed.ReduceOp.MAX, group=self._group, async_op=True)
        self._pending = said, work
        return heard

    def settle(self) -> int:
        """Wait for what was said last; 0 if nothing was."""
        if self._pending is None:
            return 0
        said, work = self._pending
        self._pending = None
        if work is not None:
            work.wait()
        return int(said)
