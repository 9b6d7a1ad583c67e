"""The constants agree with those of SciPy."""

from __future__ import annotations

import math

import pytest
from scipy import constants as si

from screening.chemistry import constants

A3 = 1e-30


def test_constants_agree_with_scipy() -> None:
    bohr_magneton = si.physical_constants["Bohr magneton"][0]
    assert si.mu_0 * bohr_magneton / A3 == pytest.approx(constants.TESLA_PER_MUB_PER_A3, rel=1e-5)
    assert si.mu_0 * 1e6 == pytest.approx(constants.MU0_T2_PER_MJ_M3, rel=1e-8)
    assert si.N_A * si.e / 3.6 == pytest.approx(constants.FARADAY_MAH_PER_MOL, rel=2e-8)
    assert pytest.approx(constants.CM3_PER_MOL_PER_A3, rel=1e-9) == si.N_A * A3 * 1e6
    assert si.atomic_mass * 1e3 / (A3 * 1e6) == pytest.approx(constants.G_PER_CM3_PER_U_PER_A3, rel=1e-8)
    assert si.e / (4 * math.pi * si.epsilon_0) * 1e10 == pytest.approx(constants.COULOMB_EV_A, rel=1e-7)
