"""Lines of notation: how items stand on them whatever they mean, and their comments in one column."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from xentara_inspect.cbor import FLOAT, INDEFINITE, NINT, SIMPLE, TEXT, Item, uuid_bytes
from xentara_inspect.cbor.literals import (
    count_suffix,
    length_suffix,
    literal_and_completeness,
    scalar,
    tag_suffix,
)
from xentara_inspect.protocol.shape_types import Shape

Line = tuple[str, str, int]
"""Text, comment (without `#`, may be empty), and the offset behind the last byte that it shows."""

COLUMN_LIMIT: Final = 80
"""Lines longer than this do not push the comments of all others to the right."""

MAXIMUM_DEPTH: Final = 16
"""Levels that are indented; what is nested deeper stands on one line."""

INDENTS: Final = tuple("  " * depth for depth in range(MAXIMUM_DEPTH + 2))

PIECE: Final = 4096
"""Lines that are handed over together where not all are kept."""

Take = Callable[[Sequence[Line]], None]
"""What gets lines as they are written."""

_NOTHING: Final[Mapping[int, tuple[Shape | None, str]]] = {}
Entry = Callable[[Item], tuple[Shape | None, str]]
"""Shape and label of a value in a map, by its key."""


class Writer(ABC):
    """Collects lines; the classes made of it know what items mean, and write each by `render`.

    lines: the result. broken: whether the end of what could be read has been reached; nothing is
    written from there on. end: offset of that end. take: gets the lines by the piece, so that `lines`
    has only the last ones; None where all are wanted. most: lines from which on they are handed over.
    """

    __slots__ = ("broken", "end", "lines", "most", "payload", "take")

    def __init__(self, payload: bytes, take: Take | None = None) -> None:
        self.payload = payload
        self.take = take
        self.most = PIECE if take is not None else sys.maxsize
        self.lines: list[Line] = []
        self.broken = False
        self.end = len(payload)

    @abstractmethod
    def render(self, item: Item, shape: Shape | None, prefix: str, label: str, depth: int, tail: str) -> None:
        """Write an item.

        shape: what it ought to be, None for one that cannot be the value of an attribute. prefix:
        what stands before it on its first line, indentation included. label: what it is. depth:
        levels around it. tail: what follows on its last line.
        """

    def hand_over(self) -> None:
        """Let go of the lines so far."""
        if self.take is not None:
            self.take(self.lines)
            self.lines = []

    def line(self, item: Item, prefix: str, comment: str, tail: str) -> None:
        """Write an item on one line."""
        kind = item.kind
        end = item.end
        if kind <= NINT and item.info < 24:  # the commonest of all: most keys, types and codes
            text = item.value
        elif kind <= NINT or (kind <= TEXT and item.info != INDEFINITE) or SIMPLE <= kind <= FLOAT:
            text = scalar(item, self.payload)
        else:
            text, complete = literal_and_completeness(item, self.payload)
            if not complete:
                self.broken = True
                tail = ""
                end = self.end
                if not text:  # nothing of it, perhaps its key
                    prefix = prefix.rstrip(" ")
                    if not prefix:
                        return
        self.lines.append((f"{prefix}{text}{tail}", comment, end))

    def uuid_line(self, item: Item, uuid: bytes, prefix: str, comment: str, tail: str) -> None:
        """Write a UUID: its hexadecimal digits in upper case, as the specification prints them."""
        content = item.children[0]
        if content.info == INDEFINITE:
            return self.line(item, prefix, comment, tail)
        heads = f"37{tag_suffix(item)}(h'{uuid.hex().upper()}'{length_suffix(content)})"
        self.lines.append((prefix + heads + tail, comment, item.end))
        return None

    def open(self, item: Item, bracket: str, prefix: str, comment: str) -> None:
        """Write the first line of an array or map that is not empty."""
        text = prefix + bracket
        if item.info >= 24:
            text += count_suffix(item).rstrip(" ")
        self.lines.append((text, comment, item.children[0].start))

    def close(self, item: Item, bracket: str, depth: int, tail: str) -> None:
        """Write the last line of an array or map, unless it has no end."""
        if not self.broken:
            self.lines.append((f"{INDENTS[depth]}{bracket}{tail}", "", item.end))

    def key_text(self, key: Item) -> tuple[str, bool]:
        """A map key that is not an integer, and whether it was read whole."""
        uuid = uuid_bytes(key)
        if uuid is None or key.children[0].info == INDEFINITE:
            return literal_and_completeness(key, self.payload)
        content = key.children[0]
        suffix = length_suffix(content)
        return f"37{tag_suffix(key)}(h'{uuid.hex().upper()}'{suffix})", True

    def array(
        self, item: Item, element: Shape | None, prefix: str, comment: str, depth: int, tail: str
    ) -> None:
        """Write an array whose elements all have one shape, None for no shape."""
        children = item.children
        if not children:
            return self.line(item, prefix, comment, tail)
        self.open(item, "[", prefix, comment)
        indent = INDENTS[depth + 1]
        render = self.render
        last = len(children) - 1
        for index, child in enumerate(children):
            render(child, element, indent, "", depth + 1, "," if index < last else "")
            if len(self.lines) > self.most:
                self.hand_over()
        return self.close(item, "]", depth, tail)

    def map(
        self,
        item: Item,
        entry: Entry,
        prefix: str,
        comment: str,
        depth: int,
        tail: str,
        known: Mapping[int, tuple[Shape | None, str]] = _NOTHING,
    ) -> None:
        """Write a map. entry: shape and label of a value, by its key; asked for keys that are not known."""
        children = item.children
        if not children:
            return self.line(item, prefix, comment, tail)
        self.open(item, "{", prefix, comment)
        indent = INDENTS[depth + 1]
        last = len(children) - 2
        render = self.render
        for index in range(0, len(children), 2):
            key = children[index]
            if key.kind <= NINT:
                text = key.value if key.info < 24 else scalar(key, self.payload)
            else:
                text, complete = self.key_text(key)
                if not complete:
                    self.line(key, indent, "", "")
                    return None
            found = known.get(key.value) if key.kind <= NINT else None
            shape, label = found if found is not None else entry(key)
            value = children[index + 1]
            render(value, shape, f"{indent}{text}: ", label, depth + 1, "," if index < last else "")
            if len(self.lines) > self.most:
                self.hand_over()
        return self.close(item, "}", depth, tail)


def comment_column(lines: Sequence[Line]) -> int:
    """The width of the longest text that has a comment: two behind it stand those of all lines."""
    width = 0
    for text, comment, _ in lines:
        if comment and width < len(text) <= COLUMN_LIMIT:
            width = len(text)
    return width


def commented(lines: Sequence[Line], width: int) -> list[str]:
    """The lines with their comments in one column. width: the `comment_column` of all."""
    return [f"{text.ljust(width)}  # {comment}" if comment else text for text, comment, _ in lines]


def uncommented(lines: Sequence[Line]) -> list[str]:
    """The lines without comments, but for those that are nothing else: what is malformed stays said."""
    return [text for text, _, _ in lines]


def aligned(lines: Sequence[Line]) -> str:
    """All lines with their comments. Ends with a newline if the last one is a comment or ends in one."""
    out = "\n".join(commented(lines, comment_column(lines)))
    return out + "\n" if lines and (lines[-1][1] or _is_comment(lines[-1])) else out


def bare(lines: Sequence[Line]) -> str:
    """All lines without their comments, likewise."""
    out = "\n".join(uncommented(lines))
    return out + "\n" if lines and _is_comment(lines[-1]) else out


def _is_comment(line: Line) -> bool:
    return line[0].lstrip().startswith("#")
