"""Keys of `screening review`."""

from __future__ import annotations

from typing import ClassVar

from screening.configuration.base import CommandConfig
from screening.settings import setting, settings_class

RUN_HELP = "id of the ranking's MLflow run or of one of its finalists, or the output folder of a tracked ranking"


@settings_class
class ReviewConfig(CommandConfig):
    """Show what reviewers decided in MLflow about a ranking's finalists, and export the approved ones.

    Reviewers set the tags review.decision (approve, reject or hold), review.comment and review.by on a finalist's run.
    Writes in output_dir a folder for each approved candidate (crystal.cif, POSCAR, inputs for VASP), candidates.xlsx,
    synthesis.csv (grams of each element in 100 g), SHA256SUMS, and all of it in approved.zip. Files of an earlier
    export that were changed by hand are never overwritten. Exit status 1 if an approved candidate could not be exported
    in full.

    Examples:
      screening review run=0f8fad5bd9cb469fa16570867728950e
      screening review run=runs/mine output_dir=runs/approved
      screening review run=runs/mine output_dir=runs/approved dft=scan tracking.uri=http://mlflow.lab:5000
    """

    command: ClassVar[str] = "review"

    run: str = setting(help=RUN_HELP, path=True)
    output_dir: str | None = setting(
        default=None,
        help="folder for the export of the approved candidates, made if it is not there; null: none",
        path=True,
    )
    dft: str = setting(
        default="relax",
        help="inputs for VASP as pymatgen's Materials Project sets write them, without potentials; relax: PBE(+U), "
        "scan: r2SCAN",
        choices=("relax", "scan", "none"),
    )
