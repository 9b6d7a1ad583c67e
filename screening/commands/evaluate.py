"""`screening evaluate`: how far off a model is on labelled crystals, or a whole ranking on measured compounds."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from screening.configuration.evaluate import EvaluateConfig
from screening.console import say
from screening.jobs.evaluate import EVALUATION_PAGE, Evaluation, evaluate_to_folder
from screening.jobs.reference_ranking import (
    REFERENCE_STATISTICS,
    REFERENCE_TABLE,
    ReferenceEvaluation,
    evaluate_on_reference,
)
from screening.learning.evaluation import ALL_ROWS, EVERYTHING, FEWEST, FLAGGED, UNFLAGGED, Scores
from screening.learning.quantities import reader_quantities
from screening.materials.training_overlap import MEANINGS


def run(config: EvaluateConfig) -> None:
    """Evaluate and print the main figures."""
    folder = Path(config.output_dir)
    if config.has_task:
        _show_reference(evaluate_on_reference(config, folder), folder)
    else:
        _show(evaluate_to_folder(config, report=say), folder)


def _show(result: Evaluation, folder: Path) -> None:
    wanted = [quantity.name for quantity in reader_quantities(result.measured.targets)]
    main = [EVERYTHING, FLAGGED, UNFLAGGED]
    table = result.table.filter(pl.col("target").is_in(wanted), pl.col("group").is_in(main))
    if table["group"].n_unique() == 1:
        table = table.drop("group")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, float_precision=4, tbl_hide_dataframe_shape=True):
        say(str(table))
    worst = _worst_group(result.scores, wanted)
    if worst:
        say(f"lowest coverage of a chemical group: {worst}")
    say(result.content.learned)
    if result.measured.left_out:
        say(f"{result.measured.left_out} crystals left out: the model cannot score them")
    page = folder / EVALUATION_PAGE
    say(f"{result.measured.structures_per_s:.0f} structures/s; scores and model card in {folder}; see {page}")


def _worst_group(scores: list[Scores], wanted: list[str]) -> str:
    groups = [s for s in scores if s.target in wanted and s.group not in (EVERYTHING, FLAGGED, UNFLAGGED)]
    known = [s for s in groups if s.n >= FEWEST and s.rows != ALL_ROWS] or [s for s in groups if s.n >= FEWEST]
    if not known:
        return ""
    lowest = min(known, key=lambda s: s.coverage)
    return f"{100 * lowest.coverage:.0f} % of {lowest.n} {lowest.group}, {lowest.target}"


def _show_reference(result: ReferenceEvaluation, folder: Path) -> None:
    known = result.learned
    entries = [list(dict.fromkeys(entry)) for entry in zip(*known.values(), strict=True)]
    table = result.comparison.shown.with_columns(pl.Series("learned", [", ".join(entry) for entry in entries]))
    say("each quantity: predicted | measured")
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=200,
        fmt_str_lengths=40,
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
    ):
        say(str(table))
    for sentence in result.comparison.sentences:
        say(sentence)
    if len(known) > 1 and any(len(entry) > 1 for entry in entries):
        say(f"learned, where two entries stand: {', then '.join(known)}")
    for entry in dict.fromkeys(entry for row in entries for entry in row):
        say(f"learned, {entry}: {MEANINGS[entry]}")
    for name, reason in result.left_out.items():
        say(f"left out: {name}: {reason}")
    say(f"table and statistics: {folder / REFERENCE_TABLE}, {folder / REFERENCE_STATISTICS}")
