"""What a compound's elements cost and how concentrated their supply is.

Prices are of the pure elements (2018-2020), so they compare compounds and say little about a factory's bill: vanadium
enters a cathode as oxide at a small part of the metal's price. Any price can be overridden per element, and a region
says what it makes itself. The Herfindahl-Hirschman indices are those of Gaultois et al., Chem. Mater. 25, 2911 (2013),
mass-weighted as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import mass_fractions
from screening.chemistry.elements import ATOMIC_NUMBERS, by_element, indicator
from screening.errors import RequestError
from screening.materials.arrays import number_column
from screening.resources import resource
from screening.settings import build_settings, settings_class

HEAVY_RARE_EARTHS = ("Y", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
"""The division of the US Geological Survey: yttrium counts as heavy, La to Gd as light."""

RARE_EARTHS = ("Sc", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", *HEAVY_RARE_EARTHS)
"""The rare earths of IUPAC: scandium, yttrium and the lanthanides."""

TABLE_PERIOD = "2018-2020"
"""When the prices of `datasets/elements/prices.csv` held; which year is which element's is not recorded."""

STATUSES = ("made", "planned")
HIGHEST_INDEX = 10_000.0
"""Herfindahl-Hirschman index of a single supplier."""


@settings_class
class LocalSource:
    """What a region makes or plans (`status`), as of when, and who says so.

    confirmed: whether a published source says it; otherwise `what` says what is missing.
    """

    what: str
    status: str
    date: str
    source: str
    confirmed: bool

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise RequestError(f"supply.sources: status={self.status}: expected one of {', '.join(STATUSES)}")


@settings_class
class Price:
    """A price in USD/kg of the element, when it held and who says so."""

    price: float
    date: str = ""
    source: str = ""


@settings_class
class SupplySettings:
    """Where the elements come from and what they cost.

    region: its name, null for the world market. prices: per element, USD/kg in place of the table's, either a number or
    a section of price, date and source. hhi_production, hhi_reserve: per element, in place of the table's. local: the
    elements available nearby, each with the name of an entry in `sources` or a remark. sources: those entries.
    Raises RequestError naming a wrong element or value.
    """

    region: str | None = None
    prices: dict[str, Any] = field(default_factory=dict)
    hhi_production: dict[str, float] = field(default_factory=dict)
    hhi_reserve: dict[str, float] = field(default_factory=dict)
    local: dict[str, str] = field(default_factory=dict)
    sources: dict[str, LocalSource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("prices", "hhi_production", "hhi_reserve", "local"):
            for symbol in getattr(self, name):
                if symbol not in ATOMIC_NUMBERS:
                    raise RequestError(f"supply.{name}.{symbol}: expected an element symbol, got {symbol!r}")
        for symbol, given in self.given_prices.items():
            _check(f"supply.prices.{symbol}", given.price, "a price in USD/kg, at least 0", np.inf)
        for name in ("hhi_production", "hhi_reserve"):
            for symbol, index in getattr(self, name).items():
                _check(f"supply.{name}.{symbol}", index, f"an index from 0 to {HIGHEST_INDEX:.0f}", HIGHEST_INDEX)

    @cached_property
    def given_prices(self) -> dict[str, Price]:
        """`prices` by element, numbers as prices without date and source."""
        return {symbol: _price(symbol, value) for symbol, value in self.prices.items()}


def supply_columns(counts: Floats, settings: SupplySettings) -> tuple[list[pl.Series], dict[str, Mask]]:
    """Supply columns and flags of cells given as counts (B, 119).

    An element without a price makes the price null and flags the row `price_incomplete` (`hhi_incomplete` for the
    indices), never a silent zero. `locally_available_mass_fraction` is null where the settings name no local element.
    """
    fractions = mass_fractions(counts)
    price = _weighted(fractions, _replaced("price_USD_per_kg", {s: p.price for s, p in settings.given_prices.items()}))
    production = _weighted(fractions, _replaced("hhi_production", settings.hhi_production))
    reserve = _weighted(fractions, _replaced("hhi_reserve", settings.hhi_reserve))
    local = fractions @ indicator(settings.local) if settings.local else np.full(len(counts), np.nan)
    columns = {
        "price_USD_per_kg": price,
        "hhi_production": production,
        "hhi_reserve": reserve,
        "rare_earth_mass_fraction": fractions @ indicator(RARE_EARTHS),
        "heavy_rare_earth_mass_fraction": fractions @ indicator(HEAVY_RARE_EARTHS),
        "cobalt_mass_fraction": fractions @ indicator(["Co"]),
        "nickel_mass_fraction": fractions @ indicator(["Ni"]),
        "locally_available_mass_fraction": local,
    }
    flags = {"price_incomplete": np.isnan(price), "hhi_incomplete": np.isnan(production) | np.isnan(reserve)}
    dates = _price_dates(counts, settings, ~np.isnan(price))
    return [*(number_column(name, values) for name, values in columns.items()), dates], flags


def _price_dates(counts: Floats, settings: SupplySettings, known: Mask) -> pl.Series:
    """When the prices of each row's elements held: `2018-2020; Nd 2026-03`, the table's period before those given."""
    given = {symbol: f"{symbol} {price.date or 'undated'}" for symbol, price in settings.given_prices.items()}
    from_table = counts @ (1.0 - indicator(given)) > 0
    present = counts[:, [ATOMIC_NUMBERS[symbol] for symbol in given]] > 0
    texts: list[str | None] = [None] * len(counts)
    for row in np.flatnonzero(known):
        own = [date for date, there in zip(given.values(), present[row], strict=True) if there]
        texts[row] = "; ".join([*([TABLE_PERIOD] if from_table[row] else []), *own])
    return pl.Series("price_date", texts, dtype=pl.String)


@lru_cache(maxsize=8)
def element_column(name: str) -> Floats:
    """One column of `datasets/elements/prices.csv` by atomic number, (119,); NaN where the table has nothing."""
    table = pl.read_csv(resource("datasets") / "elements" / "prices.csv", columns=["element", name])
    return by_element({symbol: value for symbol, value in table.iter_rows() if value is not None}, np.nan)


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


def _price(symbol: str, value: Any) -> Price:
    key = f"supply.prices.{symbol}"
    if isinstance(value, Mapping):
        # A bare year is a number in YAML.
        return build_settings(Price, {**value, "date": str(value.get("date", ""))}, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"{key}: expected a number in USD/kg or a section of price, date and source, got {value!r}")
    return Price(price=float(value))


def _check(key: str, value: float, expected: str, most: float) -> None:
    if not (np.isfinite(value) and 0 <= value <= most):
        raise RequestError(f"{key}: expected {expected}, got {value}")
