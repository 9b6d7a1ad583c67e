"""The number of ions that move in practice, by rules for classes of electrodes."""

from __future__ import annotations

from dataclasses import replace

from screening.materials.electrodes.end_members.pair import ElectrodePair

REDOX_LIMIT = "redox limit: no rule for this class"


def with_practical_limit(pair: ElectrodePair) -> ElectrodePair:
    """The pair with the number of ions that move in practice; the redox limit where no class applies."""
    return replace(pair, n_ions_practical=pair.n_ions_extractable, practical_limit=REDOX_LIMIT)
