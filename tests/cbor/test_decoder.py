"""Bytes to items: RFC 8949, well-formed and not."""

# ruff: noqa: E501 - the tables read better with one case a line

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentara_inspect import cbor
from xentara_inspect.cbor import ARRAY, BYTES, FLOAT, MAP, NINT, SIMPLE, TEXT, UINT, Item

LEAVES = [
    # hex, kind, value, additional information
    ("00", UINT, 0, 0),
    ("17", UINT, 23, 23),
    ("1818", UINT, 24, 24),
    ("1817", UINT, 23, 24),
    ("1903e8", UINT, 1000, 25),
    ("1a000f4240", UINT, 1_000_000, 26),
    ("1bffffffffffffffff", UINT, 2**64 - 1, 27),
    ("20", NINT, -1, 0),
    ("3bffffffffffffffff", NINT, -(2**64), 27),
    ("40", BYTES, b"", 0),
    ("4401020304", BYTES, b"\x01\x02\x03\x04", 4),
    ("580101", BYTES, b"\x01", 24),
    ("60", TEXT, "", 0),
    ("62c3bc", TEXT, "ü", 2),
    ("61ff", TEXT, b"\xff", 1),
    ("f4", SIMPLE, 20, 20),
    ("f7", SIMPLE, 23, 23),
    ("f0", SIMPLE, 16, 16),
    ("f8ff", SIMPLE, 255, 24),
    ("f93c00", FLOAT, 1.0, 25),
    ("fa47c35000", FLOAT, 100000.0, 26),
    ("fb3ff199999999999a", FLOAT, 1.1, 27),
    ("f97c00", FLOAT, math.inf, 25),
]

MALFORMED = [
    # hex, offset, what is said of it
    ("", 0, "byte 0: found the end of the data, expected a data item"),
    ("18", 0, "byte 0: found initial byte 0x18 and 0 bytes of argument, expected 1 (the data ends at byte 1)"),
    ("1901", 0, "byte 0: found initial byte 0x19 and 1 bytes of argument, expected 2 (the data ends at byte 2)"),
    ("1c", 0, "byte 0: found initial byte 0x1c (additional information 28), expected a head that RFC 8949 section 3 knows"),
    ("1f", 0, "byte 0: found initial byte 0x1f (additional information 31), expected a head that RFC 8949 section 3 knows"),
    ("4201", 0, "byte 0: found a byte string of 2 bytes, expected at most 1 (the data ends at byte 2)"),
    ("7bffffffffffffffff61", 0, "byte 0: found a text string of 18446744073709551615 bytes, expected at most 1 (the data ends at byte 10)"),
    ("8201", 2, "byte 2: found the end of the data, expected element 2 of 2 in an array"),
    ("9b7fffffffffffffff01", 10, "byte 10: found the end of the data, expected element 2 of 9223372036854775807 in an array"),
    ("a201020304"[:6], 3, "byte 3: found the end of the data, expected key 2 of 2 in a map"),
    ("a101", 2, "byte 2: found the end of the data, expected the value of key 1 in a map"),
    ("9f01", 2, "byte 2: found the end of the data, expected a further item or the break of an indefinite-length array"),
    ("bf01ff", 2, "byte 2: found a break (0xff), expected the value of key 1 in a map"),
    ("ff", 0, "byte 0: found a break (0xff), expected a data item"),
    ("82ff", 1, "byte 1: found a break (0xff), expected element 1 of 2 in an array"),
    ("c1ff", 1, "byte 1: found a break (0xff), expected the content of a tag"),
    ("d825", 2, "byte 2: found the end of the data, expected the content of a tag"),
    ("5f01ff", 1, "byte 1: found initial byte 0x01, expected a definite-length chunk of a byte string or a break"),
    ("5f5fffff", 1, "byte 1: found initial byte 0x5f, expected a definite-length chunk of a byte string or a break"),
    ("7f6161", 3, "byte 3: found the end of the data, expected a definite-length chunk of a text string or a break"),
    ("f818", 0, "byte 0: found simple value 24 in two bytes, expected 32 or more in that form (RFC 8949 section 3.3)"),
]  # fmt: skip


