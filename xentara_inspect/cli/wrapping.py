"""Text on a terminal that is narrower: words go on below; comments of notation do so under themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

import click

_COMMENTED: Final = re.compile(
    r"""((?:[^"'#]++|"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')*+)# (.*)"""  # possessive: in linear time
)
"""What stands on a line before a comment, and the comment; a # in a string begins none."""
_ROOM: Final = 30
"""Columns that comments should have, as long as that is no more than half of the terminal."""

Parts = tuple[str, str, int]
"""What stands before the comment; the comment, empty for none; and where it begins."""


def wrapped(notation: str, width: int | None) -> str:
    """Notation for a terminal of some columns, None for any: all of it, not one line cut.

    Where a comment finds no place it stands on the lines below, in the column of all comments.
    """
    lines = notation.split("\n")
    if width is None or all(len(line) <= width for line in lines):
        return notation
    parts = [_parts(line) for line in lines]
    columns = [column for text, comment, column in parts if comment and text]
    column = min([*columns, max(width - _ROOM, width // 2)])
    return "\n".join(line for part in parts for line in _laid_out(part, column, width))


def _parts(line: str) -> Parts:
    match = _COMMENTED.fullmatch(line)
    if match is None:
        return line, "", 0
    text, comment = match.groups()
    return text.rstrip(" "), comment, len(text)


def _laid_out(parts: Parts, column: int, width: int) -> Iterator[str]:
    text, comment, place = parts
    if not comment:
        yield text
        return
    if not text:  # what is nothing but a comment keeps its place
        column = min(place, column)
    elif len(text) + 2 > column:
        if len(text) + 4 + len(comment) <= width:
            yield f"{text}  # {comment}"
            return
        yield text
        text = ""
    rest = wrap(comment, max(1, width - column - 2), break_long_words=False, break_on_hyphens=False)
    for line in rest or [""]:
        yield f"{text.ljust(column)}# {line}"
        text = ""


def joined(parts: Sequence[str], width: int | None, between: str = " · ", indent: int = 2) -> str:
    """Parts behind one another; where they are wider than that, over several lines."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]}{between}{part}"
        if width is None or len(click.unstyle(longer)) <= width:
            lines[-1] = longer
        else:
            lines.append(" " * indent + part)
    return "\n".join(lines)


def bold(text: str) -> str:
    """For titles."""
    return click.style(text, bold=True)
