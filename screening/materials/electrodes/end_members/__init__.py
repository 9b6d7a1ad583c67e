"""The end members of battery electrodes: the charged and the discharged crystal."""
