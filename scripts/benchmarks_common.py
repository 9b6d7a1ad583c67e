"""What the benchmark scripts share: the sample of crystals, the stop-watch, the machine, the table and the JSON."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
import torch

import screening
from screening.crystals import Crystal, ReadSettings, Rejection, as_crystals, read_crystals
from screening.data.store import label_columns, open_store
from screening.networks.predictor import resolve_device

Item = TypeVar("Item")

# All models that are compared know these: hydrogen to plutonium without Po, At, Rn, Fr and Ra, which matgl leaves out.
COMMON_ELEMENTS = frozenset(range(1, 95)) - {84, 85, 86, 87, 88}
_READ = ReadSettings(elements=COMMON_ELEMENTS)
_STRAIN = 1e-5  # each copy of a crystal is larger by this: another crystal, the same work


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Where crystals come from, threads, passes, output."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--store", type=Path, help="sample the labelled crystals of this data store")
    source.add_argument("--structures", help="sample this file, folder or bundled set, as `candidates=` takes it")
    parser.add_argument("--crystals", type=int, default=1000, help="size of the sample (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of everything (default: %(default)s)")
    parser.add_argument("--batch-atoms", type=int, default=2048, help="atoms per batch of ours (default: %(default)s)")
    parser.add_argument("--passes", type=int, default=3, help="timed passes, of which the median counts (default: 3)")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")


def sample_crystals(arguments: argparse.Namespace, count: int) -> list[Crystal]:
    """`count` crystals of the source, drawn at random; a source with fewer is repeated with a tiny strain."""
    rng = np.random.default_rng(arguments.seed)
    drawn = _from_store(arguments.store, rng) if arguments.store else _from_file(arguments.structures, rng)
    chosen = list(islice(drawn, count))
    if not chosen:
        raise SystemExit(f"{arguments.store or arguments.structures}: no crystal of elements that every model knows")
    return [_copy(chosen[i % len(chosen)], i // len(chosen)) for i in range(count)]


def _from_store(path: Path, rng: np.random.Generator) -> Iterator[Crystal]:
    store = open_store(path)
    labelled = pl.any_horizontal(pl.col(label_columns(store.index)).is_not_null())
    rows = rng.permutation(store.index.select(labelled.arg_true()).to_series().to_numpy())
    return _accepted(as_crystals((store.crystal(int(row)) for row in rows), _READ))


def _from_file(source: str, rng: np.random.Generator) -> Iterator[Crystal]:
    crystals = list(_accepted(read_crystals(source, _READ)))
    return (crystals[i] for i in rng.permutation(len(crystals)))


def _accepted(found: Iterable[Crystal | Rejection]) -> Iterator[Crystal]:
    """What `screening predict` would score, too: no cell that is refused, no duplicate."""
    return (item for item in found if not isinstance(item, Rejection))


def _copy(crystal: Crystal, number: int) -> Crystal:
    """A crystal of its own, without anything that the original has remembered."""
    if number == 0:
        return replace(crystal)
    return replace(
        crystal, candidate_id=f"{crystal.candidate_id}-{number}", lattice=crystal.lattice * (1 + _STRAIN * number)
    )


def same_sizes(items: Sequence[Item], count: int, size: Callable[[Item], int]) -> list[Item]:
    """`count` of the items with the size distribution of them all (evenly spaced ranks), in their order."""
    by_size = sorted(range(len(items)), key=lambda i: size(items[i]))
    count = min(count, len(items))
    ranks = ((2 * i + 1) * len(items) // (2 * count) for i in range(count))
    return [items[i] for i in sorted(by_size[rank] for rank in ranks)]


def batches(crystals: Sequence[Crystal], batch_atoms: int) -> Iterator[list[Crystal]]:
    """Consecutive crystals with about batch_atoms atoms together, as `screening predict` makes its batches."""
    batch: list[Crystal] = []
    atoms = 0
    for crystal in crystals:
        batch.append(crystal)
        atoms += crystal.n_atoms
        if atoms >= batch_atoms:
            yield batch
            batch, atoms = [], 0
    if batch:
        yield batch


def rate(run: Callable[[], object], structures: int, passes: int) -> float:
    """Structures/s: the median of some passes after one that is not counted."""
    run()
    return structures / statistics.median(seconds(run) for _ in range(passes))


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock seconds of one pass."""
    started = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def machine(threads: int, device: str) -> dict[str, Any]:
    """What the figures were measured on."""
    torch_device = resolve_device(device)
    return {
        "cpu": _cpu_name(),
        "threads": threads,
        "device": torch.cuda.get_device_name(torch_device) if torch_device.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "screening": screening.__version__,
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    found = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines}
    if "model name" not in found:
        return platform.processor() or platform.machine()
    return f"{found['model name']} (family {found.get('cpu family', '?')}, model {found.get('model', '?')})"


def describe(crystals: Sequence[Crystal], arguments: argparse.Namespace) -> dict[str, Any]:
    """What the figures were measured with."""
    sizes = [crystal.n_atoms for crystal in crystals]
    return {
        "source": str(arguments.store or arguments.structures),
        "seed": arguments.seed,
        "crystals": len(crystals),
        "mean_atoms": statistics.fmean(sizes),
        "median_atoms": statistics.median(sizes),
    }


def heading(report: dict[str, Any]) -> str:
    """One line on the machine, one on the sample."""
    where, what = report["machine"], report["sample"]
    gpu = "" if where["device"] == "cpu" else f", {where['device']}"
    return (
        f"{where['cpu']}{gpu}, {where['threads']} threads, torch {where['torch']}\n"
        f"{what['crystals']} crystals of {what['source']}: {what['mean_atoms']:.1f} atoms on average, "
        f"median {what['median_atoms']:.0f}"
    )


def text_table(rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns, the first and the last to the left; the first row is the heading."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    last = len(widths) - 1
    lines = [
        "  ".join(
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def _shown(cell: object) -> str:
    if cell is None:
        return "–"
    return (
        f"{cell:,.0f}"
        if isinstance(cell, float) and abs(cell) >= 100
        else f"{cell:.3g}"
        if isinstance(cell, float)
        else str(cell)
    )


def write_report(path: Path | None, report: dict[str, Any]) -> None:
    """The figures as JSON."""
    if path is not None:
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
