"""Reading crystals in every supported format, with a reason for each refusal."""
