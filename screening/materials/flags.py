"""The flags that any material class may set, with their meanings; classes add their own."""

from __future__ import annotations

FLAGS: dict[str, str] = {
    "ordered_approximant": "The crystal is partially occupied; an ordered approximant of it was scored.",
    "out_of_domain": "The crystal is unlike the training data, so its predictions and intervals deserve less trust.",
    "relaxation_failed": "The crystal could not be relaxed (it fell apart, or the potential does not cover one of its "
    "elements), so it was scored as given.",
    "not_relaxed_fully": "The relaxation reached its limit of steps before the forces were small.",
    "prediction_missing": "A predicted property that the figures of merit need is missing for this crystal.",
    "price_incomplete": "An element of the compound is not in the price table, so no price is given.",
    "hhi_incomplete": "An element of the compound has no supply-concentration index, so none is given.",
    "metastable": "The predicted energy above the hull lies between the limit for stable (0.05 eV/atom by default) and "
    "that for metastable phases (0.1 eV/atom by default).",
    "unstable": "The predicted energy above the hull exceeds the limit for metastable phases (0.1 eV/atom by default).",
    "approved": "A reviewer approved this candidate in the review that was given to the ranking.",
}
