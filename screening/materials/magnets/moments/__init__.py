"""Magnetic moments of hosts and sublattices."""
