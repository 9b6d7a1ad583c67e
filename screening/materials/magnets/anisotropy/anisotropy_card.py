"""The section of a model card about anisotropy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.materials.magnets.anisotropy.anisotropy import METAL, OTHER


def anisotropy_card(report: Mapping[str, Any]) -> str:
    """The section in Markdown, from the report of `fit_anisotropy_part`."""
    return "\n".join(["## Anisotropy", "", _four_f(report), "", _host(report), "", *_forest(report)]) + "\n"


def _four_f(report: Mapping[str, Any]) -> str:
    rates = [
        f"{score['right']:.2f} of {score['n']:.0f} compositions {words} (majority {score['majority']:.2f})"
        for name, words in (
            ("held by 3d moments", "with at least as many Mn, Fe and Co as rare earths"),
            ("alone", "with fewer or none"),
        )
        if (score := report["directions"]["four_f"][name])["n"]
    ]
    return (
        "**4f shells** (`four_f_K1_MJ_per_m3`, at 0 K): Stevens factor times a crystal field from differences of "
        "electronegativity. The distance dependence was chosen on the directions below and on the sizes in four "
        "families, and the scale on R2Fe14B, SmCo5, Sm2Fe17N3 and SmFe11Ti, so these rates are not held out. Measured "
        f"directions in MAGNDATA that are right: {'; '.join(rates) or 'none'}. The additive error of the interval is "
        "set so that P(sign) has these rates. There is no rule for Ce, Eu and Yb."
    )


def _host(report: Mapping[str, Any]) -> str:
    votes = report["directions"]["host"]
    counted = "; ".join(
        f"{kind}: axis {votes[kind]['axis']:.0f}, plane {votes[kind]['plane']:.0f}, tilted {votes[kind]['tilted']:.0f}"
        for kind in (METAL, OTHER)
    )
    return (
        "**3d metals** (`host_*`): in the families of `datasets/magnets/host_anisotropy.csv` the measured K1 with its "
        "spread. For other metals the forest below predicts the size at 0 K, and the probability of an easy axis is "
        f"the base rate: {METAL} {report['axial_share'][METAL]:.2f}, {OTHER} {report['axial_share'][OTHER]:.2f}, from "
        "NovaMag (one vote per system) and from MAGNDATA's uniaxial compositions without open 4f shells "
        f"({counted})."
    )


def _forest(report: Mapping[str, Any]) -> list[str]:
    cv, test = report["cross_validation"], report.get("test")
    rows, dropped = (", ".join(f"{k} {v}" for k, v in report[name].items()) for name in ("rows", "dropped"))
    lines = [
        f"**Forest of sizes**: K1 of uniaxial crystals with a 3d metal, calculated in NovaMag, {report['systems']} "
        f"systems; rows: {rows}. Left out: {dropped}. Calibration and validation systems set the intervals.",
        "",
        f"Cross-validation by chemical system over the {cv['n']} rows outside the test systems, by seed: error of "
        f"log10 |K1| {_listed(cv['log10_mae'])} (constant {cv['log10_mae_constant']:.2f}); accuracy of the sign "
        f"{_listed(cv['sign_accuracy'])} (majority {cv['sign_accuracy_majority']:.2f}). "
        "The sign is not better than the majority, so the base rate is used.",
    ]
    if test:
        lines += [
            "",
            f"On {test['n']} crystals of test systems the error of log10 |K1| is {_listed(test['log10_mae'])} "
            f"(constant {test['log10_mae_constant']:.2f}). The 80 % interval, on average {test['log10_width']:.1f} "
            f"decades wide, covers {100 * test['coverage']:.0f} %.",
        ]
    return lines


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
