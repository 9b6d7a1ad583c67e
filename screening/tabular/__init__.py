"""Models on tables of descriptors: forests, kernel ridge, conformal intervals, their release format."""
