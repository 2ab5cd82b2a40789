"""Items to the values of readings: one rule for what a value is called and how it is kept."""

from __future__ import annotations

import math
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.protocol.identifiers import TAG_EPOCH, TAG_TIME, TAG_UUID
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.records import AttributeKey, ReadingValue
from xentara_inspect.traffic.time_points import time_point_ns

_SIMPLE: Final[dict[int, tuple[ReadingValue, str]]] = {
    cbor.FALSE: (0, "boolean"),
    cbor.TRUE: (1, "boolean"),
    cbor.NULL: (None, "null"),
    cbor.UNDEFINED: (None, "undefined"),
}


def reading_value(item: Item, payload: bytes) -> tuple[ReadingValue, str]:
    """The value of an item and its kind (the kinds of `decoded.Reading`).

    NaN and infinities are the texts NaN, Infinity and -Infinity; times are nanoseconds since 1970,
    or such a text; byte strings and compounds are in notation.
    """
    kind = item.kind
    if kind == cbor.FLOAT:
        value = item.value
        if math.isfinite(value):
            return value, "float"
        return ("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"), "float"
    if kind <= cbor.NINT:
        return item.value, "integer"
    if kind == cbor.SIMPLE:
        return _SIMPLE.get(item.value) or (item.value, "simple")
    if kind == cbor.TEXT and isinstance(item.value, str):
        return item.value, "text"
    if kind == cbor.TAG:
        if item.value == TAG_UUID:
            uuid = cbor.uuid_bytes(item)
            if uuid is not None:
                return uuid_text(uuid), "uuid"
        elif item.value in (TAG_TIME, TAG_EPOCH):
            time = time_point_ns(item)
            if time is not None:
                return time, "time"
    return literal(item, payload), "bytes" if kind == cbor.BYTES else "compound"


def attribute_key(item: Item) -> AttributeKey | None:
    """The attribute that an item names, None if it names none."""
    number = cbor.integer(item)
    return number if number is not None else cbor.uuid_bytes(item)
