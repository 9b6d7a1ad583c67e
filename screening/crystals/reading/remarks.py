"""Flags that readers set on a crystal; `screening.materials.flags` says what each means."""

from __future__ import annotations

POSITIONS_RESTORED = "positions_restored"
EMPTY_SITES = "empty_sites_left_out"
ISOTOPES = "isotopes_merged"
OCCUPANCY_ASSUMED = "occupancy_assumed"
FORMULA_IGNORED = "formula_ignored"
SETTING_DEDUCED = "setting_deduced"
SYMMETRY_CONTRADICTORY = "symmetry_contradictory"
P1_ASSUMED = "p1_assumed"
LISTED_TWICE = "sites_listed_twice"
LABEL_IGNORED = "label_ignored"

READING_FLAGS = (
    POSITIONS_RESTORED,
    EMPTY_SITES,
    ISOTOPES,
    OCCUPANCY_ASSUMED,
    FORMULA_IGNORED,
    SETTING_DEDUCED,
    SYMMETRY_CONTRADICTORY,
    P1_ASSUMED,
    LISTED_TWICE,
    LABEL_IGNORED,
)
"""All of them."""
