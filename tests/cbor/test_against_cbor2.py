"""Our decoder and `cbor2.loads` say the same of what both accept."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import cbor2
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.encodings import encodings
from xentara_inspect import cbor
from xentara_inspect.cbor import Item

BIGNUMS = {2: 1, 3: -1}
SELF_DESCRIBED = 55799
MADE_TO_OBJECTS = {0, 1, 4, 5, 25, 28, 29, 30, 35, 36, 52, 54, 100, 256, 258, 260, 261, 1004, 43000}
"""Tags of which cbor2 makes objects of Python that no longer tell what was on the wire."""


class IncomparableError(Exception):
    """cbor2 keeps less of it than would be needed to compare."""


def ours(item: Item) -> object:
    """What an item says, in nested tuples that are equal only if they say the same."""
    if item.kind <= cbor.NINT:
        return "integer", item.value
    if item.kind in (cbor.BYTES, cbor.TEXT):
        return type(item.value).__name__, item.value
    if item.kind == cbor.FLOAT:
        return "float", number(item.value)
    if item.kind == cbor.ARRAY:
        return "array", tuple(map(ours, item.children))
    if item.kind == cbor.MAP:
        return "map", tuple((ours(key), ours(value)) for key, value in cbor.pairs(item))
    if item.kind == cbor.SIMPLE:
        return "simple", item.value
    content = item.children[0]
    if item.value in BIGNUMS and content.kind == cbor.BYTES:
        value = int.from_bytes(content.value, "big")
        return "integer", value if item.value == 2 else -1 - value
    if item.value == SELF_DESCRIBED:
        return ours(content)
    if item.value in MADE_TO_OBJECTS or item.value in BIGNUMS:
        raise IncomparableError
    uuid = cbor.uuid_bytes(item)
    if uuid is not None:
        return "uuid", uuid
    return "tag", item.value, ours(content)


def theirs(value: Any) -> object:
    """The same of what cbor2 made."""
    simple = {False: cbor.FALSE, True: cbor.TRUE, None: cbor.NULL, cbor2.undefined: cbor.UNDEFINED}
    if value is None or value is cbor2.undefined or isinstance(value, bool):
        return "simple", simple[value]
    if isinstance(value, cbor2.CBORSimpleValue):
        return "simple", value.value
    if isinstance(value, int):
        return "integer", value
    if isinstance(value, (bytes, str)):
        return type(value).__name__, value
    if isinstance(value, float):
        return "float", number(value)
    if isinstance(value, (list, tuple)):
        return "array", tuple(map(theirs, value))
    if isinstance(value, UUID):
        return "uuid", value.bytes
    if isinstance(value, cbor2.CBORTag):
        return "tag", value.tag, theirs(value.value)
    return "map", tuple((theirs(key), theirs(value)) for key, value in value.items())


def number(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(value)


def has_equal_keys(item: Item, data: bytes) -> bool:
    """Whether a map in it has keys that are one key for Python (1, 1.0 and true)."""
    return any(
        part.kind == cbor.MAP and len(cbor2.loads(data[part.start : part.end])) < len(part.children) // 2
        for part in cbor.walk(item)
    )


def agree(data: bytes) -> None:
    document = cbor.decode(data)
    try:
        value = cbor2.loads(data)
    except Exception:
        event("cbor2 does not take it")
        return
    if document.error is not None and len(document.items) == 1:
        pytest.fail(f"cbor2 takes it for {value!r}, we say {document.error}")
    item = document.items[0]
    try:
        said = ours(item)
    except IncomparableError:
        event("cbor2 makes an object of it")
        return
    if has_equal_keys(item, data):
        event("keys that are one for Python")
        return
    event("compared")
    assert said == theirs(value)


@settings(max_examples=200)
@given(encodings)
def test_both_say_the_same_of_what_is_well_formed(data: bytes) -> None:
    agree(data)


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=30))
def test_both_say_the_same_of_any_bytes_that_both_take(data: bytes) -> None:
    agree(data)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.uuids()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.one_of(st.integers(), st.text()), inner, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_what_cbor2_writes_is_read_as_it_was_meant(value: object) -> None:
    document = cbor.decode(cbor2.dumps(value))
    assert document.error is None
    assert ours(document.items[0]) == theirs(value)
