"""The report of a ranking: the page, cards, tables and plots, and the texts of each language."""
