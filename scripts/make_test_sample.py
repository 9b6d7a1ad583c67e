#!/usr/bin/env python
"""Put a sample of test crystals beside a released model, with the errors it makes on them.

    screening evaluate model=screening-v3 data.path=stores/mp output_dir=runs/eval
    python scripts/make_test_sample.py --model models/screening-v3 --store stores/mp --scores runs/eval/scores.json

`MODEL/test_sample.jsonl.gz` gets structures and labels, `MODEL/test_sample.json` where they come from and what is
expected: the error and coverage on the sample in float32, which a test computes anew, and those on the whole test split
from the scores that `screening evaluate` wrote.

The rule: of the test rows with a label, of elements that the model knows and with cells that pass the checks of every
input, the first 200 in an order drawn with seed 0. Nothing is chosen by how well the model does.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from screening.chemistry.elements import SYMBOLS
from screening.crystals import ReadSettings
from screening.crystals.sanity import find_problem
from screening.crystals.sites import Sites
from screening.data.importers.base import accepted
from screening.data.importers.jsonl import Jsonl
from screening.data.splits import DEFAULT_SALT, splits_of
from screening.data.store import Store, open_store, write_store
from screening.learning.measured import Measured, measure
from screening.networks.predictor import Predictor

ROWS, SEED, DIGITS = 200, 0, 8
SAMPLE, EXPECTED = "test_sample.jsonl.gz", "test_sample.json"
SOURCE = (
    "Materials Project (Jain et al., APL Mater. 1, 011002 (2013)), CC BY 4.0, crystals by their mp ids; labels of the "
    "MEGNet-2018 set (Chen et al., Chem. Mater. 31, 3564 (2019)) and total magnetizations of the Materials Project"
)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Choose, write, measure; returns what was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the release")
    parser.add_argument("--store", type=Path, required=True, help="the data store that it was trained on")
    parser.add_argument(
        "--scores", type=Path, required=True, help="scores.json of `screening evaluate` on the test split"
    )
    parser.add_argument("--source", default=SOURCE, help="what the data are and their licence (default: %(default)s)")
    arguments = parser.parse_args(argv)
    predictor = Predictor.load(str(arguments.model), "cpu", "32")
    store = open_store(arguments.store)
    rows = choose(store, predictor)
    write_rows(arguments.model / SAMPLE, store, rows, predictor.config.targets)
    with tempfile.TemporaryDirectory() as scratch:
        sample = write_store(Path(scratch) / "store", accepted(Jsonl().read(arguments.model / SAMPLE), []), ["sample"])
        measured = measure(predictor, sample, np.arange(len(sample)))
    if len(measured) != len(rows):
        raise SystemExit(f"{len(rows)} rows were written, and {len(measured)} can be scored")
    whole = {s["target"]: s for s in json.loads(arguments.scores.read_text())["scores"] if is_headline(s)}
    expected = {
        "model": predictor.config.name,
        "rows": len(rows),
        "rule": f"of the test split (salt {DEFAULT_SALT}): rows with a label, known elements, sound cells; "
        f"the first {ROWS} in an order drawn with seed {SEED}",
        "source": arguments.source,
        "targets": {target: describe(measured, target, whole[target]) for target in measured.targets},
    }
    (arguments.model / EXPECTED).write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for target, figures in expected["targets"].items():
        print(f"{target}: MAE {figures['sample_mae']:.4g} on the sample, {figures['test_mae']:.4g} on the test split")
    return expected


def choose(store: Store, predictor: Predictor) -> list[int]:
    """Rows of the sample, in the order of the store."""
    split = np.array(splits_of(store.index["chemical_system"].to_list()))
    labelled = np.isfinite(store.labels(predictor.config.targets)).any(axis=1)
    candidates = np.random.default_rng(SEED).permutation(np.flatnonzero(labelled & (split == "test")))
    settings = ReadSettings(elements=predictor.elements)
    chosen: list[int] = []
    for row in candidates.tolist():
        crystal = store.crystal(row)
        if not find_problem(Sites(crystal.lattice, crystal.numbers, crystal.frac, None, ""), settings):
            chosen.append(row)
        if len(chosen) == ROWS:
            break
    return sorted(chosen)


def write_rows(file: Path, store: Store, rows: Sequence[int], targets: Sequence[str]) -> None:
    """One row a line; the same bytes every time."""
    lines = []
    for row in rows:
        crystal, index = store.crystal(row), store.index.row(row, named=True)
        content = {
            "id": crystal.candidate_id,
            "lattice": crystal.lattice.round(DIGITS).tolist(),
            "species": [SYMBOLS[z] for z in crystal.numbers],
            "frac": crystal.frac.round(DIGITS).tolist(),
            **{target: index[target] for target in targets if index[target] is not None},
        }
        lines.append(json.dumps(content, separators=(",", ":")) + "\n")
    with file.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as stream:
        stream.write("".join(lines).encode())


def is_headline(scores: dict[str, Any]) -> bool:
    """Whether these are the scores over all rows of a target."""
    return bool(scores["group"] == scores["rows"] == "all")


def describe(measured: Measured, target: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Figures of the sample beside those of the test split, with the standard error of a mean of so few.

    It follows from the spread over the whole test split: errors have long tails that a sample may not show.
    """
    i = measured.targets.index(target)
    known = np.isfinite(measured.labels[:, i])
    label, value, low, high = (
        part[known, i] for part in (measured.labels, measured.values, measured.low, measured.high)
    )
    error, inside = np.abs(value - label), (low <= label) & (label <= high)
    spread = np.sqrt(whole["rmse"] ** 2 - whole["mae"] ** 2)
    return {
        "sample_rows": len(error),
        "sample_mae": float(f"{error.mean():.6g}"),
        "sample_mae_standard_error": float(f"{spread / np.sqrt(len(error)):.3g}"),
        "sample_coverage": float(inside.mean()),
        "test_mae": float(f"{whole['mae']:.6g}"),
        "test_coverage": float(f"{whole['coverage']:.6g}"),
        "test_rows": whole["n"],
    }


if __name__ == "__main__":
    main()
