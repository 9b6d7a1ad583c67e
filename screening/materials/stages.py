"""The stages of a ranking, and how many candidates went through each."""

from __future__ import annotations

import polars as pl

FIRST, SECOND, THIRD = 1, 2, 3
"""Quick predictions, full ones, and the best there are."""
STAGE = "funnel_stage"
"""The column with the last stage that a candidate went through."""
_NAMES = {FIRST: "first", SECOND: "second", THIRD: "third"}


def stage_counts(table: pl.DataFrame) -> dict[str, int]:
    """Candidates that went through each stage, by its name; nothing for a table without stages.

    The first stage is left out where all candidates went straight through the second.
    """
    if STAGE not in table.columns:
        return {}
    last = table[STAGE]
    through = {stage: int((last >= stage).sum()) for stage in _NAMES if stage > FIRST or (last == FIRST).any()}
    return {_NAMES[stage]: count for stage, count in through.items() if count}
