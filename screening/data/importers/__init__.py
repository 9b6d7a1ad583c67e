"""Importers of labelled crystals, one file for each kind of source."""
