"""The pages of the documentation, their fenced blocks, and the small inputs that their commands are run on."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from helpers.crystals import random_crystal
from helpers.labelled import labelled_crystal

from screening.chemistry.elements import SYMBOLS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "scripts" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>[^\n`]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_MINE = {"magnets": ("SmCo5", "FePt L1_0"), "electrodes": ("LiCoO2", "LiFePO4")}


@dataclass(frozen=True)
class Block:
    """A fenced block; reason: why it is not run, None if it is."""

    page: Path
    language: str
    text: str
    reason: str | None

    @property
    def commands(self) -> list[list[str]]:
        """The lines of a block of commands, cut into words."""
        lines = (shlex.split(line, comments=True) for line in self.text.replace("\\\n", " ").splitlines())
        return [words for words in lines if words]


def blocks(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page, in order."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(page, found["language"].strip(), found["text"], found["reason"])


def write_inputs(folder: Path) -> None:
    """Write what the pages call `my_cifs/`, `crystals.jsonl.gz`, `crystals.zip` and `labelled.jsonl`."""
    from pymatgen.core import Lattice, Structure

    (folder / "my_cifs").mkdir()
    rows = []
    for kind, names in _MINE.items():
        bundled = map(json.loads, (ROOT / "datasets" / "candidates" / f"{kind}.jsonl").read_text("utf-8").splitlines())
        rows += [row for row in bundled if row["id"] in names]
    for row in rows:
        structure = Structure(Lattice(row["lattice"]), row["species"], row["frac"])
        structure.to(str(folder / "my_cifs" / f"{row['id'].split()[0]}.cif"), fmt="cif")
    with gzip.open(folder / "crystals.jsonl.gz", "wt") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    with zipfile.ZipFile(folder / "crystals.zip", "w") as archive:
        for path in sorted((folder / "my_cifs").iterdir()):
            archive.write(path, path.name)
    _write_labelled(folder / "labelled.jsonl")


def _write_labelled(file: Path) -> None:
    rng = np.random.default_rng(0)
    with file.open("w") as stream:
        for number in range(120):
            labelled = labelled_crystal(random_crystal(rng, int(rng.integers(2, 6)), (3, 8, 9, 11, 16, 22, 25, 26)))
            crystal = labelled.crystal
            lattice, frac = crystal.lattice.tolist(), crystal.frac.tolist()
            species = [SYMBOLS[z] for z in crystal.numbers]
            row = {"id": f"mine-{number}", "lattice": lattice, "species": species, "frac": frac, **labelled.labels}
            stream.write(json.dumps(row) + "\n")
