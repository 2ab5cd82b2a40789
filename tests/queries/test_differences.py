"""What is different in two answers: by name, to the type of each number, and safe to print."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cbor2 import CBORTag
from hypothesis import given
from hypothesis import strategies as st

from tests.transcript import edn
from xentara_inspect.queries.comparable import Comparable, is_same
from xentara_inspect.queries.differences import arrow, changes
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

LEVEL = "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')"
LEVEL_UUID = "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8"
LIST = (
    f'[{{0: "A", 1: {LEVEL}, 2: 1}},'
    " {0: \"B\", 1: 37(h'00000000000000000000000000000001'), 2: 2},"
    " {0: \"C\", 1: 37(h'00000000000000000000000000000002'), 2: 3}]"
)


def result(text: str, opcode: int) -> Any:
    payload = edn(f"[[1, 7, {text}]]")
    decoder = Comparable(payload, Names(), opcode, None, lambda _: False)
    return decoder.packet(packets.parse(payload).packets[0])["result"]


def told(one: str, other: str, opcode: int = 99) -> list[str]:
    return [detail for _, detail in changes(result(one, opcode), result(other, opcode))]


@pytest.mark.parametrize(
    ("one", "other", "detail"),
    [
        ("1", "1.0", "1 → 1.0"),
        ("1", "true", "1 → true"),
        ("0.0", "-0.0", "0.0 → -0.0"),
        ("NaN", '"NaN"', 'NaN → "NaN"'),
        ("18446744073709551615", '"18446744073709551615"', '18446744073709551615 → "18446744073709551615"'),
        ("null", "undefined", "null → undefined"),
        ("h'00'", "h'01'", "h'00' → h'01'"),
        ("24(1)", "25(1)", "24 1 → 25 1"),
        ('"a\\u001b[1m"', '"b"', '"a\\u001b[1m" → "b"'),
        ('"a\u202eb"', '"b"', '"a\\u202eb" → "b"'),
    ],
)
def test_values_of_different_types_are_different(one: str, other: str, detail: str) -> None:
    assert told(one, other) == [f"result: {detail}"]
    here, there = detail.split(" → ")
    assert told(other, one) == [f"result: {there} → {here}"]


@pytest.mark.parametrize("same", ["1.5", "NaN", "{1: 2, 3: 4}", "1(1700000000)", LIST])
def test_nothing_differs_in_what_is_the_same(same: str) -> None:
    assert told(same, same) == []


def test_maps_of_anything_are_compared_by_their_keys() -> None:
    assert told("{1: 2, [3]: 4}", "{[3]: 5, 6: 7}") == [
        "1: 2 → nothing",
        "[3]: 4 → 5",
        "6: nothing → 7",
    ]


def test_a_key_that_is_there_twice_counts_twice() -> None:
    assert told("{1: 2, 1: 3}", "{1: 2, 1: 4}") == ["1: 3 → 4"]


@pytest.mark.parametrize(
    ("other", "details"),
    [
        (LIST.replace('"B"', '"D"'), ['result[00000000-0000-0000-0000-000000000001].primary_key: "B" → "D"']),
        (LIST.replace(LEVEL, "37(h'00000000000000000000000000000003')"), None),
        ("[]", 3),
    ],
)
def test_lists_are_compared_by_what_their_entries_are_about(other: str, details: Any) -> None:
    found = told(LIST, other, opcode=1)
    if isinstance(details, list):
        assert found == details
    elif details is None:
        assert [detail.partition(":")[0] for detail in found] == [
            f"result[{LEVEL_UUID}]",
            "result[00000000-0000-0000-0000-000000000003]",
        ]
    else:
        assert len(found) == details
        assert all(detail.endswith("→ nothing") for detail in found)


values = st.recursive(
    st.integers(-3, 3)
    | st.booleans()
    | st.none()
    | st.sampled_from([0.0, -0.0, 1.0, float("nan"), "NaN", "a", b"a"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(0, 3), inner, max_size=3)
        | inner.map(lambda value: CBORTag(121, value))
    ),
    max_leaves=8,
)


@given(one=values, other=values, opcode=st.sampled_from([1, 2, 4, 99]))
def test_something_is_told_exactly_where_something_differs(one: Any, other: Any, opcode: int) -> None:
    sides = []
    for value in (one, other):
        payload = cbor2.dumps([[1, 7, value]])
        decoder = Comparable(payload, Names(), opcode, None, lambda _: False)
        sides.append(decoder.packet(packets.parse(payload).packets[0])["result"])
    assert bool(list(changes(*sides))) == (not is_same(*sides))
    assert len(list(changes(*sides))) == len(list(changes(*reversed(sides))))


def test_of_long_texts_that_differ_at_the_end_the_end_is_shown() -> None:
    one, other = "x" * 500 + "one", "x" * 500 + "two"
    assert arrow(one, other) == "…xxxxxxxxxxone → …xxxxxxxxxxtwo"
    assert arrow("x" * 500, "y") == f"{'x' * 60}… → y"
