"""Printing text whatever the terminal can show: what it cannot becomes an escape, not an error."""

from __future__ import annotations

import sys

import click


def out(text: str, *, newline: bool = True) -> None:
    """Print on standard output; colours only reach a terminal."""
    click.echo(printable(text), nl=newline, file=sys.stdout)


def note(text: str) -> None:
    """Print a line for people on standard error."""
    click.echo(_encodable(text, sys.stderr.encoding), file=sys.stderr)


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
