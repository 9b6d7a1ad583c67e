"""The weights of SevenNet-l3i5: read once from the file that the package `sevenn` carries, then kept as plain tensors.

We neither ship nor fetch them, and the package is never imported. Its file is a pickle, so it is opened only if it is
the very file that we know, and then by PyTorch's reader of weights, to which the few types in it are named.
"""

from __future__ import annotations

import _codecs
import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from screening.caching import kept
from screening.checksums import SHOWN, code_sha256, file_sha256
from screening.errors import RequestError
from screening.potentials.sevennet.network import ATOMIC_NUMBERS_OF_SPECIES, THREE_J

PACKAGE, FILE = "sevenn", "pretrained_potentials/SevenNet_l3i5/checkpoint_l3i5.pth"
SHA256 = "a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d"
"""Of the file in sevenn 0.10 to 0.13."""
HOW_TO_INSTALL = "pip install --no-deps 'sevenn==0.13.*' is enough, since only its file is read"
_WANTED = ("weight", "denominator", "coeffs", "shift", "scale")
_SYMBOLS_OF = "1_convolution.convolution._compiled_main_left_right._w3j"
"""In the first layer that has all Wigner 3j symbols; their signs are those of the e3nn of its training."""


def sevennet_checkpoint() -> Path | None:
    """The file of the installed package; None if there is no such package."""
    found = importlib.util.find_spec(PACKAGE)
    places = [] if found is None else found.submodule_search_locations or []
    return next((file for place in places if (file := Path(place) / FILE).is_file()), None)


def missing_weights() -> str:
    """What has to be installed, and how; empty if the package with the weights is."""
    if sevennet_checkpoint() is not None:
        return ""
    return f"the package {PACKAGE}, which carries the weights of SevenNet, is not installed; {HOW_TO_INSTALL}"


def sevennet_weights() -> dict[str, Tensor]:
    """The weights by their names in the checkpoint, the atomic numbers of its species, and its Wigner 3j symbols.

    Raises:
        RequestError: The package is not installed, or carries another file.
    """
    checkpoint = sevennet_checkpoint()
    if checkpoint is None:
        raise RequestError(missing_weights())
    digest = file_sha256(checkpoint)
    if digest != SHA256:
        raise RequestError(
            f"{checkpoint} is not the file that is known (SHA-256 {digest[:SHOWN]}, expected {SHA256[:SHOWN]}), so it "
            f"is not opened; {HOW_TO_INSTALL}"
        )
    key = f"sevennet-{SHA256[:SHOWN]}-{code_sha256('potentials/sevennet/sevennet_weights.py')[:SHOWN]}"
    return kept(_cache(), key, load_file, lambda: _read(checkpoint), save_file)


def _cache() -> Path:
    """The user's folder for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "screening"


def _read(checkpoint: Path) -> dict[str, Tensor]:
    # what its settings hold besides numbers and text; the name is that of numpy 1
    array = (np.zeros(0).__reduce__()[0], "numpy.core.multiarray._reconstruct")
    types: list[Any] = [array, np.ndarray, np.dtype, type(np.dtype("float32")), _codecs.encode]
    with torch.serialization.safe_globals(types):
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state, species = content["model_state_dict"], content["config"]["_type_map"]
    weights = {name: tensor for name, tensor in state.items() if name.endswith(_WANTED) and tensor.numel()}
    symbols = {name: tensor for name, tensor in state.items() if name.startswith(_SYMBOLS_OF)}
    weights |= {name.replace(_SYMBOLS_OF, THREE_J): tensor for name, tensor in symbols.items()}
    weights[ATOMIC_NUMBERS_OF_SPECIES] = torch.tensor(sorted(species, key=species.__getitem__))
    return {name: tensor.clone().contiguous() for name, tensor in weights.items()}
