"""What an importer is: it reads one kind of source of labelled crystals.

An importer is one file with a subclass of `Importer`, here or in a package of its own, and one entry point:

    [project.entry-points."screening.importers"]
    my_format = "my_package.my_format:MyFormat"

Then `screening import kind=my_format` finds it. `screening.testing.check_importer` tests one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from screening.crystals import Rejection
from screening.data.store import LabelledCrystal

Labelled = Iterator[LabelledCrystal | Rejection]


class Importer(ABC):
    """One kind of source; the first line of a subclass's docstring says of which.

    Attributes:
        takes_labels: Whether `read` can take the labels from a file of their own.
    """

    takes_labels: ClassVar[bool] = False

    @abstractmethod
    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        """Stream the crystals of a source.

        Args:
            source: File or folder.
            labels: File of the labels; None where they are in the source.
            passed_over: Absolute paths in a source folder that are no part of it.

        Yields:
            Crystals with labels named as in `screening.data.targets`, and what is left out, with the reason.

        Raises:
            RequestError: Something is wrong with the source as a whole, or with a label; it names file and place.
        """

    def recognises(self, source: Path) -> bool:
        """Whether a source is of this kind, judged by names alone; False leaves it to `kind=`."""
        return False


def accepted(rows: Iterable[LabelledCrystal | Rejection], rejected: list[Rejection]) -> Iterator[LabelledCrystal]:
    """Pass the labelled crystals on; what was left out is added to `rejected`."""
    for row in rows:
        if isinstance(row, Rejection):
            rejected.append(row)
        else:
            yield row
