#!/usr/bin/env python
"""Train CGCNN, MEGNet and ours on the same rows for the same time on the same device; print one table.

    pip install -e '.[peers]'
    python scripts/compare_peers.py --store stores/mp --minutes 30 --device cuda --output peers.json
    python scripts/compare_peers.py --store stores/mp --train 6000 --minutes 4 --threads 1

Rows: crystals of a data store with both labels, of elements that all three know, in which every crystal has a pair of
atoms within MEGNet's 4 Å; whole chemical systems are held out as everywhere in this package. Everyone learns formation
energy and gap in one network with the mean absolute error of standardised labels, from batches of the same number of
atoms, with averaged weights and a learning rate that warms up and falls as a cosine of the time used. Peers get every
one of `--rates`, each for the full time, and the better one on the validation split counts; ours has its default.
Float32 for all (with TF32 on CUDA), nothing compiled. Graphs are built beforehand and are not part of the time.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks_common import COMMON_ELEMENTS, machine, text_table, write_report
from numpy.typing import NDArray
from peers_models import MEGNET_CUTOFF_A, PEERS, Contestant, Peer
from torch import Tensor

from screening.data.splits import splits_of
from screening.data.store import Store, open_store
from screening.graphs.neighbours import neighbour_pairs
from screening.learning.data import TrainingStream, ValidationBatches
from screening.learning.labelled_graphs import LabelledGraphs
from screening.learning.losses import robust_scales
from screening.networks.predictor import resolve_device

TARGETS = ("formation_energy_eV_per_atom", "band_gap_eV")
SPLITS = ("train", "validation", "test")
_WARMUP, _LOWEST, _CLIP, _AVERAGING = 0.02, 0.005, 2.0, 0.999
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}


@dataclass(frozen=True)
class Row:
    """One line of the table; mae: by target on the test rows; note: why there is no figure."""

    name: str
    mae: dict[str, float]
    validation: float = math.nan
    learning_rate: float | None = None
    structures_seen: int = 0
    structures_per_s: float = math.nan
    steps: int = 0
    parameters: int = 0
    note: str = ""


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Train, measure, print, write; returns what was written."""
    arguments = parse(argv)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(arguments.threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    store = open_store(arguments.store)
    rows = choose_rows(store, arguments)
    results = []
    for name in arguments.models.split(","):
        try:
            results.append(compete(PEERS[name], store, rows, arguments))
        except ImportError as error:
            results.append(Row(PEERS[name].title, {}, note=f"not installed: {error.name}; pip install -e '.[peers]'"))
        print(f"{results[-1].name}: {results[-1].note or results[-1].mae}", flush=True)
    report = {
        "machine": machine(arguments.threads, arguments.device),
        "store_sha256": store.content_hash,
        "rows": {split: len(rows[split]) for split in SPLITS},
        "minutes": arguments.minutes,
        "clock": arguments.clock,
        "seed": arguments.seed,
        "batch_atoms": arguments.batch_atoms,
        "best_constant": constants(store, rows),
        "results": [asdict(row) for row in results],
    }
    print_table(report, results)
    write_report(arguments.output, report)
    return report


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="data store with formation energies and gaps")
    parser.add_argument("--train", type=int, help="training crystals, drawn at random (default: all)")
    parser.add_argument("--minutes", type=float, default=30.0, help="of training each (default: %(default)s)")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall", help="processor: for a shared CPU")
    parser.add_argument("--models", default=",".join(PEERS), help="of %(default)s (default: all)")
    parser.add_argument("--rates", default="1e-3,3e-3", help="learning rates for peers (default: %(default)s)")
    parser.add_argument("--batch-atoms", type=int, default=3000, help="mean atoms a batch (default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of rows, weights and batches (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.models.split(",")) - set(PEERS)
    if unknown:
        parser.error(f"--models: unknown {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return arguments


def choose_rows(store: Store, arguments: argparse.Namespace) -> dict[str, NDArray[np.int64]]:
    """Rows of each split that all three can use."""
    split = np.array(splits_of(store.index["chemical_system"].to_list()))
    labelled = np.flatnonzero(np.isfinite(store.labels(TARGETS)).all(axis=1) & np.isin(split, SPLITS))
    crystals = store.crystals.take(labelled)
    known = np.logical_and.reduceat(np.isin(crystals.numbers, list(COMMON_ELEMENTS)), crystals.offsets[:-1])
    usable = labelled[known]
    order = np.random.default_rng(arguments.seed).permutation(usable)
    rows = {name: order[split[order] == name] for name in SPLITS}
    rows["train"] = rows["train"][: arguments.train]
    return {name: np.sort(found[_bonded(store, found)]) for name, found in rows.items()}


def _bonded(store: Store, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), 512):
        part = store.crystals.take(rows[start : start + 512])
        owner = part.owner
        pairs = neighbour_pairs(part, np.full(len(part), MEGNET_CUTOFF_A))
        found[start : start + 512] = np.bincount(owner[pairs.centre.numpy()], minlength=len(part)) > 0
    return found


def constants(store: Store, rows: dict[str, NDArray[np.int64]]) -> dict[str, float]:
    """Test errors of the median training label."""
    labels = store.labels(TARGETS).astype(np.float64)
    error = np.abs(labels[rows["test"]] - np.median(labels[rows["train"]], axis=0)).mean(axis=0)
    return dict(zip(TARGETS, error.tolist(), strict=True))


def compete(peer: Peer, store: Store, rows: dict[str, NDArray[np.int64]], arguments: argparse.Namespace) -> Row:
    """The best of a peer's runs on the validation rows, measured on the test rows."""
    device = resolve_device(arguments.device)
    rates = [float(rate) for rate in arguments.rates.split(",")] if peer is not PEERS["ours"] else [None]
    data = {split: labelled(peer, store, rows[split]).to(device) for split in SPLITS}
    best: Row | None = None
    for rate in rates:
        torch.manual_seed(arguments.seed)
        contestant = peer.make(TARGETS, rate)
        contestant.module.to(device)
        row = train(peer.title, contestant, data, rate, arguments)
        best = row if best is None or row.validation < best.validation else best
    if best is None:
        raise SystemExit("--rates: expected at least one learning rate")
    return best


def labelled(peer: Peer, store: Store, rows: NDArray[np.int64]) -> LabelledGraphs:
    """A peer's graphs of these rows with their labels."""
    crystals = store.crystals.take(rows)
    labels = torch.from_numpy(store.labels(TARGETS)[rows])
    return LabelledGraphs(peer.graphs(crystals), labels, torch.full((len(crystals.numbers),), torch.nan))


def train(
    title: str,
    contestant: Contestant,
    data: dict[str, LabelledGraphs],
    rate: float | None,
    arguments: argparse.Namespace,
) -> Row:
    """One run of the given time."""
    centre, scale = robust_scales(data["train"].labels)
    stream = TrainingStream(data["train"], arguments.batch_atoms, arguments.seed)
    peaks = [group["lr"] for group in contestant.optimiser.param_groups]
    average = {name: tensor.detach().clone() for name, tensor in contestant.module.state_dict().items()}
    clock, limit = CLOCKS[arguments.clock], 60 * arguments.minutes
    step = seen = 0
    contestant.module.train()
    started = clock()
    while (used := clock() - started) < limit:
        batch = stream.batch(step)
        for group, peak in zip(contestant.optimiser.param_groups, peaks, strict=True):
            group["lr"] = peak * schedule(used / limit)
        contestant.optimiser.zero_grad(set_to_none=True)
        contestant.loss(batch.graphs, (batch.labels - centre) / scale).backward()
        torch.nn.utils.clip_grad_norm_(contestant.module.parameters(), _CLIP)
        contestant.optimiser.step()
        update(average, contestant.module.state_dict(), min(_AVERAGING, (1 + step) / (10 + step)))
        step, seen = step + 1, seen + len(batch.labels)
        if batch.labels.is_cuda:
            torch.cuda.synchronize()
    contestant.module.load_state_dict(average)
    errors = {split: mae(contestant, data[split], centre, scale, arguments.batch_atoms) for split in SPLITS[1:]}
    relative = float((errors["validation"] / scale.cpu()).mean())
    test = dict(zip(TARGETS, errors["test"].tolist(), strict=True))
    print(f"  {title}, rate {rate}: {step} steps, validation {relative:.4f}, test {test}", flush=True)
    return Row(title, test, relative, rate, seen, seen / used, step, contestant.parameters)


def schedule(progress: float) -> float:
    """Learning rate relative to its peak: linear warm-up, then a cosine."""
    if progress < _WARMUP:
        return max(progress / _WARMUP, _LOWEST)
    done = min(1.0, (progress - _WARMUP) / (1 - _WARMUP))
    return _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * done))


