"""Errors that users see. Their text names the key or file and says what was expected."""

from __future__ import annotations


class ScreeningError(Exception):
    """Base of all errors raised on purpose, shown without a traceback. Exit status 1: the job failed."""

    exit_status = 1


class RequestError(ScreeningError):
    """A wrong request: an unknown key, a missing file, no valid candidate. Exit status 2."""

    exit_status = 2


class Interrupted(ScreeningError):
    """The job was told to stop and saved its work: the same command continues it.

    Exit status 75, a temporary failure in sysexits.h: the caller should try again; 130 after Ctrl-C.
    """

    exit_status = 75

    def __init__(self, message: str, exit_status: int = 75) -> None:
        super().__init__(message)
        self.exit_status = exit_status

    def followed_by(self, then: str) -> Interrupted:
        """The same, with what happens next added to the message."""
        return Interrupted(f"{self}; {then}", self.exit_status)
