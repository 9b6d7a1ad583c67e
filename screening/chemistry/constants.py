"""Physical constants in this package's units.

From CODATA 2022: Mohr et al., Rev. Mod. Phys. 97, 025002 (2025).
"""

from __future__ import annotations

TESLA_PER_MUB_PER_A3 = 11.6541
"""µ0 times one Bohr magneton per Å³, in T: converts a magnetization to a polarization."""

MU0_T2_PER_MJ_M3 = 1.25663706
"""The magnetic constant µ0 in T² m³/MJ."""

FARADAY_MAH_PER_MOL = 26801.4815
"""The Faraday constant, 96485.33212 C/mol, in mAh/mol."""

CM3_PER_MOL_PER_A3 = 0.602214076
"""The Avogadro constant times one Å³, in cm³/mol."""

MJ_PER_M3_OF_K_PER_A3 = 13.80649
"""The Boltzmann constant times one K per Å³, in MJ/m³."""

G_PER_CM3_PER_U_PER_A3 = 1.66053906892
"""The density of one atomic mass unit in one Å³, in g/cm³."""

COULOMB_EV_A = 14.399645
"""e² / (4 pi eps0) in eV Å."""
