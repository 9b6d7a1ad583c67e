"""Why a magnet has its rank, in one sentence per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from screening.chemistry.compositions import count_matrix
from screening.chemistry.elements import SYMBOLS
from screening.materials.magnets.figures.rare_earths import rare_earth_table
from screening.materials.sentences import Row, why_sentence


def magnet_reasons(ranked: pl.DataFrame, gates: Mapping[str, str], wanted: Mapping[str, float]) -> pl.Series:
    """The column `why` of a ranked table.

    Args:
        ranked: The ranked table.
        gates: Gate -> the column that it tests.
        wanted: Gate -> its threshold, for gates that have one.
    """
    formulas = ranked["cell_formula"].to_list()
    earths = rare_earth_table()
    with_4f = [
        "".join(SYMBOLS[z] for z in range(57, 72) if row[z] and earths.moment_muB[z]) for row in count_matrix(formulas)
    ]
    sentences = [
        why_sentence(row, gates, _strengths(row, shells), partial(_weakness, gates, wanted, row, shells))
        for row, shells in zip(ranked.iter_rows(named=True), with_4f, strict=True)
    ]
    return pl.Series("why", sentences, dtype=pl.String)


def _strengths(row: Row, with_4f: str) -> str:
    parts = [f"µ0Ms {row['mu0_Ms_T']:.2f} T"]
    if row["easy_axis"] == "axis":
        parts.insert(0, _axis_words(row, with_4f))
    if row["hardness_kappa"] is not None:
        parts.append(f"κ {row['hardness_kappa']:.1f}")
    if row["curie_temperature_K"] is not None:
        parts.append(f"Tc {row['curie_temperature_K']:.0f} K")
    return ", ".join(parts)


def _weakness(gates: Mapping[str, str], wanted: Mapping[str, float], row: Row, with_4f: str, gate: str) -> str:
    words = _BY_COLUMN.get(gates[gate])
    if words is not None:
        return words(row, wanted.get(gate), with_4f)
    value = row.get(gates[gate])
    if isinstance(value, float):
        return f"{gate.replace('_', ' ')}: {value:.3g}"
    return f"{gate.replace('_', ' ')} not fulfilled"


def _order(row: Row, _: float | None, with_4f: str) -> str:
    chance = row["ferro_or_ferrimagnetic_probability"]
    if "no_magnetic_element" in (row.get("flags") or "").split(";"):
        return "no element that carries a magnetic moment"
    return f"most likely {row['magnetic_order'].replace('_', ' ')}, a net moment only to {chance or 0.0:.0%}"


def _weak(row: Row, wanted: float | None, with_4f: str) -> str:
    value, flags = row["mu0_Ms_T"], (row.get("flags") or "").split(";")
    if value is None:
        return "no magnetization is predicted"
    if row["magnetic_order"] in ("antiferromagnetic", "non-magnetic"):
        return _order(row, wanted, with_4f)
    cause = ""
    if "above_curie_temperature" in flags:
        cause = f", because it orders only below {row['curie_temperature_K']:.0f} K"
    elif "ferrimagnetic_reduction" in flags:
        cause = ", because opposed sublattices cancel most of it"
    elif "rare_earth_moment_added" in flags and row["magnetic_order"] == "ferrimagnetic":
        cause = f", because the moment of {with_4f} opposes that of the host"
    return f"weak: µ0Ms {value:.2f} T{f' where {wanted:g} T are wanted' if wanted else ''}{cause}"


def _cold(row: Row, wanted: float | None, with_4f: str) -> str:
    value = row["curie_temperature_K"]
    if value is None:
        return "no Curie temperature is predicted"
    if wanted is not None and value >= wanted:
        return f"the Curie temperature of {value:.0f} K could be below {wanted:g} K"
    return f"the Curie temperature of {value:.0f} K is too low"


def _axis(row: Row, _: float | None, with_4f: str) -> str:
    label, uniaxial = row["easy_axis"], row["uniaxial"]
    if label == "cubic":
        return "cubic: no single easy axis, whatever its anisotropy"
    if uniaxial is False:
        return "not uniaxial: orthorhombic or lower symmetry"
    if label == "unknown":
        return "easy axis unknown: nothing tells its anisotropy"
    return _axis_words(row, with_4f)


def _axis_words(row: Row, with_4f: str) -> str:
    """The part of the anisotropy that decides, in words."""
    axis = row["easy_axis"] == "axis"
    name, side = ("easy axis", "the axis") if axis else ("planar", "the plane")
    shells, method = row.get("four_f_K1_MJ_per_m3"), row.get("K1_method") or ""
    if shells is not None and with_4f and (shells > 0) == axis:
        return f"{name}: Stevens factor and A20 of {with_4f} have {'opposite signs' if axis else 'the same sign'}"
    host = method.rpartition("3d: ")[2]
    return f"{name}: the 3d metal prefers {side}{f' ({host})' if host else ''}"


def _soft(row: Row, wanted: float | None, with_4f: str) -> str:
    value = row["hardness_kappa_if_axial"]
    if value is None:
        return "its hardness κ is unknown"
    if wanted is not None and value >= wanted:
        return f"the hardness κ of {value:.1f} could be below {wanted:g}"
    return f"too soft: κ {value:.2f}, K1 is small for its magnetization"


def _unstable(row: Row, wanted: float | None, with_4f: str) -> str:
    value = row["energy_above_hull_eV_per_atom"]
    if value is None:
        return "no energy above the hull is predicted"
    if wanted is not None and value <= wanted:
        return f"could decompose, though predicted {value:.3f} eV/atom above the hull"
    return f"hard to make: {value:.3f} eV/atom above the hull"


def _below_room_temperature(row: Row, _: float | None, with_4f: str) -> str:
    return "without Cr, Mn, Fe, Co or Ni, so it very likely orders far below room temperature"


_BY_COLUMN: dict[str, Callable[[Row, float | None, str], str]] = {
    "ferro_or_ferrimagnetic_probability": _order,
    "mu0_Ms_T": _weak,
    "curie_temperature_K": _cold,
    "axial_probability": _axis,
    "hardness_kappa_if_axial": _soft,
    "energy_above_hull_eV_per_atom": _unstable,
    "rare_earth_mass_fraction": lambda row, _, with_4f: f"holds {row['rare_earth_mass_fraction']:.0%} rare earths",
    "heavy_rare_earth_mass_fraction": lambda row, _, with_4f: (
        f"holds {row['heavy_rare_earth_mass_fraction']:.0%} heavy rare earths or yttrium"
    ),
    "flags": _below_room_temperature,
}
