"""Columns of every ranking: supply of the elements, score, flags, review."""

from __future__ import annotations

from screening.columns.spec import Column, text_column

SUPPLY: tuple[Column, ...] = (
    Column(
        "price_USD_per_kg", "Price", "USD/kg", "Cost of the pure elements in one kilogram of the compound.", 2, "supply"
    ),
    Column(
        "hhi_production",
        "HHI prod.",
        "",
        "Herfindahl-Hirschman index of the elements' production by country; above 2500 is concentrated.",
        0,
        "supply",
    ),
    Column(
        "hhi_reserve",
        "HHI reserve",
        "",
        "Herfindahl-Hirschman index of the elements' reserves by country; above 2500 is concentrated.",
        0,
        "supply",
    ),
    Column("rare_earth_mass_fraction", "RE mass", "", "Mass fraction of rare-earth elements.", 2, "supply"),
    Column("heavy_rare_earth_mass_fraction", "Heavy RE", "", "Mass fraction of Y and Tb to Lu.", 2, "supply"),
    Column("cobalt_mass_fraction", "Co mass", "", "Mass fraction of cobalt.", 2, "supply"),
    Column("nickel_mass_fraction", "Ni mass", "", "Mass fraction of nickel.", 2, "supply"),
    Column(
        "locally_available_mass_fraction",
        "Local mass",
        "",
        "Mass fraction of elements that the chosen region (`supply=`) produces or plans to; null for the world market.",
        2,
        "supply",
    ),
    text_column("price_date", "Price of", "Date of the element prices; prices given by the user are named.", "supply"),
)


RANKING: tuple[Column, ...] = (
    Column("rank", "Rank", "", "Position in the ranking, 1 is best.", 0, "ranking"),
    Column(
        "score",
        "Score",
        "",
        "Product of the gates' probabilities times the expected objective; 1: certainly as good as the reference.",
        3,
        "ranking",
    ),
    text_column("limiting_gate", "Limited by", "The gate with the lowest probability.", "ranking"),
    text_column("why", "Why", "Why the candidate has this rank.", "ranking"),
    Column(
        "pareto_front",
        "Front",
        "",
        "Pareto front of the objectives; 1 is not dominated by any candidate.",
        0,
        "ranking",
    ),
    text_column("flags", "Flags", "Remarks on the candidate, separated by semicolons.", "ranking"),
    text_column("review_decision", "Review", "What a reviewer decided: approve, reject, hold or open.", "ranking"),
    text_column("review_by", "By", "Who decided.", "ranking"),
    text_column("review_comment", "Comment", "What the reviewer commented.", "ranking"),
    text_column("stage", "Stage", "The step that refused the input.", "ranking"),
    text_column("reason", "Reason", "Why the input was not scored.", "ranking"),
)
