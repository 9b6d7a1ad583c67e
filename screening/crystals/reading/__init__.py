"""Every form that a crystal arrives in; one reason for each refusal."""
