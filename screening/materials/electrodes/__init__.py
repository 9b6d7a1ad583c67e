"""Battery electrodes: everything that only this class needs."""
