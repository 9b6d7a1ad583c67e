"""The model card of a magnetism release: where it came from around the sections of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from screening.data.splits import DEFAULT_SALT
from screening.magnetism.release import MagnetismRelease

_FAILURES = """## Known failures

- Curie temperatures of alloys without a near relative among the measured compounds can be wrong by 500 K (seen in
  cross-validation for iron-cobalt alloys, half-metallic Heusler compounds and chromium-platinum).
- A formula says nothing of its polymorph: all crystals of one composition get the same Curie temperature.
- Ferrimagnets are told from ferromagnets by a few measured structures alone.
- The sign of K1 is not predicted, nor the single-ion anisotropy of rare earths.
"""
_SOURCES = """## Data and licences

Nothing of the data is in this folder. Materials Project (Jain et al., APL Mater. 1, 011002 (2013), CC BY 4.0);
MAGNDATA (Gallego et al., J. Appl. Cryst. 49, 1750 (2016)), free to use with citation; NEMAD (Itani et al.,
arXiv:2409.15675); Curie temperatures collected by Nelson and Sanvito (Phys. Rev. Materials 3, 104405 (2019)) and Belot
et al.; NovaMag (Nieves et al., Comput. Mater. Sci. 168, 188 (2019)). The licences of the collections of measured values
were not stated where they were obtained: values are facts, and each collection is cited.
"""


def magnetism_card(release: MagnetismRelease, sections: Sequence[str]) -> str:
    """Markdown of the whole card; sections: one for each part."""
    training = release.training
    times = ", ".join(f"{name} {minutes} min" for name, minutes in training["minutes"].items())
    head = f"""# {release.name}

Magnetic order, Curie temperature and size of the anisotropy of crystals, by forests on descriptors of composition and
bonds. Splits are by whole chemical systems, by a hash of their name with the salt `{DEFAULT_SALT}`.

- Fitted with `screening fit data.path=STORE data.folder=TABLES output_dir={release.name} seed={training["seed"]}`.
- Store: sha256 `{training["store_sha256"][:16]}`; sources {"; ".join(training["sources"])}.
- Time: {times}; one {training["machine"]} processor core, no GPU.
- Columns: `magnetic_order` and its probabilities, `curie_temperature_K`, `K1_magnitude_MJ_per_m3`, `easy_axis`, with
  80 % intervals as `_lo` and `_hi`.
"""
    return "\n".join([head, *sections, _FAILURES, _SOURCES])
