"""Material classes: what a class is (`base`), which there are (`registry`), what several share; a package each."""
