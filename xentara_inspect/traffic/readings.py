"""Attribute values out of events, read results and write requests: one rule for how a value is kept."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.fields import entries, number, text
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.time_points import time_point_ns

AttributeKey = int | bytes
"""An attribute as the wire names it: its identifier, or the 16 bytes of its UUID."""

ReadingValue = int | float | str | None

_WRITE: Final[Object] = commands.COMMANDS[commands.WRITE].parameters or Object("", ())
_SIMPLE: Final[dict[int, tuple[ReadingValue, str]]] = {
    cbor.FALSE: (0, "boolean"),
    cbor.TRUE: (1, "boolean"),
    cbor.NULL: (None, "null"),
    cbor.UNDEFINED: (None, "undefined"),
}


class Reading(NamedTuple):
    """One attribute value.

    position: its place in the packet's map of attributes, from 1; 1 in a write. value_kind: integer,
    float, boolean, text, bytes, uuid, time (value in ns), null, undefined, simple, compound (value in
    notation) or error (error_code says which; value None).
    """

    position: int
    attribute: AttributeKey
    value: ReadingValue
    value_kind: str
    error_code: int | None = None


def attribute_number(attribute: AttributeKey) -> AttributeKey:
    """A well-known attribute's identifier, whether named by it or by its UUID; others as they are."""
    if isinstance(attribute, bytes):
        return identifiers.ATTRIBUTE_NUMBERS.get(attribute, attribute)
    return attribute


def attribute_key(item: Item) -> AttributeKey | None:
    """The attribute that an item names, None if it names none."""
    identifier = cbor.integer(item)
    return identifier if identifier is not None else cbor.uuid_bytes(item)


def float_value(value: float) -> ReadingValue:
    """A float as a reading keeps it: NaN and infinities are the texts NaN, Infinity and -Infinity."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def reading_value(item: Item, payload: bytes) -> tuple[ReadingValue, str]:
    """The value of an item and its kind (see `Reading`).

    Times are nanoseconds since 1970; the minimum and the maximum time point, byte strings and
    compounds are in notation.
    """
    kind = item.kind
    if kind == cbor.FLOAT:
        return float_value(item.value), "float"
    if kind <= cbor.NINT:
        return item.value, "integer"
    if kind == cbor.SIMPLE:
        return _SIMPLE.get(item.value) or (item.value, "simple")
    if kind == cbor.TEXT and isinstance(item.value, str):
        return item.value, "text"
    if kind == cbor.TAG:
        if item.value == identifiers.TAG_UUID:
            uuid = cbor.uuid_bytes(item)
            if uuid is not None:
                return uuid_text(uuid), "uuid"
        elif item.value in (identifiers.TAG_TIME, identifiers.TAG_EPOCH):
            time = time_point_ns(item)
            if time is not None:
                return time, "time"
    return literal(item, payload), "bytes" if kind == cbor.BYTES else "compound"


def of_attributes(attributes: Item, payload: bytes) -> list[Reading]:
    """The readings of a map of attribute values (event object key 2, read result).

    Entries that are not tagged 121 or 122 are no values; nothing for what is no map.
    """
    readings: list[Reading] = []
    if attributes.kind != cbor.MAP:
        return readings
    for position, (key, tagged) in enumerate(cbor.pairs(attributes), 1):
        attribute = attribute_key(key)
        if attribute is None or tagged.kind != cbor.TAG:
            continue
        content = tagged.children[0]
        if tagged.value == identifiers.TAG_ALTERNATIVE_0:
            readings.append(Reading(position, attribute, *reading_value(content, payload)))
        elif tagged.value == identifiers.TAG_ALTERNATIVE_1:
            readings.append(Reading(position, attribute, None, "error", error_object(content)[0]))
    return readings


def of_write(parameters: Item | None, payload: bytes) -> list[Reading]:
    """The reading of a write request: what it wants to write."""
    named = entries(parameters, _WRITE)
    identifier = named.get("attribute_id")
    value = named.get("attribute_value")
    attribute = attribute_key(identifier) if identifier is not None else None
    if attribute is None or value is None:
        return []
    return [Reading(1, attribute, *reading_value(value, payload))]


def source_time_among(readings: Iterable[Reading]) -> int | None:
    """What attribute Source Time says, ns since 1970; the last word counts. None for no finite time."""
    value, kind = _last(readings, identifiers.ATTRIBUTE_SOURCE_TIME)
    return value if kind == "time" and isinstance(value, int) else None


def quality_among(readings: Iterable[Reading]) -> int | None:
    """What attribute Quality says; the last word counts. None for what is no integer."""
    value, kind = _last(readings, identifiers.ATTRIBUTE_QUALITY)
    return value if kind == "integer" and isinstance(value, int) else None


def error_object(item: Item | None) -> tuple[int | None, str | None]:
    """Code and text of an error object; None for what it lacks."""
    named = entries(item, objects.ERROR_OBJECT)
    return number(named.get("error_code")), text(named.get("error_text"))


def _last(readings: Iterable[Reading], number: int) -> tuple[ReadingValue, str]:
    found: tuple[ReadingValue, str] = (None, "")
    for reading in readings:
        if attribute_number(reading.attribute) == number and reading.value_kind != "error":
            found = reading.value, reading.value_kind
    return found
