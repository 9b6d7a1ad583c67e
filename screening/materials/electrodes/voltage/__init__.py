"""Average voltages and volume changes: a potential, and what is learned of its errors."""
