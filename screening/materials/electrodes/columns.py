"""Flags and remarks of battery electrodes; the columns are in `columns.yaml`."""

from __future__ import annotations

from pathlib import Path

from screening.columns.spec import read_columns

COLUMNS = read_columns(Path(__file__).with_suffix(".yaml"))

FLAGS: dict[str, str] = {
    "not_an_electrode": "The ion cannot leave or enter reversibly: no metal that changes its oxidation "
    "state (salts, solid electrolytes), d0 metals with no room for more ions, or no frame besides the ion.",
    "anion_redox": "The transition metals cannot balance the loss of all ions: for the rest, oxygen would be oxidised, "
    "which tends to leave as gas; only the share of the metals counts as extractable.",
    "alloy_anode": "An alloy or carbon that stores the ion at low voltage, as an anode; its volume may change a lot.",
    "conversion_electrode": "The crystal is no host: it turns into other phases, the metal beside a compound of the "
    "ion. Charge and discharge then differ by several tenths of a volt, and the volume changes a lot.",
    "may_convert": "The host with its ions can gain much energy by turning into other phases: rather a conversion than "
    "an insertion.",
    "host_without_ion": "A host without the working ion: ions were put into its voids, as many as its metals can "
    "balance.",
    "charged_host": "The crystal contains the ion, but its metals cannot be oxidised further: it is the charged end. "
    "Ions were added, as many as its metals and voids allow.",
    "takes_more_ions": "The metals could be reduced further and the frame may have room: with more ions this is "
    "another electrode, at a lower voltage (LiTi2O4, LiMn2O4). The figures are those of taking ions out.",
    "inactive_redox_couple": "Extraction would need a couple known to be inactive, such as Fe3+/4+ or Cr3+/4+ in a "
    "lithium oxide.",
    "no_room": "A search by distances and coordination finds no void for the ion (or for more ions) in the frame.",
    "few_voids": "The frame as it stands has room for fewer ions than its metals could take. Frames often give way to "
    "ions, so that the capacity may be larger.",
    "ions_relocated": "When the host takes up ions, those already in it change their sites, as in Li4Ti5O12.",
    "ion_sites_blocked": "The ion sits in pockets of the frame: the passage is narrow, and every way through the "
    "crystal too high in energy, as in maricite NaFePO4.",
    "no_path_found": "No hops of usual length past the atoms connect the sites of the ion through the crystal: its "
    "barrier is unknown.",
    "frame_falls_apart": "Without the ion some atoms of the frame touch no others: it is not a host that keeps its "
    "frame, but an alloy or a salt that forms anew.",
    "hull_says_little": "Cyanide is far above the hull of its elements in any compound, yet made in water and lasting: "
    "the energy above the hull does not tell whether the crystal can be made. The potential does not know the spin of "
    "iron either, which sets the voltages of Prussian blues.",
    "water_in_cavities": "Water in the cavities takes places of the ion and changes voltage and capacity; the figures "
    "are those of the crystal as given.",
    "redox_limited": "The transition metals allow only part of the ions to be extracted.",
    "role_unclear": "The interval of the voltage spans the limit between anode and cathode: the role may be the other.",
    "above_voltage_window": "The predicted voltage is above what the usual electrolyte of the ion withstands.",
    "negative_voltage": "The predicted voltage is below that of the ion's metal: the ion would not enter by itself.",
    "plating_risk": "The predicted voltage is so close to that of the ion's metal that the metal may plate instead.",
    "made_by_ion_exchange": "Only a synthesis by exchange of the ion in another crystal is known: two steps.",
    "offset_unknown": "No electrode with this redox couple and similar anions was measured, or the voltage release "
    "has no offsets: the measured voltage may differ from the calculated one more than usual.",
    "charge_balance_unclear": "Common oxidation states do not balance, so the extractable charge is unknown.",
}

REMARKS: dict[str, str] = {
    "frame_kept": "The frame is still the same after both ends were relaxed.",
    "frame_changes": "The frame changes when both ends are relaxed: expect a phase transition or decomposition.",
    "relaxation_failed": "An end could not be relaxed, so the frame after charging is unknown.",
    "relaxation_unfinished": "The relaxation of an end did not converge: the result for the frame is uncertain.",
}
