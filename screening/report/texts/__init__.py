"""Texts of the pages in each language."""

from screening.report.texts.catalogue import LANGUAGES, Catalogue, catalogue

__all__ = ["LANGUAGES", "Catalogue", "catalogue"]
