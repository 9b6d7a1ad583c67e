"""Write the hashes of the released models: into each config.json, and of all into models/SHA256SUMS.

    .venv/bin/python scripts/write_hashes.py

Run it after a release is added or changed on purpose. Loading refuses a release whose bytes differ;
`cd models && sha256sum -c SHA256SUMS` checks the same.
"""

from __future__ import annotations

import json

from screening.checksums import CHECKSUM, file_sha256
from screening.files import write_text_atomic
from screening.release_folder import CONFIG, SUMS, WEIGHTS, WEIGHTS_SHA256, config_text
from screening.resources import resource


def main() -> None:
    """Write every config.json that lacks its hashes, then the list."""
    models, lines = resource("models"), []
    for config in sorted(models.glob(f"*/{CONFIG}")):
        folder = config.parent
        own = json.loads(config.read_text(encoding="utf-8"))
        entries = {key: value for key, value in own.items() if key not in (CHECKSUM, WEIGHTS_SHA256)}
        text = config_text(entries, file_sha256(folder / WEIGHTS))
        if text != config.read_text(encoding="utf-8"):
            write_text_atomic(config, text)
        lines += [f"{file_sha256(folder / name)}  {folder.name}/{name}\n" for name in (CONFIG, WEIGHTS)]
    write_text_atomic(models / SUMS, "".join(lines))


if __name__ == "__main__":
    main()
