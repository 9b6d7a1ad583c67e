#!/usr/bin/env python
"""How fast `screening predict` is: beside other networks in memory, and end to end from a file with its peak memory.

    python scripts/benchmark_predict.py --store stores/mp --output predict.json

In memory, start-up and warm-up excluded: crystals to a table of four properties with intervals, neighbour lists
included, in one run with CHGNet 0.3.0 (energy alone) and matgl's MEGNet (one property, random weights, neighbour lists
included), each at its best batch size. Peers are slower, so they take `--peer-crystals` of the same sample that have
the size distribution of the whole; rates are per structure.

End to end: N and 2 N crystals in a .jsonl.gz through the command line in a process of its own; where its seconds went,
and the most memory it held.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import torch
from benchmarks_command import CommandRun, run_command, write_jsonl
from benchmarks_common import (
    add_common_arguments,
    describe,
    heading,
    machine,
    rate,
    same_sizes,
    sample_crystals,
    seconds,
    text_table,
    write_report,
)

from screening.crystals import Crystal, ReadSettings, as_crystals
from screening.networks.predictor import Predictor
from screening.networks.streaming import stream

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

BATCH_SIZES = (1, 4, 8, 16, 32, 64)
PredictStructures = Callable[[Sequence["Structure"], int], object]


@dataclass(frozen=True)
class Row:
    """One line of the comparison; rate None: it could not be measured, and the note says why.

    ratio: ours over it. batch: structures, ours counts atoms instead. mean_atoms: of the crystals it took.
    """

    name: str
    structures_per_s: float | None
    ratio: float | None = None
    batch: str = ""
    crystals: int = 0
    mean_atoms: float | None = None
    note: str = ""


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, write; returns what was written."""
    arguments = parse(argv)
    torch.set_num_threads(arguments.threads)
    warnings.filterwarnings("ignore")
    crystals = sample_crystals(arguments, arguments.crystals)
    predictor = Predictor.load(arguments.model, arguments.device)
    report: dict[str, Any] = {
        "machine": machine(arguments.threads, arguments.device),
        "sample": describe(crystals, arguments),
        "model": {"name": predictor.config.name, "parameters": sum(p.numel() for p in predictor.model.parameters())},
    }
    print(heading(report), f"model {predictor.config.name}, {report['model']['parameters']:,} parameters", sep="\n")
    ours, stages = measure_ours(predictor, crystals, arguments)
    rows = [*ours, *measure_peers(crystals, arguments)]
    rows = [replace(row, ratio=_ratio(ours[0], row)) for row in rows]
    report |= {"in_memory": [asdict(row) for row in rows], "stages_s": stages}
    print_rows(rows, stages)
    runs = end_to_end(arguments, predictor.folder.resolve())
    report["end_to_end"] = [run.record() for run in runs]
    print_runs(runs)
    write_report(arguments.output, report)
    return report


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--model", default="screening-v3", help="released name or folder (default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument("--peers", default="chgnet,megnet", help="of chgnet, megnet; empty: none (default: both)")
    parser.add_argument("--peer-crystals", type=int, default=200, help="crystals for peers (default: %(default)s)")
    parser.add_argument("--end-to-end", type=int, default=10_000, metavar="N", help="0: leave it out (default: 10000)")
    parser.add_argument("--rank", metavar="TASK", help="end to end through `screening rank task=TASK` as well")
    arguments = parser.parse_args(argv)
    unknown = set(filter(None, arguments.peers.split(","))) - set(PEERS)
    if unknown:
        parser.error(f"--peers: unknown {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return arguments


def measure_ours(
    predictor: Predictor, crystals: Sequence[Crystal], arguments: argparse.Namespace
) -> tuple[list[Row], dict[str, float]]:
    """Rows for crystals and for pymatgen structures (converted and checked), and the first one's seconds by stage."""
    structures = [crystal.to_structure() for crystal in crystals]
    settings = ReadSettings(elements=predictor.elements)
    batch = f"{arguments.batch_atoms} atoms"
    note = f"{len(predictor.config.targets)} properties with intervals"

    def from_crystals() -> pl.DataFrame:
        fresh = (replace(crystal) for crystal in crystals)  # a crystal remembers its formula and volume
        return pl.concat(table for _, table, _ in stream(predictor, fresh, arguments.batch_atoms))

    def from_structures() -> pl.DataFrame:
        checked = as_crystals(structures, settings)
        return pl.concat(table for _, table, _ in stream(predictor, checked, arguments.batch_atoms))

    rates = [rate(run, len(crystals), arguments.passes) for run in (from_crystals, from_structures)]
    predictor.times.seconds.clear()
    from_crystals()
    stages = dict(predictor.times.seconds)
    names = ("screening", "screening, from pymatgen structures")
    mean = statistics.fmean(crystal.n_atoms for crystal in crystals)
    return [Row(name, r, None, batch, len(crystals), mean, note) for name, r in zip(names, rates, strict=True)], stages


def measure_peers(crystals: Sequence[Crystal], arguments: argparse.Namespace) -> list[Row]:
    """A row for every peer; one that is not installed or fails says so and stops nothing."""
    chosen = same_sizes(crystals, arguments.peer_crystals, lambda crystal: crystal.n_atoms)
    structures = [crystal.to_structure() for crystal in chosen]
    device = str(torch.device("cuda" if arguments.device == "auto" and torch.cuda.is_available() else arguments.device))
    rows = []
    for name in filter(None, arguments.peers.split(",")):
        title, load = PEERS[name]
        try:
            rows.append(measure_peer(title, load(device), structures, arguments.passes))
        except Exception as error:  # whatever a peer stumbles over, the other rows stand
            why = str(error).splitlines()[0][:120] if str(error) else ""
            rows.append(Row(title, None, note=f"not measured: {type(error).__name__}: {why}"))
    return rows


def measure_peer(title: str, predict: PredictStructures, structures: Sequence[Structure], passes: int) -> Row:
    """Find the best batch size on a third of the structures, then measure it on all."""
    trial = same_sizes(structures, max(1, len(structures) // 3), len)
    predict(trial[:8], 8)
    sizes = [size for size in BATCH_SIZES if size <= len(trial)]
    times = {size: seconds(partial(predict, trial, size)) for size in sizes}
    best = min(times, key=lambda size: times[size])
    tried = ", ".join(f"{size}: {len(trial) / spent:.0f}" for size, spent in times.items())
    measured = rate(partial(predict, structures, best), len(structures), passes)
    mean = statistics.fmean(map(len, structures))
    return Row(title, measured, None, f"{best} structures", len(structures), mean, f"structures/s by batch {tried}")


def load_chgnet(device: str) -> PredictStructures:
    """CHGNet with the weights that its package carries, energy alone, as its users call it."""
    from chgnet.model.model import CHGNet

    model = CHGNet.load(model_name="0.3.0", use_device=device, verbose=False)
    model.graph_converter.set_isolated_atom_response("ignore")
    return lambda structures, size: model.predict_structure(list(structures), task="e", batch_size=size)


def load_megnet(device: str) -> PredictStructures:
    """matgl's MEGNet of default size with random weights, which take as long as trained ones."""
    import matgl.ext.pymatgen as matgl_graphs
    from matgl.config import DEFAULT_ELEMENTS
    from matgl.models import MEGNet
    from torch_geometric.data import Batch, Data

    # of matgl's two neighbour searches pymatgen's was the faster one on a CPU: 4,070 structures/s against 870
    matgl_graphs._alchmtk_available = False
    model = MEGNet().to(device).eval()
    converter = matgl_graphs.Structure2Graph(DEFAULT_ELEMENTS, model.cutoff)

    def graph(structure: Structure) -> Data:
        data, lattice, _ = converter.get_graph(structure)
        data.pbc_offshift = data.pbc_offset @ lattice[0]
        data.pos = data.frac_coords @ lattice[0]
        return data

    def predict(structures: Sequence[Structure], size: int) -> list[torch.Tensor]:
        found = []
        with torch.inference_mode():
            for start in range(0, len(structures), size):
                graphs = [graph(structure) for structure in structures[start : start + size]]
                batch = Batch.from_data_list(graphs).to(device)
                found.append(model(batch, torch.zeros(len(graphs), 2, device=device)).cpu())
        return found

    return predict


PEERS: dict[str, tuple[str, Callable[[str], PredictStructures]]] = {
    "chgnet": ("CHGNet 0.3.0, energy only", load_chgnet),
    "megnet": ("matgl MEGNet, random weights", load_megnet),
}


def end_to_end(arguments: argparse.Namespace, model: Path) -> list[CommandRun]:
    """The command on N and on 2 N crystals."""
    count = arguments.end_to_end
    if not count:
        return []
    crystals = sample_crystals(arguments, 2 * count)
    runs = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for command in ("predict", *(["rank"] if arguments.rank else [])):
            for n in (count, 2 * count):
                file = folder / f"{n}.jsonl.gz"
                write_jsonl(file, crystals[:n])
                own = [f"output={folder / 'table.parquet'}"]
                if command == "rank":
                    own = [f"task={arguments.rank}", f"output_dir={folder / f'rank-{n}'}", "top=0", "tracking=none"]
                keys = [f"candidates={file}", f"model={model}", f"device={arguments.device}", *own]
                keys.append(f"batch_atoms={arguments.batch_atoms}")
                runs.append(run_command(command, keys, n, arguments.threads, folder))
    return runs


def _ratio(ours: Row, row: Row) -> float | None:
    if ours.structures_per_s is None or row.structures_per_s is None:
        return None
    return ours.structures_per_s / row.structures_per_s


def print_rows(rows: Sequence[Row], stages: dict[str, float]) -> None:
    """The comparison, and where our seconds go."""
    table: list[Sequence[object]] = [("in memory", "structures/s", "ours over it", "batch", "crystals", "atoms", "")]
    table += [(r.name, r.structures_per_s, r.ratio, r.batch, r.crystals, r.mean_atoms, r.note) for r in rows]
    total = sum(stages.values())
    shares = ", ".join(f"{name} {100 * spent / total:.0f} %" for name, spent in stages.items())
    print("", text_table(table), f"ours: {shares}", sep="\n", flush=True)


def print_runs(runs: Sequence[CommandRun]) -> None:
    """The commands end to end."""
    if not runs:
        return
    table: list[Sequence[object]] = [
        ("end to end", "crystals", "wall s", "work s", "structures/s", "network", "peak GiB", "stages")
    ]
    table += [
        (
            f"screening {run.command}",
            run.crystals,
            run.wall_s,
            run.stages_s,
            run.structures_per_s,
            f"{100 * run.network_share:.0f} %",
            run.peak_memory_GiB,
            ", ".join(f"{name} {100 * share:.0f} %" for name, share in run.shares.items()),
        )
        for run in runs
    ]
    print("", text_table(table), sep="\n")


if __name__ == "__main__":
    main()
