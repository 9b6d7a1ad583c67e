"""One mutant, read by us and by others: agreed, refused, or something to look into."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from fuzzing.dialects import DIALECTS
from fuzzing.fingerprints import Fingerprint, differences, fingerprint
from fuzzing.judges import JUDGES, opinion
from fuzzing.mutants import mutate
from fuzzing.reading import read_here
from pymatgen.core import Lattice, Structure

from screening.crystals import ReadSettings
from screening.crystals.reading.parts import Outcome

LIMIT_S = 20
"""A mutant that takes longer is a finding: the files are of some kilobytes."""

_SETTINGS = ReadSettings(workers=0)

FINDINGS = ("raised", "slow", "lost", "disagreed")
"""Verdicts that need an explanation."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        kind: `refused`; `agreed` (a second reader finds the same crystals); `flagged` (none does, and we said that we
            assumed something); `alone` (no other reader reads it); or one of `FINDINGS`.
        detail: What differs, or the error.
    """

    kind: str
    detail: str = ""


@cache
def corpus() -> tuple[tuple[str, str, bytes], ...]:
    """Dialect, extension and bytes of small crystals in every dialect."""
    return tuple(
        (name, extension, writer(structure))
        for name, (extension, writer) in DIALECTS.items()
        for structure in _structures()
    )


def _structures() -> Iterator[Structure]:
    cubic, build = Lattice.cubic, Structure.from_spacegroup
    yield build("Fm-3m", cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    yield build(
        "P6/mmm", Lattice.hexagonal(5.0, 3.97), ["Sm", "Co", "Co"], [[0, 0, 0], [1 / 3, 2 / 3, 0], [0.5, 0, 0.5]]
    )
    yield build("P6_3/mmc", Lattice.hexagonal(4.28, 6.11), ["Mn", "Bi"], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]])
    yield build("R-3m", Lattice.hexagonal(2.816, 14.05), ["Co", "Li", "O"], [[0, 0, 0], [0, 0, 0.5], [0, 0, 0.2605]])
    yield build("P4/nmm", Lattice.tetragonal(3.77, 6.36), ["Li", "Fe", "As"],
                [[0, 0.5, 0.154], [0, 0, 0.5], [0, 0.5, 0.737]])  # fmt: skip
    lattice = Lattice.orthorhombic(10.33, 6.01, 4.69)
    sites = [[0, 0, 0], [0.282, 0.25, 0.975], [0.095, 0.25, 0.418], [0.097, 0.25, 0.743], [0.457, 0.25, 0.206],
             [0.166, 0.047, 0.285]]  # fmt: skip
    yield build("Pnma", lattice, ["Li", "Fe", "P", "O", "O", "O"], sites)
    yield build("P2_1/c", Lattice.monoclinic(5.1, 5.2, 5.3, 99.2), ["Zr", "O", "O"],
                [[0.275, 0.04, 0.208], [0.07, 0.336, 0.341], [0.442, 0.755, 0.479]])  # fmt: skip
    yield Structure(
        Lattice.from_parameters(4.1, 5.2, 6.3, 81, 97, 105), ["Fe", "O"], [[0.1, 0.2, 0.3], [0.7, 0.35, 0.45]]
    )


def mutant(seed: int) -> tuple[str, bytes]:
    """Extension and bytes of a mutant; the same for the same seed."""
    random = Random(seed)
    _, extension, data = random.choice(corpus())
    other = random.choice(corpus())[2]
    return extension, mutate(random, data, other)


def judge(extension: str, data: bytes, folder: Path) -> Verdict:
    """Read a file, and compare."""
    path = folder / f"mutant{extension}"
    path.write_bytes(data)
    try:
        with _alarm():
            outcomes = read_here(path, _SETTINGS)
    except _TooLongError:
        return Verdict("slow", f"more than {LIMIT_S} s")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Verdict("raised", f"{type(error).__name__}: {error}")
    return _compare(path, extension, outcomes)


def _compare(path: Path, extension: str, outcomes: list[Outcome]) -> Verdict:
    crystals = [outcome.sites for outcome in outcomes if outcome.sites is not None]
    if not crystals:
        return Verdict("refused")
    ours = [fingerprint(sites.lattice, sites.numbers, sites.frac) for sites in crystals]
    problems, readable = [], False
    for reader in JUDGES[extension]:
        theirs = _opinion(reader, path)
        if not theirs:
            continue
        readable = True
        problem = _disagreement(ours, theirs, len(outcomes))
        if not problem:
            return Verdict("agreed")
        problems.append(f"{reader.__name__}: {problem}")
    if not readable:
        return Verdict("alone")
    said = sorted({flag for outcome in outcomes for flag in outcome.flags})
    detail = "; ".join(problems)
    if said:
        return Verdict("flagged", f"{', '.join(said)}: {detail}")
    return Verdict("lost" if all("inputs" in problem for problem in problems) else "disagreed", detail)


def _opinion(reader: object, path: Path) -> list[Fingerprint] | None:
    try:
        with _alarm():
            return opinion(reader, path)  # type: ignore[arg-type]
    except _TooLongError:
        return None


def _disagreement(ours: list[Fingerprint], theirs: list[Fingerprint], outcomes: int) -> str:
    if len(theirs) > outcomes:
        return f"{len(theirs)} crystals, but only {outcomes} inputs are accounted for"
    for mine in ours:
        said = [differences(mine, other, same_cell=True) for other in theirs]
        if all(said):
            return said[0]
    return ""


class _TooLongError(BaseException):
    """Not an Exception, so that no reader catches it."""


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(_: int, __: FrameType | None) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def hunt(seeds: range) -> Iterator[tuple[int, Verdict]]:
    """Verdicts of mutants by their seeds."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for seed in seeds:
            yield seed, judge(*mutant(seed), Path(folder))
