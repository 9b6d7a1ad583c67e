"""From figures of merit to a ranking, as the task's config says: gates as probabilities, a score, Pareto fronts."""

from screening.ranking.rank_groups import best_of_groups, lists_of
from screening.ranking.ranked import RankingSettings, rank_table, ranking_settings

__all__ = ["RankingSettings", "best_of_groups", "lists_of", "rank_table", "ranking_settings"]
