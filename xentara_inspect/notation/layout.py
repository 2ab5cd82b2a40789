"""Lines of notation with their comments: aligned in one column, and beside the bytes they came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Line = tuple[str, str, int]
"""Text, comment (without `#`, may be empty), and the offset behind the last byte that it shows."""

COLUMN_LIMIT: Final = 80
"""Lines longer than this do not push the comments of all others to the right."""

MAXIMUM_DEPTH: Final = 16
"""Levels that are indented; what is nested deeper stands on one line."""

INDENTS: Final = tuple("  " * depth for depth in range(MAXIMUM_DEPTH + 2))


def aligned(lines: Sequence[Line]) -> str:
    """The lines with their comments in one column, two behind the longest text that has one.

    Ends with a newline if the last line is a comment or ends in one.
    """
    width = 0
    for text, comment, _ in lines:
        if comment and width < len(text) <= COLUMN_LIMIT:
            width = len(text)
    out = "\n".join([f"{text.ljust(width)}  # {comment}" if comment else text for text, comment, _ in lines])
    return out + "\n" if lines and _ends_in_comment(lines[-1]) else out


def bare(lines: Sequence[Line]) -> str:
    """The lines without comments, but for those that are nothing else: what is malformed stays said."""
    out = "\n".join([text for text, _, _ in lines])
    return out + "\n" if lines and lines[-1][0].lstrip().startswith("#") else out


def with_spans(lines: Sequence[Line], start: int = 0) -> list[tuple[str, int, int]]:
    """Each line as `aligned` prints it, with the start and end (exclusive) of the bytes it shows.

    The spans follow one another without gaps from `start` on; that of a line that shows no byte of
    its own, such as a closing bracket, is empty.
    """
    result = []
    for text, (_, _, end) in zip(aligned(lines).splitlines(), lines, strict=True):
        result.append((text, start, end))
        start = end
    return result


def _ends_in_comment(line: Line) -> bool:
    return bool(line[1]) or line[0].lstrip().startswith("#")
