"""Errors as people want them: one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import click

from xentara_inspect.escape import safe


class Failure(click.ClickException):
    """The answer is no: bad input, or nothing found where one thing was asked for. Exit code 1."""

    exit_code = 1


def fail(message: str) -> None:
    """Print one line on stderr, whatever the message holds."""
    click.echo(f"Error: {safe(message)}", err=True)


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Run a command. Turns what people can mend into one line and ends the process with its code."""
    from xentara_inspect.store.errors import StoreError

    try:
        yield
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.UsageError as error:
        if error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        fail(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        fail(error.format_message())
        sys.exit(error.exit_code)
    except StoreError as error:
        fail(str(error))
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
