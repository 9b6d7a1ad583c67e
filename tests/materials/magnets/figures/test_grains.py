"""Figures of grains: measured stiffness and coercivities, limits, and nothing where there is no answer."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.constants import mu_0

from screening.materials.magnets.figures.grains import (
    ALPHA,
    DEMAGNETIZING,
    SCORES,
    attainable_coercivity_A_per_m,
    attainable_energy_J_per_m3,
    exchange_stiffness_J_per_m,
    grain_figures,
    ideal_coercivity_A_per_m,
)
from screening.resources import resource


def one(value: float) -> np.ndarray:
    return np.full((1, 1), value)


@pytest.mark.parametrize(
    ("Ms_0_MA_per_m", "curie_K", "ratio", "measured_pJ_per_m"),
    [
        (1.75, 1044, 0.98, 20.5),  # Fe: D of 280 meV Å2, Shirane et al., J. Appl. Phys. 39, 383 (1968)
        (1.45, 1388, 0.99, 30.0),  # Co: D of about 500 meV Å2, the same
        (1.48, 588, 0.87, 7.9),  # Nd2Fe14B: Coey, Magnetism and Magnetic Materials (2010); so are the next four
        (0.88, 1020, 0.98, 12.0),  # SmCo5
        (0.53, 740, 0.72, 6.1),  # BaFe12O19
        (0.62, 633, 0.94, 8.0),  # MnBi
        (1.14, 750, 0.94, 10.3),  # FePt
    ],
)
def test_stiffness_is_near_what_was_measured(
    Ms_0_MA_per_m: float, curie_K: float, ratio: float, measured_pJ_per_m: float
) -> None:
    found = 1e12 * exchange_stiffness_J_per_m(one(1e6 * Ms_0_MA_per_m), one(curie_K), one(ratio))
    assert found[0, 0] == pytest.approx(measured_pJ_per_m, rel=0.36)


def test_a_small_hard_grain_reverses_as_one_at_nine_tenths_of_its_anisotropy_field() -> None:
    """Stoner and Wohlfarth, Phil. Trans. R. Soc. A 240, 599 (1948); the simulated field is tilted by a little."""
    Ms, K1 = 0.4e6, 4e6
    hard = ideal_coercivity_A_per_m(one(Ms), one(K1), one(3e-11))
    assert hard[0, 0] / (2 * K1 / (mu_0 * Ms)) == pytest.approx(0.9, abs=0.03)


def test_a_grain_larger_than_its_exchange_length_is_weaker() -> None:
    stiff, soft = (ideal_coercivity_A_per_m(one(1.3e6), one(1.5e6), one(A))[0, 0] for A in (3e-11, 1e-12))
    assert soft < stiff


def test_soft_grains_have_no_coercivity_of_a_whole_grain() -> None:
    assert np.isnan(ideal_coercivity_A_per_m(one(1.7e6), one(0.05e6), one(2e-11))).all()


def test_the_table_has_a_full_grid_of_shares() -> None:
    table = pl.read_csv(resource("datasets") / "magnets" / "single_grain.csv")
    assert table.height == table["hardness_q"].n_unique() * table["edge_over_exchange_length"].n_unique()
    assert table["coercivity_over_anisotropy_field"].is_between(0, 1).all()


@pytest.mark.parametrize(
    ("mu0_Ms_T", "K1_MJ_per_m3", "typical_kA_per_m"),
    [(1.61, 4.9, 950), (0.48, 0.33, 280), (1.07, 17.2, 1900)],  # sintered Nd-Fe-B, ferrite, SmCo5: Coey (2010)
)
def test_coercivities_of_real_magnets_lie_in_the_interval(
    mu0_Ms_T: float, K1_MJ_per_m3: float, typical_kA_per_m: float
) -> None:
    Ms, K1 = one(mu0_Ms_T / mu_0), one(1e6 * K1_MJ_per_m3)
    low = attainable_coercivity_A_per_m(Ms, K1, one(ALPHA[1]), one(DEMAGNETIZING[2]))
    high = attainable_coercivity_A_per_m(Ms, K1, one(ALPHA[2]), one(DEMAGNETIZING[1]))
    assert low[0, 0] < 1e3 * typical_kA_per_m < high[0, 0]


def test_the_energy_product_is_bounded_and_limited_by_the_coercivity() -> None:
    Ms = 1.0e6
    bound = mu_0 * Ms**2 / 4
    found = attainable_energy_J_per_m3(np.full((1, 4), Ms), np.array([[0.0, 0.25e6, 0.5e6, 9e6]]))
    assert found[0].tolist() == pytest.approx([0.0, 0.75 * bound, bound, bound])


def test_there_is_no_figure_without_an_anisotropy_a_magnetization_or_a_curie_temperature() -> None:
    scores = np.zeros((len(SCORES), 1))
    cases = {"no K1": (1.6, np.nan, 0.9, 588.0), "planar": (1.6, -1.0, 0.9, 588.0), "above Tc": (0.0, 0.0, 0.0, 588.0)}
    for K1_case in cases.values():
        values = grain_figures(*(one(value) for value in K1_case[:3]), np.full(1, K1_case[3]), scores)
        assert np.isnan(values["coercivity_ideal_kA_per_m"]).all()
        assert np.isnan(values["coercivity_attainable_kA_per_m"]).all()
        assert np.isnan(values["BHmax_attainable_kJ_per_m3"]).all()
    unknown = grain_figures(one(1.6), one(4.9), one(1.0), np.full(1, np.nan), scores)
    assert (
        np.isnan(unknown["exchange_stiffness_pJ_per_m"]).all() and np.isnan(unknown["coercivity_ideal_kA_per_m"]).all()
    )
    assert np.isfinite(unknown["coercivity_attainable_kA_per_m"]).all()
