"""Items of CBOR (RFC 8949): value, exact wire form and span, and what they are asked most often."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

# Kinds of items: the major types of RFC 8949 section 3.1 by their number, major type 7 split in two.
UINT: Final = 0
NINT: Final = 1
BYTES: Final = 2
TEXT: Final = 3
ARRAY: Final = 4
MAP: Final = 5
TAG: Final = 6
SIMPLE: Final = 7
FLOAT: Final = 8
BROKEN: Final = 9
NESTED: Final = 10

KIND_NAMES: Final = (
    "unsigned integer",
    "negative integer",
    "byte string",
    "text string",
    "array",
    "map",
    "tag",
    "simple value",
    "float",
    "malformed item",
    "deeply nested item",
)

INDEFINITE: Final = 31
"""Additional information of an indefinite length (RFC 8949 section 3.2)."""

FALSE: Final = 20
TRUE: Final = 21
NULL: Final = 22
UNDEFINED: Final = 23

SIMPLE_NAMES: Final = {FALSE: "false", TRUE: "true", NULL: "null", UNDEFINED: "undefined"}

TAG_UUID: Final = 37

LEVELS: Final = 64
"""Arrays, maps and tags in one another that are taken apart."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Where and why bytes are not well-formed CBOR.

    offset: byte offset of the offending head, or of the end of the data where more was expected.
    resume: first byte after what could still be read of it (the end of the offending head).
    found, expected: phrases for people, without anything from the network in them.
    """

    offset: int
    resume: int
    found: str
    expected: str

    def __str__(self) -> str:
        return f"byte {self.offset}: found {self.found}, expected {self.expected}"


class Item(NamedTuple):
    """One data item. Compare values with `value`, never items: their spans differ.

    | kind | value | children |
    |---|---|---|
    | UINT, NINT | the integer | () |
    | BYTES | the bytes, chunks joined | the chunks where the length is indefinite, else () |
    | TEXT | str, or bytes where they are not UTF-8; chunks joined | likewise |
    | ARRAY | number of elements announced, None where indefinite | the elements |
    | MAP | number of pairs announced, None where indefinite | key, value, key, value … |
    | TAG | the tag number | the one item tagged |
    | SIMPLE | number of the simple value (20 false, 21 true, 22 null, 23 undefined) | () |
    | FLOAT | a Python float (widened; the payload of a NaN is in the bytes) | () |
    | BROKEN | a `Malformed` | () |
    | NESTED | None | (), though it is an array, map or tag: `LEVELS` others are around it (see `nested`) |

    info: additional information of the head: the value itself below 24, else 24-27 for an argument of
    1, 2, 4 or 8 bytes, 31 for an indefinite length. start and end: byte offsets, end exclusive.
    """

    kind: int
    value: Any
    info: int
    start: int
    end: int
    children: Sequence[Item]


@dataclass(slots=True)
class LongHeads:
    """Heads whose argument is longer than it needs to be (RFC 8949 section 4.1).

    first: offset of the first one. count: how many there are.
    """

    first: int = 0
    count: int = 0

    def add(self, offset: int) -> None:
        """One more."""
        if not self.count:
            self.first = offset
        self.count += 1


class Document(NamedTuple):
    """All items of a message, one after another (a CBOR sequence, RFC 8742), and why reading stopped.

    A proper message has exactly one item; what comes after it are trailing bytes. If `error` is set,
    the last item is BROKEN, or NESTED up to the end of the data, or such a one ends its last branch.
    long_heads: floats not counted.
    """

    items: Sequence[Item]
    error: Malformed | None
    long_heads: LongHeads


WIDTHS: Final = {24: 1, 25: 2, 26: 4, 27: 8}
"""Bytes of an argument by the additional information of its head (RFC 8949 section 3)."""

PREFERRED_FROM: Final = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
"""The least argument that needs a head of this additional information (RFC 8949 section 4.1)."""


def kind_phrase(kind: int) -> str:
    """What an item of this kind is, with its article: `an array`, `a text string`."""
    name = KIND_NAMES[kind]
    return f"an {name}" if name[0] in "au" else f"a {name}"


def phrase(item: Item) -> str:
    """What an item is, and of a small one which: `the integer 5`, `tag 37 on a byte string of 2 bytes`."""
    if item.kind <= NINT:
        return f"the integer {item.value}"
    if item.kind == FLOAT:
        return f"the float {item.value}"
    if item.kind == SIMPLE:
        return SIMPLE_NAMES.get(item.value, f"the simple value {item.value}")
    if item.kind == TAG:
        content = item.children[0]
        size = f" of {len(content.value)} bytes" if content.kind == BYTES else ""
        return f"tag {item.value} on {kind_phrase(content.kind)}{size}"
    return kind_phrase(item.kind)


def integer(item: Item) -> int | None:
    """The value of an integer of major type 0 or 1, None for anything else (bignums included)."""
    return item.value if item.kind <= NINT else None


def uuid_bytes(item: Item) -> bytes | None:
    """The 16 bytes of a UUID (tag 37, however its heads are written), None for anything else."""
    if item.kind == TAG and item.value == TAG_UUID:
        content = item.children[0]
        if content.kind == BYTES and len(content.value) == 16:
            value: bytes = content.value
            return value
    return None


def pairs(item: Item) -> Iterator[tuple[Item, Item]]:
    """Keys and values of a MAP in wire order; a key left alone by malformed data is not among them."""
    children = item.children
    for index in range(0, len(children) - 1, 2):
        yield children[index], children[index + 1]


def shortest_float_info(value: float) -> int:
    """Additional information (25, 26 or 27) of the shortest float that keeps `value`; 25 for NaN."""
    if value != value:
        return 25
    for info, form in ((25, ">e"), (26, ">f")):
        try:
            if struct.unpack(form, struct.pack(form, value))[0] == value:
                return info
        except OverflowError:
            continue
    return 27


def walk(item: Item) -> Iterator[Item]:
    """The item and everything below it, in wire order."""
    stack = [item]
    while stack:
        item = stack.pop()
        yield item
        if item.children:
            stack.extend(reversed(item.children))
