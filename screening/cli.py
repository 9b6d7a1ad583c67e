"""`screening <command> [key=value ...]`: finds the command, composes its settings, runs it, reports how it ended."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from screening import __version__, console
from screening.configuration.registry import COMMANDS, module_of
from screening.errors import Interrupted, RequestError, ScreeningError
from screening.signals import StopSignal, stopping, was_stopped

if TYPE_CHECKING:
    from screening.configuration.base import CommandConfig

DONE, FAILED, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 done, 1 the job failed, 2 the request was wrong, 75 it was stopped and
    goes on when repeated, 130 interrupted (Ctrl-C)."""
    typed = sys.argv[1:] if arguments is None else list(arguments)
    status = FAILED
    try:
        with stopping():
            status = _run(typed)
            if arguments is None and was_stopped():
                os._exit(status)  # threads of a library may still be computing, and nothing is left to do
    except StopSignal as stop:  # between two lines of this function
        status = stop.exit_status
    return status


def _run(arguments: list[str]) -> int:
    debug = "debug=true" in (argument.lower() for argument in arguments)
    console.configure(debug=debug)
    try:
        _dispatch(arguments)
        status = DONE
    except ScreeningError as error:
        if debug:
            console.print_error(traceback.format_exc())
        console.print_error(f"screening: {error}")
        status = error.exit_status
    except StopSignal as stop:
        console.print_error(f"screening: {stop}; nothing was done")
        status = stop.exit_status
    except KeyboardInterrupt:
        console.print_error("screening: interrupted")
        status = INTERRUPTED
    except Exception as error:
        if debug:
            console.print_error(traceback.format_exc())
        console.print_error(
            f"screening: {type(error).__name__}: {error}\nRepeat with debug=true to see where it happened."
        )
        status = FAILED
    console.flush()
    return status


def _dispatch(arguments: list[str]) -> None:
    from screening.configuration.problems import unknown_command

    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        from screening.configuration.help import program_help

        if not arguments:
            raise RequestError(f"no command given\n\n{program_help()}")
        console.say(program_help())
    elif arguments[0] == "--version":
        console.say(f"screening {__version__}")
    elif arguments[0] not in COMMANDS:
        raise RequestError(unknown_command(arguments[0], COMMANDS))
    else:
        _command(arguments[0], arguments[1:])


def _command(command: str, arguments: list[str]) -> None:
    from screening.configuration import as_yaml, composing

    typed, show_help, show_config = _options(arguments)
    overrides, values = COMMANDS[command].sort(typed)
    if show_help:
        from screening.configuration.help import command_help

        console.say(command_help(composing.compose_config(command, overrides, values)))
    elif show_config:
        console.say(as_yaml(composing.compose_config(command, overrides, values).tree).rstrip())
    else:
        config = composing.load_config(command, overrides, values)
        try:
            importlib.import_module(f"screening.commands.{module_of(command)}").run(config)
        except StopSignal as stop:
            raise _stopped(stop, config) from None


def _stopped(stop: StopSignal, config: CommandConfig) -> Interrupted:
    """What is said of a command that a signal stopped: what is kept, and how to go on."""
    from screening.cluster.requeueing import AGAIN, START_AGAIN, requeue

    again = f"what is finished is kept; {AGAIN}" if config.goes_on else START_AGAIN
    next_ = requeue(wanted=stop.number == signal.SIGUSR1, again=again) if config.runs_as_a_job else again
    return Interrupted(f"{stop}; {next_}", stop.exit_status)


def _options(arguments: list[str]) -> tuple[list[str], bool, bool]:
    """Overrides, whether help was asked for, whether the composed config was."""
    overrides: list[str] = []
    show_help = show_config = False
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, what = argument.partition("=")
        if argument in {"-h", "--help"}:
            show_help = True
        elif name in {"-c", "--cfg"}:
            what = what if equals else next(remaining, "")
            if what != "job":
                raise RequestError(f"--cfg {what}: expected --cfg job".replace("  ", " "))
            show_config = True
        else:
            overrides.append(argument)
    return overrides, show_help, show_config
