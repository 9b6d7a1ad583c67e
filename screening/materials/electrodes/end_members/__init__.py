"""Battery electrodes: the charged and the discharged structure behind a crystal."""
