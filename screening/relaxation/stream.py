"""Candidates relaxed on their way into a ranking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from screening.crystals import Crystal, Rejection
from screening.potentials.base import Potential
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax


def relaxed(
    items: Iterable[Crystal | Rejection], potential: Potential, settings: RelaxationSettings | None = None
) -> Iterator[Crystal | Rejection]:
    """Crystals with their atoms and cell relaxed, in the order in which they end; refusals pass.

    What cannot be relaxed goes on as it came, flagged. A crystal that brings its charged end stays as it is, for the
    two belong together.
    """
    passing: list[Crystal | Rejection] = []

    def waiting() -> Iterator[Crystal]:
        for item in items:
            if isinstance(item, Crystal) and item.charged is None:
                yield item
            else:
                passing.append(item)

    for result in relax(potential, waiting(), settings or RelaxationSettings()):
        yield _flagged(result)
        while passing:
            yield passing.pop()
    yield from passing


def _flagged(result: Relaxed) -> Crystal:
    crystal = result.crystal  # approximants of an alloy share one lattice
    others = tuple(replace(other, lattice=crystal.lattice) for other in crystal.approximants)
    crystal = replace(crystal, approximants=others) if others else crystal
    if result.failure:
        return replace(crystal, flags=(*crystal.flags, "relaxation_failed"))
    return crystal if result.converged else replace(crystal, flags=(*crystal.flags, "not_relaxed_fully"))
