"""The presets of magnets, on predictions written by hand for well-known magnets."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from screening.configuration.composing import compose_config
from screening.materials.task_merit import evaluate_task
from screening.ranking import rank_table, ranking_settings

# cell formula, volume (A3), magnetization (muB/A3), order, Curie temperature (K), K1 of the host (MJ/m3), gap (eV)
KNOWN: dict[str, tuple[Any, ...]] = {
    "ferrite": ("Ba2Fe24O38", 696.0, 0.163, "ferrimagnetic", 740.0, 0.33, 1.2),
    "FePt": ("FePt", 27.9, 0.118, "ferromagnetic", 750.0, 6.6, 0.0),
    "neodymium": ("Nd8Fe56B4", 945.0, 0.134, "ferromagnetic", 588.0, 4.9, 0.0),
    "yttrium": ("YCo5", 84.0, 0.092, "ferromagnetic", 987.0, 5.8, 0.0),
    "dysprosium": ("Dy8Fe56B4", 900.0, 0.134, "ferrimagnetic", 598.0, 4.2, 0.0),
}
ORDERS = ("ferromagnetic", "ferrimagnetic", "antiferromagnetic", "nonmagnetic")


def predictions() -> pl.DataFrame:
    rows = []
    for name, (formula, volume, moment, order, curie, K1, gap) in KNOWN.items():
        mass = {"Ba2Fe24O38": 2222.9, "FePt": 250.9, "Nd8Fe56B4": 4324.4, "YCo5": 383.6, "Dy8Fe56B4": 4470.5}[formula]
        rows.append(
            {
                "candidate_id": name, "cell_formula": formula, "volume_A3": volume, "space_group_number": 191,
                "density_g_per_cm3": mass / volume / 0.60221, "energy_above_hull_eV_per_atom": 0.0, "flags": "",
                "magnetization_muB_per_A3": moment, "band_gap_eV": gap, "curie_temperature_K": curie,
                "magnetic_order": order, "magnetic_order_probability": 1.0,
                **{f"{other}_probability": float(other == order) for other in ORDERS},
                "host_K1_magnitude_MJ_per_m3": K1, "host_K1_temperature_K": 300.0, "host_axial_probability": 1.0,
                "host_K1_method": "measured", "axis_symmetry": "uniaxial",
            }
        )  # fmt: skip
    return pl.DataFrame(rows)


def ranks(*overrides: str) -> dict[str, int]:
    task = compose_config("rank", ["task=magnets", *overrides]).tree["task"]
    table = rank_table(evaluate_task(predictions(), task), ranking_settings(task["ranking"]))
    return dict(zip(table["candidate_id"], table["rank"], strict=True))


def test_cheap_puts_ferrite_before_platinum_and_strongest_behind_it() -> None:
    cheap, strongest = ranks("prefer=cheap"), ranks("prefer=strongest")
    assert cheap["ferrite"] < cheap["FePt"]
    assert cheap["FePt"] == len(KNOWN)
    assert strongest["FePt"] < strongest["ferrite"]
    assert strongest["ferrite"] == len(KNOWN)


@pytest.mark.parametrize(
    ("preset", "allowed"),
    [("rare_earth_free", {"ferrite", "FePt"}), ("heavy_rare_earth_free", {"ferrite", "FePt", "neodymium"})],
)
def test_rare_earths_stand_behind_everything_else_where_they_are_unwanted(preset: str, allowed: set[str]) -> None:
    places = ranks(f"prefer={preset}")
    assert {name for name, rank in places.items() if rank <= len(allowed)} == allowed