def only_item(data: str) -> Item:
    document = cbor.decode(bytes.fromhex(data))
    assert document.error is None
    (item,) = document.items
    return item


@pytest.mark.parametrize(("data", "kind", "value", "info"), LEAVES)
def test_a_leaf_keeps_its_value_and_the_width_of_its_head(
    data: str, kind: int, value: object, info: int
) -> None:
    item = only_item(data)
    assert (item.kind, item.value, item.info) == (kind, value, info)
    assert (item.start, item.end) == (0, len(data) // 2)


@pytest.mark.parametrize("data", [leaf[0] for leaf in LEAVES])
def test_every_truncation_of_a_leaf_is_malformed_and_says_where(data: str) -> None:
    whole = bytes.fromhex(data)
    for length in range(len(whole)):
        document = cbor.decode(whole[:length])
        assert document.error is not None
        assert 0 <= document.error.offset <= length


@pytest.mark.parametrize(("data", "offset", "text"), MALFORMED)
def test_malformed_bytes_end_in_a_broken_item_that_says_why(data: str, offset: int, text: str) -> None:
    document = cbor.decode(bytes.fromhex(data))
    assert document.error is not None
    assert (document.error.offset, str(document.error)) == (offset, text)
    item = document.items[-1]
    while item.children:
        item = item.children[-1]
    assert item.kind == cbor.BROKEN
    assert item.value is document.error


def test_containers_keep_order_duplicates_and_announced_counts() -> None:
    item = only_item("a3010203040102")
    assert (item.kind, item.value) == (MAP, 3)
    assert [(key.value, value.value) for key, value in cbor.pairs(item)] == [(1, 2), (3, 4), (1, 2)]


def test_an_indefinite_array_announces_no_count() -> None:
    item = only_item("9f01820203ff")
    assert (item.kind, item.value, item.info, item.end) == (ARRAY, None, cbor.INDEFINITE, 6)
    assert [child.kind for child in item.children] == [UINT, ARRAY]


def test_chunks_of_an_indefinite_string_stay_apart_and_are_joined_as_its_value() -> None:
    item = only_item("7f61c361bcff")  # "ü", cut inside its two bytes: neither chunk is UTF-8
    assert (item.kind, item.value) == (TEXT, b"\xc3\xbc")
    assert [(chunk.value, chunk.start, chunk.end) for chunk in item.children] == [
        (b"\xc3", 1, 3),
        (b"\xbc", 3, 5),
    ]


def test_a_uuid_is_tag_37_on_16_bytes_however_its_heads_are_written() -> None:
    uuid = bytes(range(16))
    for head in ("d82550", "d9002550", "d8255810", "d825590010"):
        assert cbor.uuid_bytes(only_item(head + uuid.hex())) == uuid
    assert cbor.uuid_bytes(only_item("d8254f" + uuid.hex()[:30])) is None
    assert cbor.uuid_bytes(only_item("50" + uuid.hex())) is None


def test_items_after_the_first_are_read_as_a_sequence() -> None:
    document = cbor.decode(bytes.fromhex("80011c00"))
    assert [item.kind for item in document.items] == [ARRAY, UINT, cbor.BROKEN]
    assert document.error is not None
    assert document.error.offset == 2


@pytest.mark.slow
def test_a_million_levels_cost_no_recursion() -> None:
    document = cbor.decode(b"\x81" * 1_000_000)
    assert document.error is not None
    assert document.error.offset == 1_000_000


@given(st.binary(max_size=60))
def test_any_bytes_give_items_that_cover_them_from_end_to_end(data: bytes) -> None:
    document = cbor.decode(data)
    position = 0
    for item in document.items:
        assert item.start == position
        position = item.end
        for part in cbor.walk(item):
            previous = part.start
            assert part.start <= part.end <= len(data)
            for child in part.children:
                assert previous <= child.start <= child.end <= part.end
                previous = child.end
    assert position == len(data)
