"""Printing text whatever the terminal can show: what it cannot becomes an escape, not an error."""

from __future__ import annotations

import os
import shutil
import sys

import click

from xentara_inspect.escape import safe


def out(text: str, *, newline: bool = True) -> None:
    """Print on standard output; colours only reach a terminal."""
    click.echo(printable(text), nl=newline, file=sys.stdout)


def note(text: str) -> None:
    """Print a line for people on standard error, whatever the names in it are."""
    click.echo(_encodable(safe(text), sys.stderr.encoding), file=sys.stderr)


def environments_color() -> bool | None:
    """Whether colours are wanted whatever the output is: NO_COLOR, FORCE_COLOR; None for on a terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def is_coloured() -> bool:
    """Whether standard output shows colours."""
    ctx = click.get_current_context(silent=True)
    color = ctx.color if ctx is not None else environments_color()
    return sys.stdout.isatty() if color is None else color


def terminal_width() -> int | None:
    """Columns of the terminal that standard output goes to; None for a file or another program."""
    return max(1, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def printable(text: str) -> str:
    """The text with an escape for each character that standard output cannot carry."""
    return _encodable(text, sys.stdout.encoding)


def shows_every_character() -> bool:
    """Whether standard output can carry all of Unicode."""
    return (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def _encodable(text: str, encoding: str | None) -> str:
    if text.isascii():
        return text
    name = encoding or "utf-8"
    return text.encode(name, errors="backslashreplace").decode(name)
