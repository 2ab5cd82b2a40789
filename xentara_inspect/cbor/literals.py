r"""Items to literals of Extended Diagnostic Notation (EDN) from which the same bytes come back.

The notation is that of RFC 8949 section 8 and draft-ietf-cbor-edn-literals, up to its revision 27.
What is not the default encoding of a value carries an encoding indicator (`24_1`, `[_ 1]`). Three
things need a choice, each taken from the newest drafts at hand:

- bytes that are not UTF-8 in a text string: `t1<<"F", h'fc', "llstand">>`, the concatenation of
  strings to a text string (edn-literals section 3.5); invalid CBOR, but not malformed
- NaNs with a sign or payload: `float'7e01'`, their bits (draft-bormann-cbor-edn-app-ext)
- strings of indefinite length: `(_ h'01', h'02')`, and where they are empty `''_` and `""_`

One line, no comments. Unfinished (malformed) items give what could be read of them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import (
    BROKEN,
    BYTES,
    FLOAT,
    INDEFINITE,
    MAP,
    NESTED,
    NINT,
    SIMPLE,
    TEXT,
    Item,
)
from xentara_inspect.cbor.items import PREFERRED_FROM, SIMPLE_NAMES
from xentara_inspect.cbor.nested import CLOSERS
from xentara_inspect.escape import quoted

_QUIET_NANS: Final = {
    b"\xf9\x7e\x00": "NaN",
    b"\xfa\x7f\xc0\x00\x00": "NaN_2",
    b"\xfb\x7f\xf8" + bytes(6): "NaN_3",
}
_INFINITE: Final = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
FLOAT_HEADS: Final = {
    0xF9: (struct.Struct(">xe").unpack, 25),
    0xFA: (struct.Struct(">xf").unpack, 26),
    0xFB: (struct.Struct(">xd").unpack, 27),
}
"""How to unpack a float with its head, and the additional information in that, by the head."""
_FLOAT_SUFFIXES: Final = {25: "_1", 26: "_2", 27: "_3"}
_LARGE: Final = 4096  # bytes, and pieces
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]+")


def literal(item: Item, payload: bytes) -> str:
    """The item as notation on one line, without comments. payload: the bytes it was decoded from."""
    return literal_and_completeness(item, payload)[0]


def literal_and_completeness(item: Item, payload: bytes) -> tuple[str, bool]:
    """`literal`, and whether the item was read whole; what lacks its end is not closed."""
    pieces: list[str] = []
    write = pieces.append if item.end - item.start < _LARGE else _Joining(pieces)
    is_whole = _write(item, payload, write)
    text = "".join(pieces)
    return (text, True) if is_whole else (text.rstrip(" "), False)


class _Joining:
    """Joins pieces now and then while they come: each takes fifty bytes more than its letters."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._joined = 0

    def __call__(self, piece: str) -> None:
        self._pieces.append(piece)
        if len(self._pieces) - self._joined > _LARGE:
            self._pieces[self._joined :] = ["".join(self._pieces[self._joined :])]
            self._joined += 1


def _write(item: Item, payload: bytes, write: Callable[[str], None]) -> bool:
    """Write an item up to where it could be read. Returns whether that is all of it."""
    kind = item.kind
    if kind in CLOSERS or (item.info == INDEFINITE and item.children):
        write(opener(item))
        for index, child in enumerate(item.children):
            if index:
                write(": " if kind == MAP and index & 1 else ", ")
            if not _write(child, payload, write):
                return False
        write(CLOSERS.get(kind, ")"))
    elif kind == BROKEN:
        return False
    elif kind == NESTED:
        nested = cbor.go_through(item, payload)
        for piece in nested:
            if isinstance(piece, str):
                write(piece)
            elif piece.kind in CLOSERS:
                write(opener(piece))
            else:
                _write(piece, payload, write)
        return nested.error is None
    else:
        write(scalar(item, payload))
    return True


