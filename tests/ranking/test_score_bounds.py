"""No candidate scores more than its bound, whatever the later stage finds within the intervals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from screening.materials.sampling import Z90
from screening.ranking import rank_table, ranking_settings
from screening.ranking.score_bounds import at_ends, best_scores, with_draws

SETTINGS = ranking_settings(
    {
        "gates": {
            "window": {"column": "v", "at_most": 4.5},
            "metal": {"column": "v", "at_least": 0.0},
            "hull": {"column": "hull", "at_most": 0.1, "half_until": 0.2},
            "kind": {"column": "flags", "without_flag": "salt", "otherwise": 0.1},
        },
        "objective": {"column": "energy", "scale": 2.0},
        "tie_break": ["energy"],
        "pareto": [{"column": "energy", "maximise": True}],
    }
)


def evaluated(table: pl.DataFrame) -> pl.DataFrame:
    """Figures of merit whose ends are not those of the prediction: a low voltage makes an anode."""
    energy = {
        end: pl.when(pl.col("v") < 1.7).then(5.0 - pl.col(f"v{end}")).otherwise(pl.col(f"v{end}")) for end in ENDS
    }
    return table.with_columns(value.alias(f"energy{end}") for end, value in energy.items())


ENDS = ("", "_lo", "_hi")


def rough(n: int, seed: int = 1) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    voltage, hull = random.uniform(-0.5, 5.5, n), random.uniform(0, 0.3, n)
    return pl.DataFrame(
        {
            "candidate_id": [f"c{i}" for i in range(n)],
            **{f"v{end}": voltage + shift for end, shift in zip(ENDS, (0.0, -0.6, 0.6), strict=True)},
            **{f"hull{end}": np.maximum(hull + shift, 0) for end, shift in zip(ENDS, (0, -0.05, 0.05), strict=True)},
            "flags": np.where(random.random(n) < 0.2, "salt;other", ""),
        }
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_no_later_value_within_the_intervals_scores_more_than_the_bound(share: float) -> None:
    table = rough(200)
    bounds = best_scores([evaluated(case) for case in at_ends(table, table.columns)], SETTINGS)
    later = table.with_columns(
        (pl.col(f"{name}_lo") * (1 - share) + pl.col(f"{name}_hi") * share).alias(f"{name}{end}")
        for name in ("v", "hull")
        for end in ENDS
    )
    scores = best_scores([evaluated(later)], SETTINGS)
    assert (scores <= bounds + 1e-9).all()
    assert (scores < bounds).any()


def test_a_bound_of_exact_figures_is_the_score() -> None:
    table = evaluated(rough(50))
    ranked = rank_table(table, SETTINGS)
    scores = dict(zip(table["candidate_id"], best_scores([table], SETTINGS).tolist(), strict=True))
    assert [scores[name] for name in ranked["candidate_id"]] == pytest.approx(ranked["score"].to_list())


def test_only_what_is_predicted_anew_moves() -> None:
    _, low, high = at_ends(rough(5), ["v", "v_lo", "v_hi", "flags"])
    assert low["v"].to_list() == pytest.approx((rough(5)["v"] - 0.9).to_list())
    assert high["v_lo"].to_list() == pytest.approx((rough(5)["v"] + 0.9).to_list())
    assert low["hull_hi"].equals(rough(5)["hull_hi"])


def test_moves_and_what_remains_make_up_the_first_interval() -> None:
    table = rough(4000)
    found = with_draws(table, ["v", "v_lo", "v_hi"], 1, np.random.default_rng(0))
    moved = float((found["v"] - table["v"]).std())  # type: ignore[arg-type]
    left = (found["v_hi"] - found["v"]).to_numpy() / Z90
    assert left == pytest.approx(left[0]) and left[0] < 0.6 / Z90
    assert np.hypot(moved, left[0]) == pytest.approx(0.6 / Z90, rel=0.03)
    assert found["hull"].equals(table["hull"])


def test_draws_come_one_after_the_other() -> None:
    found = with_draws(rough(10), rough(1).columns, 3, np.random.default_rng(0))
    assert found["candidate_id"].to_list() == 3 * rough(10)["candidate_id"].to_list()
    assert found["v"].n_unique() == 30


def test_an_unknown_value_stays_unknown() -> None:
    table = rough(3).with_columns(pl.lit(None, pl.Float64).alias(f"v{end}") for end in ENDS)
    assert all(case["v"].null_count() == 3 for case in at_ends(table, table.columns))
