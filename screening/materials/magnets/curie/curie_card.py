"""The section of a model card about Curie temperatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TABLE_HEAD = (
    "| rows | n | MAE, K (by seed) | bias, K | composition trees | constant | median error | 80 % covers | width |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)
_CARD_TEXT = """The mean of extra trees and a ridge regression with a Laplacian kernel, each two thirds on the
temperature and one third on its square root, from composition statistics, element fractions and descriptors of the
magnetic elements. A second forest learns the size of the cross-validated errors of the square root, and the literature
compositions of calibration systems set the width of the intervals. The temperature assumes a net moment; the magnetic
order predicts whether there is one. The kernel keeps descriptors of the literature compositions with a coefficient
each.

Rows (compositions) by split: {rows}; of these in the hand-collected literature table: {literature_rows}. Learned on
training and validation systems. A composition with several sources has their weighted median. The trees learn from all
rows with equal weight, the kernel and the errors from the literature rows, which have less weight where sources
disagree. Left out: {dropped}.

Errors on the literature compositions of test systems. "Composition trees": extra trees on general composition features
and plain temperatures, all rows with equal weight.
"""


def curie_card(report: Mapping[str, Any]) -> str:
    """The section in Markdown, from the result of `curie_report`."""
    lines = ["## Curie temperature", "", _CARD_TEXT.format(**_card_numbers(report)), _TABLE_HEAD]
    for name, s in report["scores"].items():
        maes = ", ".join(f"{mae:.1f}" for mae in s["maes"])
        lines.append(
            f"| {name} | {s['n']} | **{s['mae']:.1f}** ({maes}) | {s['bias']:+.0f} | {s['composition_trees']:.1f} "
            f"| {s['constant']:.0f} "
            f"| {s['median_error']:.1f} | {100 * s['coverage']:.0f} % | {s['width']:.0f} |"
        )
    lines += _cross_validation_lines(report.get("cross_validation", {}))
    return "\n".join(lines) + "\n"


def _cross_validation_lines(scores: Mapping[str, Any]) -> list[str]:
    if not scores:
        return []
    return [
        "",
        "Cross-validation of this configuration over the literature compositions of training and validation systems,",
        "whole systems held out (MAE in K, by seed):",
        "",
        "| rows | n | MAE, K (by seed) | composition trees |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {s['n']} | {', '.join(f'{mae:.1f}' for mae in s['maes'])} | {s['composition_trees']:.1f} |"
            for name, s in scores.items()
        ),
    ]


def _card_numbers(report: Mapping[str, Any]) -> dict[str, str]:
    names = ("rows", "literature_rows", "dropped")
    return {name: ", ".join(f"{key} {value}" for key, value in report[name].items()) or "nothing" for name in names}
