"""Errors that users see. Their text names the key or file and says what was expected."""


class ScreeningError(Exception):
    """Base of all errors raised on purpose, shown without a traceback. Exit status 1: the job failed."""

    exit_status = 1


class RequestError(ScreeningError):
    """A wrong request: an unknown key, a missing file, no valid candidate. Exit status 2."""

    exit_status = 2


class Interrupted(ScreeningError):
    """The job was told to stop and saved its work: the same command continues it.

    Exit status 75, a temporary failure in sysexits.h: the caller should try again.
    """

    exit_status = 75
