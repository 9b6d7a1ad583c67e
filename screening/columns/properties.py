"""Columns that identify a crystal, and those that networks predict."""

from __future__ import annotations

from screening.columns.spec import Column, text_column

IDENTITY: tuple[Column, ...] = (
    text_column("candidate_id", "Candidate", "The input's own identifier, or the name of its file.", "identity"),
    text_column("source", "Source", "Where the crystal was read: a path, with the entry or row in it.", "identity"),
    text_column("formula", "Formula", "Reduced chemical formula, electropositive elements first.", "identity"),
    text_column("cell_formula", "Cell", "Chemical formula of the whole cell as given.", "identity"),
    text_column("chemical_system", "System", "The elements present, sorted and joined by hyphens.", "identity"),
    Column(
        "space_group_number",
        "SG",
        "",
        "International space-group number, if the ranking needs it; an ordered approximant has that of its parent.",
        0,
        "identity",
    ),
    Column("n_atoms", "Atoms", "", "Number of atoms in the cell as given.", 0, "identity"),
    Column("volume_A3", "Volume", "Å³", "Volume of the cell as given.", 2, "identity"),
    Column("density_g_per_cm3", "Density", "g/cm³", "Mass density of the crystal as given.", 2, "identity"),
)


PREDICTION: tuple[Column, ...] = (
    Column(
        "formation_energy_eV_per_atom",
        "E form",
        "eV/atom",
        "Predicted PBE formation energy from the elements; negative means bound.",
        3,
        "prediction",
    ),
    Column(
        "energy_above_hull_eV_per_atom",
        "E above hull",
        "eV/atom",
        "Predicted energy above the convex hull of competing phases; 0 means stable at 0 K.",
        3,
        "prediction",
    ),
    Column(
        "band_gap_eV", "Band gap", "eV", "Predicted PBE band gap, which lies below the measured one.", 2, "prediction"
    ),
    Column(
        "magnetization_muB_per_A3",
        "Magnetization",
        "µB/Å³",
        "Predicted magnetization as in the training data: ferromagnetic alignment, 4f shells mostly frozen.",
        4,
        "prediction",
    ),
)
