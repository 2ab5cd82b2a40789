"""What stands in very many arrays, maps and tags reads as it does outside of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.encodings import encodings
from xentara_inspect import cbor
from xentara_inspect.cbor import LEVELS, NESTED
from xentara_inspect.cbor.literals import literal, literal_and_completeness

AROUND = [
    ("81", "[", "", "]"),
    ("9f", "[_ ", "ff", "]"),
    ("a100", "{0: ", "", "}"),
    ("bf00", "{_ 0: ", "ff", "}"),
    ("d879", "121(", "", ")"),
    ("db0000000000000001", "1_3(", "", ")"),
    ("9a00000001", "[_2 ", "", "]"),
]
"""What may be around something: bytes and notation before it, and behind it."""


@pytest.mark.parametrize(("before", "text_before", "after", "text_after"), AROUND)
@pytest.mark.parametrize(
    "content", ["8201f5", "bf6161f9 3c00ff", "a0", "9fff", "d82550" + 16 * "11", "5f4101ff"]
)
def test_the_deepest_levels_are_written_as_the_first_ones(
    before: str, text_before: str, after: str, text_after: str, content: str
) -> None:
    inner = bytes.fromhex(content)
    (alone,) = cbor.decode(inner).items
    for levels in (LEVELS - 1, LEVELS, LEVELS + 1, 3 * LEVELS):
        payload = bytes.fromhex(before) * levels + inner + bytes.fromhex(after) * levels
        (item,) = cbor.decode(payload).items
        assert literal(item, payload) == text_before * levels + literal(alone, inner) + text_after * levels


def test_what_is_in_as_many_as_are_taken_apart_is_one_item() -> None:
    payload = b"\x81" * (LEVELS + 2)
    item = cbor.decode(payload + b"\x00").items[0]
    for _ in range(LEVELS):
        (item,) = item.children
    assert (item.kind, item.start, item.end, item.children) == (NESTED, LEVELS, LEVELS + 3, ())


@given(st.sampled_from(AROUND), encodings)
def test_whatever_is_well_formed_is_written_alike(around: tuple[str, str, str, str], inner: bytes) -> None:
    before, text_before, after, text_after = around
    levels = LEVELS + 1
    payload = bytes.fromhex(before) * levels + inner + bytes.fromhex(after) * levels
    document, alone = cbor.decode(payload), cbor.decode(inner)
    assert document.error is None
    assert literal(document.items[0], payload) == (
        text_before * levels + literal(alone.items[0], inner) + text_after * levels
    )
    own = levels if before in ("db0000000000000001", "9a00000001") else 0
    assert document.long_heads.count == alone.long_heads.count + own


@example(bytes.fromhex("9bffffffffffffffff 81 00"))
@example(bytes.fromhex("bbffffffffffffffff 00 81 00"))
@given(
    st.one_of(
        st.binary(max_size=40), st.tuples(encodings, st.integers(0, 40)).map(lambda cut: cut[0][: cut[1]])
    )
)
def test_whatever_is_not_is_wrong_at_the_same_byte_and_written_up_to_it(inner: bytes) -> None:
    more = LEVELS + 1
    some, payload = b"\x81" + inner, b"\x81" * (1 + more) + inner
    first, second = cbor.decode(some), cbor.decode(payload)
    assert len(first.items) == len(second.items)
    assert first.long_heads.count == second.long_heads.count
    text, is_whole = literal_and_completeness(first.items[0], some)
    assert literal_and_completeness(second.items[0], payload) == (
        "[" * more + text + "]" * more * is_whole, is_whole
    )  # fmt: skip
    assert (first.error is None) == (second.error is None)
    if first.error is not None and second.error is not None:
        where = first.error.offset + more, first.error.resume + more
        assert (second.error.offset, second.error.resume) == where
        assert second.error.found == first.error.found
