"""Columns, flags and remarks of battery electrodes."""

from __future__ import annotations

from screening.columns.spec import Column, text_column

COLUMNS: tuple[Column, ...] = (
    text_column("working_ion", "Ion", "The ion that is inserted and extracted.", "merit"),
    Column("voltage_V", "Voltage", "V", "Average voltage from the given crystal to its ion-free frame.", 2, "merit"),
    Column(
        "voltage_extractable_V",
        "Voltage (use)",
        "V",
        "Average voltage over the part of the range that the redox-active ions allow.",
        2,
        "merit",
    ),
    Column(
        "capacity_mAh_per_g",
        "Capacity",
        "mAh/g",
        "Capacity of the whole range per discharged mass; of anodes given without their ion, per mass as given.",
        0,
        "merit",
    ),
    Column(
        "capacity_extractable_mAh_per_g",
        "Capacity (use)",
        "mAh/g",
        "Capacity that the redox-active ions allow, per discharged mass; of anodes given without their ion, "
        "per mass as given.",
        0,
        "merit",
    ),
    Column("capacity_mAh_per_cm3", "Vol. capacity", "mAh/cm³", "Capacity per discharged volume.", 0, "merit"),
    Column(
        "specific_energy_Wh_per_kg",
        "Sp. energy",
        "Wh/kg",
        "Energy against the ion's metal, on the mass that capacities are counted on.",
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
        "Where the other end comes from: given, topotactic (ions taken out) or inserted (ions put into voids).",
        "merit",
    ),
    text_column("voltage_method", "Voltage by", "How the voltage was predicted.", "merit"),
    text_column("no_pair_reason", "No other end", "Why the other end could not be derived.", "merit"),
    text_column("discharged_cell_formula", "Discharged", "Chemical formula of the cell with all of the ion.", "merit"),
    Column("discharged_volume_A3", "Discharged volume", "Å³", "Volume of that cell.", 1, "merit"),
    Column("n_ions_removed", "Ions", "", "Working ions between both ends, in the discharged cell.", 2, "merit"),
    Column("n_ions_extractable", "Ions (use)", "", "Those of them that leave within the redox limit.", 2, "merit"),
    Column("strain_percent", "Strain", "%", "Size of the volume change, whichever way it goes.", 1, "merit"),
    Column(
        "relative_energy",
        "Rel. energy",
        "",
        "Energy stored per mass over that of LiFePO4 (cathodes) or graphite with the same partner (anodes).",
        2,
        "merit",
    ),
    Column(
        "price_USD_per_kWh",
        "Price",
        "USD/kWh",
        "Cost of the pure elements of the electrode that stores one kilowatt-hour.",
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
    "anion_redox": "The transition metals cannot pay for all of the ion: the rest would need oxidised oxygen, which "
    "tends to be lost as gas; only the metals' share counts as extractable.",
    "alloy_anode": "An alloy or carbon that stores the ion at low voltage, as an anode; its volume may change much.",
    "host_without_ion": "A host that does not hold the working ion: it is inserted into its "
    "voids, as much as the metals can pay for.",
    "charged_host": "The crystal holds the ion, but its metals cannot be oxidised further: it is the charged end and "
    "takes up more, as much as its metals and voids allow.",
    "inactive_redox_couple": "Extraction would need a couple known to be inactive, such as Fe3+/4+ or Cr3+/4+ in a "
    "lithium oxide.",
    "no_room": "A search by distances and coordination finds no void for the ion (or for more of it) in the frame.",
    "ions_relocated": "To take up more, the ions that the host holds change their sites, as in Li4Ti5O12.",
    "ion_sites_blocked": "The ion sits in pockets of the frame without a passage wide enough to leave, as in maricite "
    "NaFePO4.",
    "frame_falls_apart": "Without the ion some atoms of the frame touch no others: it is not a host that keeps its "
    "frame, but an alloy or a salt that forms anew.",
    "redox_limited": "The transition metals allow only a part of the ion to be extracted.",
    "above_voltage_window": "The predicted voltage is above what common electrolytes stand (4.5 V by default).",
    "negative_voltage": "The predicted voltage is below that of the ion's metal: the ion would not go in by itself.",
    "plating_risk": "The predicted voltage is so close to that of the ion's metal that the metal may plate instead.",
    "charge_balance_unclear": "Oxidation states do not balance with common charges, so extraction is unknown.",
}

REMARKS: dict[str, str] = {
    "frame_kept": "The frame is the same after both ends have relaxed.",
    "frame_changes": "The frame changes when both ends relax: expect a phase transition or decomposition.",
    "relaxation_failed": "An end could not be relaxed: nothing is known of the frame after charging.",
    "relaxation_unfinished": "An end was still moving when the relaxation stopped: take the frame's verdict with care.",
}
