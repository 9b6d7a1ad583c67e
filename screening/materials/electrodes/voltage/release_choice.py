"""Which voltage release is used: the one by default, and the best that can be used here for `voltage=accurate`."""

from __future__ import annotations

import logging
from functools import cache

logger = logging.getLogger(__name__)

RELEASE, ACCURATE_RELEASE = "voltage-v2", "voltage-accurate-v1"
ACCURATE = "accurate"
ACCURATE_POTENTIAL = "sevennet"


@cache
def best_release() -> tuple[str, str]:
    """The most accurate release whose potentials are installed, and what keeps from a better one; empty if nothing."""
    from screening.potentials.registry import missing_for

    missing = missing_for(ACCURATE_POTENTIAL)
    if not missing:
        return ACCURATE_RELEASE, ""
    logger.warning("no accurate voltages, only those of %s: %s", RELEASE, missing)
    return RELEASE, f"not the accurate one, because {missing.partition(';')[0]}"
