"""The moments of strong ferromagnets follow from the valence of their atoms."""

from __future__ import annotations

import numpy as np
import pytest

from screening.chemistry.compositions import count_matrix
from screening.chemistry.magnetic_valence import strong_ferromagnet_muB


@pytest.mark.parametrize(
    ("formula", "carriers", "measured_muB"),
    [
        ("Co", 1, 1.7),  # 1.6 with the spin alone
        ("Y2Fe14B", 14, 31.4),
        ("YCo5", 5, 8.0),
        ("Co3B", 3, 3.4),
        ("FeNi", 1, 3.2),
        ("Co2MnSi", 2, 5.0),
    ],
)
def test_measured_moments_of_strong_ferromagnets_are_met(formula: str, carriers: int, measured_muB: float) -> None:
    predicted = strong_ferromagnet_muB(count_matrix([formula]))[0]
    # Y2Fe14B has a tenth less: its majority band is not full everywhere
    assert carriers * predicted == pytest.approx(measured_muB, rel=0.35)


def test_compounds_with_too_few_electrons_have_no_moment() -> None:
    moments = strong_ferromagnet_muB(count_matrix(["CoAl", "FeSi", "HfCo", "LaFe2Si2", "Fe2VAl", "CeCo2"]))
    assert (moments < 0.5).all()


def test_supercells_have_the_moments_of_their_cells() -> None:
    counts = count_matrix(["Nd2Fe14B", "FePd", "Co3B"])
    assert np.allclose(strong_ferromagnet_muB(4 * counts), strong_ferromagnet_muB(counts))


def test_nothing_is_said_without_iron_and_cobalt_or_for_elements_without_a_valence() -> None:
    assert np.isnan(strong_ferromagnet_muB(count_matrix(["Ni3Al", "FeF3", "XeFe"]))).all()
