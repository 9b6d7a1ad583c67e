"""What comes in: reading crystals from any source, refusing bad input with a reason, and the crystal itself.

Importing this costs no more than numpy; pymatgen, ASE and spglib are loaded when a file needs them.
"""

from screening.crystals.crystal import Crystal, Rejection
from screening.crystals.read_settings import ReadSettings
from screening.crystals.reading.reader import as_crystals, read_crystals

__all__ = ["Crystal", "ReadSettings", "Rejection", "as_crystals", "read_crystals"]