def scalar(item: Item, payload: bytes) -> str:
    """An item without items in it: a number, a simple value, a string (not one in chunks)."""
    kind = item.kind
    info = item.info
    value = item.value
    if kind <= NINT:
        if info < 24 or (value if kind == 0 else -1 - value) >= PREFERRED_FROM[info]:
            return str(value)
        return f"{value}_{info - 24}"
    if kind == TEXT:
        text = quoted(value) if isinstance(value, str) else invalid_text(value)
        return text + length_suffix(item)
    if kind == BYTES:
        text = f"h'{value.hex()}'" if value or info != INDEFINITE else "''"
        return text + length_suffix(item)
    if kind == FLOAT:
        return float_text(value, info, payload[item.start : item.end])
    if kind == SIMPLE:
        return SIMPLE_NAMES.get(value) or f"simple({value})"
    raise ValueError(f"a {cbor.KIND_NAMES[kind]} is no scalar")


def float_text(value: float, info: int, encoded: bytes) -> str:
    """A float as notation. info: additional information of its head, 25 to 27; encoded: its bytes."""
    if value != value:
        return _QUIET_NANS.get(encoded) or f"float'{encoded[1:].hex()}'"
    if value in _INFINITE:
        return _INFINITE[value] + ("" if info == 25 else _FLOAT_SUFFIXES[info])
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    # Where the last bits of a float64 are set, nothing shorter can keep it: no need to try.
    if info == 25 or (info == 27 and encoded[-1]) or info == cbor.shortest_float_info(value):
        return text
    return text + _FLOAT_SUFFIXES[info]


def encoded_float_text(encoded: bytes) -> str:
    """A float, given as its bytes, as notation."""
    unpack, info = FLOAT_HEADS[encoded[0]]
    return float_text(unpack(encoded)[0], info, encoded)


def invalid_text(content: bytes) -> str:
    """Text that is not UTF-8, as notation: the runs that are, as text, and what is between in hex."""
    text = content.decode(errors="surrogateescape")
    parts: list[str] = []
    end = 0
    for match in _NOT_UTF8.finditer(text):
        if match.start() > end:
            parts.append(quoted(text[end : match.start()]))
        parts.append(f"h'{match[0].encode(errors='surrogateescape').hex()}'")
        end = match.end()
    if end < len(text):
        parts.append(quoted(text[end:]))
    return f"t1<<{', '.join(parts)}>>"


def length_suffix(item: Item) -> str:
    """Encoding indicator of a string: `_0` to `_3` for a length longer than need be, `_` for ''_."""
    info = item.info
    if info < 24:
        return ""
    if info == INDEFINITE:
        return "_"
    length = item.end - item.start - 1 - (1 << (info - 24))
    return "" if length >= PREFERRED_FROM[info] else f"_{info - 24}"


def opener(item: Item) -> str:
    """What stands in front of the children of an array, map or tag, or of the chunks of a string."""
    match item.kind:
        case cbor.TAG:
            return f"{item.value}{tag_suffix(item)}("
        case cbor.ARRAY:
            return f"[{count_suffix(item)}"
        case cbor.MAP:
            return f"{{{count_suffix(item)}"
        case _:
            return "(_ "


def tag_suffix(item: Item) -> str:
    """Encoding indicator of a tag: `_0` to `_3` where its number takes more bytes than need be."""
    info = item.info
    return "" if info < 24 or item.value >= PREFERRED_FROM[info] else f"_{info - 24}"


def count_suffix(item: Item) -> str:
    """What stands behind the opening bracket of an array or map: `_ `, `_1 ` or nothing.

    Without its space where the brackets are empty.
    """
    info = item.info
    if info < 24:
        return ""
    if info == INDEFINITE:
        return "_ " if item.children else "_"
    if item.value >= PREFERRED_FROM[info]:
        return ""
    return f"_{info - 24} " if item.children else f"_{info - 24}"
