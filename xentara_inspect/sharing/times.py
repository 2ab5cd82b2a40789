"""Time points of the wire moved by whole seconds, where their bytes have room for that."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from xentara_inspect import cbor
from xentara_inspect.cbor import WIDTHS, Item
from xentara_inspect.cbor.items import PREFERRED_FROM
from xentara_inspect.protocol import identifiers
from xentara_inspect.sharing.numbers import FLOAT_FORMS

Written = tuple[int, bytes]
"""Bytes, and where they go."""


def moved(point: Item, seconds: int) -> Iterator[Written]:
    """What to write into a message for a time point, as `traffic.time_points` knows them, that is moved.

    Nothing where the time would need another head: it stays then, as 0 does, which means no time.
    """
    number, units = _number(point), seconds
    if number.kind == cbor.ARRAY:  # of a decimal fraction: exponent and mantissa
        exponent, number = number.children
        units, rest = divmod(seconds, 10**exponent.value) if exponent.value > 0 else (0, 0)
        if rest:
            return
        if exponent.value <= 0:
            units = seconds * 10**-exponent.value
    content = _float(number, units) if number.kind == cbor.FLOAT else _integer(number, units)
    if content is not None:
        yield number.start, content


def _number(point: Item) -> Item:
    """What of a time point tells the time: a number, or the array in a decimal fraction."""
    content = point.children[0]
    if point.value == identifiers.TAG_TIME:
        content = content.children[1]
    return content.children[0] if content.kind == cbor.TAG else content


def _integer(number: Item, units: int) -> bytes | None:
    if not number.value:
        return None
    other = number.value + units if number.kind == cbor.UINT else -1 - number.value - units
    least, width = PREFERRED_FROM.get(number.info, 0), WIDTHS.get(number.info, 0)
    is_long = (number.value if number.kind == cbor.UINT else -1 - number.value) < least
    if not 0 <= other < (1 << 8 * width if width else 24) or (other < least) != is_long:
        return None
    head = number.kind << 5 | (number.info if width else other)
    return bytes((head,)) + (other.to_bytes(width, "big") if width else b"")


def _float(number: Item, units: int) -> bytes | None:
    if not number.value:
        return None
    try:
        return bytes((0xE0 | number.info,)) + struct.pack(FLOAT_FORMS[number.info], number.value + units)
    except OverflowError:
        return None
