"""A property of crystals that the networks of screening learn once rows have it."""

from __future__ import annotations

from screening.data.targets import Target

BULK_MODULUS = Target("bulk_modulus_GPa", "bulk modulus", minimum=0.0, largest=600.0)
