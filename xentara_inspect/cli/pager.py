"""What is longer than the terminal, through a pager, as git does it."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

import click

from xentara_inspect.cli.printing import terminal_width

_OFF: Final = "xentara_inspect.no_pager"
_USUAL: Final = "less"
_LESS: Final = "FRX"
"""What less does unless $LESS says otherwise: end where it all fits, show colours, leave the text there."""


def turn_off(ctx: click.Context) -> None:
    """No pager in this command."""
    ctx.meta[_OFF] = True


@contextlib.contextmanager
def paged() -> Iterator[None]:
    """What is printed within goes through a pager once it is longer than the terminal.

    Through $PAGER, else less; straight to standard output where that is no terminal, or there is none.
    """
    command = _command()
    if command is None:
        yield
        return
    pager = _Pager(sys.stdout, command)
    try:
        with contextlib.redirect_stdout(pager):
            yield
    except SystemExit:  # SIGTERM: nobody is waited for
        pager.end()
        raise
    except BaseException:
        pager.finish()
        raise
    pager.finish()


def _command() -> Sequence[str] | None:
    """The pager to start; None for none."""
    ctx = click.get_current_context(silent=True)
    off = ctx is not None and ctx.meta.get(_OFF, False)
    if (
        off
        or not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
        or os.environ.get("TERM") == "dumb"
    ):
        return None
    try:
        command = shlex.split(os.environ.get("PAGER", _USUAL))
    except ValueError:
        return None
    if not command or command[0] == "cat" or shutil.which(command[0]) is None:
        return None
    return command


class _Pager(io.TextIOBase):
    """Standard output until there is more than a screen of it, then a pager's input."""

    def __init__(self, terminal: TextIO, command: Sequence[str]) -> None:
        self._terminal = terminal
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._held: list[str] = []
        self._lines = 0

    @property
    def encoding(self) -> str:  # type: ignore[override] # of which the base class has none
        return self._terminal.encoding

    def isatty(self) -> bool:
        """Whether people see it: they do."""
        return True

    def write(self, text: str) -> int:
        """Print."""
        if self._process is None:
            self._held.append(text)
            self._lines += _lines(text)
            if self._lines < shutil.get_terminal_size().lines:
                return len(text)
            self._process = subprocess.Popen(  # noqa: S603 - the program that $PAGER names
                self._command, stdin=subprocess.PIPE, text=True, encoding=self.encoding,
                env={"LESS": _LESS, **os.environ},
            )  # fmt: skip
            text = "".join(self._held)
        if self._process.stdin is not None:
            self._process.stdin.write(text)
        return len(text)

    def flush(self) -> None:
        """Let people see what there is."""
        stdin = self._process.stdin if self._process is not None else None
        if stdin is not None and not stdin.closed:  # it is, where we are flushed once more as we go
            stdin.flush()

    def finish(self) -> None:
        """Print what was held, or wait until people have read."""
        if self._process is None:
            self._terminal.write("".join(self._held))
            self._terminal.flush()
            return
        while True:
            try:
                with contextlib.suppress(BrokenPipeError):  # they had seen enough
                    if self._process.stdin is not None:
                        self._process.stdin.close()
                self._process.wait()
                return
            except KeyboardInterrupt:
                continue  # is for the pager, which goes on
            except SystemExit:
                self.end()
                raise

    def end(self) -> None:
        """Take the pager along, which would keep the terminal."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def _lines(text: str) -> int:
    """Lines of the terminal that a text takes, where it breaks those that are too long."""
    width = terminal_width() or 1
    return sum(max(1, -(-len(line) // width)) for line in click.unstyle(text).split("\n")[:-1])
