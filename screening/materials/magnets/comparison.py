"""Predictions for magnets compared with measured polarization, Curie temperature, anisotropy and magnetic order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.materials.arrays import floats, number_column
from screening.materials.magnets.comparison_sentences import fixed, magnet_sentences
from screening.materials.magnets.figures.anisotropy_constant import hardness
from screening.materials.magnets.measured_units import measured_number
from screening.materials.magnets.merit import MagnetSettings
from screening.materials.reference import (
    Comparison,
    class_statistics,
    composition_baseline,
    constant_baseline,
    error_statistics,
    spearman,
)
from screening.resources import resource

SAME_TEMPERATURE_K = 10.0
"""Values that were measured this close to the temperature of the ranking are compared."""

ORDERS = {"FM": "ferromagnetic", "ferri": "ferrimagnetic", "AFM": "antiferromagnetic", "non": "non-magnetic"}
NET = ("ferromagnetic", "ferrimagnetic")

NUMBERS = {"mu0_Ms_T": "mu0Ms_T", "curie_temperature_K": "Tc_K", "K1_MJ_per_m3": "K1_MJ_m3"}
"""Column of the ranking -> column of the reference table."""
TEXTS = ("magnetic_order", "easy_axis")
LABELS = {"mu0_Ms_T": ("µ0Ms (T)", 2), "curie_temperature_K": ("Tc (K)", 0), "K1_MJ_per_m3": ("K1 (MJ/m³)", 2)}
_FORMULA = re.compile(r"\b(?:[A-Z][a-z]?\d*){2,}\b")
KEPT = (
    "rank", "candidate_id", "formula", "chemical_system", "cell_formula", "score", "limiting_gate", "why", "K1_method",
    "easy_axis_probability", "axial_probability", "ferro_or_ferrimagnetic_probability", "hardness_kappa", "flags",
)  # fmt: skip


@dataclass(frozen=True)
class MeasuredRows:
    """The rows of a reference table in the order of a ranking, as numbers and classes, (B,) each.

    Attributes:
        rows: The B rows, as text.
        temperature_K: Of the ranking.
    """

    rows: tuple[Mapping[str, str], ...]
    temperature_K: float

    def number(self, name: str) -> Floats:
        """A column of the reference table; NaN where it is empty.

        Raises:
            RequestError: A value is not a number, or cannot be in the column's unit.
        """
        return np.array([measured_number(row, name) for row in self.rows], dtype=np.float64)

    @cached_property
    def at_temperature(self) -> Mask:
        """Rows measured at the temperature of the ranking; 300 K is assumed where the table names none."""
        measured_at = np.nan_to_num(self.number("T_state_K"), nan=300.0)
        return np.abs(measured_at - self.temperature_K) <= SAME_TEMPERATURE_K

    @cached_property
    def orders(self) -> list[str | None]:
        """Magnetic order, in the words of the predictions; None where the table has none."""
        return [ORDERS.get(row.get("order", "")) for row in self.rows]

    @cached_property
    def net(self) -> Mask:
        """Ferro- and ferrimagnets."""
        return np.array([order in NET for order in self.orders], dtype=bool)

    @cached_property
    def ordered(self) -> Mask:
        """Ferro- and ferrimagnets that are ordered at the temperature of the ranking."""
        return self.net & (self.number("Tc_K") > self.temperature_K)

    @cached_property
    def axes(self) -> list[str | None]:
        """`axis`, `plane` or `cubic`; None where the table does not say and for compounds without a net moment."""
        known = [_axis(row) for row in self.rows]
        return [axis if net else None for axis, net in zip(known, self.net, strict=True)]

    @cached_property
    def in_family_table(self) -> Mask:
        """Compounds whose own K1 is a source of the family table, so that their K1 is no prediction."""
        members = family_members()
        return np.array([row.get("formula") in members for row in self.rows], dtype=bool)

    @cached_property
    def hard(self) -> Mask:
        """Magnets with an easy axis and a hardness of at least 1, by the measured values."""
        kappa = hardness(self.number("K1_MJ_m3"), self.number("mu0Ms_T"))
        return (kappa >= 1) & np.array([axis == "axis" for axis in self.axes], dtype=bool)


@cache
def family_members() -> frozenset[str]:
    """Formulas of the compounds whose measured K1 is in `datasets/magnets/host_anisotropy.csv`."""
    table = pl.read_csv(resource("datasets") / "magnets" / "host_anisotropy.csv")
    return frozenset(_FORMULA.findall(" ".join(table["measured_on"].drop_nulls())))


def compare(
    ranked: pl.DataFrame, rows: Sequence[Mapping[str, str]], settings: MagnetSettings, unseen: Mask
) -> Comparison:
    """Compare a ranking with measurements, see `MaterialClass.compare`.

    The baselines of polarization and Curie temperature, extra trees on composition and the median, learn from the other
    rows of the same table, with one chemical system held out at a time.
    """
    by_name = {row["name"]: row for row in rows}
    temperature = settings.temperature_K
    measured = MeasuredRows(tuple(by_name[name] for name in ranked["candidate_id"]), temperature)
    predicted_order = _text(ranked, "magnetic_order")
    statistics = {
        "rows": ranked.height,
        "unseen": int(unseen.sum()),
        "temperature_K": temperature,
        "mu0_Ms_T": _quantity(ranked, measured, "mu0_Ms_T", measured.ordered & measured.at_temperature, unseen),
        "curie_temperature_K": _quantity(ranked, measured, "curie_temperature_K", measured.net, unseen),
        "K1_MJ_per_m3": _anisotropy(ranked, measured),
        "easy_axis": _axes(ranked, measured),
        "magnetic_order": class_statistics(measured.orders, predicted_order),
        "net_moment": class_statistics(_net(measured.orders), _net(predicted_order)),
        "ranking": _places(ranked, measured),
    }
    return Comparison(_beside(ranked, measured), statistics, magnet_sentences(statistics), _short(ranked, measured))


def _quantity(ranked: pl.DataFrame, measured: MeasuredRows, name: str, chosen: Mask, unseen: Mask) -> dict[str, Any]:
    """Errors over the chosen rows and over the unseen ones among them, with the baselines on the same rows."""
    truth, predicted = measured.number(NUMBERS[name]), floats(ranked, name)
    low, high = floats(ranked, f"{name}_lo"), floats(ranked, f"{name}_hi")
    counts = count_matrix(ranked["cell_formula"].to_list())
    composition = composition_baseline(counts, ranked["chemical_system"].to_list(), truth, chosen)
    constant = constant_baseline(truth, chosen)
    both = chosen & np.isfinite(predicted)
    scores = error_statistics(truth, predicted, chosen, low, high)
    scores["spearman"] = spearman(truth, predicted, both)
    for baseline, values in (("composition", composition), ("constant", constant)):
        scores[f"mae_{baseline}"] = error_statistics(truth, values, both, low, high)["mae"]
    own = {"unseen": predicted, "unseen_composition": composition}
    scores["n_unseen"] = int((both & unseen & np.isfinite(truth)).sum())
    return scores | {
        f"mae_{key}": error_statistics(truth, values, both & unseen, low, high)["mae"] for key, values in own.items()
    }


def _net(orders: Sequence[str | None]) -> list[str | None]:
    return [None if order is None else "net moment" if order in NET else "none" for order in orders]


def _beside(ranked: pl.DataFrame, measured: MeasuredRows) -> pl.DataFrame:
    """Predictions with their intervals, each next to the measured value."""
    columns = [ranked[name] for name in KEPT if name in ranked.columns]
    for name, column in NUMBERS.items():
        columns += [ranked[n] for n in (name, f"{name}_lo", f"{name}_hi") if n in ranked.columns]
        columns.append(number_column(f"{name}_measured", measured.number(column)))
    columns += [ranked[name] for name in TEXTS if name in ranked.columns]
    columns.append(pl.Series("magnetic_order_measured", measured.orders, dtype=pl.String))
    columns.append(pl.Series("easy_axis_measured", measured.axes, dtype=pl.String))
    columns.append(pl.Series("hard_measured", measured.hard))
    columns.append(pl.Series("K1_in_family_table", measured.in_family_table))
    return pl.DataFrame(columns)


def _short(ranked: pl.DataFrame, measured: MeasuredRows) -> pl.DataFrame:
    """Rank, name, and every quantity as `predicted | measured`."""
    columns = [ranked["rank"], ranked["candidate_id"].alias("name")]
    for name, (label, digits) in LABELS.items():
        values = zip(floats(ranked, name), measured.number(NUMBERS[name]), strict=True)
        columns.append(pl.Series(label, [f"{fixed(p, digits)} | {fixed(m, digits)}" for p, m in values]))
    for name, known in (("easy_axis", measured.axes), ("magnetic_order", measured.orders)):
        pairs = zip(_text(ranked, name), known, strict=True)
        columns.append(pl.Series(name, [f"{_abbreviated(p)} | {_abbreviated(m)}" for p, m in pairs]))
    return pl.DataFrame(columns)


def _abbreviated(text: str | None) -> str:
    """Shorter words for the orders: `ferro`, `ferri`, `antiferro`, `non`."""
    return "-" if text is None else text.removesuffix("magnetic").removesuffix("-")


def _anisotropy(ranked: pl.DataFrame, measured: MeasuredRows) -> dict[str, Any]:
    """Sign and size of K1 of magnets with an easy axis or plane; in cubic ones K1 is another constant.

    `not_in_family_table` has the same without the compounds whose own value is a source of the family table.
    """
    uniaxial = np.array([axis in ("axis", "plane") for axis in measured.axes], dtype=bool)
    chosen = uniaxial & measured.at_temperature
    scores = _of_K1(ranked, measured, chosen)
    return scores | {"not_in_family_table": _of_K1(ranked, measured, chosen & ~measured.in_family_table)}


def _of_K1(ranked: pl.DataFrame, measured: MeasuredRows, chosen: Mask) -> dict[str, Any]:
    truth, predicted = measured.number("K1_MJ_m3"), floats(ranked, "K1_MJ_per_m3")
    both = chosen & np.isfinite(truth) & np.isfinite(predicted)
    sized = both & (truth != 0) & (predicted != 0)
    factors = np.abs(np.log10(np.abs(predicted[sized]) / np.abs(truth[sized])))
    low, high = floats(ranked, "K1_MJ_per_m3_lo"), floats(ranked, "K1_MJ_per_m3_hi")
    return {
        **error_statistics(truth, predicted, chosen, low, high),
        "sign_right": int((np.sign(truth[both]) == np.sign(predicted[both])).sum()),
        "median_factor": float(10 ** np.median(factors)) if len(factors) else None,
    }


def _axes(ranked: pl.DataFrame, measured: MeasuredRows) -> dict[str, Any]:
    """Classes of the easy direction, with and without the compounds of the family table."""
    predicted = _text(ranked, "easy_axis")
    others = [None if own else axis for axis, own in zip(measured.axes, measured.in_family_table, strict=True)]
    return class_statistics(measured.axes, predicted) | {"not_in_family_table": class_statistics(others, predicted)}


def _places(ranked: pl.DataFrame, measured: MeasuredRows) -> dict[str, Any]:
    """Ranks: compounds that should not be in the upper half, permanent magnets, and those predicted to be hard."""
    names, ranks = ranked["candidate_id"].to_list(), ranked["rank"].to_list()
    without = [order is not None and order not in NET for order in measured.orders]
    upper = [rank <= ranked.height / 2 for rank in ranks]
    called = np.nan_to_num(floats(ranked, "hardness_kappa")) >= 1
    called &= np.array([value == "axis" for value in _text(ranked, "easy_axis")], dtype=bool)
    unknown = np.isnan(measured.number("K1_MJ_m3")) & np.array([axis == "axis" for axis in measured.axes], dtype=bool)
    wrong = called & ~measured.hard & ~unknown
    return {
        "without_net_moment_in_upper_half": [n for n, w, u in zip(names, without, upper, strict=True) if w and u],
        "permanent_magnets": {n: r for n, r, hard in zip(names, ranks, measured.hard, strict=True) if hard},
        "called_hard": int(called.sum()),
        "wrongly_called_hard": [name for name, bad in zip(names, wrong, strict=True) if bad],
    }


def _text(table: pl.DataFrame, name: str) -> list[str | None]:
    return table[name].to_list() if name in table.columns else [None] * table.height


def _axis(row: Mapping[str, str]) -> str | None:
    """From the columns `easy`, which starts with `cubic` or `easy plane` for such magnets, and `easy_axis_uniaxial`."""
    text = row.get("easy", "").lower()
    if text.startswith("cubic"):
        return "cubic"
    if text.startswith("easy plane"):
        return "plane"
    return "axis" if row.get("easy_axis_uniaxial") == "yes" else None
