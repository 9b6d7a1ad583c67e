"""Material classes: the protocol (`base`), the registry, what classes share, and one package for each class."""
