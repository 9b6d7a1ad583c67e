"""Dense crystals: the least that a material class can be."""
