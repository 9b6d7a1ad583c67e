"""Whole jobs, from a config to the files of the contract; commands and notebooks start them."""
