"""Heads of CBOR items by their initial byte, and runs of items whose heads look alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import BYTES, MAP, NINT, TEXT, UINT, WIDTHS
from xentara_inspect.protocol.identifiers import TAG_UUID

BREAK: Final = 0xFF

ONE_BYTE_ITEMS: Final = re.compile(rb"[\x00-\x17\x20-\x37\x40\x60\x80\xa0\xe0-\xf7]++")
SHORT_TAGS: Final = re.compile(rb"[\xc0-\xd7]++")
ENDS: Final = re.compile(rb"[\x9f\xbf\xff]++")
UUIDS: Final = re.compile(rb"(?:\xd8%c\x50.{16})++" % TAG_UUID, re.DOTALL)
UUID_HEAD: Final = bytes((0xD8, TAG_UUID, 0x50))
UUID_SIZE: Final = 19


def _size_of(initial: int) -> int:
    """Bytes of an item whose initial byte alone tells them; 0 for any other."""
    major, info = initial >> 5, initial & 31
    if major in (UINT, NINT) or (major == cbor.SIMPLE and info != 24):
        return 1 if info < 24 else 1 + WIDTHS.get(info, -1)
    if major in (BYTES, TEXT):
        return 1 + info if info < 24 else 0
    return 1 if initial in (0x80, 0xA0) else 0


SIZES: Final = tuple(map(_size_of, range(256)))
"""Bytes of an item by its initial byte; 0 where that does not tell them."""

SMALL: Final = {
    0x80 + 32 * is_map + count: count * (1 + is_map) for is_map in range(2) for count in range(1, 24)
}
"""Items in a container that is not empty, by its initial byte."""


class UndecodableError(Exception):
    """The bytes are not well-formed; from `offset` on they are to be blanked."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def head(payload: bytes, pos: int) -> tuple[int, int, int]:
    """Major type, argument and end of the head at `pos`; argument -1 for an indefinite length.

    Raises UndecodableError.
    """
    if pos >= len(payload):
        raise UndecodableError(pos)
    major, info = payload[pos] >> 5, payload[pos] & 31
    if info < 24:
        return major, info, pos + 1
    if info > 27:
        if info == 31 and BYTES <= major <= MAP:
            return major, -1, pos + 1
        raise UndecodableError(pos + 1)
    end = pos + 1 + WIDTHS[info]
    if end > len(payload):
        raise UndecodableError(pos + 1)
    argument = int.from_bytes(payload[pos + 1 : end], "big")
    if major == cbor.SIMPLE and info == 24 and argument < 32:
        raise UndecodableError(end)
    return major, argument, end


@lru_cache(maxsize=256)
def like(initial: int, unit: int) -> re.Pattern[bytes]:
    """Items of `unit` bytes that all begin with the same one."""
    if unit == 1:
        return re.compile(rb"\x%02x++" % initial)
    return re.compile(rb"(?:\x%02x.{%d})++" % (initial, unit - 1), re.DOTALL)


def end_of_run(
    pattern: re.Pattern[bytes], payload: bytes, pos: int, otherwise: int, limit: int | None = None
) -> int:
    """Where a run ends that begins at `pos`. otherwise: where there is none."""
    run = pattern.match(payload, pos, len(payload) if limit is None else min(limit, len(payload)))
    return run.end() if run is not None else otherwise
