"""Columns of battery electrodes."""

from __future__ import annotations

from screening.columns.column import Column, text_column

ELECTRODE: tuple[Column, ...] = (
    text_column("working_ion", "Ion", "The ion that is inserted and extracted.", "electrode"),
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
        "capacity_mAh_per_g",
        "Capacity",
        "mAh/g",
        "Capacity of the whole range per discharged mass; of anodes given without their ion, per mass as given.",
        0,
        "electrode",
    ),
    Column(
        "capacity_extractable_mAh_per_g",
        "Capacity (use)",
        "mAh/g",
        "Capacity that the redox-active ions allow, per discharged mass; of anodes given without their ion, "
        "per mass as given.",
        0,
        "electrode",
    ),
    Column("capacity_mAh_per_cm3", "Vol. capacity", "mAh/cm³", "Capacity per discharged volume.", 0, "electrode"),
    Column(
        "specific_energy_Wh_per_kg",
        "Sp. energy",
        "Wh/kg",
        "Energy against the ion's metal, on the mass that capacities are counted on.",
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
    text_column("electrode_role", "Role", "Cathode or anode, by the average voltage.", "electrode"),
    text_column(
        "electrode_origin",
        "Other end",
        "Where the other end comes from: given, topotactic (ions taken out) or inserted (ions put into voids).",
        "electrode",
    ),
    text_column("voltage_method", "Voltage by", "How the voltage was predicted.", "electrode"),
    text_column("no_pair_reason", "No other end", "Why the other end could not be derived.", "electrode"),
    text_column(
        "discharged_cell_formula", "Discharged", "Chemical formula of the cell with all of the ion.", "electrode"
    ),
    Column("discharged_volume_A3", "Discharged volume", "Å³", "Volume of that cell.", 1, "electrode"),
    Column("n_ions_removed", "Ions", "", "Working ions between both ends, in the discharged cell.", 2, "electrode"),
    Column("n_ions_extractable", "Ions (use)", "", "Those of them that leave within the redox limit.", 2, "electrode"),
    Column("strain_percent", "Strain", "%", "Size of the volume change, whichever way it goes.", 1, "electrode"),
    Column(
        "relative_energy",
        "Rel. energy",
        "",
        "Energy stored per mass over that of LiFePO4 (cathodes) or graphite with the same partner (anodes).",
        2,
        "electrode",
    ),
    Column(
        "price_USD_per_kWh",
        "Price",
        "USD/kWh",
        "Cost of the pure elements of the electrode that stores one kilowatt-hour.",
        1,
        "electrode",
    ),
    Column(
        "energy_per_cost_kWh_per_USD",
        "Energy per cost",
        "kWh/USD",
        "Energy that one dollar of the pure elements stores.",
        2,
        "electrode",
    ),
    Column(
        "discharged_energy_above_hull_eV_per_atom",
        "Hull, discharged",
        "eV/atom",
        "Predicted energy of the discharged end above the most stable phases of its elements.",
        3,
        "electrode",
    ),
    Column(
        "charged_energy_above_hull_eV_per_atom",
        "Hull, charged",
        "eV/atom",
        "Predicted energy of the charged end above the most stable phases of its elements.",
        3,
        "electrode",
    ),
)
