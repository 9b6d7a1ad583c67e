"""Text from files and stores cannot command the terminal."""

from __future__ import annotations

import logging

import pytest

from screening import cli, console
from screening.errors import ScreeningError

ESCAPES = "a\x1b]0;title\x07b\x1b[2Jc\rd\x9b31me\u202ef\x7f\x00"
SHOWN = "a�]0;title�b�[2Jc�d�31me�f��"


def test_controls_are_shown_as_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    console.say(f"{ESCAPES}\n\tµ0 Å −1")
    console.print_error(ESCAPES)
    assert capsys.readouterr() == (f"{SHOWN}\n\tµ0 Å −1\n", f"{SHOWN}\n")


def test_logs_and_errors_as_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: list[str]) -> None:
        logging.getLogger("screening.x").warning("run %s", ESCAPES)
        raise ScreeningError(ESCAPES)

    monkeypatch.setattr(cli, "_dispatch", fails)
    logger = logging.getLogger("screening")
    before = logger.handlers, logger.level, logger.propagate
    try:
        assert cli.main([]) == 1
    finally:
        logger.handlers, logger.level, logger.propagate = before
    assert capsys.readouterr().err == f"run {SHOWN}\nscreening: {SHOWN}\n"
