"""Every column of the output tables: its label, unit, meaning and number of digits.

The single source for headings in the report, the terminal tables and the documentation. Names are public contract;
a predicted quantity `q` with an 80 % interval is accompanied by `q_lo` and `q_hi` (10th and 90th percentile).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Group = Literal["identity", "prediction", "magnet", "electrode", "supply", "ranking", "other"]
Kind = Literal["number", "text", "boolean"]

MISSING = "–"
GATE_PREFIX = "gate_"
GATE_SUFFIX = "_probability"


@dataclass(frozen=True)
class Column:
    """One output column.

    label: short heading. unit: empty for pure numbers and text. description: one sentence for a reader who knows
    the field. digits: decimals shown (the stored value keeps them all). kind: what the cells hold.
    """

    name: str
    label: str
    unit: str
    description: str
    digits: int
    group: Group
    kind: Kind = "number"

    @property
    def text(self) -> bool:
        """Whether the cells hold text, even where it looks like a number (an id `007`)."""
        return self.kind == "text"

    @property
    def heading(self) -> str:
        """Label with its unit: `Price (USD/kg)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def shown(self, value: Any) -> str:
        """One value as a reader sees it: fixed decimals, a dash where there is none."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return MISSING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.text or not isinstance(value, int | float):
            return str(value)
        text = f"{value:.{self.digits}f}"
        return text.lstrip("-") if float(text) == 0 else text


def _text(name: str, label: str, description: str, group: Group) -> Column:
    return Column(name, label, "", description, 0, group, kind="text")


_IDENTITY = (
    _text("candidate_id", "Candidate", "The input's own identifier, or the name of its file.", "identity"),
    _text("source", "Source", "Where the crystal was read: a path, with the entry or row inside it.", "identity"),
    _text("formula", "Formula", "Reduced chemical formula, electropositive elements first.", "identity"),
    _text("cell_formula", "Cell", "Chemical formula of the whole cell as given.", "identity"),
    _text("chemical_system", "System", "The elements present, sorted and joined by hyphens.", "identity"),
    Column(
        "space_group_number",
        "SG",
        "",
        "International space-group number, where the ranking asks; an ordered approximant has its parent's.",
        0,
        "identity",
    ),
    Column("n_atoms", "Atoms", "", "Number of atoms in the cell as given.", 0, "identity"),
    Column("volume_A3", "Volume", "Å³", "Volume of the cell as given.", 2, "identity"),
    Column("density_g_per_cm3", "Density", "g/cm³", "Mass density of the crystal as given.", 2, "identity"),
)

_PREDICTION = (
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

_MAGNET = (
    Column(
        "mu0_Ms_T",
        "µ0Ms",
        "T",
        "Saturation polarization at the working temperature, with 4f moments and opposed sublattices. Where the most "
        "probable order has no net moment it is 0, and the upper end tells the chance of one.",
        2,
        "magnet",
    ),
    _text("magnetic_order", "Order", "Most probable magnetic order of the ground state.", "magnet"),
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
    _text(
        "host_K1_method",
        "3d anisotropy from",
        "How the size and sign of the 3d metals' anisotropy were found.",
        "magnet",
    ),
    _text("axis_symmetry", "Axis", "Whether the surroundings single out one axis: uniaxial, cubic or lower.", "magnet"),
    Column(
        "K1_MJ_per_m3",
        "K1",
        "MJ/m³",
        "First anisotropy constant at the working temperature; positive favours the axis of a uniaxial crystal.",
        2,
        "magnet",
    ),
    _text("K1_method", "K1 by", "What the two parts of K1 come from: 4f shells and the 3d host.", "magnet"),
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
    _text("easy_axis", "Easy axis", "Easy direction: axis, plane, cone, cubic or unknown.", "magnet"),
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

_ELECTRODE = (
    _text("working_ion", "Ion", "The ion that is inserted and extracted.", "electrode"),
    Column(
        "voltage_V", "Voltage", "V", "Average voltage from the given crystal to its ion-free frame.", 2, "electrode"
    ),
    Column(
        "voltage_extractable_V",
        "Voltage (use)",
        "V",
        "Average voltage over the part of the range that the redox-active ions allow.",
        2,
        "electrode",
    ),
    Column(
        "capacity_mAh_per_g", "Capacity", "mAh/g", "Capacity of the whole range per discharged mass.", 0, "electrode"
    ),
    Column(
        "capacity_extractable_mAh_per_g",
        "Capacity (use)",
        "mAh/g",
        "Capacity that the redox-active ions allow, per discharged mass.",
        0,
        "electrode",
    ),
    Column("capacity_mAh_per_cm3", "Vol. capacity", "mAh/cm³", "Capacity per discharged volume.", 0, "electrode"),
    Column(
        "specific_energy_Wh_per_kg",
        "Sp. energy",
        "Wh/kg",
        "Energy per discharged mass of the electrode.",
        0,
        "electrode",
    ),
    Column(
        "energy_density_Wh_per_L",
        "Energy density",
        "Wh/L",
        "Energy per discharged volume of the electrode.",
        0,
        "electrode",
    ),
    Column(
        "volume_change_percent",
        "Volume change",
        "%",
        "Change of the volume on charging, relative to the discharged crystal.",
        1,
        "electrode",
    ),
)

_SUPPLY = (
    Column(
        "price_USD_per_kg", "Price", "USD/kg", "Cost of the pure elements in one kilogram of the compound.", 2, "supply"
    ),
    Column(
        "hhi_production",
        "HHI prod.",
        "",
        "Herfindahl-Hirschman index of the elements' production by country; above 2500 is concentrated.",
        0,
        "supply",
    ),
    Column(
        "hhi_reserve",
        "HHI reserve",
        "",
        "Herfindahl-Hirschman index of the elements' reserves by country; above 2500 is concentrated.",
        0,
        "supply",
    ),
    Column("rare_earth_mass_fraction", "RE mass", "", "Mass fraction of rare-earth elements.", 2, "supply"),
    Column("heavy_rare_earth_mass_fraction", "Heavy RE", "", "Mass fraction of Y and Tb to Lu.", 2, "supply"),
    Column("cobalt_mass_fraction", "Co mass", "", "Mass fraction of cobalt.", 2, "supply"),
    Column("nickel_mass_fraction", "Ni mass", "", "Mass fraction of nickel.", 2, "supply"),
    Column(
        "locally_available_mass_fraction",
        "Local mass",
        "",
        "Mass fraction of elements that the chosen region (`supply=`) makes or plans; null for the world market.",
        2,
        "supply",
    ),
    _text(
        "price_date", "Price of", "From when the prices of the elements are; one given by the user is named.", "supply"
    ),
)

_RANKING = (
    Column("rank", "Rank", "", "Position in the ranking, 1 is best.", 0, "ranking"),
    Column(
        "score",
        "Score",
        "",
        "Product of the gates' probabilities times the expected objective; 1: surely as good as the reference.",
        3,
        "ranking",
    ),
    _text("limiting_gate", "Limited by", "The gate with the lowest probability.", "ranking"),
    _text("why", "Why", "Why the candidate stands where it stands.", "ranking"),
    Column(
        "pareto_front",
        "Front",
        "",
        "Pareto front of the objectives; 1 is not dominated by any candidate.",
        0,
        "ranking",
    ),
    _text("flags", "Flags", "Remarks on the candidate, separated by semicolons.", "ranking"),
    _text("stage", "Stage", "The step that refused the input.", "ranking"),
    _text("reason", "Reason", "Why the input was not scored.", "ranking"),
)

COLUMNS: dict[str, Column] = {
    column.name: column for column in (*_IDENTITY, *_PREDICTION, *_MAGNET, *_ELECTRODE, *_SUPPLY, *_RANKING)
}

_BOUNDS = {"_lo": ("10 %", "10th percentile"), "_hi": ("90 %", "90th percentile")}


def column(name: str) -> Column:
    """What is known of a column, also of interval bounds and gate probabilities; others keep their name as label."""
    if name in COLUMNS:
        return COLUMNS[name]
    for suffix, (mark, words) in _BOUNDS.items():
        base = COLUMNS.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if base is not None:
            return replace(base, name=name, label=f"{base.label} {mark}", description=f"{words}: {base.description}")
    if is_gate(name):
        gate = gate_name(name)
        return Column(name, f"P({gate})", "", f"Probability that the gate '{gate}' is passed.", 2, "ranking")
    return Column(name, name, "", "", 3, "other")


def is_gate(name: str) -> bool:
    """Whether the column holds the probability of passing a gate."""
    return name.startswith(GATE_PREFIX) and name.endswith(GATE_SUFFIX)


def gate_name(name: str) -> str:
    """The gate in words: `gate_not_radioactive_probability` -> `not radioactive`."""
    return name.removeprefix(GATE_PREFIX).removesuffix(GATE_SUFFIX).replace("_", " ")


def interval_names(name: str, available: Iterable[str]) -> tuple[str, str] | None:
    """The columns of the interval's ends, if the table has both."""
    low, high = f"{name}_lo", f"{name}_hi"
    return (low, high) if {low, high} <= set(available) else None
