"""The last step of training: sets the intervals and the known region from unseen crystals."""

from __future__ import annotations

from collections.abc import Collection

from screening.learning.calibration import calibrate
from screening.learning.data import CrystalData
from screening.learning.known_region import fit_domain
from screening.networks.model import PropertyModel


def finish_model(
    model: PropertyModel, data: CrystalData, learned_splits: Collection[str], *, region: bool = True
) -> dict[str, int]:
    """Set the intervals of a trained model and what counts as unlike its training data.

    The validation split replaces an empty calibration split and joins a small one, unless it was learned, by this model
    or by the release it started from.

    Args:
        model: The trained model.
        data: Its data.
        learned_splits: The splits it was trained on.
        region: Whether to set the known region too.

    Returns:
        The number of calibration crystals by target.
    """
    batch_atoms = data.settings.batch_atoms
    stands_in = not len(data.split_rows["calibration"]) and "validation" not in learned_splits
    joins = not stands_in and "validation" not in learned_splits
    unseen = data.labelled("validation" if stands_in else "calibration")
    reserve = data.labelled("validation") if joins else None
    used = calibrate(model, unseen, batch_atoms, reserve)
    if region:
        fit_domain(model, data.labelled("train"), unseen, batch_atoms)
    return used
