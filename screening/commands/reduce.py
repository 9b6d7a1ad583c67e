"""`screening reduce`: the shards of a ranking become one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from screening.cluster.part_files import SHARDS
from screening.commands.rank import show
from screening.configuration.rank import RankConfig
from screening.configuration.reduce import ReduceConfig
from screening.configuration.saving import read_config
from screening.jobs.sharding import reduce_shards
from screening.tracking.ranking_folder import SETTINGS_FILE


def run(config: ReduceConfig) -> None:
    """Join the shards and show the ranking as `screening rank` does."""
    of_shards = Path(config.output_dir) / SHARDS / SETTINGS_FILE
    settings = read_config(RankConfig, of_shards if of_shards.is_file() else Path(config.output_dir) / SETTINGS_FILE)
    settings = replace(settings, output_dir=config.output_dir, top=config.top)
    show(reduce_shards(settings), settings)
