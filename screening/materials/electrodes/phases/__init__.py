"""Electrodes that form new phases: alloys and conversion by formation energies; layered hosts without their ions."""
