"""Everything that a page says, in the reader's language."""

from screening.report.texts.catalogue import LANGUAGES, Catalogue, catalogue

__all__ = ["LANGUAGES", "Catalogue", "catalogue"]
