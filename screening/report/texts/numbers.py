"""How each language writes numbers and plurals."""

from __future__ import annotations

from dataclasses import dataclass

MINUS = "\u2212"
THIN_SPACE = "\u202f"


@dataclass(frozen=True)
class NumberStyle:
    """Separators of decimals and of groups of thousands."""

    decimal: str
    group: str

    def fixed(self, value: float, digits: int) -> str:
        """Fixed decimals, thousands grouped, a true minus sign: `−1,234.50`, `−1 234,50`; zero has no sign."""
        text = f"{value:,.{digits}f}"
        if not any(letter in "123456789" for letter in text):
            text = text.lstrip("-")
        return self._translated(text)

    def short(self, value: float) -> str:
        """As few digits as possible: `0.8`, `550`."""
        return self._translated(f"{value:,.6g}")

    def _translated(self, text: str) -> str:
        return text.translate({ord(","): self.group, ord("."): self.decimal, ord("-"): MINUS})


STYLES = {"en": NumberStyle(".", ","), "ru": NumberStyle(",", THIN_SPACE)}


def plural_form(language: str, n: int) -> str:
    """The plural form of a whole number by its CLDR name: `one`, `few`, `many` or `other`."""
    if language != "ru":
        return "one" if n == 1 else "other"
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"
