"""Known structure types as templates: other elements on their sites, in a cell scaled by radii.

`read_prototypes` reads the templates; `members` puts elements on their sites. Sources: datasets/prototypes/README.md.
"""

from screening.crystals.prototypes.library import Prototype, Site, read_prototypes
from screening.crystals.prototypes.substitution import Member, Members, members

__all__ = ["Member", "Members", "Prototype", "Site", "members", "read_prototypes"]
