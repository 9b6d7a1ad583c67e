"""Writes the tables of measured figures in the README and in docs/ from the files that scripts wrote.

    python scripts/write_results.py            # the tables alone
    python scripts/write_results.py --measure  # measure first what takes minutes (docs/results/*.json)

A table stands between `<!-- table NAME -->` and `<!-- end of table -->`; `results_tables.py` says what is in it.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from results_measured import ROOT, measure
from results_tables import tables

_TABLE = re.compile(r"(<!-- table ([\w-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def pages() -> list[Path]:
    """The pages that may hold tables of measured figures."""
    return [ROOT / "README.md", ROOT / "scripts" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rendered(text: str, by_name: dict[str, str]) -> str:
    """A page with its tables written anew."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{by_name[found[2]]}\n\n{found[3]}", text)


def main() -> None:
    """Measure if asked to, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="run the measurements that take minutes first")
    if parser.parse_args().measure:
        measure()
    by_name = tables()
    for path in pages():
        before = path.read_text("utf-8")
        after = rendered(before, by_name)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
