"""From figures of merit to a ranking, as the task's config says: gates as probabilities, a score, Pareto fronts."""

from screening.ranking.ranked import RankingSettings, rank_table, ranking_settings

__all__ = ["RankingSettings", "rank_table", "ranking_settings"]
