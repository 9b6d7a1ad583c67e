"""What a compound's elements cost and how concentrated their supply is.

Prices are those of the pure elements (2018-2020), or of the precursors that bring them where a class buys these
(`screening.materials.precursors`). They serve to compare compounds and say little about a factory's costs. The price of
any element or precursor can be replaced, and a region can list what it produces itself. The Herfindahl-Hirschman
indices, weighted by mass, are those of Gaultois et al., Chem. Mater. 25, 2911 (2013).
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
from screening.materials.precursors import precursors
from screening.resources import resource
from screening.settings import build_settings, nearest, settings_class

HEAVY_RARE_EARTHS = ("Y", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
"""The division of the US Geological Survey: yttrium counts as heavy, La to Gd as light."""

RARE_EARTHS = ("Sc", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", *HEAVY_RARE_EARTHS)
"""The rare earths of IUPAC: scandium, yttrium and the lanthanides."""

TABLE_PERIOD = "2018-2020"
"""Period of the prices in `datasets/elements/prices.csv`; the year of each element is not recorded."""

STATUSES = ("made", "planned")
_UNDATED = "undated"
HIGHEST_INDEX = 10_000.0
"""Herfindahl-Hirschman index of a single supplier."""


@settings_class
class LocalSource:
    """A source of elements in a region.

    Attributes:
        what: What it produces.
        status: One of `STATUSES`.
        date: When this was the case.
        source: Where this is stated.
        confirmed: Whether a published source states it; if not, `what` says what is missing.
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
    """The price of an element in USD/kg, its date and its source."""

    price: float
    date: str = ""
    source: str = ""


@settings_class
class SupplySettings:
    """Where the elements come from and what they cost.

    Attributes:
        region: Its name; null for the world market.
        prices: Element -> price in USD/kg that replaces the one of the table: a number, or a section of price, date and
            source.
        precursor_prices: Precursor of `datasets/elements/precursors.csv` -> price in USD/kg, as `prices`; for classes
            that buy precursors. A price in `prices` wins over that of the precursor.
        hhi_production: Element -> index that replaces the one of the table.
        hhi_reserve: As `hhi_production`.
        local: Element that is available nearby -> name of an entry in `sources`, or a remark.
        sources: The entries that `local` names.

    Raises:
        RequestError: An element or a value is wrong; the message names the key.
    """

    region: str | None = None
    prices: dict[str, Any] = field(default_factory=dict)
    precursor_prices: dict[str, Any] = field(default_factory=dict)
    hhi_production: dict[str, float] = field(default_factory=dict)
    hhi_reserve: dict[str, float] = field(default_factory=dict)
    local: dict[str, str] = field(default_factory=dict)
    sources: dict[str, LocalSource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("prices", "hhi_production", "hhi_reserve", "local"):
            for symbol in getattr(self, name):
                if symbol not in ATOMIC_NUMBERS:
                    raise RequestError(f"supply.{name}.{symbol}: expected an element symbol, got {symbol!r}")
        for name in self.precursor_prices:
            if name not in precursors():
                known, hint = ", ".join(precursors()), nearest(name, list(precursors()))
                raise RequestError(f"supply.precursor_prices.{name}: expected one of {known}{hint}")
        for section, prices in (("prices", self.given_prices), ("precursor_prices", self.given_precursor_prices)):
            for name, given in prices.items():
                _check(f"supply.{section}.{name}", given.price, "a price in USD/kg, at least 0", np.inf)
        for name in ("hhi_production", "hhi_reserve"):
            for symbol, index in getattr(self, name).items():
                _check(f"supply.{name}.{symbol}", index, f"an index from 0 to {HIGHEST_INDEX:.0f}", HIGHEST_INDEX)

    @cached_property
    def given_prices(self) -> dict[str, Price]:
        """`prices` by element; bare numbers become prices without date and source."""
        return {symbol: _price(f"supply.prices.{symbol}", value) for symbol, value in self.prices.items()}

    @cached_property
    def given_precursor_prices(self) -> dict[str, Price]:
        """`precursor_prices` by name, as `given_prices`."""
        return {name: _price(f"supply.precursor_prices.{name}", value) for name, value in self.precursor_prices.items()}

    def element_prices(self, bought: bool) -> dict[str, Price]:
        """Prices in USD per kilogram of element that replace those of the table, each with what it is of and its date.

        Args:
            bought: Whether elements come as precursors.
        """
        found: dict[str, Price] = {}
        for precursor in precursors().values() if bought else ():
            own = self.given_precursor_prices.get(precursor.name)
            price = precursor.per_kg_of_element(None if own is None else own.price)
            date = precursor.date if own is None else own.date or _UNDATED
            found[precursor.element] = Price(price=price, date=f"{precursor.name} {date}")
        given = {
            symbol: Price(price=price.price, date=f"{symbol} {price.date or _UNDATED}")
            for symbol, price in self.given_prices.items()
        }
        return found | given


def supply_columns(
    counts: Floats, settings: SupplySettings, bought: bool = False
) -> tuple[list[pl.Series], dict[str, Mask]]:
    """The supply of B cells.

    An element without a price makes the price null and sets the flag `price_incomplete` (`hhi_incomplete` for the
    indices). `locally_available_mass_fraction` is null if the settings name no local element.

    Args:
        counts: Atoms of each element, (B, 119).
        settings: Prices, indices and local elements.
        bought: Whether elements come as precursors; if not, all are bought pure.

    Returns:
        Columns of length B, and flag -> mask (B,).
    """
    fractions = mass_fractions(counts)
    given = settings.element_prices(bought)
    price = _weighted(fractions, _prices(given))
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
    dates = _price_dates(counts, given, ~np.isnan(price))
    return [*(number_column(name, values) for name, values in columns.items()), dates], flags


def prices_USD_per_kg(counts: Floats, settings: SupplySettings, bought: bool = False) -> Floats:
    """Prices of B compounds, (B,), NaN if an element has none; arguments as of `supply_columns`."""
    return _weighted(mass_fractions(counts), _prices(settings.element_prices(bought)))


def _prices(given: Mapping[str, Price]) -> Floats:
    """Prices by atomic number, (119,); NaN for elements without one."""
    return _replaced("price_USD_per_kg", {symbol: price.price for symbol, price in given.items()})


def _price_dates(counts: Floats, given: Mapping[str, Price], known: Mask) -> pl.Series:
    """Dates of the prices of each row, the period of the table first: `2018-2020; Nd 2026-03`."""
    from_table = counts @ (1.0 - indicator(given)) > 0
    present = counts[:, [ATOMIC_NUMBERS[symbol] for symbol in given]] > 0
    texts: list[str | None] = [None] * len(counts)
    for row in np.flatnonzero(known):
        dates = [price.date for price, used in zip(given.values(), present[row], strict=True) if used]
        texts[row] = "; ".join([*([TABLE_PERIOD] if from_table[row] else []), *dates])
    return pl.Series("price_date", texts, dtype=pl.String)


@lru_cache(maxsize=8)
def element_column(name: str) -> Floats:
    """One column of `datasets/elements/prices.csv` by atomic number, (119,); NaN for elements without a value."""
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


def _price(key: str, value: Any) -> Price:
    if isinstance(value, Mapping):
        # A bare year is a number in YAML.
        return build_settings(Price, {**value, "date": str(value.get("date", ""))}, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"{key}: expected a number in USD/kg or a section of price, date and source, got {value!r}")
    return Price(price=float(value))


def _check(key: str, value: float, expected: str, most: float) -> None:
    if not (np.isfinite(value) and 0 <= value <= most):
        raise RequestError(f"{key}: expected {expected}, got {value}")
