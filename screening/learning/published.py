"""Published accuracies to compare with, and how their protocol differs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedResult:
    """A mean absolute error from the literature.

    Attributes:
        quantity: As `target` in `screening.learning.evaluation.Scores`.
        rows: As in `Scores`.
        model: The published model.
        mae: Its mean absolute error.
        source: The citation.
    """

    quantity: str
    rows: str
    model: str
    mae: float
    source: str


PUBLISHED = (
    PublishedResult(
        "formation_energy_eV_per_atom",
        "all",
        "MEGNet",
        0.028,
        "Chen et al., Chem. Mater. 31, 3564 (2019); matgl's card of MEGNet-MP-2018.6.1-Eform",
    ),
    PublishedResult(
        "formation_energy_eV_per_atom",
        "all",
        "M3GNet",
        0.019,
        "matgl's card of M3GNet-MP-2018.6.1-Eform; network of Chen and Ong, Nat. Comput. Sci. 2, 718 (2022)",
    ),
    PublishedResult(
        "formation_energy_eV_per_atom",
        "all",
        "ComFormer",
        0.018,
        "Yan et al., ICLR 2024 (arXiv:2403.11857), about 60,000 training rows",
    ),
    PublishedResult(
        "band_gap_eV",
        "all",
        "ComFormer",
        0.209,
        "Yan et al., ICLR 2024 (arXiv:2403.11857), about 60,000 training rows",
    ),
)
PROTOCOL = (
    "Published networks were tested on random crystals from the Materials Project of June 2018, so other crystals of "
    "the same chemical systems, including polymorphs, were trained on; here whole systems are held out, which is "
    "harder."
)
"""A note on the protocol for readers who compare."""


def published_results(quantity: str, rows: str) -> list[PublishedResult]:
    """Published results for a quantity over these rows, best first."""
    found = [entry for entry in PUBLISHED if (entry.quantity, entry.rows) == (quantity, rows)]
    return sorted(found, key=lambda entry: entry.mae)
