"""Magnetic order: ferro-, ferri-, antiferromagnetic or nonmagnetic."""
