"""Losses for targets with missing labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from screening.learning.devices import mean_over_ranks
from screening.networks.outputs import Prediction


class Losses(NamedTuple):
    """Losses of a batch.

    Attributes:
        value: (T,) mean absolute errors in standardised units.
        scale: (T,) losses of the error scales.
        site_moment: Mean absolute error of the site moments in µB.
    """

    value: Tensor
    scale: Tensor
    site_moment: Tensor


def masked_losses(prediction: Prediction, standardised: Tensor, site_moment_muB: Tensor) -> Losses:
    """Losses of a batch; with several ranks, the average over ranks is the loss of the whole batch.

    The scale loss is the negative log-likelihood of a Laplace distribution at the error made. Its gradient reaches only
    the scale; the value is fitted by its absolute error alone.

    Args:
        prediction: The predictions.
        standardised: (B, T) standardised labels, NaN if missing.
        site_moment_muB: (N,) site moments, NaN if missing.
    """
    known, site_known = standardised.isfinite(), site_moment_muB.isfinite()
    counts = mean_over_ranks(torch.cat([known.sum(0), site_known.sum()[None]]).float())
    n, n_sites = torch.where(counts > 0, counts, 1.0).split([known.shape[1], 1])
    error = torch.where(known, (prediction.value - standardised.nan_to_num()).abs(), 0.0)
    scale = torch.where(known, error.detach() * torch.exp(-prediction.log_scale) + prediction.log_scale, 0.0)
    site_error = torch.where(site_known, (prediction.site_moment_muB - site_moment_muB.nan_to_num()).abs(), 0.0)
    return Losses(error.sum(0) / n, scale.sum(0) / n, site_error.sum() / n_sites[0])


def robust_scales(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Median and mean absolute deviation of labels, ignoring NaN.

    In these units an error of 1 is the error of the best constant prediction.

    Args:
        labels: (B, T) labels.

    Returns:
        (T,) centres and (T,) scales.
    """
    centre = torch.nanmedian(labels, dim=0).values
    scale = torch.nanmean((labels - centre).abs(), dim=0)
    return centre.nan_to_num(0.0), scale.nan_to_num(1.0).clamp(min=1e-6)
