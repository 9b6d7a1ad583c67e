"""From figures of merit to a ranking: gates as probabilities, one score, Pareto fronts; driven by the task's config."""

from screening.ranking.ranked import RankingSettings, rank_table, ranking_settings

__all__ = ["RankingSettings", "rank_table", "ranking_settings"]
