"""Time stamps, seven items in 17 bytes, made at once: there is one in every event."""

from __future__ import annotations

import struct
from typing import Final

from xentara_inspect.cbor.items import ARRAY, MAP, NINT, PREFERRED_FROM, TAG, UINT, Item

TAG_TIME: Final = 1001
_TAG_DECIMAL_FRACTION: Final = 4
_BEFORE_EXPONENT: Final = bytes.fromhex("a1 04 c4 82")  # {4: 4([…
_AFTER_EXPONENT: Final = b"\x1b"
_NUMBER: Final = struct.Struct(">Q").unpack_from
_SIZE: Final = 14


def time_stamp(data: bytes, start: int, pos: int, info: int) -> Item | None:
    """The item `1001({4: 4([-e, n])})` with n in eight bytes, if that is what its tag begins.

    start, info: of the tag's head; pos: behind it. None for any other form, longer heads included.
    """
    end = pos + _SIZE
    if (
        not data.startswith(_BEFORE_EXPONENT, pos)
        or not data.startswith(_AFTER_EXPONENT, pos + 5)
        or end > len(data)
        or not 0x20 <= data[pos + 4] < 0x38
    ):
        return None
    (number,) = _NUMBER(data, pos + 6)
    if number < PREFERRED_FROM[27]:
        return None
    new = tuple.__new__
    digits = data[pos + 4] & 31
    exponent = new(Item, (NINT, -1 - digits, digits, pos + 4, pos + 5, ()))
    mantissa = new(Item, (UINT, number, 27, pos + 5, end, ()))
    pair = new(Item, (ARRAY, 2, 2, pos + 3, end, (exponent, mantissa)))
    fraction = new(Item, (TAG, _TAG_DECIMAL_FRACTION, _TAG_DECIMAL_FRACTION, pos + 2, end, (pair,)))
    key = new(Item, (UINT, 4, 4, pos + 1, pos + 2, ()))
    content = new(Item, (MAP, 1, 1, pos, end, (key, fraction)))
    return new(Item, (TAG, TAG_TIME, info, start, end, (content,)))
