"""What a tree holds beside its bytes, however many items there are in one packet."""

from __future__ import annotations

import tracemalloc

import pytest

from xentara_inspect import cbor

SIZE = 1 << 18
BLOCK = b"\x99\x0f\x00" + bytes(0x0F00)


def _array(unit: bytes) -> bytes:
    count = SIZE // len(unit)
    return b"\x9a" + count.to_bytes(4, "big") + unit * count


@pytest.mark.parametrize(
    "payload",
    [
        _array(b"\x00"),
        _array(b"\x5f\xff"),
        _array(BLOCK),
        pytest.param(_array(b"\x81" + BLOCK), marks=pytest.mark.stress),
        pytest.param(b"\x5f" + b"\x40" * SIZE + b"\xff", marks=pytest.mark.stress),
        pytest.param(b"\x7f" + b"\x61x" * (SIZE // 2) + b"\xff", marks=pytest.mark.stress),
    ],
    ids=["numbers", "chunked strings", "arrays", "arrays in arrays", "empty chunks", "chunks of text"],
)
def test_a_tree_of_tiny_items_takes_few_bytes_for_each_byte(payload: bytes) -> None:
    tracemalloc.start()
    try:
        document = cbor.decode(payload)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert document.error is None
    assert peak < 20 * len(payload)  # the last few thousand items are held as they are


def test_a_string_of_very_many_chunks_has_all_of_them() -> None:
    (item,) = cbor.decode(b"\x7f" + b"\x61x\x62yz" * 5000 + b"\xff").items
    assert item.value == "xyz" * 5000
    assert [chunk.value for chunk in item.children] == ["x", "yz"] * 5000
    (item,) = cbor.decode(b"\x7f" + b"\x61x\x61\xff" * 5000 + b"\xff").items
    assert item.value == b"x\xff" * 5000
