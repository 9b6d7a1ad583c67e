"""Predicts a table of properties with intervals from crystals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import polars as pl
import torch

from screening.chemistry.constants import G_PER_CM3_PER_U_PER_A3
from screening.chemistry.elements import atomic_masses
from screening.chemistry.formulas import cell_formula
from screening.crystals.crystal import Crystal
from screening.crystals.packed import PackedCrystals, pack
from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.graphs.batch import build_batch, padded
from screening.networks.linear import has_bf16
from screening.networks.model import PropertyModel
from screening.networks.released_model import ModelConfig, find_release, load_release


class StageTimes:
    """Seconds of work by stage.

    On a CPU these are processor seconds of the working threads: they can add up to more than the wall time, and waiting
    does not count. With a GPU they are wall seconds.

    Attributes:
        seconds: Seconds by stage.
    """

    def __init__(self, device: torch.device) -> None:
        self.now = time.thread_time if device.type == "cpu" else time.perf_counter
        self.seconds: dict[str, float] = {}
        self._lock = Lock()

    def add(self, stage: str, since: float) -> float:
        """Add the time since `since` to a stage and return the current time."""
        now = self.now()
        with self._lock:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now


class Predictor:
    """A released model on a device.

    Attributes:
        registered: The version in a registry that it was loaded from; empty if it came from elsewhere.
    """

    registered: str = ""

    def __init__(
        self, model: PropertyModel, config: ModelConfig, folder: Path, device: str = "auto", precision: str = "auto"
    ) -> None:
        self.device = resolve_device(device)
        self.model = model.to(self.device).eval()
        self.model.set_inference_dtype(inference_dtype(precision, self.device))
        self.config, self.folder = config, folder
        self.times = StageTimes(self.device)

    @classmethod
    def load(cls, model: str, device: str = "auto", precision: str = "auto") -> Predictor:
        """Load a released model.

        Args:
            model: The name of a released model, or a folder.
            device: `auto`, `cpu` or `cuda`.
            precision: `auto`, `bf16` or `32`.

        Raises:
            RequestError: If there is no such model, it is damaged, or the device is missing.
        """
        folder = find_release(model)
        return cls(*load_release(folder), folder, device, precision)

    @property
    def elements(self) -> frozenset[int]:
        """Atomic numbers that the model was trained on."""
        return frozenset(self.config.elements)

    def predict(self, crystals: Sequence[Crystal]) -> pl.DataFrame:
        """Predict crystals.

        Returns:
            A row for each crystal, in order: identity columns, each target with its 80 % interval (`_lo`, `_hi`), and
            `flags`.
        """
        if not crystals:
            return pl.DataFrame(schema=prediction_schema(self.config.targets))
        started = self.times.now()
        packed = pack(crystals)
        with torch.inference_mode():
            graphs = padded(build_batch(packed, self.config.graph, self.device))
            started = self.times.add("graphs", started)
            prediction = self.model(graphs)
            outside = self.model.domain.outside(prediction.features)[:-1].tolist()
            values, half_widths = self.model.physical(prediction)
            value, half_width = (part[:-1].double().cpu().numpy() for part in (values, half_widths))
        started = self.times.add("network", started)
        columns = _identity(crystals, packed)
        for i, target in enumerate(self.config.targets):
            lowest = TARGETS[target].minimum
            columns[target] = np.maximum(value[:, i], lowest)
            columns[f"{target}_lo"] = np.maximum(value[:, i] - half_width[:, i], lowest)
            columns[f"{target}_hi"] = np.maximum(value[:, i] + half_width[:, i], lowest)
        columns["flags"] = [
            ";".join((*crystal.flags, *(("out_of_domain",) if unlike else ())))
            for crystal, unlike in zip(crystals, outside, strict=True)
        ]
        table = pl.DataFrame(columns, schema=prediction_schema(self.config.targets))
        self.times.add("table", started)
        return table


def prediction_schema(targets: Sequence[str]) -> dict[str, type[pl.DataType]]:
    """Columns of the prediction table and their types."""
    identity = {
        "candidate_id": pl.String,
        "source": pl.String,
        "formula": pl.String,
        "cell_formula": pl.String,
        "chemical_system": pl.String,
        "n_atoms": pl.Int32,
        "volume_A3": pl.Float64,
        "density_g_per_cm3": pl.Float64,
    }
    predicted = {f"{target}{suffix}": pl.Float64 for target in targets for suffix in ("", "_lo", "_hi")}
    return {**identity, **predicted, "flags": pl.String}


def resolve_device(device: str) -> torch.device:
    """The device for `auto` (CUDA if available), `cpu` or `cuda`.

    Raises:
        RequestError: If CUDA is requested and not available.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        raise RequestError("device=cuda: PyTorch finds no CUDA GPU on this machine; use device=cpu or device=auto")
    return torch.device(device)


def precision_name(precision: str, device: torch.device) -> str:
    """What `auto` comes to on a device, in the words of the key: `32` or `bf16`."""
    return "bf16" if inference_dtype(precision, device) == torch.bfloat16 else "32"


def inference_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The type for inference: on GPUs always float32; on CPUs `auto` is bfloat16 if the hardware supports it."""
    wanted = precision == "bf16" or (precision == "auto" and has_bf16())
    return torch.bfloat16 if wanted and device.type == "cpu" else torch.float32


def _identity(crystals: Sequence[Crystal], packed: PackedCrystals) -> dict[str, object]:
    mass = np.add.reduceat(atomic_masses()[packed.numbers], packed.offsets[:-1])
    volume_A3 = packed.volume_A3
    return {
        "candidate_id": [c.candidate_id for c in crystals],
        "source": [c.source for c in crystals],
        "formula": [c.formula for c in crystals],
        "cell_formula": [cell_formula(c.numbers) for c in crystals],
        "chemical_system": [c.chemical_system for c in crystals],
        "n_atoms": [c.n_atoms for c in crystals],
        "volume_A3": volume_A3,
        "density_g_per_cm3": mass / volume_A3 * G_PER_CM3_PER_U_PER_A3,
    }
