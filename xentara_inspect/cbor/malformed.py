"""What is wrong where bytes stop being well-formed: what was found there, and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from xentara_inspect.cbor.items import (
    ARRAY,
    KIND_NAMES,
    LEVELS,
    MAP,
    TAG,
    WIDTHS,
    Item,
    Malformed,
    kind_phrase,
)

TOP: Final = -1
"""The kind of what is around the outermost items."""


def wanted(kind: int, value: Any, children: Sequence[Item], missing: int) -> str:
    """What a container still lacks where the data ends or a head is out of place."""
    if kind == TOP:
        return "a data item"
    if kind == TAG:
        return "the content of a tag"
    if kind == MAP and len(children) & 1:
        return f"the value of key {len(children) // 2 + 1} in a map"
    if missing < 0:
        return f"a further item or the break of an indefinite-length {KIND_NAMES[kind]}"
    if kind == ARRAY:
        return f"element {len(children) + 1} of {value} in an array"
    return f"key {len(children) // 2 + 1} of {value} in a map"


def wanted_deep(kind: int) -> str:
    """What a container lacks that stands in `LEVELS` others, of which no count is kept."""
    return f"the rest of {kind_phrase(kind)} in {LEVELS} others or more"


def bad_head(offset: int, initial: int, expected: str) -> Malformed:
    """A byte that is no head, or none that may stand there. expected: what may."""
    found = "a break (0xff)"
    if initial != 0xFF:
        found = f"initial byte 0x{initial:02x} (additional information {initial & 31})"
        expected = "a head that RFC 8949 section 3 knows"
    return Malformed(offset, offset + 1, found, expected)


def short_argument(offset: int, initial: int, size: int) -> Malformed:
    """A head whose argument is not there as a whole."""
    width = WIDTHS[initial & 31]
    return Malformed(
        offset,
        size,
        f"initial byte 0x{initial:02x} and {size - offset - 1} bytes of argument",
        f"{width} (the data ends at byte {size})",
    )


def short_string(offset: int, resume: int, kind: int, length: int, size: int) -> Malformed:
    """A string whose content is not there as a whole."""
    return Malformed(
        offset,
        resume,
        f"a {KIND_NAMES[kind]} of {length} bytes",
        f"at most {size - resume} (the data ends at byte {size})",
    )


def bad_simple(offset: int, resume: int, number: int) -> Malformed:
    """A simple value of two bytes for which one is enough."""
    return Malformed(
        offset,
        resume,
        f"simple value {number} in two bytes",
        "32 or more in that form (RFC 8949 section 3.3)",
    )
