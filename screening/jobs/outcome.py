"""What jobs give back to a caller in Python: tables that know their units and crystals, and show themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from screening.columns import column
from screening.crystals import Crystal
from screening.errors import RequestError
from screening.report.notebook import ROWS_SHOWN, table_html

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


def no_crystal(candidate_id: str) -> Crystal:
    """The crystals of an outcome that keeps none. Raises KeyError."""
    raise KeyError(candidate_id)


@dataclass(frozen=True, eq=False)
class TableOutcome:
    """A table of crystals.

    Attributes:
        table: One row a crystal.
        rejected: The inputs without a row: `candidate_id, source, stage, reason`.
        crystal_of: Gives the crystal of an id; KeyError for an unknown one.
    """

    table: pl.DataFrame
    rejected: pl.DataFrame
    crystal_of: Callable[[str], Crystal] = field(default=no_crystal, repr=False)

    def __len__(self) -> int:
        return self.table.height

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column, empty for pure numbers and text."""
        return {name: column(name).unit for name in self.table.columns}

    def crystal(self, candidate_id: str) -> Structure:
        """Give the crystal of a row as it was computed, as a pymatgen structure.

        Raises:
            RequestError: There is no such row.
        """
        try:
            return self.crystal_of(candidate_id).to_structure()
        except KeyError:
            raise RequestError(f"candidate_id={candidate_id}: not in the table") from None

    @property
    def _shown_columns(self) -> Sequence[str]:
        return self.table.columns

    def _repr_html_(self) -> str:
        """The first rows with units, for a notebook."""
        note = f"{self.table.height} rows"
        note += f", the first {ROWS_SHOWN} shown" if self.table.height > ROWS_SHOWN else ""
        note += f"; {self.rejected.height} rejected (see .rejected)" if self.rejected.height else ""
        return table_html(self.table, self._shown_columns, note)
