"""Cleaning and merging of measured Curie temperatures: what counts, what is left out and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.errors import RequestError
from screening.materials.magnets.curie.curie_data import CurieExamples, curie_examples


def write(folder: Path, literature: str = "", experimental: str = "", nemad: str = "") -> Path:
    """Tables from `formula value` lines; of NEMAD `formula curie neel experimental`."""
    for name, text in (("curie_literature", literature), ("curie_experimental", experimental)):
        rows = "\n".join(",".join(line.split()) for line in text.split(";") if line.strip())
        (folder / f"{name}.csv").write_text(f"formula,curie_temperature_K\n{rows}\n")
    rows = "\n".join(",".join(line.split()) for line in nemad.split(";") if line.strip()).replace("-", "")
    (folder / "nemad.csv").write_text(f"formula,curie_K,neel_K,experimental\n{rows}\n")
    return folder


def by_system(examples: CurieExamples) -> dict[str, tuple[float, float]]:
    return dict(zip(examples.systems, zip(examples.temperature_K, examples.weight, strict=True), strict=True))


def test_sources_are_merged_by_composition(tmp_path: Path) -> None:
    folder = write(tmp_path, "Fe2B 1015", "Fe4B2 1000; MnSb 570", "Fe2B 1010 - True; MnSb 580 - True; CoB 500 - True")
    found = curie_examples(folder)
    assert sorted(found.systems) == ["B-Fe", "Mn-Sb"]  # NEMAD alone makes no example
    temperature, weight = by_system(found)["B-Fe"]
    assert temperature == 1015  # the hand-collected value outvotes the others
    assert weight == pytest.approx(1 / (1 + 15 / 100))
    assert by_system(found)["Mn-Sb"][1] < weight
    assert found.literature.sum() == 1


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        "Fe 1043; Al2O3 50; Fe2Mystery 10",
        "Fe0.01Al0.99 300; MnO 118; Co3B 5000; NiS -3; Fe3C 483; Fe3C 209.85",
        "MnO - 118 True",
    )
    found = curie_examples(folder)
    assert sorted(found.systems) == ["C-Fe", "Fe"]
    assert by_system(found)["C-Fe"][0] == 483
    assert found.dropped == {
        "no formula": 1,
        "no magnetic element": 1,
        "impossible temperature": 2,
        "value in °C": 1,
        "Néel point": 1,
        "room temperature of a dilute compound": 1,
    }


def test_excluded_compounds_are_left_out_whatever_their_formula_unit(tmp_path: Path) -> None:
    folder = write(tmp_path, "Fe2B 1015; Co2B 430", "Fe4B2 1000; Fe2B0.9 900")
    found = curie_examples(folder, ["FeB0.5"])
    assert sorted(found.temperature_K) == [430, 900]


def test_calculated_rows_do_not_count(tmp_path: Path) -> None:
    one = curie_examples(write(tmp_path, "", "Fe2B 1000", "Fe2B 100 - False"))
    assert by_system(one)["B-Fe"][0] == 1000


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    write(tmp_path, "Fe 1043")
    (tmp_path / "nemad.csv").unlink()
    with pytest.raises(RequestError, match=r"nemad\.csv"):
        curie_examples(tmp_path)
