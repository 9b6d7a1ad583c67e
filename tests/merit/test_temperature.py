"""Magnetisation at temperature: limits, known magnets at 300 K from their moments at 0 K, and hostile input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from screening.merit.temperature import brillouin, four_f_ratio, host_ratio

TESLA = 11.6541
ND2FE14B = (31.4, 588.0, 236.19)  # 3d moment µB/f.u. of Y2Fe14B, Tc in K, Å3/f.u.


def test_laws_start_at_one_and_end_at_zero() -> None:
    curie = np.array([300.0, 600.0, 1000.0])
    np.testing.assert_allclose(host_ratio(0.0, curie), 1.0)
    np.testing.assert_allclose(host_ratio(1000.0, curie), 0.0, atol=1e-12)
    ratios = [host_ratio(t, curie[2:])[0] for t in np.linspace(0, 1000, 30)]
    assert np.all(np.diff(ratios) < 0)
    np.testing.assert_allclose(four_f_ratio(0.0, np.array([4.5]), np.array([8 / 11]), np.array([1.0])), 1.0)


def test_a_curie_temperature_that_is_not_known_or_zero_gives_no_number_or_no_moment() -> None:
    found = host_ratio(300.0, np.array([np.nan, 0.0, 1e-9]))
    assert np.isnan(found[0]) and found[1] == found[2] == 0.0


def test_brillouin_function_of_one_half_is_tanh_and_the_limits_hold() -> None:
    x = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(brillouin(0.5, x), np.tanh(x), atol=1e-9)
    np.testing.assert_allclose(brillouin(1e5, x[25:]), 1 / np.tanh(x[25:]) - 1 / x[25:], atol=1e-4)  # Langevin's
    assert brillouin(4.5, np.array([50.0]))[0] == pytest.approx(1.0, abs=1e-4)
    assert brillouin(3.5, np.array([1e-6]))[0] == pytest.approx(1.5e-6 * 3 / 3.5, rel=1e-3)


@pytest.mark.parametrize(
    ("moment_J", "lande_g", "sign", "expected_T"),
    [(4.5, 8 / 11, 1, 1.61), (4.0, 0.8, 1, 1.56), (7.5, 4 / 3, -1, 0.71), (6.0, 1.5, -1, 0.70)],
    ids=["Nd2Fe14B", "Pr2Fe14B", "Dy2Fe14B", "Tb2Fe14B"],
)
def test_polarisation_of_known_magnets_at_room_temperature(
    moment_J: float, lande_g: float, sign: int, expected_T: float
) -> None:
    host_muB, curie_K, volume_A3 = ND2FE14B
    host = host_ratio(300.0, np.array([curie_K]))
    earth = four_f_ratio(300.0, np.array([moment_J]), np.array([lande_g]), host)
    found = TESLA * (host_muB * host + 2 * sign * lande_g * moment_J * earth)[0] / volume_A3
    assert found == pytest.approx(expected_T, abs=0.15)


def test_heavy_rare_earth_in_cobalt_has_a_compensation_point() -> None:
    """GdCo5 is dominated by Co at room temperature; DyCo5-like moments compensate between 0 K and the Curie point."""

    def net(temperature: float) -> float:
        host = host_ratio(temperature, np.array([960.0]), 1.0)
        return float((8.2 * host - 10 * four_f_ratio(temperature, np.array([7.5]), np.array([4 / 3]), host))[0])

    assert net(1.0) < 0 < net(300.0)
    assert 50 < brentq(net, 1.0, 300.0) < 250  # measured: about 120 K
