"""Published accuracies beside which ours are read, with how their protocol differs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A mean absolute error from the literature.

    quantity, rows: as in `screening.learning.evaluation.Scores`; source: a citation.
    """

    quantity: str
    rows: str
    model: str
    mae: float
    source: str


PUBLISHED = (
    Published(
        "formation_energy_eV_per_atom",
        "all",
        "MEGNet",
        0.028,
        "Chen et al., Chem. Mater. 31, 3564 (2019); matgl's card of MEGNet-MP-2018.6.1-Eform",
    ),
    Published(
        "formation_energy_eV_per_atom",
        "all",
        "M3GNet",
        0.019,
        "matgl's card of M3GNet-MP-2018.6.1-Eform; network of Chen and Ong, Nat. Comput. Sci. 2, 718 (2022)",
    ),
    Published(
        "formation_energy_eV_per_atom",
        "all",
        "ComFormer",
        0.018,
        "Yan et al., ICLR 2024 (arXiv:2403.11857), about 60,000 training rows",
    ),
    Published(
        "band_gap_eV",
        "all",
        "ComFormer",
        0.209,
        "Yan et al., ICLR 2024 (arXiv:2403.11857), about 60,000 training rows",
    ),
)
PROTOCOL = (
    "Published networks were tested on crystals drawn at random from the Materials Project of June 2018, so other "
    "crystals of the same chemical systems, polymorphs among them, were trained on; here whole systems are held out, "
    "which is harder."
)
"""What a reader must know before comparing."""


def published(quantity: str, rows: str) -> list[Published]:
    """The figures for a quantity over these rows, best first."""
    found = [entry for entry in PUBLISHED if (entry.quantity, entry.rows) == (quantity, rows)]
    return sorted(found, key=lambda entry: entry.mae)
