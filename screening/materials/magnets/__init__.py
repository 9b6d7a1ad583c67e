"""Permanent magnets: everything that only this class needs."""
