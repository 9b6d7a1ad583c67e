"""Hand-over to micromagnetics: a finalist's magnetic parameters as the MaMMoS project's tools read them.

The file is in the format `mammos yaml v2` of the package mammos-entity, whose `from_yaml` reads it
(https://github.com/MaMMoS-project/mammos-entity): every quantity has its label and address in the domain ontology of
magnetic materials of EMMO, its SI unit and its value. The ends of the 80 % intervals are there too, `_lo` and `_hi`.
What is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from screening.chemistry.constants import MU0_T2_PER_MJ_M3

FILE = "micromagnetics.yaml"
_DOMAIN = "https://w3id.org/emmo/domain/magnetic-materials#EMMO_"
_EMMO = "https://w3id.org/emmo#EMMO_"


@dataclass(frozen=True)
class OntologyQuantity:
    """A quantity of the ontology and where the ranking has it.

    Attributes:
        name: Its usual symbol.
        column: Of the ranking.
        label: In the ontology.
        iri: Its address there.
        unit: As mammos-entity spells it.
        factor: What one of the column's unit is in this unit.
        text: What it is.
    """

    name: str
    column: str
    label: str
    iri: str
    unit: str
    factor: float
    text: str


_QUANTITIES = (
    OntologyQuantity("Ms", "mu0_Ms_T", "SpontaneousMagnetization", f"{_DOMAIN}032731f8-874d-5efb-9c9d-6dafaa17ef25",
                     "A / m", 1e6 / MU0_T2_PER_MJ_M3, "at the temperature T"),
    OntologyQuantity("A", "exchange_stiffness_pJ_per_m", "ExchangeStiffnessConstant",
                     f"{_DOMAIN}526ed2a5-a017-590e-8eb8-8a900f2b3b78", "J / m", 1e-12, "at the temperature T"),
    OntologyQuantity("K1", "K1_MJ_per_m3", "MagnetocrystallineAnisotropyConstantK1",
                     f"{_DOMAIN}2bb87117-30f9-5b3a-b406-731836a3902f", "J / m3", 1e6,
                     "at the temperature T; positive favours the axis"),
    OntologyQuantity("K2", "K2_MJ_per_m3", "MagnetocrystallineAnisotropyConstantK2",
                     f"{_DOMAIN}675fa9ea-408a-51f6-a001-2e6715568a71", "J / m3", 1e6, "at the temperature T"),
    OntologyQuantity("Tc", "curie_temperature_K", "CurieTemperature",
                     f"{_EMMO}6b5af5a8_a2d8_4353_a1d6_54c9f778343d", "K", 1.0, "by the composition"),
)  # fmt: skip
_TEMPERATURE = OntologyQuantity(
    "T", "", "ThermodynamicTemperature", f"{_EMMO}affe07e4_e9bc_4852_86c6_69e26182a17f", "K", 1.0, "of the values"
)


def micromagnetic_file(row: Mapping[str, Any], temperature_K: float) -> str | None:
    """The text of the file; None for a candidate without polarization at this temperature.

    Args:
        row: Of the ranked table.
        temperature_K: Of the ranking.
    """
    if not row.get("mu0_Ms_T"):
        return None
    data = {"T": _entity(_TEMPERATURE, temperature_K, "")}
    for quantity in _QUANTITIES:
        for end, words in (("", ""), ("_lo", ", 10th percentile"), ("_hi", ", 90th percentile")):
            value = row.get(f"{quantity.column}{end}")
            if value is not None:
                data[f"{quantity.name}{end}"] = _entity(quantity, float(value), words)
    for name in ("formula", "candidate_id", "easy_axis", "K1_method"):
        if row.get(name) is not None:
            data[name] = {"value": str(row[name])}
    described = f"{row['formula']} ({row['candidate_id']}): predicted by screening, with 80 % intervals"
    content = {"metadata": None, "description": described, "data": data}
    return "# mammos yaml v2\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def _entity(quantity: OntologyQuantity, value: float, words: str) -> dict[str, Any]:
    return {
        "ontology_label": quantity.label,
        "description": quantity.text + words,
        "ontology_iri": quantity.iri,
        "unit": quantity.unit,
        "value": float(f"{value * quantity.factor:.6g}"),
    }
