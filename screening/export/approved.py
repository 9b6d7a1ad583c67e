"""The export of a review: a folder for each approved candidate, tables beside them, and one archive of it all."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from screening.errors import RequestError, ScreeningError
from screening.export.archive import ARCHIVE, earlier_files, put_in_place, write_archive, write_checksums
from screening.export.crystals import CRYSTAL, CrystalFile, crystal_names, poscar, read_crystal_files
from screening.export.decision_tables import decisions_table, explanations_table, figures_table
from screening.export.synthesis import HEADINGS, synthesis_table
from screening.export.vasp import write_vasp_inputs
from screening.export.workbook import Sheet, write_workbook
from screening.files import named_write_errors
from screening.finalists.finalist import folder_name
from screening.locks import folder_lock
from screening.tables import write_table
from screening.tracking.downloads import fetch_files
from screening.tracking.review_tags import APPROVE
from screening.tracking.reviews import Review, ReviewedFinalist

_SCRATCH = ".export-"
WORKBOOK, SYNTHESIS = "candidates.xlsx", "synthesis.csv"


@dataclass(frozen=True)
class Export:
    """What was exported.

    Attributes:
        folders: Names of the candidates' folders, in order of rank.
        problems: What is missing, with the name of the candidate.
    """

    folders: tuple[str, ...]
    problems: tuple[str, ...]


def export_approved(review: Review, folder: Path, dft: str) -> Export:
    """Write the approved candidates into a folder; the same review makes the same bytes.

    A candidate with a problem does not stop the export of the others.

    Args:
        review: The decisions and where the runs are.
        folder: Where to write, in place of an earlier export.
        dft: As in `write_vasp_inputs`.

    Raises:
        RequestError: Nothing is approved, or the folder has files that come from elsewhere or were changed since an
            earlier export.
    """
    approved = review.decided(APPROVE)
    if not approved:
        raise RequestError(
            f"nothing to export: none of the {len(review.entries)} candidates is approved; "
            f"to approve one, set the tag review.decision={APPROVE} on its run in MLflow"
        )
    with folder_lock(folder, "output_dir"), named_write_errors(folder, folder):
        for left in folder.glob(f"{_SCRATCH}*"):  # by a killed process
            shutil.rmtree(left, ignore_errors=True)
        earlier = earlier_files(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as scratch:
            built = Path(scratch) / "built"
            folders: dict[str, ReviewedFinalist] = {}
            problems: dict[str, str] = {}
            for entry in approved:
                name = _free_name(entry, folders)
                try:
                    crystals = _write_crystals(review, entry, built / name, Path(scratch))
                    folders[name] = entry
                    _write_inputs(crystals, built / name, dft)
                except ScreeningError as error:
                    problems[entry.run_id] = str(error)
            _write_tables(built, review, list(folders.values()), problems)
            write_checksums(built)
            write_archive(built, Path(scratch) / ARCHIVE)
            put_in_place(built, folder, earlier)
            (Path(scratch) / ARCHIVE).replace(folder / ARCHIVE)
    messages = (f"{entry.name}: {problems[entry.run_id]}" for entry in approved if entry.run_id in problems)
    return Export(tuple(folders), tuple(messages))


def _free_name(entry: ReviewedFinalist, taken: dict[str, ReviewedFinalist]) -> str:
    """A folder name; ranks and formulas may repeat or be missing, so equal names get a number."""
    base = folder_name(entry.rank or 0, entry.formula)
    number, name = 1, base
    while name.casefold() in {other.casefold() for other in taken}:
        number += 1
        name = f"{base}-{number}"
    return name


def _write_crystals(review: Review, entry: ReviewedFinalist, folder: Path, scratch: Path) -> list[CrystalFile]:
    with tempfile.TemporaryDirectory(dir=scratch) as downloads:
        found = fetch_files(review.uri, entry.run_id, [f"{name}.cif" for name in crystal_names()], Path(downloads))
    crystals = read_crystal_files(entry, found)
    folder.mkdir(parents=True)
    for file in crystals:
        (folder / f"{file.name}.cif").write_bytes(file.cif)
    (folder / "POSCAR").write_text(poscar(crystals[0]), encoding="utf-8")
    return crystals


def _write_inputs(crystals: list[CrystalFile], folder: Path, dft: str) -> None:
    """Write `vasp/` for the crystal and `vasp-NAME/` for further ones of its class, each complete or not at all."""
    for file in crystals:
        inputs = folder / ("vasp" if file.name == CRYSTAL else f"vasp-{file.name}")
        try:
            write_vasp_inputs(file, inputs, dft)
        except ScreeningError:
            shutil.rmtree(inputs, ignore_errors=True)
            raise


def _write_tables(folder: Path, review: Review, exported: list[ReviewedFinalist], problems: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    figures, synthesis = figures_table(exported), synthesis_table(exported)
    sheets = [
        Sheet("Approved", figures),
        Sheet("Synthesis", synthesis, HEADINGS),
        Sheet(
            "Decisions", decisions_table(review.entries, problems), {"run_id": "MLflow run", "remark": "Not exported"}
        ),
        Sheet("Columns", explanations_table(figures.columns)),
    ]
    write_workbook(folder / WORKBOOK, sheets, review.started)
    write_table(synthesis, folder / SYNTHESIS)
