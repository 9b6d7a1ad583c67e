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
