"""Numbers become others of the same head, type, sign and size, in which the same is found."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.encodings import arguments, floats
from xentara_inspect import cbor
from xentara_inspect.sharing.chance import Chance
from xentara_inspect.sharing.numbers import Numbers
from xentara_inspect.traffic.written_values import of_value

NUMBERS = Numbers(Chance())
DATA_TYPES = (None, *range(23))


def found(encoded: bytes) -> list[list[str]]:
    """What would be found wrong with a number if it were written to each data type."""
    (item,) = cbor.decode(encoded).items
    return [[code for code, _ in of_value(item, data_type)] for data_type in DATA_TYPES]


def encoded(major: int, argument: int) -> bytes:
    return bytes((major << 5 | 27,)) + argument.to_bytes(8, "big")


@given(st.integers(0, 1), arguments)
def test_integers_are_as_good_for_any_data_type(major: int, argument: int) -> None:
    other = NUMBERS.argument(major, argument)
    assert found(encoded(major, other)) == found(encoded(major, argument))
    for limit in (24, 1 << 8, 1 << 16, 1 << 32):
        assert (other < limit) == (argument < limit)


@given(floats)
def test_floats_are_as_good_for_any_data_type(item: bytes) -> None:
    info, content = item[0] & 31, item[1:]
    other = NUMBERS.float(info, content)
    assert found(item[:1] + other) == found(item)
    value = struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], content)[0]
    assert math.isfinite(value) or other == content


@pytest.mark.parametrize("value", [21.5, -0.0625, 100.0, 1e30, 123456.789, 5e-324])
def test_a_float_has_another_value_and_the_same_in_all_places(value: float) -> None:
    content = struct.pack(">d", value)
    assert NUMBERS.float(27, content) != content
    assert NUMBERS.float(27, content) == NUMBERS.float(27, content)
    assert Numbers(Chance()).float(27, struct.pack(">d", math.pi)) != NUMBERS.float(
        27, struct.pack(">d", math.pi)
    )


def test_of_small_integers_no_two_become_one_and_they_are_not_in_order() -> None:
    numbers = range(2000)
    others = [NUMBERS.argument(0, number) for number in numbers]
    assert len(set(others)) == len(numbers)
    assert others != sorted(others)
