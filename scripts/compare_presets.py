#!/usr/bin/env python
"""Where the electrodes that industry uses stand in their lists, for each preset of `task=electrodes`.

    python scripts/compare_presets.py

The bundled crystals and landmarks are predicted once and ranked with every preset. A preset that puts what is made by
the ton into the lower half of its list asks for something that nobody buys.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import polars as pl

from screening.configuration import load_config
from screening.configuration.composing import compose_config
from screening.configuration.rank import RankConfig
from screening.crystals import read_crystals
from screening.jobs.opening import load_predictors, read_settings
from screening.jobs.scoring import Tally, no_predictions, predictions, rank_predictions, space_groups
from screening.materials.registry import material_class
from screening.resources import resource

TASK = "electrodes"
COMMERCIAL = ("LiCoO2", "NMC111", "LiMn2O4", "LiFePO4", "NaFeO2 (alpha)", "Na3V2(PO4)3", "LiC6")
"""Names in the bundled sets. Prussian white has no crystal there."""


def standings() -> pl.DataFrame:
    """One row a preset and electrode: its list, its place there, how many there are, score and flags."""
    config = _config()
    predictors = load_predictors(config, None)
    settings, tally = read_settings(config, predictors.network.elements, []), Tally()
    landmarks = material_class(TASK).landmarks
    files = [resource("datasets") / "candidates" / f"{TASK}.jsonl", *([landmarks] if landmarks else [])]
    items = [item for file in files for item in read_crystals(file, settings)]
    tables = list(predictions(predictors, items, config.batch_atoms, tally, space_groups(config.task_settings, tally)))
    found = pl.concat([no_predictions(predictors), *tables]).unique("candidate_id", keep="first", maintain_order=True)
    presets = compose_config("rank", [f"task={TASK}"]).tree["task"]["presets"]
    # A preset that sets figures of merit, such as the ion, would need predictions of its own.
    return pl.concat([_standing(name, found) for name, changes in presets.items() if "merit" not in changes])


def upper_half(table: pl.DataFrame) -> pl.Series:
    """Whether each row stands in the upper half of its list."""
    return table.select(pl.col("rank_in_group") <= (pl.col("of") + 1) // 2).to_series()


def _standing(preset: str, found: pl.DataFrame) -> pl.DataFrame:
    ranked = rank_predictions(found, _config(f"prefer={preset}").task_settings)
    # Lists are of what can be an electrode at all: salts and blocked frames say nothing of a preset.
    able = ranked.filter(~pl.col("flags").str.contains("not_an_electrode"))
    counted = able.with_columns(pl.len().over("rank_group").alias("of"), pl.lit(preset).alias("preset"))
    shown = counted.filter(pl.col("candidate_id").is_in(COMMERCIAL) | pl.col("flags").str.contains("made_by_ion"))
    return shown.sort("rank_group", "rank_in_group").select(
        "preset", "candidate_id", "rank_group", "rank_in_group", "of", "score", "limiting_gate", "flags"
    )


def _config(*given: str) -> RankConfig:
    config = load_config("rank", [f"task={TASK}", "candidates=none", "output_dir=none", "tracking=none", *given])
    assert isinstance(config, RankConfig)  # noqa: S101 - what the command is called
    return config


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the standings."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args(arguments)
    table = standings()
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=60, tbl_width_chars=160):
        print(table.with_columns(upper_half(table).alias("upper_half")))


if __name__ == "__main__":
    main()
