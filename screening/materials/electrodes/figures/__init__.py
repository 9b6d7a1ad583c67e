"""Figures of merit of electrodes, one subject a module."""
