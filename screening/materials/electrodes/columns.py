"""Columns, flags and remarks of battery electrodes."""

from __future__ import annotations

from screening.columns.spec import Column, text_column

COLUMNS: tuple[Column, ...] = (
    text_column("working_ion", "Ion", "The ion that is inserted and extracted.", "merit"),
    Column("voltage_V", "Voltage", "V", "Average voltage between the crystal and its ion-free frame.", 2, "merit"),
    Column(
        "voltage_extractable_V",
        "Voltage (use)",
        "V",
        "Average voltage over the part of the range that is within the redox limit.",
        2,
        "merit",
    ),
    Column(
        "capacity_mAh_per_g",
        "Capacity",
        "mAh/g",
        "Capacity of the whole range per discharged mass; for anodes given without their ion, per mass as given.",
        0,
        "merit",
    ),
    Column(
        "capacity_extractable_mAh_per_g",
        "Capacity (use)",
        "mAh/g",
        "Capacity within the redox limit per discharged mass; for anodes given without their ion, per mass as given.",
        0,
        "merit",
    ),
    Column("capacity_mAh_per_cm3", "Vol. capacity", "mAh/cm³", "Capacity per discharged volume.", 0, "merit"),
    Column(
        "specific_energy_Wh_per_kg",
        "Sp. energy",
        "Wh/kg",
        "Energy against the ion's metal, per the same mass as the capacity.",
        0,
        "merit",
    ),
    Column(
        "energy_density_Wh_per_L",
        "Energy density",
        "Wh/L",
        "Energy per discharged volume of the electrode.",
        0,
        "merit",
    ),
    Column(
        "volume_change_percent",
        "Volume change",
        "%",
        "Change of the volume on charging, relative to the discharged crystal.",
        1,
        "merit",
    ),
    text_column("electrode_role", "Role", "Cathode or anode, by the average voltage.", "merit"),
    text_column(
        "electrode_origin",
        "Other end",
        "Origin of the other end: given, topotactic (ions taken out) or inserted (ions put into voids).",
        "merit",
    ),
    text_column("voltage_method", "Voltage by", "How the voltage was predicted.", "merit"),
    text_column("no_pair_reason", "No other end", "Why the other end could not be derived.", "merit"),
    text_column("discharged_cell_formula", "Discharged", "Chemical formula of the cell with all of the ion.", "merit"),
    Column("discharged_volume_A3", "Discharged volume", "Å³", "Volume of the discharged cell.", 1, "merit"),
    Column("n_ions_removed", "Ions", "", "Ions that differ between the two ends, per discharged cell.", 2, "merit"),
    Column("n_ions_extractable", "Ions (use)", "", "Those of them that leave within the redox limit.", 2, "merit"),
    Column("strain_percent", "Strain", "%", "Absolute volume change.", 1, "merit"),
    Column(
        "relative_energy",
        "Rel. energy",
        "",
        "Stored energy per mass, relative to LiFePO4 (cathodes) or to graphite with the same partner (anodes).",
        2,
        "merit",
    ),
    Column(
        "price_USD_per_kWh",
        "Price",
        "USD/kWh",
        "Cost of the pure elements of an electrode that stores one kilowatt-hour.",
        1,
        "merit",
    ),
    Column(
        "energy_per_cost_kWh_per_USD",
        "Energy per cost",
        "kWh/USD",
        "Energy that one dollar of the pure elements stores.",
        2,
        "merit",
    ),
    Column(
        "discharged_energy_above_hull_eV_per_atom",
        "Hull, discharged",
        "eV/atom",
        "Predicted energy of the discharged end above the most stable phases of its elements.",
        3,
        "merit",
    ),
    Column(
        "charged_energy_above_hull_eV_per_atom",
        "Hull, charged",
        "eV/atom",
        "Predicted energy of the charged end above the most stable phases of its elements.",
        3,
        "merit",
    ),
)

FLAGS: dict[str, str] = {
    "not_an_electrode": "The ion cannot leave or enter reversibly: no metal that changes its oxidation "
    "state (salts, solid electrolytes), d0 metals with no room for more ions, or no frame besides the ion.",
    "anion_redox": "The transition metals cannot balance the loss of all ions: for the rest, oxygen would be oxidised, "
    "which tends to leave as gas; only the share of the metals counts as extractable.",
    "alloy_anode": "An alloy or carbon that stores the ion at low voltage, as an anode; its volume may change a lot.",
    "host_without_ion": "A host without the working ion: ions were put into its voids, as many as its metals can "
    "balance.",
    "charged_host": "The crystal contains the ion, but its metals cannot be oxidised further: it is the charged end. "
    "Ions were added, as many as its metals and voids allow.",
    "inactive_redox_couple": "Extraction would need a couple known to be inactive, such as Fe3+/4+ or Cr3+/4+ in a "
    "lithium oxide.",
    "no_room": "A search by distances and coordination finds no void for the ion (or for more ions) in the frame.",
    "ions_relocated": "When the host takes up ions, those already in it change their sites, as in Li4Ti5O12.",
    "ion_sites_blocked": "The ion sits in pockets of the frame without a passage wide enough to leave, as in maricite "
    "NaFePO4.",
    "frame_falls_apart": "Without the ion some atoms of the frame touch no others: it is not a host that keeps its "
    "frame, but an alloy or a salt that forms anew.",
    "redox_limited": "The transition metals allow only part of the ions to be extracted.",
    "above_voltage_window": "The predicted voltage is above the limit of common electrolytes (4.5 V by default).",
    "negative_voltage": "The predicted voltage is below that of the ion's metal: the ion would not enter by itself.",
    "plating_risk": "The predicted voltage is so close to that of the ion's metal that the metal may plate instead.",
    "charge_balance_unclear": "Common oxidation states do not balance, so the extractable charge is unknown.",
}

REMARKS: dict[str, str] = {
    "frame_kept": "The frame is still the same after both ends were relaxed.",
    "frame_changes": "The frame changes when both ends are relaxed: expect a phase transition or decomposition.",
    "relaxation_failed": "An end could not be relaxed, so the frame after charging is unknown.",
    "relaxation_unfinished": "The relaxation of an end did not converge: the result for the frame is uncertain.",
}
