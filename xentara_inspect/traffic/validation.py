"""Items against the shapes of `protocol`: what is missing, unknown or of the wrong type.

Yields (code, message) pairs named after the findings of requests; a caller that checks a result
calls them otherwise. Recursion goes no deeper than the shapes do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import shape_types
from xentara_inspect.protocol.shape_types import Shape
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
    checker = _CHECKERS.get(type(shape))
    if checker is not None:
        yield from checker(item, shape, name)


def _wrong(item: Item, name: str, wanted: str) -> Problem:
    return WRONG_TYPE, f"{name} is {_seen(item)}; the specification asks for {wanted}"


def _seen(item: Item) -> str:
    if item.kind <= cbor.NINT:
        return f"the integer {item.value}"
    if item.kind == cbor.TAG:
        return f"tag {item.value} on {cbor.kind_phrase(item.children[0])}"
    return cbor.kind_phrase(item)


def _integer(item: Item, shape: shape_types.Integer, name: str) -> Iterator[Problem]:
    if item.kind > cbor.NINT:
        yield _wrong(item, name, "an integer")
    elif shape.unsigned and item.kind == cbor.NINT:
        yield _wrong(item, name, "an unsigned integer")


def _boolean(item: Item, _shape: shape_types.Boolean, name: str) -> Iterator[Problem]:
    if item.kind != cbor.SIMPLE or item.value not in (cbor.TRUE, cbor.FALSE):
        yield _wrong(item, name, "a boolean")


def _text(item: Item, shape: shape_types.Text, name: str) -> Iterator[Problem]:
    if item.kind != cbor.TEXT:
        yield _wrong(item, name, "a text string")
    elif not item.value and not shape.may_be_empty:
        yield EMPTY_PRIMARY_KEY, f"{name} is empty; the specification asks for a primary key"


def _bytes(item: Item, _shape: shape_types.Bytes, name: str) -> Iterator[Problem]:
    if item.kind != cbor.BYTES:
        yield _wrong(item, name, "a byte string")


def _uuid(item: Item, shape: shape_types.Uuid, name: str) -> Iterator[Problem]:
    uuid = cbor.uuid_bytes(item)
    if uuid is None:
        yield _wrong(item, name, "a UUID (tag 37 on 16 bytes)")
    elif uuid == NIL and not shape.may_be_nil:
        yield NIL_UUID, f"{name} is the nil UUID, which names no {shape.role}"


def _attribute_id(item: Item, _shape: shape_types.AttributeId, name: str) -> Iterator[Problem]:
    if item.kind <= cbor.NINT:
        return
    uuid = cbor.uuid_bytes(item)
    if uuid is None:
        yield _wrong(item, name, "an attribute identifier (integer) or UUID")
    elif uuid == NIL:
        yield NIL_UUID, f"{name} is the nil UUID, which names no attribute"


def _time_point(item: Item, _shape: shape_types.TimePoint, name: str) -> Iterator[Problem]:
    if time_point(item) is None:
        yield _wrong(item, name, "a time stamp")


def _array_of(item: Item, shape: shape_types.ArrayOf, name: str) -> Iterator[Problem]:
    if item.kind != cbor.ARRAY:
        yield _wrong(item, name, "an array")
        return
    for index, element in enumerate(item.children):
        yield from check(element, shape.element, f"{name}[{index}]")


def _map_of(item: Item, shape: shape_types.MapOf, name: str) -> Iterator[Problem]:
    if item.kind != cbor.MAP:
        yield _wrong(item, name, "a map")
        return
    for index, (key, value) in enumerate(cbor.pairs(item)):
        yield from check(key, shape.key, f"key {index + 1} of {name}")
        yield from check(value, shape.value, f"value {index + 1} of {name}")


def _object(item: Item, shape: shape_types.Object, name: str) -> Iterator[Problem]:
    if item.kind != cbor.MAP:
        yield _wrong(item, name, f"a map ({shape.name})")
        return
    present = set()
    for key, value in cbor.pairs(item):
        number = cbor.integer(key)
        entry = shape.by_key.get(number) if number is not None else None
        if entry is None:
            seen = str(number) if number is not None else cbor.kind_phrase(key)
            yield UNKNOWN, f"{name} has the key {seen}, which its page does not know"
            continue
        present.add(entry.key)
        yield from check(value, entry.shape, entry.name)
    for entry in shape.fields:
        if not entry.optional and entry.key not in present:
            yield MISSING, f"{name} lacks {entry.name} (key {entry.key}), which is not optional"


def _alternatives(item: Item, shape: shape_types.Alternatives, name: str) -> Iterator[Problem]:
    option = shape.by_tag.get(item.value) if item.kind == cbor.TAG else None
    if option is None:
        tags = ", ".join(f"{entry.tag} {entry.name}" for entry in shape.options)
        yield _wrong(item, name, f"one of the tags {tags}")
    else:
        yield from check(item.children[0], option.shape, name)


_CHECKERS: Final[dict[type, Callable[[Item, Any, str], Iterator[Problem]]]] = {
    shape_types.Integer: _integer,
    shape_types.Boolean: _boolean,
    shape_types.Text: _text,
    shape_types.Bytes: _bytes,
    shape_types.Uuid: _uuid,
    shape_types.AttributeId: _attribute_id,
    shape_types.TimePoint: _time_point,
    shape_types.ArrayOf: _array_of,
    shape_types.MapOf: _map_of,
    shape_types.Object: _object,
    shape_types.Alternatives: _alternatives,
}
