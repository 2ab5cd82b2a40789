"""Bytes to CBOR items (RFC 8949), each with its value, its exact wire form and its span.

Unlike a CBOR library this keeps what the sender really wrote: the width of every head, indefinite
lengths, duplicate keys, map order, float widths, text that is not UTF-8, trailing bytes. It never
raises: where the bytes stop being well-formed, the tree ends in a `BROKEN` item that says where and
why. No recursion, nothing allocated on the word of a length that has not been checked.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from xentara_inspect.cbor.children import STRETCH, thinned
from xentara_inspect.cbor.items import (
    ARRAY,
    BROKEN,
    BYTES,
    FLOAT,
    INDEFINITE,
    KIND_NAMES,
    LEVELS,
    MAP,
    NESTED,
    NINT,
    PREFERRED_FROM,
    SIMPLE,
    TAG,
    TAG_UUID,
    TEXT,
    UINT,
    WIDTHS,
    Document,
    Item,
    LongHeads,
    Malformed,
)
from xentara_inspect.cbor.malformed import (
    TOP,
    bad_head,
    bad_simple,
    short_argument,
    short_string,
    wanted,
)
from xentara_inspect.cbor.nested import Nested
from xentara_inspect.cbor.time_stamps import TAG_TIME, time_stamp

_FLOATS: Final = {
    25: struct.Struct(">e").unpack_from,
    26: struct.Struct(">f").unpack_from,
    27: struct.Struct(">d").unpack_from,
}
_NO_CHILDREN: Final = ()
_SIXTEEN_BYTES: Final = 0x50
_MANY: Final = 0xFF  # a mask: as many more were read when it is looked at what they take
_LARGE: Final = STRETCH >> 2  # bytes of an item, behind which it is looked at whatever their number
_HELD: Final = 15_000
"""Items that are held as they are, whatever they take: it is not worth the time to make them again."""


def decode(data: bytes) -> Document:
    """Read all items of `data`. Time and memory are linear in its length; never raises."""
    items: Any = []
    pos = 0
    error: Malformed | None = None
    long_heads = LongHeads()
    while True:
        found, pos, error = _decode_items(data, pos, 1, long_heads, spare=0 if items else _HELD)
        items.append(found[0])
        if not len(items) & _MANY:
            items = thinned(items, data, _AGAIN[0])
        if error is not None or pos >= len(data):
            return Document(items, error, long_heads)


def _decode_again(levels: int, data: bytes, pos: int, count: int) -> Sequence[Item]:
    """Items at `pos` that were well-formed when they were first read."""
    return _decode_items(data, pos, count, LongHeads(), levels, _HELD)[0]


_AGAIN: Final = tuple(partial(_decode_again, LEVELS - around) for around in range(LEVELS + 1))
"""By the number of levels that are around the items."""


def _decode_items(
    data: bytes, pos: int, missing: int, long_heads: LongHeads, levels: int = LEVELS, spare: int = 0
) -> tuple[Sequence[Item], int, Malformed | None]:
    """Read items at `pos`. Returns them, the offset behind them, and what was wrong.

    missing: how many; in the loop, children still to come, negative while the length is indefinite.
    levels: in one another, that are taken apart. spare: items that may be held as they are; in the loop,
    negative once there were more.

    One long loop on purpose: a function call per head would cost more than the head itself.
    """
    new = tuple.__new__
    again = _AGAIN[LEVELS - levels :]
    size = len(data)
    # The container being filled is in the local names; the ones around it wait on the stack.
    stack: list[tuple[int, Any, int, int, Any, int]] = []
    children: Any = []  # a list of items, or what holds less
    kind = TOP
    value: Any = None
    info = 0
    start = pos
    held = 0  # what ends there, or before, is held as it is
    error: Malformed | None = None

    while True:
        if pos >= size:
            error = Malformed(size, size, "the end of the data", wanted(kind, value, children, missing))
            break
        head = pos
        initial = data[pos]
        pos += 1
        if initial < 24:  # the commonest head of all
            item = new(Item, (UINT, initial, initial, head, pos, _NO_CHILDREN))
        else:
            major = initial >> 5
            add = initial & 31
            if add < 24:
                argument = add
            elif add == 24 and pos < size:  # by far the commonest of the longer ones
                argument = data[pos]
                pos += 1
                if argument < 24 and major != 7:
                    long_heads.add(head)
            elif add < 28:
                end = pos + WIDTHS[add]
                if end > size:
                    error = short_argument(head, initial, size)
                    break
                argument = int.from_bytes(data[pos:end], "big")
                pos = end
                if argument < PREFERRED_FROM[add] and major != 7:
                    long_heads.add(head)
            elif add == INDEFINITE and BYTES <= major <= MAP:
                argument = -1
            elif initial == 0xFF and missing < 0 and not (kind == MAP and len(children) & 1):
                argument = -1
                missing = 0
            else:
                error = bad_head(head, initial, wanted(kind, value, children, missing))
                break

            if major == TAG:
                if argument == TAG_UUID and (end := pos + 17) <= size and data[pos] == _SIXTEEN_BYTES:
                    # A UUID is the commonest tag: it and its 16 bytes at once.
                    content = new(Item, (BYTES, data[pos + 1 : end], 16, pos, end, _NO_CHILDREN))
                    pos = end
                    item = new(Item, (TAG, TAG_UUID, add, head, pos, (content,)))
                else:
                    stamp = time_stamp(data, head, pos, add) if argument == TAG_TIME else None
                    if stamp is not None:
                        item, pos = stamp, stamp.end
                    elif len(stack) < levels:
                        stack.append((kind, value, info, start, children, missing))
                        kind, value, info, start, children, missing = TAG, argument, add, head, [], 1
                        continue
                    else:
                        item, pos, error = _nested(data, head, add, long_heads)
            elif ARRAY <= major <= MAP:
                if len(stack) < levels or not argument:
                    stack.append((kind, value, info, start, children, missing))
                    kind, value, info, start, children = major, argument, add, head, []
                    missing = argument if major == ARRAY else 2 * argument
                    if missing < 0:
                        value, missing = None, -1
                    if missing:
                        continue
                    item = None
                else:
                    item, pos, error = _nested(data, head, add, long_heads)
            elif major == UINT:
                item = new(Item, (UINT, argument, add, head, pos, _NO_CHILDREN))
            elif major == NINT:
                item = new(Item, (NINT, -1 - argument, add, head, pos, _NO_CHILDREN))
            elif major == 7:
                if 25 <= add <= 27:
                    item = new(Item, (FLOAT, _FLOATS[add](data, head + 1)[0], add, head, pos, _NO_CHILDREN))
                elif add < 24 or (add == 24 and argument >= 32):
                    item = new(Item, (SIMPLE, argument, add, head, pos, _NO_CHILDREN))
                elif add == 24:
                    error = bad_simple(head, pos, argument)
                    break
                else:
                    item = None  # the break: it only closes its container
            elif argument < 0:
                item, pos, error = _decode_chunks(data, head, major, long_heads)
            else:
                end = pos + argument
                if end > size:
                    error = short_string(head, pos, major, argument, size)
                    break
                try:
                    string = data[pos:end].decode() if major == TEXT else data[pos:end]
                except UnicodeDecodeError:  # well-formed, but not valid (RFC 8949 section 5.3.1)
                    string = data[pos:end]
                item = new(Item, (major, string, add, head, end, _NO_CHILDREN))
                pos = end

            if error is not None:
                children.append(item)
                break

        # Hand the item to its container, and close every container that this completes.
        if item is not None:
            children.append(item)
            missing -= 1
        while not missing & _MANY:
            if missing:
                if kind != TOP and spare < len(children):
                    held = held or pos
                    children = thinned(children, data, again[len(stack)], held)
                break
            if kind == TOP:
                return children, pos, None
            spare -= len(children)
            if spare < 0:
                held = held or pos
                if pos - start > STRETCH:
                    children = thinned(children, data, again[len(stack)], held)
            item = new(Item, (kind, value, info, start, pos, children))
            kind, value, info, start, children, missing = stack.pop()
            children.append(item)
            missing -= 1
            if spare < 0 and pos - item.start > _LARGE and kind != TOP:
                children = thinned(children, data, again[len(stack)], held)

    if error.offset >= size or not children or children[-1].end <= error.offset:
        children.append(_broken(error, size))
    while kind != TOP:
        item = new(Item, (kind, value, info, start, size, children))
        kind, value, info, start, children, missing = stack.pop()
        children.append(item)
    return children, size, error


def _decode_chunks(
    data: bytes, start: int, kind: int, long_heads: LongHeads
) -> tuple[Item, int, Malformed | None]:
    """Read a string of indefinite length (RFC 8949 section 3.2.3), whose head is at `start`."""
    size = len(data)
    pos = start + 1
    chunks: Any = []
    content, is_valid = bytearray(), True
    error: Malformed | None = None
    chunk_name = f"a definite-length chunk of a {KIND_NAMES[kind]} or a break"
    while True:
        if pos >= size:
            error = Malformed(size, size, "the end of the data", chunk_name)
            break
        initial = data[pos]
        if initial == 0xFF:
            pos += 1
            break
        if initial >> 5 != kind or initial & 31 == INDEFINITE:
            error = Malformed(pos, pos + 1, f"initial byte 0x{initial:02x}", chunk_name)
            break
        found, pos, error = _decode_items(data, pos, 1, long_heads)
        if error is not None:
            break
        (chunk,) = found
        is_text = isinstance(chunk.value, str)
        content += chunk.value.encode() if is_text else chunk.value
        is_valid = is_valid and is_text
        chunks.append(chunk)
        if not len(chunks) & _MANY:
            chunks = thinned(chunks, data, _AGAIN[0])
    value = content.decode() if kind == TEXT and is_valid else bytes(content)
    if error is not None:
        chunks.append(_broken(error, size))
        pos = size
    return Item(kind, value, INDEFINITE, start, pos, chunks), pos, error


def go_through(item: Item, data: bytes) -> Nested:
    """What is in a NESTED item."""
    return Nested(data, item.start, _decode_items, LongHeads())


def _nested(data: bytes, start: int, info: int, long_heads: LongHeads) -> tuple[Item, int, Malformed | None]:
    """Read an array, map or tag, of which it is only remembered where it is."""
    nested = Nested(data, start, _decode_items, long_heads)
    deque(nested, maxlen=0)
    end = nested.end if nested.error is None else len(data)
    return Item(NESTED, None, info, start, end, _NO_CHILDREN), end, nested.error


def _broken(error: Malformed, size: int) -> Item:
    return Item(BROKEN, error, 0, error.offset, size, _NO_CHILDREN)
