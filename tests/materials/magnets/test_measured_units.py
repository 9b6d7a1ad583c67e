"""Measured values in other units are refused with the unit guessed."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import RequestError
from screening.materials.magnets.measured_units import check_measured, measured_number

USUAL = {"name": "magnet", "mu0Ms_T": "1.61", "K1_MJ_m3": "4.9", "Tc_K": "588", "T_state_K": "300", "mu0Ha_T": ""}


@pytest.mark.parametrize(
    ("column", "text", "unit"),
    [
        ("K1_MJ_m3", "4.9e7", "erg/cm3"),
        ("K1_MJ_m3", "-4.9e6", "erg/cm3 or J/m3"),
        ("K1_MJ_m3", "4900", "kJ/m3"),
        ("mu0Ms_T", "16.1", "kG"),
        ("mu0Ms_T", "16100", "G"),
        ("mu0Ms_T", "1280", "kA/m (emu/cm3) or G"),
        ("Tc_K", "-20", "°C"),
        ("mu0Ha_T", "76000", "Oe"),
    ],
)
def test_other_units_are_guessed(column: str, text: str, unit: str) -> None:
    expected = re.escape(f"magnet: {column}={text}: expected ") + ".*" + re.escape(f"it looks like a value in {unit}")
    with pytest.raises(RequestError, match=expected + "$"):
        check_measured([USUAL | {column: text}])


@given(K1=st.floats(0.05, 20), sign=st.sampled_from([1, -1]))
def test_no_usual_constant_in_cgs_units_passes(K1: float, sign: int) -> None:
    assert measured_number(USUAL | {"K1_MJ_m3": repr(sign * K1)}, "K1_MJ_m3") == sign * K1
    with pytest.raises(RequestError, match=re.escape("erg/cm3")):
        measured_number(USUAL | {"K1_MJ_m3": repr(sign * K1 * 1e7)}, "K1_MJ_m3")


def test_nothing_is_nothing_and_a_value_that_no_magnet_has_has_no_unit() -> None:
    assert math.isnan(measured_number(USUAL, "mu0Ha_T"))
    with pytest.raises(RequestError, match="no magnet has such a value"):
        measured_number(USUAL | {"K1_MJ_m3": "5e12"}, "K1_MJ_m3")


def test_a_column_in_another_unit_is_not_passed_over() -> None:
    with pytest.raises(RequestError, match="column K1_erg_cm3: expected K1_MJ_m3"):
        check_measured([{"name": "magnet", "K1_erg_cm3": "4.9e7"}])


def test_a_polarization_above_the_curie_temperature_is_a_contradiction() -> None:
    check_measured([USUAL | {"mu0Ms_T": "0", "T_state_K": "700"}])
    with pytest.raises(RequestError, match=re.escape("mu0Ms_T=1.61 at T_state_K=700, above its Curie temperature")):
        check_measured([USUAL | {"T_state_K": "700"}])
