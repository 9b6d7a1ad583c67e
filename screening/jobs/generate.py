"""The job of `screening generate`: elements on the sites of known structure types become candidates to rank."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import polars as pl

from screening.configuration.generate import GenerateConfig
from screening.crystals import Crystal, as_crystals
from screening.crystals.prototypes import Member, Prototype, members, read_prototypes
from screening.crystals.prototypes.generated_rows import as_row, solution_row
from screening.crystals.prototypes.solutions import Solution, check_shares, solutions
from screening.crystals.prototypes.substitution import parse_elements
from screening.errors import RequestError
from screening.files import atomic_path
from screening.locks import file_lock
from screening.report.notebook import ROWS_SHOWN, table_html

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


@dataclass(frozen=True, eq=False)
class GeneratedCandidates:
    """Crystals made by substitution; iterating gives them, so `screening.rank` takes them as they are.

    Attributes:
        members: Those that were kept.
        made: How many could be made.
        left_out: Reason -> combinations that gave no crystal.
        prototypes: The structure types that were filled.
    """

    members: Sequence[Member | Solution] = field(repr=False)
    made: int
    left_out: Mapping[str, int]
    prototypes: Sequence[Prototype] = field(repr=False)

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[Crystal]:
        return map(_crystal, self.members)

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a crystal: `candidate_id, formula, prototype, n_atoms`."""
        rows = [(m.candidate_id, m.formula, m.prototype.name, len(m.sites.numbers)) for m in self.members]
        return pl.DataFrame(rows, schema=["candidate_id", "formula", "prototype", "n_atoms"], orient="row")

    @property
    def counts(self) -> dict[str, int]:
        """Crystals kept of each structure type."""
        found = Counter(member.prototype.name for member in self.members)
        return {prototype.name: found[prototype.name] for prototype in self.prototypes}

    def crystal(self, candidate_id: str) -> Structure:
        """Give one crystal as a pymatgen structure.

        Raises:
            RequestError: There is none of this id.
        """
        for member in self.members:
            if member.candidate_id == candidate_id:
                return _crystal(member).to_structure()
        raise RequestError(f"candidate_id={candidate_id}: not among the generated crystals")

    def _repr_html_(self) -> str:
        note = f"{len(self)} crystals" + (f", the first {ROWS_SHOWN} shown" if len(self) > ROWS_SHOWN else "")
        return table_html(self.table, self.table.columns, note)


def generate_in_memory(config: GenerateConfig) -> GeneratedCandidates:
    """Make all crystals of the chosen prototypes and elements, at most config.max_candidates of them.

    Raises:
        RequestError: The request is wrong, or no crystal can be made.
    """
    prototypes = read_prototypes(config.prototypes)
    elements = parse_elements(config.elements, prototypes)
    made: list[Member | Solution] = []
    check_shares(config.x or ())
    left_out: Counter[str] = Counter()
    for prototype in prototypes:
        found = members(prototype, elements)
        made += found.made
        left_out += found.left_out
        if config.x:
            mixed = solutions(prototype, elements, config.x)
            made += mixed.made
            left_out += mixed.left_out
    if not made:
        empty = [f"elements.{role}" for role, ions in elements.items() if not ions]
        raise RequestError(f"no candidate can be made of these elements; empty are {', '.join(empty) or 'none'}")
    return GeneratedCandidates(spread(made, config.max_candidates), len(made), left_out, prototypes)


def generate_to_file(config: GenerateConfig) -> GeneratedCandidates:
    """The same, and write them as rows to config.output; a file that cannot be written is refused before any work."""
    output = Path(config.output)
    if output.is_dir():
        raise RequestError(f"output={output}: that is a folder; expected the name of a file")
    with file_lock(output, "output"):
        candidates = generate_in_memory(config)
        write_rows(candidates.members, output)
    return candidates


def _crystal(member: Member | Solution) -> Crystal:
    """The crystal that readers make of the member's row."""
    if isinstance(member, Solution):
        (found,) = as_crystals([solution_row(member)])
        if isinstance(found, Crystal):
            return found
        raise RequestError(f"{member.candidate_id}: {found.reason}")
    row = as_row(member)
    arrays = Crystal.from_arrays(
        row["id"], row["lattice"], member.sites.numbers, row["frac"], member.prototype.name, tuple(row.get("flags", ()))
    )
    return replace(arrays, parent_space_group=row.get("parent_space_group"))


def spread(made: Sequence[Member | Solution], most: int | None) -> list[Member | Solution]:
    """At most so many of them, at even steps, so that every prototype keeps its share."""
    if most is None or most >= len(made):
        return list(made)
    return [made[index] for index in np.linspace(0, len(made) - 1, most).round().astype(int)]


def write_rows(made: Sequence[Member | Solution], output: Path) -> None:
    """One JSON object a line, gzipped if the name says so; the same crystals make the same bytes."""
    rows = (solution_row(member) if isinstance(member, Solution) else as_row(member) for member in made)
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    with atomic_path(output) as part:
        part.write_bytes(gzip.compress(data, 6, mtime=0) if output.suffix == ".gz" else data)
