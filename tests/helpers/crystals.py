"""Crystals for the tests of every step: those of the contract tests."""

from screening.testing.sample_crystals import cubic, descriptions, random_crystal, rotated, supercell

__all__ = ["cubic", "descriptions", "random_crystal", "rotated", "supercell"]
