"""Interatomic potentials: energies, forces and relaxed crystals, many crystals at once."""
