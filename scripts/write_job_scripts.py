"""Writes the job scripts in slurm/ as `screening submit` makes them: python scripts/write_job_scripts.py [FOLDER]"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from screening.cluster.scripts import (
    Resources,
    Script,
    ranking_script,
    reducing_script,
    reporting_script,
    shards_script,
    training_script,
)

ENVIRONMENT = """\
# The environment: the folder that `make demo` or `pip install` made; else `module load`, or a container after srun.
source "${SCREENING_VENV:-$SLURM_SUBMIT_DIR/.venv}/bin/activate"\
"""
GPU = Resources(
    partition="gpu",
    account="my-account",
    gpus=1,
    cpus_per_task=8,
    memory="32G",
    time="04:00:00",
    signal_seconds=120,
    environment=ENVIRONMENT,
)
CPU = replace(GPU, partition="cpu", gpus=0)
SHARDS = 8
TRAIN = ["data.path=stores/mp", "output_dir=runs/mine"]
RANK = ["task=magnets", "candidates=candidates.jsonl.gz", "output_dir=runs/all"]
THEN = [
    "id=$(sbatch --parsable slurm/rank-array.sbatch)",
    "sbatch --dependency=afterok:$id slurm/rank-reduce.sbatch",
    "sbatch --dependency=afternotok:$id slurm/rank-status.sbatch",
]


def examples() -> dict[str, Script]:
    """By name of the file."""
    array, output_dir = [*RANK, f"shards={SHARDS}"], "runs/all"
    four, two_nodes = replace(GPU, gpus=4, memory="128G"), replace(GPU, gpus=4, nodes=2, memory="128G")
    return {
        "train-gpu": training_script(GPU, TRAIN, None),
        "train-node": training_script(four, [*TRAIN, f"trainer.devices={four.tasks}"], None),
        "train-nodes": training_script(two_nodes, [*TRAIN, f"trainer.devices={two_nodes.tasks}"], None),
        "rank": ranking_script(GPU, RANK, None),
        "rank-array": shards_script(GPU, array, range(SHARDS), None, then=THEN),
        "rank-array-cpu": shards_script(CPU, array, range(SHARDS), None, then=THEN),
        "rank-reduce": reducing_script(GPU, output_dir, None),
        "rank-status": reporting_script(GPU, output_dir, None),
    }


def main() -> None:
    """Write them all."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "slurm"
    folder.mkdir(exist_ok=True)
    for name, script in examples().items():
        (folder / f"{name}.sbatch").write_text(script.text, encoding="utf-8")
        print(folder / f"{name}.sbatch")


if __name__ == "__main__":
    main()
