"""The crystal, and reading crystals from any source; bad input is refused with a reason.

Importing this package loads only numpy; pymatgen, ASE and spglib are loaded when a file needs them.
"""

from screening.crystals.crystal import Crystal, Rejection
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.reader import as_crystals, read_crystals

__all__ = ["Crystal", "ReadSettings", "Rejection", "as_crystals", "read_crystals"]
