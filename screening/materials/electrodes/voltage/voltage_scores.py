"""Errors of voltages on electrodes of test systems, by working ion and by redox-active metal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import chemical_system
from screening.chemistry.elements import ATOMIC_NUMBERS, SYMBOLS
from screening.data.splits import splits_of
from screening.materials.electrodes.end_members.redox import ION_CHARGES, redox_table
from screening.materials.electrodes.voltage.couples import Balance, Couples
from screening.materials.electrodes.voltage.descriptors import composition_columns

ALL, COMMON_IONS, NEW_FRAMES = "all", "ions of the rankings", "charged end of a test system too"
_FEWEST = 5


def scores_by_group(
    couples: Couples,
    balance: Balance,
    truth: Floats,
    start: Floats,
    predicted: Sequence[Floats],
    learn: NDArray[np.int64],
    test: NDArray[np.int64],
    salt: str,
) -> dict[str, Any]:
    """Errors and coverage by group of test rows, with baselines on the same rows.

    The baselines are the median of the training rows, boosting on composition, ion and amounts, and `start` without a
    correction.

    Args:
        couples: R electrodes.
        balance: `balance_of(couples)`.
        truth: (R,).
        start: Uncorrected predictions, (R,).
        predicted: Predictions of each fit on the T test rows, with intervals, (T, 3).
        learn: The training rows.
        test: The test rows, (T,).
        salt: Of the splits.
    """
    constant = np.full(len(test), np.median(truth[learn]))
    composition = _boosted(composition_columns(couples, balance), truth, learn, test)
    errors = {"constant": constant, "composition": composition, "uncorrected": start[test]}
    found = {}
    for name, group in _groups(couples, balance, test, salt).items():
        if group.sum() >= _FEWEST:
            found[name] = _scores(predicted, truth[test], group)
            found[name] |= {key: float(np.abs(value - truth[test])[group].mean()) for key, value in errors.items()}
    return found


def _scores(predicted: Sequence[Floats], truth: Floats, group: Mask) -> dict[str, Any]:
    error = predicted[0][:, 0] - truth
    inside = (predicted[0][:, 1] <= truth) & (truth <= predicted[0][:, 2])
    return {
        "n": int(group.sum()),
        "maes": [float(np.abs(p[:, 0] - truth)[group].mean()) for p in predicted],
        "median_error": float(np.median(np.abs(error)[group])),
        "bias": float(error[group].mean()),
        "coverage": float(inside[group].mean()),
        "width": float((predicted[0][:, 2] - predicted[0][:, 1])[group].mean()),
    }


def _groups(couples: Couples, balance: Balance, test: NDArray[np.int64], salt: str) -> dict[str, Mask]:
    ions, frame = couples.ions[test], balance.frame[test]
    common = np.isin(ions, [ATOMIC_NUMBERS[symbol] for symbol in ION_CHARGES])
    charged = balance.frame_charged[test].copy()
    charged[np.arange(len(test)), ions] += balance.ions_charged[test] > 0
    new = np.array(splits_of([chemical_system(row) for row in charged], salt)) == "test"
    active = frame * redox_table().active
    main = np.where(active.sum(axis=1) > 0, active.argmax(axis=1), 0)
    groups = {ALL: np.ones(len(test), dtype=bool), COMMON_IONS: common, NEW_FRAMES: new}
    groups |= {f"ion {SYMBOLS[z]}": ions == z for z in np.unique(ions)}
    groups |= {f"metal {SYMBOLS[z]}" if z else "no redox metal": main == z for z in np.unique(main)}
    return groups


def _boosted(features: Floats, truth: Floats, learn: NDArray[np.int64], test: NDArray[np.int64]) -> Floats:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        loss="absolute_error", max_iter=300, learning_rate=0.05, max_leaf_nodes=24, min_samples_leaf=8, random_state=0
    )
    return np.asarray(model.fit(features[learn], truth[learn]).predict(features[test]), dtype=np.float64)
