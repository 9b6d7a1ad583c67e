"""A linear map that is fast on every CPU.

PyTorch multiplies float32 matrices on a CPU with MKL, which runs at a fraction of the speed of oneDNN on AMD
processors: 60,000 x 64 times 64 x 64 took 4.7 ms with MKL and 1.3 ms with oneDNN on two Zen 5 cores. Inference
therefore calls oneDNN's kernel where PyTorch has it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_HAS_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
_SMALL = 1 << 12  # rows below which the call overhead of oneDNN eats the gain


class Linear(nn.Linear):
    """`torch.nn.Linear`; the same numbers to float32 rounding."""

    def forward(self, input: Tensor) -> Tensor:
        direct = (
            _HAS_ONEDNN
            and input.device.type == "cpu"
            and input.dtype == self.weight.dtype == torch.float32
            and not torch.is_grad_enabled()
            and not torch.is_autocast_enabled("cpu")
            and not torch.compiler.is_compiling()
            and len(input) >= _SMALL
        )
        if direct:
            return torch.ops.mkldnn._linear_pointwise(input, self.weight, self.bias, "none", [], "")
        return functional.linear(input, self.weight, self.bias)
