"""`screening fit_voltage`."""

from screening.materials.electrodes.fit_command import run

__all__ = ["run"]
