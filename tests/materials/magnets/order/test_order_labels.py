"""The sources of magnetic order: arrangements of moments, compositions, reports, and all of them combined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.chemistry.compositions import formula_counts
from screening.chemistry.formulas import parse_formula
from screening.errors import RequestError
from screening.materials.magnets.order.order_evidence import OrderEvidence, follows_heavy_rule
from screening.materials.magnets.order.order_examples import host_kinds
from screening.materials.magnets.order.order_labels import (
    ANTIFERRO,
    FERRI,
    FERRO,
    NONE,
    Key,
    Reports,
    composition_key,
    crystal_key,
    order_of_moments,
    read_curie,
    read_magndata,
    read_nemad,
)


def key(formula: str) -> Key:
    amounts = parse_formula(formula)
    assert amounts is not None
    found = composition_key(amounts)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("moments", "order"),
    [
        ([2.0, 2.0, 0.0], FERRO),
        ([2.0, 2.0, -0.1], FERRO),
        ([5.0, 5.0, -5.0, 0.0], FERRI),
        ([7.0, -1.5, -1.5, -1.5], FERRI),
        ([4.0, -4.0], ANTIFERRO),
        ([4.0, -3.9], ANTIFERRO),
        ([0.0, 0.0], NONE),
        ([], NONE),
    ],
)
def test_collinear_arrangements(moments: list[float], order: int) -> None:
    assert order_of_moments(np.array(moments)) == order


def test_canted_arrangements() -> None:
    def canted(degrees: float) -> np.ndarray:
        a = np.radians(degrees)
        return np.array([[np.cos(a), np.sin(a), 0], [-np.cos(a), np.sin(a), 0]])

    assert [order_of_moments(canted(d)) for d in (1, 20, 60, 90)] == [ANTIFERRO, ANTIFERRO, FERRO, FERRO]
    triangle = np.array([[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]])
    assert order_of_moments(triangle) == ANTIFERRO


def test_moments_too_small_to_count() -> None:
    assert order_of_moments(np.array([0.2, 0.2]), least_muB=0.25) == NONE
    assert order_of_moments(np.array([0.2, 0.2])) == FERRO


@given(st.lists(st.floats(-5, 5).map(lambda m: round(m, 1)), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_an_arrangement_is_the_same_turned_reversed_shuffled_and_repeated(moments: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    vectors = np.array(moments)[:, None] * rotation[:, 0]
    # away from the limits, where rounding decides
    total, sizes = abs(sum(moments)), sum(map(abs, moments))
    up, down = sorted((sum(m for m in moments if m > 0), -sum(m for m in moments if m < 0)), reverse=True)
    if abs(total - 0.1 * sizes) < 1e-6 or abs(down - 0.1 * up) < 1e-6:
        return
    order = order_of_moments(np.array(moments))
    for same in (vectors, -vectors, rng.permutation(vectors), np.concatenate([vectors, vectors])):
        assert order_of_moments(same) == order


def test_compositions_match_crystals() -> None:
    assert key("La0.5Sr0.5MnO3") == key("LaSrMn2O6") == crystal_key(np.array([8, 8, 8, 8, 8, 8, 25, 25, 38, 57]))
    assert key("(Nd)2Fe14B") == key("Nd4Fe28B2")
    assert composition_key(parse_formula("Fe0.9137Ni0.0863") or ()) is None
    assert composition_key([]) is None


def test_reports_are_counted_by_composition(tmp_path: Path) -> None:
    file = tmp_path / "nemad.csv"
    file.write_text(
        "formula,curie_K,neel_K,space_group,experimental\n"
        "Fe2O3,,950,,True\nFe4O6,,955.5,,\nFe2O3,300,,,True\n"
        "Fe2O3,,100,,False\n"  # calculated
        "Fe2O3,100,200,,True\n"  # both
        "NaN,12,,,True\nREFeO3,,700,,True\n"
    )
    assert read_nemad(file) == {key("Fe2O3"): Reports(1, 2), ((7, 1), (11, 1)): Reports(1, 0)}
    curie = tmp_path / "curie.csv"
    curie.write_text("formula,curie_temperature_K\nFe,1043\nNd2Fe14B,585\n")
    assert set(read_curie(curie)) == {key("Fe"), key("Nd2Fe14B")}
    with pytest.raises(RequestError, match=r"gone\.csv"):
        read_nemad(tmp_path / "gone.csv")


def test_a_structure_without_a_moment_for_every_site_is_refused(tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "m.jsonl.gz"
    row = b'{"entry": "0.1", "lattice": [[3,0,0],[0,3,0],[0,0,3]], "species": ["Fe", "O"], "frac": [[0,0,0],[0.5,0,0]]'
    with gzip.open(file, "wb") as out:
        out.write(row + b', "moment_muB": [[1,0,0]]}\n')
    with pytest.raises(RequestError, match=r"magndata-0\.1: expected 2 moments"):
        list(read_magndata(file))


def test_sources_agree_and_contradict() -> None:
    iron, oxide = key("Fe"), key("FeO")
    evidence = OrderEvidence({iron: Reports(9, 0), oxide: Reports(1, 1)}, {iron: Reports(1, 0)}, {}, {})
    one = OrderEvidence({iron: Reports(1, 0)}, {}, {}, {})
    assert evidence.net(iron) > one.net(iron) > 0.9
    assert 0.4 < evidence.net(oxide) < 0.6
    assert evidence.net(key("Al")) == 0.5
    assert OrderEvidence({oxide: Reports(0, 3)}, {}, {}, {}).net(oxide) < 0.05


def test_heavy_rare_earths_oppose_iron_and_cobalt() -> None:
    formulas = ["Dy2Fe14B", "GdCo5", "Nd2Fe14B", "Dy3Fe5O12", "GdCoSi", "YCo5"]
    assert follows_heavy_rule(formula_counts(formulas)).tolist() == [True, True, False, False, False, False]
    counts = formula_counts(["GdCo5", "YCo5", "ErNi"])
    keys = [key(f) for f in ("GdCo5", "YCo5", "ErNi")]
    evidence = OrderEvidence({}, {}, {}, {keys[1]: {FERRO}, keys[2]: {ANTIFERRO}})
    opposed = evidence.opposed(keys, counts)
    assert opposed[0] > 0.9
    assert opposed[1] < 0.5
    assert np.isnan(opposed[2])


def test_host_kinds_separate_metals_from_compounds() -> None:
    kinds = host_kinds(formula_counts(["Fe", "Gd", "V", "FeO", "GdN", "VO2"]))
    assert kinds.tolist() == [0, 1, 2, 3, 4, 5]
