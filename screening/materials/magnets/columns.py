"""Flags of permanent magnets; the columns are in `columns.yaml`."""

from __future__ import annotations

from pathlib import Path

from screening.columns.spec import read_columns

COLUMNS = read_columns(Path(__file__).with_suffix(".yaml"))

FLAGS: dict[str, str] = {
    "no_magnetic_element": "No element carries a magnetic moment in solids: not a magnet.",
    "low_temperature_order": "No Cr, Mn, Fe, Co or Ni: nearly all known compounds of this kind order far below room "
    "temperature, if they order at all.",
    "cell_far_from_potential": "The crystal changed its volume by more than 5 % on its way to the potential's minimum, "
    "where its stability was predicted.",
    "order_prior": "The magnetic order is a prior from composition and predicted band gap, not a prediction.",
    "ferrimagnetic_reduction": "A ferrimagnet: the ferromagnetic sum was reduced to the share that its opposed "
    "sublattices leave.",
    "above_curie_temperature": "The predicted Curie temperature is not above the working temperature, where the "
    "magnetization is most likely zero.",
    "curie_temperature_unknown": "No Curie temperature is predicted for this crystal, so its figures are for 0 K.",
    "coercivity_not_estimated": "The axis is easy, but too soft for Kronmüller's formula, so the attainable coercivity "
    "and energy product are left empty; the coercivity of an ideal grain is given.",
    "rare_earth_moment_added": "The 4f moment, which the training data leave out, was added with its sign and "
    "temperature dependence.",
    "rare_earth_moment_omitted": "The 4f moment is left out: no host moment of Mn, Fe, Co or Ni fixes its direction.",
    "rare_earth_moment_uncertain": "Ce, Eu or Yb of uncertain valence, or Gd whose direction in the predicted total is "
    "unclear: no 4f moment was added.",
}
