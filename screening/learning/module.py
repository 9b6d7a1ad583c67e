"""The LightningModule: training step, validation scores, optimiser and learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torchmetrics import MeanMetric

from screening.data.targets import TARGETS
from screening.errors import RequestError
from screening.learning.devices import mean_over_ranks
from screening.learning.labelled_graphs import LabelledBatch
from screening.learning.losses import masked_losses
from screening.learning.optimiser import MatrixAdamW
from screening.networks.linear import Linear
from screening.networks.model import PropertyModel
from screening.networks.outputs import Prediction

_MATRIX_RATE = 2.0  # over two epochs a factor of 2 gave errors 6 % (hull) and 4 % (magnetization) lower than 1


@dataclass(frozen=True)
class OptimiserSettings:
    """Settings of the optimiser and the loss.

    Attributes:
        total_steps: The step at which the cosine schedule ends.
        learning_rate: Peak learning rate; the matrices inside the network, with orthogonalised steps, use twice this.
        weight_decay: Weight decay of all matrices.
        warmup_fraction: Fraction of the steps with linear warm-up.
        scale_weight: Weight of the error-scale loss.
        site_weight: Weight of the site-moment loss.
        target_weights: Weight of each target's error, in units of the best constant's error; empty for those in
            `screening.data.targets`.
        compile: Whether to compile the model.
        exact: Whether to orthogonalise matrices in float32 instead of bf16.
    """

    total_steps: int
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warmup_fraction: float = 0.02
    scale_weight: float = 0.1
    site_weight: float = 0.3
    target_weights: tuple[float, ...] = ()
    compile: bool = False
    exact: bool = False


class PropertyLearning(LightningModule):
    """Fits a `PropertyModel`; checkpoints hold the model under `model.`."""

    target_weights: Tensor

    def __init__(self, model: PropertyModel, settings: OptimiserSettings) -> None:
        super().__init__()
        self.model, self.settings = model, settings
        weights = settings.target_weights or tuple(TARGETS[target].loss_weight for target in model.targets)
        if len(weights) != len(model.targets):
            raise RequestError(f"trainer.target_weights: expected {len(model.targets)} numbers, got {len(weights)}")
        self.register_buffer("target_weights", torch.tensor(weights), persistent=False)
        self.errors = torch.nn.ModuleDict({target: MeanMetric(nan_strategy="ignore") for target in model.targets})
        self.time_share: Callable[[], float] | None = None
        self._compiled: list[Callable[..., list[Prediction]]] = []  # in a list, so that it is not a submodule

    def forward(self, *batch: Any) -> list[Prediction]:
        """Predictions of each member of the model; they are trained together."""
        if not self.settings.compile:
            return self.model.predict_members(*batch)
        if not self._compiled:
            self._compiled.append(torch.compile(self.model.predict_members, dynamic=True))
        return self._compiled[0](*batch)

    def training_step(self, batch: LabelledBatch, _: int) -> Tensor:
        standardised = (batch.labels - self.model.centre) / self.model.scale
        losses = [self._loss(prediction, standardised, batch.site_moment_muB) for prediction in self(batch.graphs)]
        total = torch.stack(losses).mean()
        self.log("train/loss", total, batch_size=len(batch.labels))
        return total

    def _loss(self, prediction: Prediction, standardised: Tensor, site_moment_muB: Tensor) -> Tensor:
        losses = masked_losses(prediction, standardised, site_moment_muB)
        total = (self.target_weights * losses.value).sum()
        total = total + self.settings.scale_weight * losses.scale.sum()
        return total + self.settings.site_weight * losses.site_moment

    def validation_step(self, batch: LabelledBatch, _: int) -> None:
        values, _half_width = self.model.physical(self.model(batch.graphs))
        error = (values - batch.labels).abs()
        for i, target in enumerate(self.model.targets):
            self.errors[target].update(error[:, i])  # type: ignore[operator]

    def on_validation_epoch_end(self) -> None:
        relative = []
        for i, target in enumerate(self.model.targets):
            metric = self.errors[target]
            value = metric.compute()  # type: ignore[operator]
            metric.reset()  # type: ignore[operator]
            self.log(f"val/mae/{target}", value)
            relative.append(value / self.model.scale[i])
        self.log("val/relative_error", torch.stack(relative).nanmean(), prog_bar=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        parameters = dict(self.model.named_parameters())
        matrices = {
            f"{name}.weight"
            for name, module in self.model.named_modules()
            if isinstance(module, Linear) and ".network." in name
        }
        inner = [p for name, p in parameters.items() if name in matrices]
        decayed = [p for name, p in parameters.items() if name not in matrices and p.ndim > 1]
        plain = [p for p in parameters.values() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {
                "params": inner,
                "lr": _MATRIX_RATE * self.settings.learning_rate,
                "weight_decay": self.settings.weight_decay,
                "orthogonal": True,
            },
            {"params": decayed, "weight_decay": self.settings.weight_decay},
            {"params": plain},
        ]
        iterate_in = torch.float32 if self.settings.exact else torch.bfloat16
        optimiser = MatrixAdamW(groups, lr=self.settings.learning_rate, iterate_in=iterate_in)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self.rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _time_share(self) -> float:
        if self.time_share is None:
            return 0.0
        # clocks differ between processes, but the rate must not
        return float(mean_over_ranks(torch.tensor(self.time_share(), device=self.device)))

    def rate(self, step: int) -> float:
        """Learning rate of a step relative to the peak: linear warm-up, then a cosine down to 0.5 %.

        The cosine ends at the last step, or at the time limit of the run (`time_share` is 1) if that comes first.
        """
        total = max(1, self.settings.total_steps)
        warmup = max(1, round(self.settings.warmup_fraction * total))
        if step < warmup:
            return (step + 1) / warmup
        progress = max((step - warmup) / max(1, total - warmup), self._time_share())
        progress = min(1.0, progress)
        return 0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * progress))
