"""One thin module per command; each has `run(config)` and only wires the steps together."""
