"""Errors that users see; their text names the key or file and says what was expected."""


class ScreeningError(Exception):
    """Base of every error raised on purpose; shown without a traceback. Exit status 1: the job failed."""

    exit_status = 1


class RequestError(ScreeningError):
    """The request was wrong: an unknown key, a missing file, no valid candidate. Exit status 2."""

    exit_status = 2


class Interrupted(ScreeningError):
    """The job was told to stop before it was done, and kept what it had: the same command goes on.

    Exit status 75, which sysexits.h calls a temporary failure: the caller is invited to try again.
    """

    exit_status = 75
