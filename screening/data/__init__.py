"""Labelled crystals: importers, the on-disk store, splits by chemical system."""
