"""Batches of crystals downhill, resumable."""
