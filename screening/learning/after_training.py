"""What is set once the weights are done, from crystals that were not learned: the intervals and the known region."""

from __future__ import annotations

from collections.abc import Collection

from screening.learning.calibration import calibrate
from screening.learning.data import CrystalData
from screening.learning.known_region import set_domain
from screening.networks.model import PropertyModel


def finish_model(
    model: PropertyModel, data: CrystalData, learned_splits: Collection[str], *, region: bool = True
) -> dict[str, int]:
    """Set the intervals and, if `region`, what counts as unlike the training data; the calibration crystals by target.

    The validation split stands in for a calibration split that is empty, and joins one that is small, unless it was
    learned, be it by the release that this one started from.
    """
    batch_atoms = data.settings.batch_atoms
    stands_in = not len(data.split_rows["calibration"]) and "validation" not in learned_splits
    joins = not stands_in and "validation" not in learned_splits
    unseen = data.labelled("validation" if stands_in else "calibration")
    reserve = data.labelled("validation") if joins else None
    used = calibrate(model, unseen, batch_atoms, reserve)
    if region:
        set_domain(model, data.labelled("train"), unseen, batch_atoms)
    return used
