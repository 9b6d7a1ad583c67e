"""How electrodes store ions, and the rows of those that turn into other phases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import polars as pl
import pytest

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.chemistry.known_phases import known_phases
from screening.crystals.crystal import Crystal
from screening.materials.electrodes.electrode_predictor import ElectrodePredictor
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.phases.binary_salts import missing_salt, salt_crystals
from screening.materials.electrodes.phases.line_phases import LinePhases
from screening.materials.electrodes.phases.phase_curves import phase_curves
from screening.materials.electrodes.phases.phase_kinds import electrode_kind

FCC = 0.5 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
_NUMBER: Iterator[int] = count()


def crystal(symbols: Sequence[str], frac: Sequence[Sequence[float]], cell: np.ndarray) -> Crystal:
    return Crystal.from_arrays(f"c{next(_NUMBER)}", cell, [ATOMIC_NUMBERS[s] for s in symbols], frac)


def silicon(host: str = "Si", edge: float = 5.43) -> Crystal:
    return crystal([host, host], [[0, 0, 0], [0.25] * 3], edge * FCC)


def silicon_like(metal: str, anion: str, edge: float) -> Crystal:
    return crystal([metal, anion], [[0, 0, 0], [0.25] * 3], edge * FCC)


def rock_salt(metal: str, anion: str, edge: float) -> Crystal:
    return crystal([metal, anion], [[0, 0, 0], [0.5] * 3], edge * FCC)


def lithium_aluminum() -> Crystal:
    """Zintl phase LiAl, Kishio and Brittain, J. Phys. Chem. Solids 40, 933 (1979): a = 6.37 Å."""
    frac: list[list[float]] = [[0, 0, 0], [0.25] * 3, [0.5] * 3, [0.75] * 3]
    return crystal(["Li", "Li", "Al", "Al"], frac, 6.37 * FCC)


def graphite() -> Crystal:
    cell = np.array([[2.461, 0, 0], [-1.2305, 2.1313, 0], [0, 0, 6.708]])
    return crystal(["C"] * 4, [[0, 0, 0.25], [0, 0, 0.75], [1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]], cell)


def lithium_graphite() -> Crystal:
    """LiC6, Guérard and Hérold, Carbon 13, 337 (1975)."""
    pair = find_pair(graphite(), "Li")
    assert isinstance(pair, ElectrodePair)
    return pair.discharged


@pytest.mark.parametrize(
    ("given", "ion", "expected"),
    [
        (silicon(), "Li", "alloy"),
        (lithium_aluminum(), "Li", "alloy"),
        (rock_salt("Co", "O", 4.26), "Li", "conversion"),
        (rock_salt("Mg", "O", 4.21), "Li", None),
        (rock_salt("Li", "F", 4.03), "Li", None),
        (crystal(["In", "Sb"], [[0, 0, 0], [0.25] * 3], 6.48 * FCC), "Li", "conversion"),
        (graphite(), "Li", "intercalated_carbon"),
        (graphite(), "Na", None),
        (silicon("C", 3.57), "Li", None),
    ],
)
def test_kinds(given: Crystal, ion: str, expected: str | None) -> None:
    assert electrode_kind(given, find_pair(given, ion), ion) == expected


def with_charged(full: Crystal, charged: Crystal) -> Crystal:
    return replace(full, charged=charged)


def half_heusler(symbols: Sequence[str]) -> Crystal:
    return crystal(symbols, [[0, 0, 0], [0.25] * 3, [0.5] * 3, [0.75] * 3][: len(symbols)], 6.5 * FCC)


def test_given_pairs_are_alloys_only_with_one_element_beside_the_ion() -> None:
    alloy = with_charged(lithium_aluminum(), silicon("Al", 6.37))
    assert electrode_kind(alloy, find_pair(alloy), "Li") == "alloy"
    frame = with_charged(half_heusler(["In", "Sb", "Li"]), half_heusler(["In", "Sb"]))
    assert electrode_kind(frame, find_pair(frame), "Li") == "insertion"
    carbon = with_charged(lithium_graphite(), graphite())
    assert electrode_kind(carbon, find_pair(carbon), "Li") == "intercalated_carbon"


def test_the_table_lacks_a_salt_that_is_built_instead() -> None:
    phases = known_phases(["Li", "O"])
    assert missing_salt("Li", "O", phases.where(np.array([f != "Li2O" for f in phases.formulas]))) == (2, 1)
    assert missing_salt("Li", "F", known_phases(["Li", "F"])) is None
    assert missing_salt("Li", "Co", known_phases(["Li", "Co"])) is None
    (oxide,) = salt_crystals("Li", "O", (2, 1))
    assert oxide.formula == "Li2O"
    assert oxide.volume_A3 == pytest.approx(4.619**3 / 4, rel=0.1)  # Zintl, Harder and Dauth (1934)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("given", "full"),
    [
        (rock_salt("Cu", "O", 4.25), "Li2CuO"),  # copper takes up no lithium: 2.25 V to Cu and Li2O
        (crystal(["Al"], [[0, 0, 0]], 4.05 * FCC), "Li1Al"),
        (crystal(["Zn", "S"], [[0, 0, 0], [0.25] * 3], 5.41 * FCC), "Li3ZnS"),  # unlike zinc
        (silicon("Ge", 5.66), "Li7.5Ge2"),
    ],
)
def test_only_phases_that_form_at_room_temperature(predictor: ElectrodePredictor, given: Crystal, full: str) -> None:
    columns = {series.name: series for series in predictor.describe([given]).columns}
    assert columns["discharged_cell_formula"].to_list() == [full]


@pytest.fixture(scope="module")
def predictor() -> ElectrodePredictor:
    return ElectrodePredictor.load("voltage-v2", {"device": "cpu", "working_ion": "Li"})


@pytest.mark.ci
def test_rows_of_alloys_conversion_and_carbon(predictor: ElectrodePredictor) -> None:
    """Measured: LiAl 0.36 V, Si 0.3 V, CoO 1.8 V (Li, Balaya and Maier, J. Electrochem. Soc. 151, A1878 (2004))."""
    crystals = [silicon(), lithium_aluminum(), rock_salt("Co", "O", 4.26), graphite(), rock_salt("Mg", "O", 4.21)]
    description = predictor.describe(crystals)
    rows = [
        dict(zip((s.name for s in description.columns), row, strict=True))
        for row in zip(*description.columns, strict=True)
    ]
    assert not description.refused
    assert [row["electrode_kind"] for row in rows] == ["alloy", "alloy", "conversion", "intercalated_carbon", None]
    assert [row["electrode_origin"] for row in rows] == ["phases", "phases", "phases", "inserted", None]
    assert [row["voltage_V"] for row in rows[:4]] == pytest.approx([0.3, 0.36, 1.8, 0.1], abs=0.16)
    assert [row["volume_change_percent"] for row in rows[:4]] == pytest.approx([-74, -48, -40, -11], abs=8)
    assert rows[0]["discharged_cell_formula"] == "Li7.5Si2"
    assert rows[1]["discharged_cell_formula"] == "Li2Al2"
    for row, true in zip(rows, [0.28, 0.36, 1.79, 0.1], strict=False):
        assert row["voltage_V_lo"] < true < row["voltage_V_hi"]
        assert row["no_pair_reason"] is None
        assert "not_an_electrode" not in row["flags"]
    assert "conversion_electrode" in rows[2]["flags"]
    assert rows[4]["voltage_V"] is None
    assert "not_an_electrode" in rows[4]["flags"]


def described(predictor: ElectrodePredictor, crystals: Sequence[Crystal]) -> list[dict[str, Any]]:
    return pl.DataFrame(predictor.describe(crystals).columns).to_dicts()


@pytest.mark.ci
def test_a_given_pair_has_the_voltage_of_its_phases(predictor: ElectrodePredictor) -> None:
    """Whatever frame the charged end is given with: aluminum in the places it has in LiAl, layers far apart."""
    sparse = with_charged(lithium_aluminum(), silicon("Al", 6.37))
    partly = with_charged(lithium_aluminum(), half_heusler(["Al", "Al", "Li"]))
    carbon = with_charged(lithium_graphite(), graphite())
    alone, pair, half, carbon_alone, carbon_pair = described(
        predictor, [lithium_aluminum(), sparse, partly, lithium_graphite(), carbon]
    )
    same = ("voltage_V", "voltage_calculated_V", "volume_change_percent", "electrode_kind", "n_ions_practical")
    assert [pair[name] for name in same] == [alone[name] for name in same]
    assert half["n_ions_removed"] == alone["n_ions_removed"] / 2
    assert 0.1 < half["voltage_V"] < 0.5
    assert carbon_pair["voltage_V"] == carbon_alone["voltage_V"] == 0.10
    assert carbon_pair["volume_change_percent"] == pytest.approx(carbon_alone["volume_change_percent"])
    assert carbon_pair["electrode_origin"] == "given"


@pytest.mark.ci
@pytest.mark.parametrize("host", ["Si", "Ge"])
def test_a_host_without_known_phases_says_so(host: str, predictor: ElectrodePredictor) -> None:
    """The table has no phases of sodium with silicon or germanium: no voltage is made up."""
    (row,) = described(replace(predictor, working_ion="Na"), [silicon(host)])
    assert row["voltage_V"] is None
    assert row["voltage_calculated_V"] is None
    assert f"the table of known phases has none of Na with {host}" in row["no_pair_reason"]


@pytest.mark.ci
def test_a_gap_in_the_table_is_named_beside_a_voltage(predictor: ElectrodePredictor) -> None:
    gallium, indium = described(predictor, [silicon_like("Ga", "Sb", 6.10), silicon_like("In", "Sb", 6.48)])
    assert "none of Li with Ga" in gallium["voltage_method"]
    assert "none of" not in indium["voltage_method"]


@pytest.mark.ci
def test_the_curve_has_a_plateau_for_each_mixture(predictor: ElectrodePredictor) -> None:
    lines = predictor.lines
    assert lines is not None
    row = {"electrode_origin": "phases", "working_ion": "Li", "capacity_practical_mAh_per_g": 2000.0}
    row |= {"voltage_V": 0.3, "voltage_V_lo": 0.2, "voltage_V_hi": 0.45}
    curves = phase_curves([silicon(), graphite()], [row, {"electrode_origin": "inserted"}], lines)
    assert list(curves) == [0]
    assert list(curves[0].y) == sorted(curves[0].y)
    assert curves[0].x[0] == 0
    assert curves[0].x[-1] == pytest.approx(2000.0)
    assert len(set(curves[0].y)) == 3
    assert np.trapezoid(curves[0].y, curves[0].x) / 2000.0 == pytest.approx(0.3)
    assert np.subtract(curves[0].hi, curves[0].y) == pytest.approx(0.15)


@pytest.mark.ci
def test_an_element_unknown_to_the_network_is_the_reason(predictor: ElectrodePredictor) -> None:
    lines = predictor.lines
    assert lines is not None
    unknown = next(s for s in ("At", "Rn", "Fr", "Po", "Og") if ATOMIC_NUMBERS[s] not in lines.network.elements)
    alloy = crystal(["Li", "Sn", unknown], [[0, 0, 0], [0.5] * 3, [0.25] * 3], 6.5 * FCC)
    row = {s.name: s[0] for s in predictor.describe([alloy]).columns}
    assert row["voltage_V"] is None
    assert unknown in row["no_pair_reason"]


def test_without_voltages_there_is_a_kind_and_no_voltage() -> None:
    row = {s.name: s[0] for s in ElectrodePredictor(None).describe([silicon()]).columns}
    assert row["electrode_kind"] == "alloy"
    assert row["voltage_V"] is None


@pytest.mark.ci
def test_lines_are_remembered(predictor: ElectrodePredictor) -> None:
    lines = LinePhases(predictor.lines.network) if predictor.lines else None
    assert lines is not None
    assert lines.between(["Si"], "Li") is lines.between({"Si", "Li"}, "Li")
