"""Curie temperatures from measured compositions."""
