"""Measures what takes minutes and collects what model cards say, each into a JSON file with its command."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
_ALWAYS = ["tracking=none", "device=cpu"]
_GENERATED = [
    "candidate_id", "formula", "score", "mu0_Ms_T", "hardness_kappa", "curie_temperature_K",
    "energy_above_hull_eV_per_atom", "price_USD_per_kg",
]  # fmt: skip


def measure() -> None:
    """Write `magnets_reference`, `magnets_generated`, `electrodes_reference` and `screening-v3` anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write("magnets_reference", _magnets_reference(folder))
        _write("magnets_generated", _magnets_generated(folder))
        _write("electrodes_reference", _electrodes_reference(folder))
    _write("screening-v3", model_card_tables(ROOT / "models" / "screening-v3" / "MODEL_CARD.md"))


def _magnets_reference(folder: Path) -> dict[str, Any]:
    command = _run(folder, "evaluate", "task=magnets", "output_dir=reference")
    found = json.loads((folder / "reference" / "reference.json").read_text("utf-8"))
    return command | _origin(found) | {"statistics": found["statistics"]}


def _magnets_generated(folder: Path) -> dict[str, Any]:
    _run(folder, "generate", "output=candidates.jsonl.gz")
    command = _run(folder, "rank", "task=magnets", "candidates=candidates.jsonl.gz", "output_dir=generated")
    table = pl.read_parquet(folder / "generated" / "ranking.parquet")
    found = json.loads((folder / "generated" / "run.json").read_text("utf-8"))
    first = table.head(20).select("rank", *_GENERATED).to_dicts()
    return command | _origin(found) | {"candidates": table.height, "first": first}


def _electrodes_reference(folder: Path) -> dict[str, Any]:
    command = _run(folder, "evaluate", "task=electrodes", "output_dir=electrodes")
    found = json.loads((folder / "electrodes" / "reference.json").read_text("utf-8"))
    return command | _origin(found) | {"statistics": found["statistics"]}


def model_card_tables(path: Path) -> dict[str, Any]:
    """The tables that `screening evaluate` wrote into a card, by heading; cells as text."""
    tables: dict[str, dict[str, list[Any]]] = {}
    heading = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|") and not line.startswith("| ---"):
            cells = [cell.strip(" *") for cell in line.strip("|").split("|")]
            table = tables.setdefault(heading, {"columns": cells, "rows": []})
            if cells != table["columns"]:
                table["rows"].append(cells)
    command = "screening evaluate model=screening-v3 data.path=stores/mp output_dir=runs/eval"
    return {"command": command, "collected_from": str(path.relative_to(ROOT)), "tables": tables}


def _run(folder: Path, *arguments: str) -> dict[str, str]:
    # Files beside this script must not hide modules of the same name: the folder is no place to import from.
    subprocess.run([sys.executable, "-m", "screening", *arguments, *_ALWAYS], cwd=folder, check=True)
    return {"command": " ".join(["screening", *arguments])}


def _origin(run: dict[str, Any]) -> dict[str, Any]:
    """When it was measured, with which versions, models and data."""
    return {key: run[key] for key in ("finished", "versions", "sha256")}


def _write(name: str, content: dict[str, Any]) -> None:
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path)
