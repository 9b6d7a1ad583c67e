"""The flags that any material class may set, with their meanings; classes add their own."""

from __future__ import annotations

FLAGS: dict[str, str] = {
    "ordered_approximant": "The crystal is partially occupied: one to three ordered approximants of it were scored, "
    "and their mean stands for its composition.",
    "trace_left_out": "The crystal has so little of an element that none of its approximants holds it: only what "
    "follows from the composition takes it into account.",
    "positions_restored": "Coordinates with few digits, such as 0.333, were moved onto the special position that the "
    "symmetry asks for, such as 1/3.",
    "empty_sites_left_out": "The file lists sites without an atom (vacancies, dummy sites, occupancy 0); they were "
    "left out.",
    "isotopes_merged": "The file names isotopes, such as 7Li or D; they count as their element.",
    "occupancy_assumed": "The file does not know an occupancy (?); the site was taken as full.",
    "formula_ignored": "The formula in the file names something other than elements, so the sites were not compared "
    "with it.",
    "setting_deduced": "The file leaves the setting of its space group open; the one that agrees with its cell, "
    "formula and distances was taken.",
    "symmetry_contradictory": "The file states another space group than that of its symmetry operations; the "
    "operations were used, and other values in the file confirm them.",
    "p1_assumed": "The file states no symmetry; its sites were taken as the whole cell, which other values in the file "
    "confirm.",
    "sites_listed_twice": "The file lists atoms beside their own images under its symmetry; each was counted once.",
    "label_ignored": "The label of a site begins with another element than its atom type; the type was used.",
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
