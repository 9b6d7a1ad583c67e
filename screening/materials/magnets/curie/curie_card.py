"""The section of a model card about Curie temperatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TABLE_HEAD = (
    "| rows | n | MAE, K (by seed) | composition trees | constant | median error | 80 % interval covers | width |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)
_CARD_TEXT = """The mean of extra trees and a ridge regression with a Laplacian kernel, each two thirds on the
temperature and one third on its square root, from composition statistics, element fractions and the mixture that
carries the moments. A second forest learns how large cross-validated errors of the square root are, and the
literature's compositions of calibration systems fix the width of the intervals. The temperature is the one of a
compound that has a net moment; whether it has one is the business of the magnetic order. The kernel keeps
descriptors of the literature's compositions with a coefficient each.

Rows (compositions) by split: {rows}; of these in the hand-collected literature table: {literature_rows}. Learned on
training and validation systems. A composition of several sources is the weighted median. The trees learn from all rows
alike, the kernel and the errors from the literature's, which weigh less where sources disagree. Left out: {dropped}.

Errors on the literature's compositions of test systems. "Composition trees": extra trees on general composition
features and plain temperatures, all rows alike.
"""


def curie_card(report: Mapping[str, Any]) -> str:
    """The section of a model card, from what `curie_report` gave."""
    lines = ["## Curie temperature", "", _CARD_TEXT.format(**_card_numbers(report)), _TABLE_HEAD]
    for name, s in report["scores"].items():
        maes = ", ".join(f"{mae:.1f}" for mae in s["maes"])
        lines.append(
            f"| {name} | {s['n']} | **{s['mae']:.1f}** ({maes}) | {s['composition_trees']:.1f} | {s['constant']:.0f} "
            f"| {s['median_error']:.1f} | {100 * s['coverage']:.0f} % | {s['width']:.0f} |"
        )
    lines += _cross_validation_lines(report.get("cross_validation", {}))
    return "\n".join(lines) + "\n"


def _cross_validation_lines(scores: Mapping[str, Any]) -> list[str]:
    if not scores:
        return []
    return [
        "",
        "Cross-validation of this configuration over the literature's compositions of training and validation systems,",
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
