"""Presets of electrodes against what industry uses."""

from __future__ import annotations

import polars as pl
import pytest

from scripts.compare_presets import COMMERCIAL, standings, upper_half

SHORT = {"NaFeO2 (alpha)"}
"""Fifth of seven sodium cathodes by energy: the charged frame is far above the hull, and iron gives half its range."""


@pytest.mark.slow
def test_what_industry_uses_is_in_the_upper_half_of_its_list() -> None:
    table = standings()
    table = table.with_columns(upper=upper_half(table))
    of_preset = {str(name): part for (name,), part in table.group_by("preset")}
    for preset in ("energy", "fast_charging"):
        part = of_preset[preset].filter(pl.col("candidate_id").is_in(COMMERCIAL))
        assert set(part["candidate_id"]) == set(COMMERCIAL)
        assert set(part.filter(~pl.col("upper"))["candidate_id"]) <= SHORT, part
    cheap = of_preset["cheap"].filter(pl.col("candidate_id").is_in(["LiFePO4", "LiMn2O4", "NaFeO2 (alpha)", "LiC6"]))
    assert cheap["upper"].all(), cheap
    exchanged = table.filter(pl.col("flags").str.contains("made_by_ion_exchange"))["candidate_id"]
    assert set(exchanged) == {"LiMnO2 layered"}


def test_the_upper_half_has_the_middle_of_an_odd_list() -> None:
    places = pl.DataFrame({"rank_in_group": [1, 2, 2, 3], "of": [1, 3, 2, 4]})
    assert upper_half(places).to_list() == [True, True, False, False]
