"""Training on several devices: one process each, which Lightning starts or a cluster does."""

from __future__ import annotations

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
