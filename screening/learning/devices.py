"""Training on several devices, with one process for each."""

from __future__ import annotations

import torch
import torch.distributed as distributed
from torch import Tensor


def process_rank(devices: int) -> int:
    """The rank of this process before training starts; rank 0 records and writes."""
    if devices == 1:
        return 0
    from lightning.fabric.utilities import rank_zero_only

    return int(getattr(rank_zero_only, "rank", 0))


def mean_over_ranks(count: Tensor) -> Tensor:
    """A count averaged over the processes of a run.

    Gradients are averaged over processes. If each process divides the sum over its own crystals by this mean, the
    average is the gradient of the whole batch's loss, even if the labels are unevenly distributed.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return count
    total = count.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


class SharedMaximum:
    """The largest of the numbers sent by the processes of a run, known to all of them.

    It is exchanged between CPUs, so that no process waits for a device.
    """

    def __init__(self) -> None:
        several = distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
        self._group = distributed.new_group(backend="gloo") if several else None
        self._pending: tuple[Tensor, distributed.Work | None] | None = None

    def now(self, *numbers: int) -> list[int]:
        """The maximum of each number; waits until all processes have sent theirs."""
        sent = torch.tensor(numbers)
        if self._group is not None:
            distributed.all_reduce(sent, distributed.ReduceOp.MAX, group=self._group)
        return [int(number) for number in sent]

    def later(self, number: int) -> int:
        """Send a number without waiting.

        Returns:
            The maximum of the numbers sent in the previous call, 0 in the first; with one process the number itself.
        """
        if self._group is None:
            return number
        received = self.wait()
        sent = torch.tensor(number)
        work = distributed.all_reduce(sent, distributed.ReduceOp.MAX, group=self._group, async_op=True)
        self._pending = sent, work
        return received

    def wait(self) -> int:
        """Wait for the maximum of the numbers sent last; 0 if there are none."""
        if self._pending is None:
            return 0
        sent, work = self._pending
        self._pending = None
        if work is not None:
            work.wait()
        return int(sent)
