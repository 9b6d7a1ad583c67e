"""Thermoelectrics: all that only they know."""
