"""Columns of permanent magnets."""

from __future__ import annotations

from screening.columns.column import Column, text_column

MAGNET: tuple[Column, ...] = (
    Column(
        "mu0_Ms_T",
        "µ0Ms",
        "T",
        "Saturation polarization at the working temperature; 0 where most likely there is no net moment, the upper end "
        "telling the chance of one.",
        2,
        "magnet",
    ),
    text_column("magnetic_order", "Order", "Most probable magnetic order of the ground state.", "magnet"),
    Column(
        "ferro_or_ferrimagnetic_probability",
        "P(net moment)",
        "",
        "Probability that the ground state keeps a net magnetization: ferro- or ferrimagnetic order.",
        2,
        "magnet",
    ),
    Column(
        "uniaxial",
        "Uniaxial",
        "",
        "Whether the space group is tetragonal, trigonal or hexagonal, as a hard magnet needs.",
        0,
        "magnet",
        kind="boolean",
    ),
    Column("magnetic_order_probability", "P(order)", "", "Probability of that magnetic order.", 2, "magnet"),
    Column("ferromagnetic_probability", "P(ferro)", "", "Probability of ferromagnetic order.", 2, "magnet"),
    Column("ferrimagnetic_probability", "P(ferri)", "", "Probability of ferrimagnetic order.", 2, "magnet"),
    Column("antiferromagnetic_probability", "P(antiferro)", "", "Probability of antiferromagnetic order.", 2, "magnet"),
    Column(
        "nonmagnetic_probability", "P(no moments)", "", "Probability that there are no magnetic moments.", 2, "magnet"
    ),
    Column(
        "opposed_moment_share",
        "Net share",
        "",
        "Net moment of a ferrimagnetic oxide or halide over the sum of its moments, from its superexchange bridges.",
        2,
        "magnet",
    ),
    Column(
        "host_magnetization_muB_per_A3",
        "Host magnetization",
        "µB/Å³",
        "Magnetization of a metallic host with all its 3d moments parallel, without 4f moments, at 0 K.",
        4,
        "magnet",
    ),
    Column(
        "curie_temperature_K",
        "Tc",
        "K",
        "Curie temperature if there is a net moment, from the composition.",
        0,
        "magnet",
    ),
    Column(
        "four_f_K1_MJ_per_m3",
        "K1 of 4f shells",
        "MJ/m³",
        "Anisotropy of the rare earths' 4f shells at 0 K from their crystal field; positive favours the axis.",
        2,
        "magnet",
    ),
    Column(
        "host_K1_magnitude_MJ_per_m3",
        "|K1| of 3d metals",
        "MJ/m³",
        "Size of the anisotropy of the 3d metals at the temperature in the column beside it.",
        2,
        "magnet",
    ),
    Column(
        "host_K1_temperature_K",
        "T of |K1|",
        "K",
        "Temperature of the size of the 3d metals' anisotropy: 0 for calculated, 300 for measured ones.",
        0,
        "magnet",
    ),
    Column(
        "host_axial_probability",
        "P(3d axial)",
        "",
        "Probability that the 3d metals favour the axis: by family, else how often 3d metals do.",
        2,
        "magnet",
    ),
    text_column(
        "host_K1_method",
        "3d anisotropy from",
        "How the size and sign of the 3d metals' anisotropy were found.",
        "magnet",
    ),
    text_column(
        "axis_symmetry", "Axis", "Whether the surroundings single out one axis: uniaxial, cubic or lower.", "magnet"
    ),
    Column(
        "K1_MJ_per_m3",
        "K1",
        "MJ/m³",
        "First anisotropy constant at the working temperature; positive favours the axis of a uniaxial crystal.",
        2,
        "magnet",
    ),
    text_column("K1_method", "K1 by", "What the two parts of K1 come from: 4f shells and the 3d host.", "magnet"),
    Column(
        "easy_axis_probability", "P(easy axis)", "", "Probability of that easy direction; none if unknown.", 2, "magnet"
    ),
    Column(
        "axial_probability",
        "P(axis)",
        "",
        "Probability that the crystal is uniaxial and its axis is easy, as a hard magnet needs.",
        2,
        "magnet",
    ),
    Column(
        "anisotropy_field_T",
        "µ0Ha",
        "T",
        "Anisotropy field 2µ0K1/µ0Ms of an easy axis; coercivities reach 20 to 40 % of it.",
        1,
        "magnet",
    ),
    Column(
        "BHmax_per_cost_J_per_USD",
        "(BH)max per cost",
        "J/USD",
        "Upper bound of the energy product over density and price of the elements.",
        2,
        "magnet",
    ),
    text_column("easy_axis", "Easy axis", "Easy direction: axis, plane, cone, cubic or unknown.", "magnet"),
    Column(
        "hardness_kappa",
        "κ",
        "",
        "Magnetic hardness √(K1/(µ0Ms²)) of uniaxial crystals with positive K1; above 1 a hard magnet is possible.",
        2,
        "magnet",
    ),
    Column(
        "hardness_kappa_if_axial",
        "κ if axial",
        "",
        "Magnetic hardness if the axis is easy, of every uniaxial crystal whose anisotropy is known in size.",
        2,
        "magnet",
    ),
    Column(
        "BHmax_kJ_per_m3",
        "(BH)max",
        "kJ/m³",
        "Upper bound of the energy product, (µ0Ms)²/4µ0; real magnets reach less.",
        0,
        "magnet",
    ),
)
