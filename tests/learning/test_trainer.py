"""The requested precision is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers.labelled import small_store
from lightning.pytorch.strategies import DDPStrategy

from screening.data.targets import TARGETS
from screening.learning.data import DataSettings
from screening.learning.module import OptimiserSettings
from screening.learning.run import TrainingSettings
from screening.learning.trainer import make_trainer, resolve_precision
from screening.learning.training import train
from screening.networks.linear import has_bf16


@pytest.fixture(autouse=True)
def matmul_precision() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


def settings(folder: Path, **changes: object) -> TrainingSettings:
    return TrainingSettings("t", folder, DataSettings(folder, ("band_gap_eV",)), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("precision", "products"), [("tf32", "high"), ("32", "highest"), ("bf16-mixed", "highest")])
def test_float32_products_are_exact_unless_tf32_is_asked_for(tmp_path: Path, precision: str, products: str) -> None:
    trainer = make_trainer(settings(tmp_path, precision=precision), 1, lambda *_: None)
    assert torch.get_float32_matmul_precision() == products
    assert trainer.precision == ("bf16-mixed" if precision == "bf16-mixed" else "32-true")


def test_auto_is_bf16_where_the_hardware_has_it() -> None:
    assert resolve_precision("auto", "cpu") == ("bf16-mixed" if has_bf16() else "32")
    assert resolve_precision("16-mixed", "cuda") == "16-mixed"


def test_several_devices_never_exchange_buffers(tmp_path: Path) -> None:
    trainer = make_trainer(settings(tmp_path, devices=2), 1, lambda *_: None)
    assert isinstance(trainer.strategy, DDPStrategy) and trainer.world_size == 2
    assert trainer.strategy.process_group_backend == "gloo"


@pytest.mark.cuda
def test_a_gpu_learns_what_a_cpu_does(tmp_path: Path) -> None:
    store = small_store(tmp_path / "store", missing=0.3).path
    losses: dict[str, list[float]] = {}
    for accelerator in ("cpu", "cuda"):
        losses[accelerator] = []
        train(TrainingSettings(
            name="t", output_dir=tmp_path / accelerator, data=DataSettings(store, tuple(TARGETS), batch_atoms=60),
            network="edge_update", parameters={"width": 16, "edge_width": 16, "layers": 1}, accelerator=accelerator,
            optimiser=OptimiserSettings(0, learning_rate=2e-3), max_steps=8, precision="32", log_every_steps=1,
        ), lambda metrics, _, found=losses[accelerator]: found.append(metrics.get("train/loss", 0.0)))  # fmt: skip
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-3, abs=1e-3)
