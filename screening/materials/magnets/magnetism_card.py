"""The model card of a magnetism release: its origin, and the sections of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from screening.data.splits import DEFAULT_SALT
from screening.materials.exclusions import excluded_words
from screening.tabular.release import TabularRelease

_LIMITS = """## Limits

- The Curie temperature depends only on the composition, so polymorphs get the same one.
- Outside the measured families the sign of the 3d metals' K1 is a base rate. Crystal fields are rough estimates.

## Data

The tables are those of `data.folder`; state their sources and licences when you share this release. It contains no
table, but the kernel of the Curie temperature keeps descriptors of the compositions in the literature table.
"""


def magnetism_card(release: TabularRelease, sections: Sequence[str]) -> str:
    """The whole card in Markdown; sections: one for each part."""
    training = release.training
    times = ", ".join(f"{name} {minutes} min" for name, minutes in training["minutes"].items())
    head = f"""# {release.name}

Magnetic order, magnetization of metallic hosts, Curie temperature and anisotropy of crystals, from forests and a kernel
on descriptors of composition and bonds, and from a crystal field. Splits keep chemical systems together, by a hash of
their name with the salt `{DEFAULT_SALT}`.

- Fitted with `screening fit magnetism data.path=STORE data.folder=TABLES output_dir={release.name}
  seed={training["seed"]}{" exclude=FILE" if training.get("excluded") else ""}`.{excluded_words(training)}
- Store: sha256 `{training["store_sha256"][:16]}`; sources {"; ".join(training["sources"])}.
- Time: {times}; one {training["machine"]} processor core, no GPU.
- Columns: `magnetic_order` and its probabilities, `host_magnetization_muB_per_A3`, `curie_temperature_K`,
  `four_f_K1_MJ_per_m3`, and `host_K1_magnitude_MJ_per_m3` with its probability of an easy axis and its method; 80 %
  intervals `_lo`, `_hi`.
"""
    return "\n".join([head, *sections, _LIMITS])
