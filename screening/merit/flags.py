"""What each flag of the output tables means, in one sentence."""

from __future__ import annotations

FLAGS: dict[str, str] = {
    "ordered_approximant": "The crystal is partially occupied; an ordered stand-in of it was scored.",
    "out_of_domain": "The crystal is unlike the training data, so its predictions and intervals deserve less trust.",
    "relaxation_failed": "The crystal could not be relaxed (it flew apart, or holds an element that the potential does "
    "not know), so it was scored as it came.",
    "not_relaxed_fully": "The relaxation ended with its last step, before the forces were small.",
    "prediction_missing": "A predicted property that the figures of merit need is missing for this crystal.",
    "price_incomplete": "An element of the compound is not in the price table, so no price is given.",
    "hhi_incomplete": "An element of the compound has no supply-concentration index, so none is given.",
    "metastable": "The predicted energy above the hull lies between the limit for stable (0.05 eV/atom by default) and "
    "that for metastable phases (0.1 eV/atom by default).",
    "unstable": "The predicted energy above the hull exceeds the limit for metastable phases (0.1 eV/atom by default).",
    "no_magnetic_element": "No element that carries a magnetic moment in solids: not a magnet.",
    "low_temperature_order": "No Cr, Mn, Fe, Co or Ni: nearly all known compounds of this kind order far below room "
    "temperature, if they order at all.",
    "order_prior": "The magnetic order is a prior from composition and predicted band gap, not a prediction.",
    "ferrimagnetic_reduction": "A ferrimagnet: the ferromagnetic sum was reduced to the share that opposed "
    "sublattices keep.",
    "above_curie_temperature": "The predicted Curie temperature is not above the working temperature: most likely "
    "there is no magnetisation there.",
    "curie_temperature_unknown": "No Curie temperature is predicted for this crystal, so its figures are those of 0 K.",
    "rare_earth_moment_added": "The 4f moment that the training data leaves out was added with its sign and its own "
    "temperature dependence.",
    "rare_earth_moment_omitted": "The 4f moment is missing: no host moment of Mn, Fe, Co or Ni fixes its direction.",
    "rare_earth_moment_uncertain": "Ce, Eu or Yb of uncertain valence, or Gd whose alignment in the predicted total is "
    "unclear: no 4f moment was added for it.",
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
    "approved": "A reviewer approved this candidate in the earlier review that the ranking was given.",
    "charge_balance_unclear": "Oxidation states do not balance with common charges, so extraction is unknown.",
}
"""Flag -> explanation. Every flag that a merit module sets is listed here."""
