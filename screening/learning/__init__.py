"""Training by Lightning: data module, losses, metrics, calibration of the intervals."""
