"""What a compound's elements cost and how concentrated their supply is.

Prices are of the pure elements (2018-2020), so they compare compounds and say little about a factory's bill: vanadium
enters a cathode as oxide at a small part of the metal's price. Any price can be overridden per element, and a region
says what it makes itself. The Herfindahl-Hirschman indices are those of Gaultois et al., Chem. Mater. 25, 2911 (2013),
mass-weighted as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from screening.crystals.elements import ATOMIC_NUMBERS
from screening.errors import RequestError
from screening.merit.composition import N_ELEMENTS, Floats, Mask, indicator, mass_fractions
from screening.merit.settings import build_settings
from screening.merit.tables import number_column
from screening.resources import resource

HEAVY_RARE_EARTHS = ("Y", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
"""The division of the US Geological Survey: yttrium counts as heavy, La to Gd as light."""

RARE_EARTHS = ("Sc", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", *HEAVY_RARE_EARTHS)
"""The rare earths of IUPAC: scandium, yttrium and the lanthanides."""


@dataclass(frozen=True)
class LocalSupply:
    """Why an element counts as locally available: what is made or planned and by whom, since when, and who says so.

    confirmed: whether the statement was found in a published source when it was written down.
    """

    what: str
    date: str = ""
    source: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class SupplySettings:
    """Where the elements come from and what they cost.

    region: its name, or null for the world market. prices: per element, USD/kg in place of the table's, either a number
    or `{price, date, source}`. hhi_production, hhi_reserve: per element, in place of the table's. local: per element
    that the region makes or plans, what is known of it. Raises RequestError naming a wrong element or value.
    """

    region: str | None = None
    prices: dict[str, Any] = field(default_factory=dict)
    hhi_production: dict[str, float] = field(default_factory=dict)
    hhi_reserve: dict[str, float] = field(default_factory=dict)
    local: dict[str, LocalSupply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for symbol, value in self.prices.items():
            _check(f"supply.prices.{symbol}", symbol, price_of(symbol, value).price, "a price in USD/kg, at least 0")
        for name in ("hhi_production", "hhi_reserve"):
            for symbol, index in getattr(self, name).items():
                _check(f"supply.{name}.{symbol}", symbol, index, "an index from 0 to 10,000", most=10_000)
        for symbol in self.local:
            _check(f"supply.local.{symbol}", symbol)


@dataclass(frozen=True)
class Price:
    """A price in USD/kg of the element, when it held and who says so."""

    price: float
    date: str = ""
    source: str = ""


def price_of(symbol: str, value: Any) -> Price:
    """An entry of `SupplySettings.prices`; raises RequestError for anything but a number or such a section."""
    if isinstance(value, Mapping):
        return build_settings(Price, value, f"supply.prices.{symbol}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"supply.prices.{symbol}: expected a number or {{price, date, source}}, got {value!r}")
    return Price(float(value))


def _check(key: str, symbol: str, value: float = 0.0, expected: str = "", most: float = np.inf) -> None:
    if symbol not in ATOMIC_NUMBERS:
        raise RequestError(f"{key}: expected an element symbol, got {symbol!r}")
    if not (np.isfinite(value) and 0 <= value <= most):
        raise RequestError(f"{key}: expected {expected}, got {value}")


def supply_columns(counts: Floats, settings: SupplySettings) -> tuple[list[pl.Series], dict[str, Mask]]:
    """Supply columns and flags of cells given as counts (B, 119).

    An element without a price makes the price null and flags the row `price_incomplete` (`hhi_incomplete` for the
    indices), never a silent zero.
    """
    fractions = mass_fractions(counts)
    prices = {symbol: price_of(symbol, value).price for symbol, value in settings.prices.items()}
    price = _weighted(fractions, _replaced("price_USD_per_kg", prices))
    production = _weighted(fractions, _replaced("hhi_production", settings.hhi_production))
    reserve = _weighted(fractions, _replaced("hhi_reserve", settings.hhi_reserve))
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


def _replaced(name: str, given: Mapping[str, float]) -> Floats:
    values = element_column(name).copy()
    for symbol, value in given.items():
        values[ATOMIC_NUMBERS[symbol]] = value
    return values


def _weighted(fractions: Floats, values: Floats) -> Floats:
    """Mass-weighted mean, (B,); NaN where an element that is present has no value."""
    unknown = np.isnan(values)
    mean = fractions @ np.where(unknown, 0.0, values)
    return np.where(fractions @ unknown > 0, np.nan, mean)
