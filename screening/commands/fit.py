"""`screening fit`."""

from screening.materials.magnets.fit_command import run

__all__ = ["run"]
