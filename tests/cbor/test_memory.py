"""What a tree holds beside its bytes, however many items there are in one packet."""

from __future__ import annotations

import tracemalloc

import pytest

from xentara_inspect import cbor
from xentara_inspect.cbor.literals import literal

SIZE = 1 << 17
BLOCK = b"\x99\x0f\x00" + bytes(0x0F00)


def _array(unit: bytes) -> bytes:
    count = SIZE // len(unit)
    return b"\x9a" + count.to_bytes(4, "big") + unit * count


@pytest.mark.slow
@pytest.mark.parametrize(
    "payload",
    [
        _array(b"\x00"),
        _array(b"\x5f\xff"),
        _array(BLOCK),
        pytest.param(_array(b"\x81" + BLOCK), marks=pytest.mark.stress),
        b"\x81" * SIZE + b"\x80",
        pytest.param(b"\x9f" * (SIZE // 2) + b"\xff" * (SIZE // 2), marks=pytest.mark.stress),
        pytest.param(b"\x82" * (SIZE // 2) + bytes(SIZE // 2 + 1), marks=pytest.mark.stress),
        pytest.param(b"\xc1" * SIZE + b"\x00", marks=pytest.mark.stress),
        pytest.param(b"\xa1\x01" * (SIZE // 2) + b"\xa0", marks=pytest.mark.stress),
        pytest.param(b"\xa1" * (SIZE // 2) + bytes(SIZE // 2 + 1), marks=pytest.mark.stress),
        pytest.param(b"\x5f" + b"\x40" * SIZE + b"\xff", marks=pytest.mark.stress),
        pytest.param(b"\x7f" + b"\x61x" * (SIZE // 2) + b"\xff", marks=pytest.mark.stress),
    ],
    ids=[
        "numbers", "chunked strings", "arrays", "arrays in arrays",
        "arrays in one another", "endless arrays in one another", "arrays in one another, and zeros",
        "tags in one another", "maps in one another", "maps as keys", "empty chunks", "chunks of text",
    ],
)  # fmt: skip
def test_a_tree_of_tiny_items_and_its_notation_take_few_bytes_for_each_byte(payload: bytes) -> None:
    tracemalloc.start()
    try:
        document = cbor.decode(payload)
        literal(document.items[0], payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert document.error is None
    assert peak < 16 * len(payload) + (3 << 20)  # the last few thousand items are held as they are


def test_a_string_of_very_many_chunks_has_all_of_them() -> None:
    (item,) = cbor.decode(b"\x7f" + b"\x61x\x62yz" * 5000 + b"\xff").items
    assert item.value == "xyz" * 5000
    assert [chunk.value for chunk in item.children] == ["x", "yz"] * 5000
    (item,) = cbor.decode(b"\x7f" + b"\x61x\x61\xff" * 5000 + b"\xff").items
    assert item.value == b"x\xff" * 5000
