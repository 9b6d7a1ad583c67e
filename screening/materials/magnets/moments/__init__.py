"""Moments of hosts and sublattices."""
