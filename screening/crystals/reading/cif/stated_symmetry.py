"""The symmetry that a CIF states: by operations, a Hall symbol, a space-group symbol or a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.crystals.reading.cif.cif_block import CifBlock, shown
from screening.crystals.reading.cif.operations import Operations, from_hall, from_triplets
from screening.crystals.reading.cif.space_groups import Setting, settings_of_number, settings_of_symbol
from screening.crystals.reading.parts import UnreadableError
from screening.crystals.reading.remarks import P1_ASSUMED, SETTING_DEDUCED, SYMMETRY_CONTRADICTORY

_LISTED = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_REVERSING = "_space_group_symop_magn_operation_xyz"
_CENTRINGS = "_space_group_symop_magn_centering_xyz"
_SYMBOLS = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_symmetry_space_group_name_h-m_full",
    "_space_group_name_h-m_alt_name",
)
_REFERENCE = "_space_group_name_h-m_ref"
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NUMBERS = ("_space_group_it_number", "_symmetry_int_tables_number")
_CODE = "_space_group_it_coordinate_system_code"
_MODULATED = ("_cell_modulation_dimension", "_space_group_symop_ssg_operation_algebraic", "_space_group_ssg_name")

_LARGEST_DEVIATION = 0.01
"""Lengths and angles of a cell are rounded and strained; an axis of the wrong length deviates by more."""
_MEND = "state the Hall symbol (_space_group_name_Hall) or list the operations (_space_group_symop_operation_xyz)"


@dataclass(frozen=True)
class Symmetry:
    """Operations that a file may mean.

    Attributes:
        operations: The operations.
        remark: A flag for the crystal if these are the right ones; empty for none.
        doubt: Why they need to be confirmed by other values of the file; empty if they do not.
    """

    operations: Operations
    remark: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class _Statement:
    """A symbol or number, and the settings that it may mean."""

    text: str
    settings: tuple[Setting, ...]

    @property
    def numbers(self) -> set[int]:
        return {setting.number for setting in self.settings}


def possible_symmetries(block: CifBlock, lattice: NDArray[np.float64]) -> list[Symmetry]:
    """The symmetries that a file may mean; several if it leaves the origin open.

    Args:
        block: The data block.
        lattice: (3, 3) row vectors in Å.

    Raises:
        UnreadableError: It states none that is known, or some that contradict each other or the cell.
    """
    if any(name in block for name in _MODULATED):
        raise UnreadableError("a modulated structure: what is listed is only its average")
    listed = _listed(block)
    if listed is not None:
        _refuse_cell(listed, lattice, "the listed operations")
        return [_compared(listed, block)]
    if any(name.startswith("_space_group_magn_") for name in block.names()):
        raise UnreadableError("a magnetic space group without its operations: list them")
    statements = list(_statements(block))
    if not statements:
        doubt = f"no symmetry is stated: {_MEND}; 'P 1' if all atoms of the cell are listed"
        return [Symmetry(from_hall("P 1"), P1_ASSUMED, doubt)]
    return _of_settings(_settings(statements, block), statements[0], lattice)


def _listed(block: CifBlock) -> Operations | None:
    if _REVERSING in block:
        operations = [_without_reversal(text) for text in block.column(_REVERSING) if text]
        centrings = [_without_reversal(text) for text in block.column(_CENTRINGS) if text]
        return from_triplets(operations, centrings)
    found = [from_triplets([text for text in block.column(name) if text]) for name in _LISTED if name in block]
    if len(found) == 2 and found[0].keys != found[1].keys:
        raise UnreadableError(f"{_LISTED[0]} and {_LISTED[1]} list different operations: keep one of them")
    return found[0] if found else None


def _without_reversal(text: str) -> str:
    """`x,y,z` of the magnetic operation `x,y,z,-1`: the positions of atoms do not know the direction of time."""
    words = text.replace(" ", "").split(",")
    return ",".join(words[:3]) if len(words) == 4 and words[3] in ("+1", "-1", "1") else text


def _statements(block: CifBlock) -> Iterator[_Statement]:
    for name in _HALL:
        text = block.text(name)
        if text is not None:
            operations = from_hall(text)
            known = [s for s in settings_of_number(operations.number or 0) if s.operations.keys == operations.keys]
            yield _Statement(text, tuple(known[:1]) or (Setting(operations.number or 0, "other", text),))
    for name in (*_SYMBOLS, *_NUMBERS):
        text = block.text(name)
        if text is not None:
            yield _Statement(text, tuple(_by_name(text)))


def _by_name(text: str) -> list[Setting]:
    found = settings_of_number(int(text)) if text.isdecimal() and len(text) < 4 else settings_of_symbol(text)
    if not found:
        raise UnreadableError(f"the space group '{text[:40]}' is not known: {_MEND}")
    return found


def _settings(statements: list[_Statement], block: CifBlock) -> list[Setting]:
    """The settings that all statements allow."""
    common = list(statements[0].settings)
    for statement in statements[1:]:
        both = [setting for setting in common if setting in statement.settings]
        if not both and common:
            raise UnreadableError(
                f"the space group is stated twice, and differently: '{statements[0].text}' and '{statement.text}'"
            )
        common = both
    code = block.text(_CODE)
    if code is not None:
        common = [setting for setting in common if setting.has_choice(code)]
    reference = block.text(_REFERENCE)
    if reference is not None and not {s.number for s in common} & {s.number for s in _by_name(reference)}:
        raise UnreadableError(f"the space group is stated twice, and differently: {shown(_REFERENCE)} is '{reference}'")
    if not common:
        raise UnreadableError(f"there is no setting '{code}' of the space group '{statements[0].text}': {_MEND}")
    return common


def _of_settings(settings: list[Setting], first: _Statement, lattice: NDArray[np.float64]) -> list[Symmetry]:
    """Symmetries that leave the cell as it is; those with the axes that come first if several do."""
    fitting = [s for s in settings if s.operations.deviation(lattice) < _LARGEST_DEVIATION]
    if not fitting:
        _refuse_cell(settings[0].operations, lattice, f"the space group '{first.text}'")
    axes = _axes(fitting[0])
    same_axes = [setting for setting in fitting if _axes(setting) == axes]
    by_number_alone = first.text.isdecimal() and sum(setting.choice != "other" for setting in fitting) > 1
    remark = SETTING_DEDUCED if len(same_axes) > 1 or by_number_alone else ""
    return [Symmetry(setting.operations, remark) for setting in same_axes]


def _axes(setting: Setting) -> str:
    return setting.choice.strip("12") if setting.choice[:1] in ("1", "2") else setting.choice


def _refuse_cell(operations: Operations, lattice: NDArray[np.float64], what: str) -> None:
    deviation = operations.deviation(lattice)
    if deviation >= _LARGEST_DEVIATION:
        raise UnreadableError(f"the cell's lengths and angles contradict {what} (by {100 * deviation:.3g} %)")


def _compared(listed: Operations, block: CifBlock) -> Symmetry:
    """Listed operations beside a symbol that may contradict them."""
    if _REVERSING in block or listed.number is None:
        return Symmetry(listed)
    for statement in _known_statements(block):
        if listed.number not in statement.numbers:
            return Symmetry(
                listed,
                SYMMETRY_CONTRADICTORY,
                f"the listed operations are those of space group {listed.number}, but the file also states "
                f"'{statement.text}': correct one of them",
            )
    return Symmetry(listed)


def _known_statements(block: CifBlock) -> Iterator[_Statement]:
    """Statements beside listed operations; what is not understood there says nothing against them."""
    for name in (*_HALL, *_SYMBOLS, *_NUMBERS):
        text = block.text(name)
        if text is None:
            continue
        if name in _HALL:
            try:
                number = from_hall(text).number
            except UnreadableError:
                continue
            settings = tuple(settings_of_number(number or 0))
        elif text.isdecimal() and len(text) < 4:
            settings = tuple(settings_of_number(int(text)))
        else:
            settings = tuple(settings_of_symbol(text))
        if settings:
            yield _Statement(text, settings)
