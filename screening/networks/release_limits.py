"""What a released model may ask for: its numbers, its size and its weights are looked at before they are used."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_parameter_registration_hook,
)

from screening.networks.outputs import MAX_ATOMIC_NUMBER

_LIMITS = {
    "members": (int, 1, 1000),
    "graph.neighbours": (int, 1, 1000),
    "graph.spread": (float, 0.0, 10.0),
    "graph.max_cutoff_A": (float, 0.1, 100.0),
}
_SLACK, _SPARE_BYTES = 4, 1 << 26
"""How much larger than its file a network may be: half precision in the file, tensors that are not kept."""


def config_problem(raw: Mapping[str, Any]) -> str:
    """What is wrong with the entries of a release's `config.json`, with the key; empty if nothing is.

    Raises:
        KeyError, TypeError: An entry is missing or of another kind.
    """
    given = {"members": raw.get("members", 1), **{f"graph.{name}": value for name, value in raw["graph"].items()}}
    for key, value in given.items():
        kind, least, most = _LIMITS.get(key, (object, 0, 0))
        allowed = (int, float) if kind is float else kind
        if kind is not object and not (_is_number(value, allowed) and least <= value <= most):
            what = "a whole number" if kind is int else "a number"
            return f"{key}={value!r}: expected {what} from {least} to {most}"
    for key in ("name", "architecture"):
        if not isinstance(raw[key], str):
            return f"{key}={raw[key]!r}: expected text"
    targets, elements = raw["targets"], raw["elements"]
    if not targets or not all(isinstance(target, str) for target in targets) or len(set(targets)) < len(targets):
        return f"targets={targets!r}: expected different names of what is predicted"
    if not elements or not all(_is_number(element, int) and 1 <= element <= MAX_ATOMIC_NUMBER for element in elements):
        return f"elements: expected atomic numbers from 1 to {MAX_ATOMIC_NUMBER}"
    learned = raw["training"].get("learned_splits", [])
    if not isinstance(learned, list) or not all(isinstance(split, str) for split in learned):
        return f"training.learned_splits={learned!r}: expected names of splits"
    if not isinstance(raw["training"].get("split_salt", ""), str):
        return f"training.split_salt={raw['training']['split_salt']!r}: expected text"
    return ""


def weights_problem(state: Mapping[str, Tensor]) -> str:
    """What is wrong with the numbers of a network; empty if nothing is. A limit may be infinite: none."""
    for name, tensor in state.items():
        if not (tensor.is_floating_point() and tensor.numel()):
            continue
        largest = tensor.abs().max().item()  # NaN if there is one
        if math.isnan(largest) or (math.isinf(largest) and tensor.ndim):
            return f"the tensor {name!r} holds numbers that are not finite"
    return ""


@contextmanager
def no_larger_than(file_bytes: int) -> Iterator[None]:
    """Build networks, but none that is much larger than the file of its weights.

    Raises:
        ValueError: From within the block, before memory for the tensor that is too much is touched.
    """
    limit, builder, total = _SLACK * file_bytes + _SPARE_BYTES, threading.get_ident(), 0

    def count(_module: object, _name: str, tensor: Tensor | None) -> None:
        nonlocal total
        if tensor is None or threading.get_ident() != builder:
            return
        total += tensor.nbytes
        if total > limit:
            raise ValueError(
                f"it would be larger than {limit / 1e6:.0f} MB, but its weights are {file_bytes / 1e6:.0f}"
            )

    hooks = [register_module_parameter_registration_hook(count), register_module_buffer_registration_hook(count)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _is_number(value: object, kinds: Any) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
