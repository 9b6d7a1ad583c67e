"""`screening review`: what reviewers decided in MLflow, and what the laboratory needs of the approved candidates."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from screening.configuration.review import ReviewConfig
from screening.console import print_error, say
from screening.errors import ScreeningError
from screening.report.terminal import short_table
from screening.tracking.address import TrackingSettings
from screening.tracking.decisions import agreement_of
from screening.tracking.reviews import Review, read_review

_COLUMNS = ("rank", "candidate_id", "formula", "score", "review_decision", "review_by", "review_comment")


def run(config: ReviewConfig) -> None:
    """Print the state; export where a folder was given; ScreeningError if one is not exported in full."""
    review = read_review(TrackingSettings(config.tracking.uri, config.tracking.experiment), config.run)
    _say_state(review)
    if config.output_dir is not None:
        _export(review, Path(config.output_dir), config.dft)


def _say_state(review: Review) -> None:
    rows = [(e.rank, e.candidate_id, e.formula, e.score, e.decision, e.by, e.comment) for e in review.entries]
    table = pl.DataFrame(rows, schema=_COLUMNS, orient="row", infer_schema_length=None)
    say(short_table(table, _COLUMNS, table.height))
    say(", ".join(f"{decision} {count}" for decision, count in review.counts.items()))
    say(agreement_of(review).sentence)
    for warning in review.warnings:
        print_error(f"warning: {warning}")


def _export(review: Review, folder: Path, dft: str) -> None:
    from screening.export.approved import export_approved
    from screening.export.archive import ARCHIVE

    done = export_approved(review, folder, dft)
    say(f"exported: {', '.join(done.folders) or 'no candidate'}   to {folder}   archive: {folder / ARCHIVE}")
    if done.problems:
        listed = "".join(f"\n  {problem}" for problem in done.problems)
        raise ScreeningError(f"not exported in full, the rest is in {folder}:{listed}")
