"""Losses over targets with missing labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from screening.learning.devices import mean_over_ranks
from screening.networks.outputs import Prediction


class Losses(NamedTuple):
    """value: (T,) mean absolute errors in standardised units; scale: (T,) of the error scales; site_moment: in µB."""

    value: Tensor
    scale: Tensor
    site_moment: Tensor


def masked_losses(prediction: Prediction, standardised: Tensor, site_moment_muB: Tensor) -> Losses:
    """Losses of a batch; labels (B, T) standardised and (N,) in µB, NaN where missing.

    With several ranks these are a rank's parts, whose average is the loss of the whole batch.
    The scale loss is the negative log-likelihood of a Laplace law at the error made, which reaches the scale alone:
    the value is fitted by its absolute error, undisturbed.
    """
    known, site_known = standardised.isfinite(), site_moment_muB.isfinite()
    counts = mean_over_ranks(torch.cat([known.sum(0), site_known.sum()[None]]).float())
    n, n_sites = torch.where(counts > 0, counts, 1.0).split([known.shape[1], 1])
    error = torch.where(known, (prediction.value - standardised.nan_to_num()).abs(), 0.0)
    scale = torch.where(known, error.detach() * torch.exp(-prediction.log_scale) + prediction.log_scale, 0.0)
    site_error = torch.where(site_known, (prediction.site_moment_muB - site_moment_muB.nan_to_num()).abs(), 0.0)
    return Losses(error.sum(0) / n, scale.sum(0) / n, site_error.sum() / n_sites[0])


def robust_scales(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(T,) centres and scales of (B, T) labels: median and mean absolute deviation, NaN left out.

    With these, an error of 1 is the error of the best constant prediction.
    """
    centre = torch.nanmedian(labels, dim=0).values
    scale = torch.nanmean((labels - centre).abs(), dim=0)
    return centre.nan_to_num(0.0), scale.nan_to_num(1.0).clamp(min=1e-6)
