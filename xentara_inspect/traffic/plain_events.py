"""The traffic there is most of, by pattern: messages of nothing but plain data change events.

Plain is an event whose bytes are as servers write them, every head in its shortest form:

    83 08 00 a3                          [8, 0, {
      00 d903e9 a1 04 c4 82 28 1b <8>      0: 1001({4: 4([-9, time])}),
      01 d825 50 <16>                      1: 37(element),
      02 a<n> (<key> d879 <value>)*        2: {key: 121(value), …}}]

with 1 to 23 attributes named by numbers below 24, and values that are numbers, false, true, null,
undefined, texts of less than 24 bytes, or times as above. What is found here serves notation, readings
and findings alike; everything else goes the general way, through items and packets, to the same records
and the same text: a test compares.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.protocol.identifiers import ATTRIBUTE_QUALITY
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.readings import Reading, ReadingValue, float_value, reading_value

_TIME: Final = rb"\xd9\x03\xe9\xa1\x04\xc4\x82\x28\x1b"  # 1001({4: 4([-9, …])})
_EIGHT: Final = rb"(?!\x00{4}).{8}"  # more than fits four bytes, or the form would be a shorter one
_TEXTS: Final = b"|".join(rb"\x%02x.{%d}" % (0x60 + length, length) for length in range(24))
_VALUE: Final = b"|".join(
    (
        rb"\xfb.{8}",
        rb"[\x00-\x17\x20-\x37\xf4-\xf7]",
        rb"\xf9.{2}",
        rb"\xfa.{4}",
        _TIME + _EIGHT,
        rb"[\x18\x38][\x18-\xff]",
        rb"[\x19\x39](?!\x00).{2}",
        rb"[\x1a\x3a](?!\x00\x00).{4}",
        rb"[\x1b\x3b]" + _EIGHT,
        _TEXTS,
    )
)
_BEGINNING: Final = b"\x83\x08\x00\xa3\x00"
_KEY: Final = rb"[\x00-\x17]"
_SUCCESS: Final = rb"\xd8\x79"
# Possessive: an attribute that matches is one, so nothing is ever tried twice.
_EVENT: Final = re.compile(
    _BEGINNING + _TIME + rb"(" + _EIGHT + rb")"
    rb"\x01\xd8\x25\x50(.{16})"
    rb"\x02([\xa1-\xb7])((?:" + _KEY + _SUCCESS + rb"(?:" + _VALUE + rb"))++)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(rb"(" + _KEY + rb")" + _SUCCESS + rb"(" + _VALUE + rb")", re.DOTALL)
_LONG_HEAD: Final = re.compile(rb"\x98[\x18-\xff]|\x99(?!\x00).{2}", re.DOTALL)
_BEFORE_ATTRIBUTES: Final = 44
"""Bytes of an event up to its attributes."""
_MAP: Final = 0xA0

_FLOATS: Final = {
    0xF9: struct.Struct(">xe").unpack,
    0xFA: struct.Struct(">xf").unpack,
    0xFB: struct.Struct(">xd").unpack,
}
_TIME_HEAD: Final = 0xD9


class PlainEvent(NamedTuple):
    """A plain data change event.

    position: its place in the message, from 1. start, end: its bytes in the payload. time: its time
    point, ns since 1970. element: 16 bytes. attributes: key and value of each as they stand on the wire.
    quality: the value of attribute Quality, if that is an integer.
    """

    position: int
    start: int
    end: int
    time: int
    element: bytes
    attributes: list[tuple[bytes, bytes]]
    quality: int | None
    readings: tuple[Reading, ...]

    @property
    def kind(self) -> Kind:
        """What it is called."""
        return Kind.EVENT


def plain_events(payload: bytes) -> list[PlainEvent] | None:
    """The events of a message that holds nothing but plain ones; None for any other message."""
    found = _found(payload)
    if found is None:
        return None
    return [
        PlainEvent(
            position, start, end, int.from_bytes(time, "big"), element, attributes, *_readings(attributes)
        )
        for position, (start, end, time, element, attributes) in enumerate(found, 1)
    ]


def plain_event_bytes(payload: bytes) -> list[bytes] | None:
    """The bytes of each of the events, and no more of it: their values take most of the time."""
    found = _found(payload)
    return [payload[start:end] for start, end, *_ in found] if found is not None else None


def _found(payload: bytes) -> list[tuple[int, int, bytes, bytes, list[tuple[bytes, bytes]]]] | None:
    """Of each event its start, its end, its time, its element and its attributes."""
    announced, end = outer_array(payload)
    if not announced or not payload.startswith(_BEGINNING, end):
        return None
    matches = _EVENT.findall(payload, end)
    if len(matches) != announced:
        return None
    found = []
    for time, element, count, encoded in matches:
        start = end
        end += _BEFORE_ATTRIBUTES + len(encoded)
        attributes = _ATTRIBUTE.findall(encoded)
        if len(attributes) != count[0] - _MAP:
            return None
        found.append((start, end, time, element, attributes))
    # Matches that add up to the whole message have no other bytes between them.
    return found if end == len(payload) else None


def outer_array(payload: bytes) -> tuple[int, int]:
    """How many packets a message announces, up to 65,535, and where the first begins; else 0, 0."""
    if b"\x81" <= payload[:1] <= b"\x97":  # as most do
        return payload[0] - 0x80, 1
    head = _LONG_HEAD.match(payload)
    return (int.from_bytes(head[0][1:], "big"), head.end()) if head is not None else (0, 0)


def _readings(attributes: Iterable[tuple[bytes, bytes]]) -> tuple[int | None, tuple[Reading, ...]]:
    """The value of attribute Quality if that is an integer, and all readings."""
    quality: int | None = None
    readings = []
    for position, (key, encoded) in enumerate(attributes, 1):
        head = encoded[0]
        kind = "float"
        value: ReadingValue
        unpack = _FLOATS.get(head)
        if unpack is not None:
            value = float_value(unpack(encoded)[0])
        elif head == _TIME_HEAD:
            value, kind = int.from_bytes(encoded[-8:], "big"), "time"
        elif len(encoded) > 4 and head < 0x40:
            number = int.from_bytes(encoded[1:], "big")
            value, kind = number if head < 0x20 else -1 - number, "integer"
        else:
            value, kind = _scalar(encoded)
        attribute = key[0]
        if attribute == ATTRIBUTE_QUALITY:
            quality = value if kind == "integer" and isinstance(value, int) else None
        readings.append(Reading(position, attribute, value, kind))
    return quality, tuple(readings)


@lru_cache(maxsize=4096)
def _scalar(encoded: bytes) -> tuple[ReadingValue, str]:
    """Small numbers, simple values and short texts come again and again."""
    return reading_value(cbor.decode(encoded).items[0], encoded)
