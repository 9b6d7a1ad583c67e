"""Magnetization at temperature: limits, known magnets at 300 K from their moments at 0 K, and hostile input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from screening.materials.magnets.figures.temperature import (
    USUAL_FIELDS_K,
    brillouin,
    exchange_over_thermal,
    ferrimagnet_ratio,
    host_ratio,
    quadrupole_ratio,
    reduced_temperature,
)

TESLA = 11.6541
ND2FE14B = (31.4, 588.0, 236.19)  # 3d moment µB/f.u. of Y2Fe14B, Tc in K, Å3/f.u.


def test_laws_start_at_one_and_end_at_zero() -> None:
    t = np.linspace(0, 1, 30)
    for ratio in (host_ratio(t), host_ratio(t, 1.0), *(ferrimagnet_ratio(t, np.array(f)) for f in (0.0, 0.3, 1.0))):
        assert ratio[0] == pytest.approx(1.0) and ratio[-1] == pytest.approx(0.0, abs=1e-9)
        assert np.all(np.diff(ratio) < 0)
    x = exchange_over_thermal(0.0, 4.5, 8 / 11, USUAL_FIELDS_K[0], np.array([1.0, 0.0]))
    np.testing.assert_allclose(brillouin(4.5, x), [1.0, 0.0])
    np.testing.assert_allclose(quadrupole_ratio(4.5, x), [1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("J", [2.5, 4.0, 7.5])
def test_a_large_quadrupole_is_the_third_power_of_the_moment(J: float) -> None:
    x = np.linspace(0.5, 60.0, 50)
    moment, quadrupole = brillouin(J, x), quadrupole_ratio(J, x)
    assert np.all(np.diff(quadrupole) > 0)
    large = moment > 0.93
    np.testing.assert_allclose(quadrupole[large], moment[large] ** 3, atol=0.05)


def test_a_curie_temperature_that_is_not_known_or_zero_gives_no_number_or_no_moment() -> None:
    found = host_ratio(reduced_temperature(300.0, np.array([np.nan, 0.0, 1e-9, 200.0])))
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], 0.0, atol=1e-5)
    assert reduced_temperature(0.0, np.array([0.0]))[0] == 0.0


@pytest.mark.parametrize(
    ("share", "temperature_K", "curie_K", "measured"),
    # room temperature over low temperature, datasets/reference/magnets.csv; Y3Fe5O12: 0.18 and 0.25 T
    [(1 / 3, 300, 740, 0.72), (0.29, 300, 858, 0.93), (0.23, 300, 790, 0.90), (0.20, 300, 560, 0.72)],
    ids=["BaFe12O19", "Fe3O4", "CoFe2O4", "Y3Fe5O12"],
)
def test_ferrites_at_room_temperature(share: float, temperature_K: float, curie_K: float, measured: float) -> None:
    found = ferrimagnet_ratio(reduced_temperature(temperature_K, np.array(curie_K)), np.array(share))
    assert found == pytest.approx(measured, abs=0.1)


def test_brillouin_function_of_one_half_is_tanh_and_the_limits_hold() -> None:
    x = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(brillouin(0.5, x), np.tanh(x), atol=1e-9)
    np.testing.assert_allclose(brillouin(1e5, x[25:]), 1 / np.tanh(x[25:]) - 1 / x[25:], atol=1e-4)  # Langevin's
    assert brillouin(4.5, np.array([50.0]))[0] == pytest.approx(1.0, abs=1e-4)
    assert brillouin(3.5, np.array([1e-6]))[0] == pytest.approx(4.5 / 10.5 * 1e-6, rel=1e-3)


@pytest.mark.parametrize(
    ("moment_J", "lande_g", "sign", "expected_T"),
    [(4.5, 8 / 11, 1, 1.61), (4.0, 0.8, 1, 1.56), (7.5, 4 / 3, -1, 0.71), (6.0, 1.5, -1, 0.70)],
    ids=["Nd2Fe14B", "Pr2Fe14B", "Dy2Fe14B", "Tb2Fe14B"],
)
def test_polarization_of_known_magnets_at_room_temperature(
    moment_J: float, lande_g: float, sign: int, expected_T: float
) -> None:
    host_muB, curie_K, volume_A3 = ND2FE14B
    host = host_ratio(reduced_temperature(300.0, np.array([curie_K])))
    field = USUAL_FIELDS_K[0 if sign > 0 else 1]
    earth = brillouin(moment_J, exchange_over_thermal(300.0, moment_J, lande_g, field, host))
    found = TESLA * (host_muB * host + 2 * sign * lande_g * moment_J * earth)[0] / volume_A3
    assert found == pytest.approx(expected_T, abs=0.15)


def test_heavy_rare_earth_in_cobalt_has_a_compensation_point() -> None:
    """GdCo5 is dominated by Co at room temperature; DyCo5-like moments compensate between 0 K and the Curie point."""

    def net(temperature: float) -> float:
        host = host_ratio(reduced_temperature(temperature, np.array([960.0])), 1.0)
        x = exchange_over_thermal(temperature, 7.5, 4 / 3, USUAL_FIELDS_K[1], host)
        return float((8.2 * host - 10 * brillouin(7.5, x))[0])

    assert net(1.0) < 0 < net(300.0)
    assert 50 < brentq(net, 1.0, 300.0) < 250  # measured: about 120 K
