"""The base class of importers, which read labelled crystals from one kind of source.

An importer is a file with a subclass of `Importer`, here or in another package, and an entry point:

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
    """Reads one kind of source; the first line of a subclass's docstring describes it.

    Attributes:
        takes_labels: Whether `read` accepts a separate file of labels.
        keeps_contradictions: Whether labels stay that contradict each other for one crystal: those of a published table
            are what they are. They are listed in any case.
    """

    takes_labels: ClassVar[bool] = False
    keeps_contradictions: ClassVar[bool] = False

    @abstractmethod
    def read(self, source: Path, labels: Path | None = None, passed_over: frozenset[Path] = frozenset()) -> Labelled:
        """Stream the crystals of a source.

        Args:
            source: A file or folder.
            labels: The file with the labels; None if they are in the source.
            passed_over: Absolute paths in the source folder to skip.

        Yields:
            Crystals with labels named as in `screening.data.targets`, and rejections with reasons.

        Raises:
            RequestError: If the source as a whole, or a label, is wrong; the message names file and line.
        """

    def recognises(self, source: Path) -> bool:
        """Whether a source is of this kind, judged by file names; if never true, the user must give `kind=`."""
        return False


def accepted(rows: Iterable[LabelledCrystal | Rejection], rejected: list[Rejection]) -> Iterator[LabelledCrystal]:
    """Yield the labelled crystals and add the rejections to `rejected`."""
    for row in rows:
        if isinstance(row, Rejection):
            rejected.append(row)
        else:
            yield row
