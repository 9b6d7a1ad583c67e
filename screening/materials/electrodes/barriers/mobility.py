"""How fast the ion of an electrode moves: the barrier of the best connected network of hops, and its dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from screening.array_types import Floats
from screening.materials.electrodes.barriers.hop_cells import as_path
from screening.materials.electrodes.barriers.hops import HopNetwork, find_hops
from screening.materials.electrodes.barriers.migration_path import MIGRATING_CHARGES, MigrationPath, check_path
from screening.materials.electrodes.barriers.percolation import Hop, network_dimensions, percolation
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.roles import has_anions

_MOST_KINDS = 6
"""Kinds of hops whose barrier is predicted, unless more are needed to cross the crystal."""
_HOPELESS, _HOPELESS_EV = 3.0, 5.0
"""Further directions are left out if their bond-valence energies are beyond this multiple of the lowest, plus this."""
_ALIKE_A, _ALIKE_SHARE, _ALIKE_EV = 0.15, 0.2, 0.3
"""Hops that an ordering of the ions has made slightly different share a prediction."""

Predict = Callable[[Sequence[MigrationPath]], Floats]
"""Barriers in eV with their interval, (B, 3): value, lower and upper end."""


@dataclass(frozen=True)
class Mobility:
    """How the ion moves.

    Attributes:
        barrier_eV: Value, lower and upper end of the 80 % interval; NaN without a connected network.
        dimensions: Directions in which the network continues, 1 to 3; None without one.
        path: The hop with the highest barrier; None without a network.
        searched: Whether a network was looked for.
    """

    barrier_eV: tuple[float, float, float] = (float("nan"),) * 3
    dimensions: int | None = None
    path: MigrationPath | None = None
    searched: bool = False


def find_mobilities(pairs: Sequence[ElectrodePair | None], predict: Predict) -> list[Mobility]:
    """The mobility in each of P pairs; the barriers of all their hops are predicted together."""
    searches = [_Search.of(pair, str(index)) for index, pair in enumerate(pairs)]
    paths = [path for search in searches for path in search.paths.values()]
    barriers = predict(paths) if paths else np.zeros((0, 3))
    found, done = [], 0
    for search in searches:
        count = len(search.paths)
        found.append(search.settled(barriers[done : done + count]))
        done += count
    return found


@dataclass(frozen=True)
class _Search:
    """The hops of a pair that may matter, and one path for each kind of them."""

    network: HopNetwork | None
    hops: tuple[Hop, ...] = ()
    paths: Mapping[int, MigrationPath] = field(default_factory=dict)

    @classmethod
    def of(cls, pair: ElectrodePair | None, name: str) -> _Search:
        """Nothing where no barriers are known: of other ions, and in alloys."""
        if pair is None or pair.working_ion not in MIGRATING_CHARGES or not has_anions(pair.discharged.numbers):
            return cls(None)
        network = _merged(find_hops(pair.discharged, pair.working_ion))
        paths = {kind: as_path(network, network.first_of(kind), f"{name}.{kind}") for kind in chosen_kinds(network)}
        paths = {kind: path for kind, path in paths.items() if check_path(path) is None}
        return cls(network, tuple(hop for hop in network.hops if hop.kind in paths), paths)

    def settled(self, barriers: Floats) -> Mobility:
        if self.network is None:
            return Mobility()
        by_kind = np.full((len(self.network.energies_eV), 3), np.nan)
        by_kind[list(self.paths)] = barriers
        best = percolation(self.hops, by_kind[:, 0])
        if best.kind < 0:
            return Mobility(searched=True)
        value, low, high = (float(x) for x in by_kind[best.kind])
        return Mobility((value, low, high), best.dimensions, self.paths[best.kind], searched=True)


def chosen_kinds(network: HopNetwork) -> list[int]:
    """The kinds of hops whose barrier decides: by bond-valence energy, those that cross the crystal, and some more."""
    allowed = np.zeros(len(network.open), dtype=bool)
    chosen: list[int] = []
    reached, most, limit = 0, network_dimensions(network.hops, network.open), float("inf")
    for kind in np.argsort(network.energies_eV, kind="stable").tolist():
        if reached == most or (reached and (len(chosen) >= _MOST_KINDS or network.energies_eV[kind] > limit)):
            break
        if network.open[kind]:
            allowed[kind] = True
            chosen.append(kind)
            crossed, reached = reached, network_dimensions(network.hops, allowed)
            if reached and not crossed:
                limit = _HOPELESS * network.energies_eV[kind] + _HOPELESS_EV
    return chosen if reached else []


def _merged(network: HopNetwork) -> HopNetwork:
    """The network with hops of almost the same length and energy as one kind, that of the lowest number."""
    lengths = [_length(network, kind) for kind in range(len(network.energies_eV))]
    stands_for = list(range(len(lengths)))
    for kind in np.flatnonzero(network.open).tolist():
        for earlier in np.flatnonzero(network.open[:kind]).tolist():
            apart = abs(network.energies_eV[kind] - network.energies_eV[earlier])
            alike = apart <= max(_ALIKE_SHARE * network.energies_eV[earlier], _ALIKE_EV)
            if stands_for[earlier] == earlier and abs(lengths[kind] - lengths[earlier]) <= _ALIKE_A and alike:
                stands_for[kind] = earlier
                break
    hops = tuple(replace(hop, kind=stands_for[hop.kind]) for hop in network.hops)
    return replace(network, hops=hops, open=network.open & (np.array(stands_for) == np.arange(len(stands_for))))


def _length(network: HopNetwork, kind: int) -> float:
    first, second = network.ends(network.first_of(kind))
    return float(np.linalg.norm((second - first) @ network.crystal.lattice))
