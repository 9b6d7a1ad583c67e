"""Battery electrodes: everything that only this class knows."""
