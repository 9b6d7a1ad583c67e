"""What a factory buys: the compound that brings each element, and its price.

`datasets/elements/precursors.csv` names for an element its precursor and a price with source and date. The price is per
kilogram of `priced_as`, which is the compound or, where the market quotes so, its content. The whole price is booked on
the element; the oxygen, carbon or chlorine that comes along counts nothing. An element that is not in the table has the
price of the pure element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from screening.chemistry.compositions import count_matrix, mass_fractions
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.resources import resource


@dataclass(frozen=True)
class Precursor:
    """What brings an element.

    Attributes:
        element: The element.
        name: Formula or name of the precursor, as in `supply.precursor_prices`.
        share: Mass of the element per mass of what the price refers to.
        price_USD_per_kg: Price of what it refers to.
        date: When this was the price.
        source: Where it is stated.
    """

    element: str
    name: str
    share: float
    price_USD_per_kg: float
    date: str
    source: str

    def per_kg_of_element(self, price_USD_per_kg: float | None = None) -> float:
        """Cost of one kilogram of the element in USD, at another price of the precursor if one is given."""
        return (self.price_USD_per_kg if price_USD_per_kg is None else price_USD_per_kg) / self.share


@lru_cache(maxsize=1)
def precursors() -> Mapping[str, Precursor]:
    """The rows of `datasets/elements/precursors.csv` by the name of the precursor."""
    table = pl.read_csv(resource("datasets") / "elements" / "precursors.csv", schema_overrides={"date": pl.String})
    shares = mass_fractions(count_matrix(table["priced_as"].to_list()))
    return {
        row["precursor"]: Precursor(
            row["element"],
            row["precursor"],
            float(share[ATOMIC_NUMBERS[row["element"]]]),
            row["price_USD_per_kg"],
            row["date"],
            row["source"],
        )
        for row, share in zip(table.iter_rows(named=True), shares, strict=True)
    }
