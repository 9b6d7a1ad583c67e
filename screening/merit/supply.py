"""What a compound's elements cost and how concentrated their supply is.

Prices are of the pure elements (2018-2020), so they compare compounds and say little about a factory's bill: vanadium
enters a cathode as oxide at a small part of the metal's price. Any price can be overridden per element. The
Herfindahl-Hirschman indices are those of Gaultois et al., Chem. Mater. 25, 2911 (2013), mass-weighted as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import polars as pl

from screening.crystals.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.merit.composition import N_ELEMENTS, Floats, Mask, indicator, mass_fractions
from screening.merit.tables import number_column
from screening.resources import resource

HEAVY_RARE_EARTHS = ("Y", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
"""The division of the US Geological Survey: yttrium counts as heavy, La to Gd as light."""

RARE_EARTHS = ("Sc", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", *HEAVY_RARE_EARTHS)
"""The rare earths of IUPAC: scandium, yttrium and the lanthanides."""


def supply_columns(counts: Floats, price_overrides: Mapping[str, float]) -> tuple[list[pl.Series], dict[str, Mask]]:
    """Supply columns and flags of cells given as counts (B, 119).

    price_overrides: USD/kg per element symbol. An element without a price makes the price null and flags the row
    `price_incomplete` (`hhi_incomplete` for the indices), never a silent zero.
    """
    fractions = mass_fractions(counts)
    prices = element_column("price_USD_per_kg").copy()
    for symbol, override in price_overrides.items():
        if symbol not in ATOMIC_NUMBERS:
            raise RequestError(f"price_overrides.{symbol}: expected an element symbol")
        if not (np.isfinite(override) and override >= 0):
            raise RequestError(f"price_overrides.{symbol}: expected a price in USD/kg, at least 0, got {override}")
        prices[ATOMIC_NUMBERS[symbol]] = override
    price = _weighted(fractions, prices)
    production = _weighted(fractions, element_column("hhi_production"))
    reserve = _weighted(fractions, element_column("hhi_reserve"))
    columns = {
        "price_USD_per_kg": price,
        "hhi_production": production,
        "hhi_reserve": reserve,
        "rare_earth_mass_fraction": fractions @ indicator(RARE_EARTHS),
        "heavy_rare_earth_mass_fraction": fractions @ indicator(HEAVY_RARE_EARTHS),
        "cobalt_mass_fraction": fractions @ indicator(["Co"]),
    }
    flags = {"price_incomplete": np.isnan(price), "hhi_incomplete": np.isnan(production) | np.isnan(reserve)}
    return [number_column(name, values) for name, values in columns.items()], flags


@lru_cache(maxsize=8)
def element_column(name: str) -> Floats:
    """One column of `datasets/elements/prices.csv` by atomic number, (119,); NaN where the table has nothing."""
    table = pl.read_csv(resource("datasets") / "elements" / "prices.csv", columns=["element", name])
    values = np.full(N_ELEMENTS, np.nan)
    for symbol, value in table.iter_rows():
        if value is not None:
            values[ATOMIC_NUMBERS[symbol]] = value
    return values


def _weighted(fractions: Floats, values: Floats) -> Floats:
    """Mass-weighted mean, (B,); NaN where an element that is present has no value."""
    unknown = np.isnan(values)
    mean = fractions @ np.where(unknown, 0.0, values)
    return np.where(fractions @ unknown > 0, np.nan, mean)
