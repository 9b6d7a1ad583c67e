"""A folder for each finalist with its crystals, a picture and a small page; an index lists them all."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from screening.crystals.crystal import Crystal
from screening.files import atomic_folder
from screening.finalists.finalist import Finalist, folder_name
from screening.report.cards import FOLDER, card, crystal_files
from screening.report.structure_image import structure_png
from screening.report.templating import environment
from screening.report.texts import catalogue

if TYPE_CHECKING:
    from screening.report.page import ReportContent

INDEX = "index.json"
PICTURE = "picture.png"
PAGE = "card.html"


def write_finalist_files(output_dir: Path, content: ReportContent) -> None:
    """Write the folder `finalists/`, in place of that of an earlier ranking; none if there are no finalists.

    It holds index.json and a folder for each finalist with crystal.cif, CIFs of the further crystals and the files that
    its class adds, picture.png and card.html. The folder appears only when it is complete.
    """
    folder = output_dir / FOLDER
    if not content.finalists:
        shutil.rmtree(folder, ignore_errors=True)
        return
    chosen = pl.col("candidate_id").is_in([finalist.candidate_id for finalist in content.finalists])
    rows = {row["candidate_id"]: row for row in content.ranking.filter(chosen).iter_rows(named=True)}
    with atomic_folder(folder) as part:
        entries = [_write(part, finalist, rows[finalist.candidate_id], content) for finalist in content.finalists]
        (part / INDEX).write_bytes(orjson.dumps(entries, option=orjson.OPT_INDENT_2))


def cif_text(crystal: Crystal) -> str:
    """The crystal as it was scored, as a CIF without symmetry (P1)."""
    from pymatgen.io.cif import CifWriter

    return str(CifWriter(crystal.to_structure(), significant_figures=8))


def finalist_page(row: Mapping[str, Any], finalist: Finalist, picture: bytes, content: ReportContent) -> str:
    """The finalist's page: its card with a picture, without scripts or other files.

    Args:
        row: The finalist's row of the ranking.
        finalist: The finalist.
        picture: A PNG file.
        content: The report that the finalist belongs to.
    """
    texts = catalogue(content.language)
    context = {
        "language": texts.language,
        "scripts": [],
        "t": texts.text,
        "h": texts.html,
        "card": card(row, finalist, content.task, texts),
        "picture": base64.b64encode(picture).decode(),
    }
    return environment().get_template("finalist.html").render(context)


def _write(part: Path, finalist: Finalist, row: Mapping[str, Any], content: ReportContent) -> dict[str, Any]:
    name = folder_name(row["rank"], row["formula"])
    folder = part / name
    folder.mkdir()
    for file_name, crystal in crystal_files(finalist).items():
        (folder / file_name).write_text(cif_text(crystal), encoding="utf-8")
    for file_name, text in finalist.look.files.items():
        (folder / file_name).write_text(text, encoding="utf-8")
    picture = structure_png(finalist.crystal)
    (folder / PICTURE).write_bytes(picture)
    (folder / PAGE).write_text(finalist_page(row, finalist, picture, content), encoding="utf-8")
    return {
        "rank": row["rank"],
        "candidate_id": finalist.candidate_id,
        "formula": row["formula"],
        "folder": name,
        "crystal": finalist.crystal.digest,
        "remarks": list(finalist.look.remarks),
        "nearest": asdict(finalist.nearest) if finalist.nearest else None,
        "curve": asdict(finalist.look.curve) if finalist.look.curve else None,
        "further_curves": [asdict(curve) for curve in finalist.look.further_curves],
    }
