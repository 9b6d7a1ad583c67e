"""Magnetic order: ferro-, ferri-, antiferromagnetic or none."""
