"""Two runs say the same: no message depends on hashing, addresses or names of temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.ci

ROOT = Path(__file__).resolve().parents[3]
CELL = '"lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 5]], "frac": [[0, 0, 0]]'
CORPUS = {
    "a.vasp": "x\n1\n4 0 0\n0 4 0\n0 0 5\nFe Xx\n1 1\nDirect\n0 0 0\n.5 .5 .5\n",
    "b.vasp": "x\n1\n4 0 0\n",
    "c.xyz": '2\nLattice="4 0 0 0 4 0 0 0 5" Properties=label:S:1:pos:R:3 pbc="T T x"\nFe 0 0 0\nCo 2 2 2\n',
    "d.xyz": "3\n\nFe 0 0 0\nhello\n",
    "e.json": f'{{"a": {{{CELL}, "species": ["Xx"]}}, "b": {{{CELL}, "species": [{{"Fe": 2, "Yy": 1}}]}}, "c": 5}}',
    "f.json": '{"data": [{"material_id": "x"}, {"sites": [], "lattice": {}}, [], "text"]}',
    "g.json": f'[{{{CELL}, "species": [{{"Fe": 0.5, "Co": 0.25, "Ni": 0.1}}]}}, {{"lattice": 1}}, {{]',
    "h.json": '{"lattice_vectors": 1, "species_at_sites": ["Q", "R", "S"], "structure_features": '
    '["assemblies", "implicit_atoms", "unknown_positions", "site_attachments"]}',
    "i.jsonl": "{}\nnot JSON\n[1, 2]\n",
    "j.db": "not SQLite at all",
    "k.cif": "data_x\n_cell_length_a 4\nloop_\n_atom_site_label\nFe1\nCo1\n",
    "l.cif": "nothing",
    "m.json.xz": "not compressed",
    "n.zip": "no archive",
    "o.txt": "no crystal",
}  # fmt: skip
CODE = (
    "import sys; from screening.crystals import read_crystals\n"
    "for item in read_crystals(sys.argv[1]): print(item.candidate_id, item.source, getattr(item, 'reason', 'read'))"
)


def test_messages_do_not_depend_on_the_run(tmp_path: Path) -> None:
    told = []
    for seed in ("1", "2"):
        folder = tmp_path / f"run{seed}" / "in"
        folder.mkdir(parents=True)
        for name, text in CORPUS.items():
            (folder / name).write_text(text)
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", CODE, folder], capture_output=True, text=True, check=True, env=env, timeout=120
        )
        told.append(done.stdout)
    assert told[0] == told[1]
    lines = told[0].splitlines()
    assert len(lines) >= len(CORPUS) and not any(line.endswith(" read") for line in lines)
    assert " object at 0x" not in told[0] and str(tmp_path) not in told[0]
