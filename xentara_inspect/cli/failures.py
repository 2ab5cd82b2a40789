"""Errors as people want them: one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

import click

from xentara_inspect.escape import safe

_TRACEBACK: Final = "XENTARA_TRACEBACK"
"""Variable for those who mend us."""


class Failure(click.ClickException):
    """The answer is no: bad input, or nothing found where one thing was asked for. Exit code 1."""

    exit_code = 1


class _Terminated(SystemExit):
    """By SIGTERM. It is as at Ctrl-C: no file, process or state of the terminal stays behind."""


def not_installed(package: str, extra: str) -> Failure:
    """That a command needs a package which only an extra brings along."""
    return Failure(f"this needs {package}, which is not installed: pip install 'xentara-inspect[{extra}]'")


def fail(message: str) -> None:
    """Print one line on stderr, whatever the message holds."""
    click.echo(f"Error: {safe(message)}", err=True)


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Run a command and end the process. Turns what people can mend into one line and an exit code."""
    from xentara_inspect.queries.unknown import QuestionError
    from xentara_inspect.store.errors import StoreError

    if sys.stdout is None:  # started without one
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    try:
        with _hearing_sigterm():
            yield
            sys.stdout.flush()
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.UsageError as error:
        sys.exit(_usage(error))
    except click.ClickException as error:
        fail(error.format_message())
        sys.exit(error.exit_code)
    except (StoreError, QuestionError) as error:
        fail(f"{error}{_advice(str(error))}")
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt, _Terminated):
        _discard_output()  # nobody may read it: the end is not to wait for that
        sys.exit(130)
    except BrokenPipeError:
        _discard_output()  # the reader (head, less) has seen enough
    except OSError as error:
        _discard_output()
        fail(f"{error.filename or 'the output'}: {error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        if os.environ.get(_TRACEBACK):
            raise
        fail(
            f"internal error, please report it: {type(error).__name__}: {error} ({_TRACEBACK}=1 shows where)"
        )
        sys.exit(1)
    sys.exit(0)


@contextlib.contextmanager
def _hearing_sigterm() -> Iterator[None]:
    """Let it end a command as Ctrl-C does, and then of itself, unless somebody else hears it."""
    heard: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise _Terminated

    def pass_on() -> None:
        for number in heard:
            signal.raise_signal(number)

    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    # Registered before all else, so done last: to systemd a service that SIGTERM killed ended well, and
    # one with an exit code of its own failed.
    atexit.register(pass_on)
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _advice(problem: str) -> str:
    """What helps who has named no database, as the end of a sentence."""
    from xentara_inspect.store.settings import DATABASE

    return "; -d or XENTARA_DB names another" if problem == f"{DATABASE} does not exist" else ""


def _usage(error: click.UsageError) -> int:
    """Say what is wrong with the arguments; without any, show the help. Returns the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # newer versions of click have it
        click.echo(error.format_message())
        return 0
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    fail(error.format_message())
    return 2


def _discard_output() -> None:
    """Keep the interpreter from complaining at exit about what it cannot write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
