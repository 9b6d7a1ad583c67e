"""Average voltages and volume changes, from a potential with learned corrections."""
