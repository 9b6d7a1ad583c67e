"""The 4f part of K1 in mixtures of rare earths: each counts by its share of K1, not by its atoms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.array_types import Floats
from screening.chemistry.compositions import count_matrix
from screening.materials.magnets.anisotropy.quadrupoles import quadrupoles
from screening.materials.magnets.figures.rare_earths import four_f_anisotropy_ratio


def ratio(formula: str, temperature_K: float = 300.0) -> float:
    host = np.array([[0.9]])
    found: Floats = four_f_anisotropy_ratio(count_matrix([formula]), np.array([[temperature_K]]), host)
    return float(found[0, 0])


def test_a_shell_without_quadrupole_has_no_part() -> None:
    """Gd, La and Y dilute K1 without changing how it falls."""
    for formula in ("NdGdFe14B", "Nd0.2La1.8Fe14B", "NdYFe14B"):
        assert ratio(formula) == pytest.approx(ratio("Nd2Fe14B"))
    assert ratio("Gd2Fe14B") == 0.0


@given(st.floats(0.01, 0.99))
def test_shells_of_one_sign_lie_between(share: float) -> None:
    ends = sorted((ratio("Nd2Fe14B"), ratio("Dy2Fe14B")))
    assert ends[0] - 1e-9 <= ratio(f"(Nd{1 - share}Dy{share})2Fe14B") <= ends[1] + 1e-9


def test_shells_of_opposite_signs() -> None:
    """K1 of both is n q r each; where little is left of the sum, the ratio stays finite."""
    counts = count_matrix(["Nd1.8Er0.2Fe14B"])[0]
    parts = {z: counts[z] * quadrupoles()[z] for z in (60, 68)}
    single = {60: ratio("Nd2Fe14B"), 68: ratio("Er2Fe14B")}
    expected = sum(parts[z] * single[z] for z in parts) / sum(parts.values())
    assert ratio("Nd1.8Er0.2Fe14B") == pytest.approx(expected)
    for share in np.linspace(0, 1, 21):
        assert 0 <= ratio(f"(Nd{1 - share}Er{share})2Fe14B") <= 1


def test_at_zero_temperature_nothing_has_fallen() -> None:
    for formula in ("Nd2Fe14B", "NdDyFe14B", "SmErCo10"):
        assert ratio(formula, 0.0) == pytest.approx(1.0)
