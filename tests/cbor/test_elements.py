"""A message read element by element: what `decode` gives, without having all of it."""

from __future__ import annotations

import pytest

from xentara_inspect import cbor

MESSAGES = {
    "empty": "80",
    "two packets": "82 83000108 8201 63616263",
    "counted in one byte more than needed": "9802 1801 190001",
    "counted in eight bytes": "9b0000000000000003 01 820203 f97e00",
    "without a length": "9f 83000108 9f01ff 5f4101ff ff",
    "with items behind it": "8101 820203 1801 a10102",
    "longer than announced": "8201 02 ff",
    "a break too early": "83 01 ff 02",
    "no head": "82 01 1c",
    "no head, without a length": "9f 01 1d ff",
    "an error in a packet": "83 01 8301f8ff 02",
}


@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES)
def test_elements_read_one_by_one_are_those_of_the_whole_wherever_the_bytes_end(text: str) -> None:
    whole = bytes.fromhex(text)
    head = 1 + {0x98: 1, 0x9B: 8}.get(whole[0], 0)
    for end in range(head, len(whole) + 1):
        data = whole[:end]
        assert cbor.begins_with_array(data)
        read, decoded = cbor.read_elements(data), cbor.decode(data)
        assert read.error == decoded.error
        assert read.long_heads == decoded.long_heads
        array, *_ = decoded.items
        assert read.items[0][:5] == array[:5]
        assert [item.end for item in read.items[1:]] == [item.end for item in decoded.items[1:]][-1:]
        if decoded.error is None or len(decoded.items) > 1:
            assert repr(list(read.items[0].children)) == repr(list(array.children))


def test_elements_are_a_sequence_that_can_be_gone_through_again() -> None:
    elements = cbor.read_elements(bytes.fromhex("84 01 820203 04 05")).items[0].children
    assert [item.start for item in elements] == [item.start for item in elements] == [1, 2, 5, 6]
    assert len(elements) == 4
    assert (elements[1].end, elements[-1].start) == (5, 6)
    assert [item.start for item in elements[1:3]] == [2, 5]
    with pytest.raises(IndexError):
        elements[4]


def test_what_does_not_begin_with_an_array_is_told() -> None:
    assert not any(map(cbor.begins_with_array, (b"", b"\x01", b"\xa0", b"\x9c", b"\x9d", b"\x9e")))
