"""Items against the shapes of `protocol`: what is missing, unknown or of the wrong type.

Yields (code, message) pairs named after the findings of requests; a caller that checks a result
calls them otherwise. Recursion goes no deeper than the shapes do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol.shape_types import (
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Bytes,
    Integer,
    MapOf,
    Object,
    Shape,
    Text,
    TimePoint,
    Uuid,
)
from xentara_inspect.traffic.names import NIL
from xentara_inspect.traffic.time_points import time_point

MISSING: Final = "missing-parameter"
WRONG_TYPE: Final = "wrong-parameter-type"
UNKNOWN: Final = "unknown-parameter"
NIL_UUID: Final = "nil-uuid"
EMPTY_PRIMARY_KEY: Final = "empty-primary-key"

Problem = tuple[str, str]
"""Code of a finding, and what was seen and wanted."""


def check(item: Item, shape: Shape, name: str) -> Iterator[Problem]:
    """What is wrong with an item that should have this shape. name: how messages call it."""
    match shape:
        case Anything():
            pass
        case Integer() | Boolean() | Bytes() | TimePoint():
            yield from _simple(item, shape, name)
        case Text():
            if item.kind != cbor.TEXT:
                yield _wrong(item, name, "a text string")
            elif not item.value and not shape.may_be_empty:
                yield EMPTY_PRIMARY_KEY, f"{name} is empty; the specification asks for a primary key"
        case Uuid():
            yield from _uuid(item, shape, name)
        case AttributeId():
            yield from _attribute_id(item, name)
        case ArrayOf():
            yield from _array_of(item, shape, name)
        case MapOf():
            yield from _map_of(item, shape, name)
        case Object():
            yield from _object(item, shape, name)
        case Alternatives():
            yield from _alternatives(item, shape, name)
        case _:
            assert_never(shape)


def _wrong(item: Item, name: str, wanted: str) -> Problem:
    return WRONG_TYPE, f"{name} is {cbor.phrase(item)}; the specification asks for {wanted}"


def _simple(item: Item, shape: Integer | Boolean | Bytes | TimePoint, name: str) -> Iterator[Problem]:
    """What is wrong with an item that is of a kind or is not."""
    match shape:
        case Integer():
            if item.kind > cbor.NINT:
                yield _wrong(item, name, "an integer")
            elif shape.unsigned and item.kind == cbor.NINT:
                yield _wrong(item, name, "an unsigned integer")
        case Boolean():
            if item.kind != cbor.SIMPLE or item.value not in (cbor.TRUE, cbor.FALSE):
                yield _wrong(item, name, "a boolean")
        case Bytes():
            if item.kind != cbor.BYTES:
                yield _wrong(item, name, "a byte string")
        case TimePoint():
            if time_point(item) is None:
                yield _wrong(item, name, "a time stamp")
        case _:
            assert_never(shape)


def _uuid(item: Item, shape: Uuid, name: str) -> Iterator[Problem]:
    uuid = cbor.uuid_bytes(item)
    if uuid is None:
        yield _wrong(item, name, "a UUID (tag 37 on 16 bytes)")
    elif uuid == NIL and not shape.may_be_nil:
        yield NIL_UUID, f"{name} is the nil UUID, which names no {shape.role}"


def _attribute_id(item: Item, name: str) -> Iterator[Problem]:
    if item.kind <= cbor.NINT:
        return
    uuid = cbor.uuid_bytes(item)
    if uuid is None:
        yield _wrong(item, name, "an attribute identifier (integer) or UUID")
    elif uuid == NIL:
        yield NIL_UUID, f"{name} is the nil UUID, which names no attribute"


def _array_of(item: Item, shape: ArrayOf, name: str) -> Iterator[Problem]:
    if item.kind != cbor.ARRAY:
        yield _wrong(item, name, "an array")
        return
    for index, element in enumerate(item.children):
        yield from check(element, shape.element, f"{name}[{index}]")


def _map_of(item: Item, shape: MapOf, name: str) -> Iterator[Problem]:
    if item.kind != cbor.MAP:
        yield _wrong(item, name, "a map")
        return
    for index, (key, value) in enumerate(cbor.pairs(item)):
        yield from check(key, shape.key, f"key {index + 1} of {name}")
        yield from check(value, shape.value, f"value {index + 1} of {name}")


def _object(item: Item, shape: Object, name: str) -> Iterator[Problem]:
    if item.kind != cbor.MAP:
        yield _wrong(item, name, f"a map ({shape.name})")
        return
    present = set()
    for key, value in cbor.pairs(item):
        number = cbor.integer(key)
        entry = shape.by_key.get(number) if number is not None else None
        if entry is None:
            seen = str(number) if number is not None else cbor.kind_phrase(key.kind)
            yield UNKNOWN, f"{name} has the key {seen}, which its page does not know"
            continue
        present.add(entry.key)
        yield from check(value, entry.shape, entry.name)
    for entry in shape.fields:
        if not entry.optional and entry.key not in present:
            yield MISSING, f"{name} lacks {entry.name} (key {entry.key}), which is not optional"


def _alternatives(item: Item, shape: Alternatives, name: str) -> Iterator[Problem]:
    option = shape.by_tag.get(item.value) if item.kind == cbor.TAG else None
    if option is None:
        tags = ", ".join(f"{entry.tag} {entry.name}" for entry in shape.options)
        yield _wrong(item, name, f"one of the tags {tags}")
    else:
        yield from check(item.children[0], option.shape, name)
