"""Columns and flags of permanent magnets."""

from __future__ import annotations

from screening.columns.spec import Column, text_column

COLUMNS: tuple[Column, ...] = (
    Column(
        "mu0_Ms_T",
        "µ0Ms",
        "T",
        "Saturation polarization at the working temperature; 0 if most likely there is no net moment (the upper end of "
        "the interval shows whether one is possible).",
        2,
        "merit",
    ),
    text_column("magnetic_order", "Order", "Most probable magnetic order of the ground state.", "merit"),
    Column(
        "ferro_or_ferrimagnetic_probability",
        "P(net moment)",
        "",
        "Probability that the ground state keeps a net magnetization: ferro- or ferrimagnetic order.",
        2,
        "merit",
    ),
    Column(
        "uniaxial",
        "Uniaxial",
        "",
        "Whether the space group is tetragonal, trigonal or hexagonal, as required for a hard magnet.",
        0,
        "merit",
        kind="boolean",
    ),
    Column("magnetic_order_probability", "P(order)", "", "Probability of this magnetic order.", 2, "merit"),
    Column("ferromagnetic_probability", "P(ferro)", "", "Probability of ferromagnetic order.", 2, "merit"),
    Column("ferrimagnetic_probability", "P(ferri)", "", "Probability of ferrimagnetic order.", 2, "merit"),
    Column("antiferromagnetic_probability", "P(antiferro)", "", "Probability of antiferromagnetic order.", 2, "merit"),
    Column(
        "nonmagnetic_probability", "P(no moments)", "", "Probability that there are no magnetic moments.", 2, "merit"
    ),
    Column(
        "opposed_moment_share",
        "Net share",
        "",
        "Net moment of a ferrimagnetic oxide or halide over the sum of its moments, by its superexchange bridges.",
        2,
        "merit",
    ),
    Column(
        "host_magnetization_muB_per_A3",
        "Host magnetization",
        "µB/Å³",
        "Magnetization at 0 K of a metallic host with all 3d moments parallel and without 4f moments.",
        4,
        "merit",
    ),
    Column(
        "curie_temperature_K",
        "Tc",
        "K",
        "Curie temperature, from the composition, if there is a net moment.",
        0,
        "merit",
    ),
    Column(
        "four_f_K1_MJ_per_m3",
        "K1 of 4f shells",
        "MJ/m³",
        "Anisotropy of the rare earths' 4f shells at 0 K, from their crystal field; positive favours the axis.",
        2,
        "merit",
    ),
    Column(
        "host_K1_magnitude_MJ_per_m3",
        "|K1| of 3d metals",
        "MJ/m³",
        "Size of the anisotropy of the 3d metals at the temperature in the next column.",
        2,
        "merit",
    ),
    Column(
        "host_K1_temperature_K",
        "T of |K1|",
        "K",
        "Temperature for the size of the 3d metals' anisotropy: 0 if calculated, 300 if measured.",
        0,
        "merit",
    ),
    Column(
        "host_axial_probability",
        "P(3d axial)",
        "",
        "Probability that the 3d metals favour the axis: by family, otherwise the base rate of 3d metals.",
        2,
        "merit",
    ),
    text_column(
        "host_K1_method",
        "3d anisotropy from",
        "Source of the size and sign of the 3d metals' anisotropy.",
        "merit",
    ),
    text_column("axis_symmetry", "Axis", "Symmetry of the atoms' surroundings: uniaxial, cubic or lower.", "merit"),
    Column(
        "K1_MJ_per_m3",
        "K1",
        "MJ/m³",
        "First anisotropy constant at the working temperature; positive favours the axis of a uniaxial crystal.",
        2,
        "merit",
    ),
    text_column("K1_method", "K1 by", "Sources of the two parts of K1: 4f shells and 3d host.", "merit"),
    Column(
        "easy_axis_probability", "P(easy axis)", "", "Probability of this easy direction; empty if unknown.", 2, "merit"
    ),
    Column(
        "axial_probability",
        "P(axis)",
        "",
        "Probability that the crystal is uniaxial and its axis is easy, as required for a hard magnet.",
        2,
        "merit",
    ),
    Column(
        "anisotropy_field_T",
        "µ0Ha",
        "T",
        "Anisotropy field 2µ0K1/µ0Ms for an easy axis; coercivities reach 20 to 40 % of it.",
        1,
        "merit",
    ),
    Column(
        "BHmax_per_cost_J_per_USD",
        "(BH)max per cost",
        "J/USD",
        "Upper bound of the energy product divided by density and price of the elements.",
        2,
        "merit",
    ),
    text_column("easy_axis", "Easy axis", "Easy direction: axis, plane, cone, cubic or unknown.", "merit"),
    Column(
        "hardness_kappa",
        "κ",
        "",
        "Magnetic hardness √(K1/(µ0Ms²)) of uniaxial crystals with positive K1; above 1 a hard magnet is possible.",
        2,
        "merit",
    ),
    Column(
        "hardness_kappa_if_axial",
        "κ if axial",
        "",
        "Magnetic hardness if the axis is easy, for every uniaxial crystal whose size of anisotropy is known.",
        2,
        "merit",
    ),
    Column(
        "BHmax_kJ_per_m3",
        "(BH)max",
        "kJ/m³",
        "Upper bound of the energy product, (µ0Ms)²/4µ0; real magnets reach less.",
        0,
        "merit",
    ),
)

FLAGS: dict[str, str] = {
    "no_magnetic_element": "No element carries a magnetic moment in solids: not a magnet.",
    "low_temperature_order": "No Cr, Mn, Fe, Co or Ni: nearly all known compounds of this kind order far below room "
    "temperature, if they order at all.",
    "order_prior": "The magnetic order is a prior from composition and predicted band gap, not a prediction.",
    "ferrimagnetic_reduction": "A ferrimagnet: the ferromagnetic sum was reduced to the share that its opposed "
    "sublattices leave.",
    "above_curie_temperature": "The predicted Curie temperature is not above the working temperature, where the "
    "magnetization is most likely zero.",
    "curie_temperature_unknown": "No Curie temperature is predicted for this crystal, so its figures are for 0 K.",
    "rare_earth_moment_added": "The 4f moment, which the training data leave out, was added with its sign and "
    "temperature dependence.",
    "rare_earth_moment_omitted": "The 4f moment is left out: no host moment of Mn, Fe, Co or Ni fixes its direction.",
    "rare_earth_moment_uncertain": "Ce, Eu or Yb of uncertain valence, or Gd whose direction in the predicted total is "
    "unclear: no 4f moment was added.",
}