@torch.no_grad()
def update(average: dict[str, Tensor], current: dict[str, Tensor], decay: float) -> None:
    """Exponential average of weights and statistics; counters are copied."""
    for name, tensor in current.items():
        if tensor.is_floating_point():
            average[name].lerp_(tensor, 1 - decay)
        else:
            average[name].copy_(tensor)


@torch.no_grad()
def mae(contestant: Contestant, data: LabelledGraphs, centre: Tensor, scale: Tensor, batch_atoms: int) -> Tensor:
    """(T,) mean absolute errors in physical units, a negative gap counting as 0."""
    contestant.module.eval()
    errors = []
    for batch in ValidationBatches(data, batch_atoms):
        values = centre + scale * contestant.values(batch.graphs)
        values[:, TARGETS.index("band_gap_eV")].clamp_(min=0)
        errors.append((values - batch.labels).abs().double().cpu())
    return torch.cat(errors).mean(0)


def print_table(report: dict[str, Any], results: Sequence[Row]) -> None:
    """The comparison."""
    where, rows = report["machine"], report["rows"]
    device = where["cpu"] if where["device"] == "cpu" else where["device"]
    print(
        f"\n{device}, {where['threads']} threads, "
        f"torch {where['torch']}; {rows['train']:,} training, {rows['test']:,} test crystals of other chemical "
        f"systems; {report['minutes']:g} minutes ({report['clock']} time) each"
    )
    head = ("", "formation energy, eV/atom", "gap, eV", "structures seen", "structures/s", "parameters", "")
    constant = ("best constant", *(report["best_constant"][target] for target in TARGETS), None, None, None, "")
    table: list[Sequence[object]] = [head, constant]
    for row in results:
        figures = (f"{row.structures_seen:,}", row.structures_per_s, f"{row.parameters:,}") if row.mae else (None,) * 3
        rate = f"learning rate {row.learning_rate:g}" if row.learning_rate else ""
        table.append((row.name, *(row.mae.get(target) for target in TARGETS), *figures, row.note or rate))
    print(text_table(table))


if __name__ == "__main__":
    main()
