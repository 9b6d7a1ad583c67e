"""The crystal as every later step sees it: plain arrays and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from screening.chemistry.elements import SYMBOLS
from screening.chemistry.formulas import Amounts, formula_of, reduced_formula

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


@dataclass(frozen=True)
class Crystal:
    """An ordered periodic crystal.

    Attributes:
        candidate_id: Unique among the inputs; text, never a path.
        lattice: (3, 3) row vectors in Å.
        numbers: (n,) atomic numbers.
        frac: (n, 3) fractional coordinates.
        source: Where it was read, as shown to users (a path, `archive.zip/inner.cif`, `rows.jsonl#17`).
        flags: Remarks that are passed on to the ranking, such as `ordered_approximant`.
        parent_space_group: Of an ordered approximant, the space group of the disordered crystal, if known; its own
            symmetry is lower.
        charged: The charged end of an insertion pair, if this crystal is the discharged end.
        composition: Of an ordered approximant, atoms of each element in a formula of the disordered crystal, which the
            approximant may not reach exactly; empty of any other crystal.
        weight: Of an ordered approximant, its share in averages over all approximants of the crystal.
        approximants: The other approximants of the same crystal, in the same lattice.
        parent_axis: Of an ordered approximant, the direction of the main axis of a tetragonal, trigonal or hexagonal
            disordered crystal; empty of any other.
    """

    candidate_id: str
    lattice: NDArray[np.float64]
    numbers: NDArray[np.int16]
    frac: NDArray[np.float64]
    source: str = ""
    flags: tuple[str, ...] = ()
    parent_space_group: int | None = None
    charged: Crystal | None = None
    composition: Amounts = ()
    weight: float = 1.0
    approximants: tuple[Crystal, ...] = ()
    parent_axis: tuple[float, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        candidate_id: str,
        lattice: ArrayLike,
        numbers: ArrayLike,
        frac: ArrayLike,
        source: str = "",
        flags: tuple[str, ...] = (),
    ) -> Crystal:
        """A crystal from array-likes, without any check (see `screening.crystals.sanity`)."""
        return cls(
            candidate_id,
            np.asarray(lattice, dtype=np.float64).reshape(3, 3),
            np.asarray(numbers, dtype=np.int16).reshape(-1),
            np.asarray(frac, dtype=np.float64).reshape(-1, 3),
            source,
            flags,
        )

    @classmethod
    def from_structure(
        cls, structure: Structure, candidate_id: str, source: str = "", flags: tuple[str, ...] = ()
    ) -> Crystal:
        """A crystal from a pymatgen structure.

        Raises:
            ValueError: The structure has partial occupancies.
        """
        if not structure.is_ordered:
            raise ValueError("partial occupancies")
        return cls.from_arrays(
            candidate_id,
            structure.lattice.matrix,
            structure.atomic_numbers,
            structure.frac_coords,
            source,
            flags,
        )

    def to_structure(self) -> Structure:
        """The crystal as a pymatgen structure."""
        from pymatgen.core.structure import Structure

        return Structure(self.lattice, [SYMBOLS[z] for z in self.numbers], self.frac)

    @property
    def n_atoms(self) -> int:
        """Atoms in the cell."""
        return len(self.numbers)

    @cached_property
    def volume_A3(self) -> float:
        """Cell volume in Å³."""
        return float(abs(np.linalg.det(self.lattice)))

    @cached_property
    def formula(self) -> str:
        """Reduced formula, electropositive elements first: `LiFePO4`; of an approximant, that of the alloy."""
        return formula_of(self.composition) if self.composition else reduced_formula(self.numbers)

    @cached_property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that tell crystals apart; equal where all numbers agree to four decimals."""
        state = hashlib.blake2b(digest_size=8)
        for crystal in (self,) if self.charged is None else (self, self.charged):
            for array in (crystal.lattice.round(4) + 0.0, crystal.numbers, crystal.frac.round(4) + 0.0):  # no -0.0
                state.update(array.tobytes())
        if self.composition:
            state.update(repr((self.composition, round(self.weight, 6))).encode())
        for other in self.approximants:
            state.update(other.digest.encode())
        return state.hexdigest()

    @cached_property
    def chemical_system(self) -> str:
        """Sorted element symbols joined by a hyphen: `Fe-Li-O-P`."""
        present = {z for z, _ in self.composition} or set(self.numbers.tolist())
        return "-".join(sorted(SYMBOLS[z] for z in present))


@dataclass(frozen=True)
class Rejection:
    """An input that is not scored, with the step that refused it (read, sanity, predict, ...) and the reason."""

    candidate_id: str
    source: str
    stage: str
    reason: str
