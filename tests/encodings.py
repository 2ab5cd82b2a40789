"""Hypothesis strategies for CBOR as it may arrive, not as a good encoder writes it."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

WIDTHS = {0: 1, 1: 2, 2: 4, 3: 8}


def head(major: int, argument: int, size: int) -> bytes:
    """A head with its argument in 2^size bytes, or in the first byte where size is -1 and it fits."""
    least = next(size for size in range(-1, 4) if argument < (24 if size < 0 else 1 << (8 << size)))
    size = max(size, least)
    if size < 0:
        return bytes([major << 5 | argument])
    return bytes([major << 5 | 24 + size]) + argument.to_bytes(1 << size, "big")


sizes = st.integers(-1, 3)
arguments = st.one_of(
    st.integers(0, 30),
    st.sampled_from([23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64 - 1]),
    st.integers(0, 2**64 - 1),
)
integers = st.builds(head, st.integers(0, 1), arguments, sizes)
contents = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=12).map(lambda text: text.encode(errors="replace")),
    st.sampled_from(
        [b"\x1b]0;x\x07", "\u202e\u200b\ud7ff\U000e0001".encode(), b"\xc3", b"\xed\xa0\x80", b'"\\']
    ),
)
byte_strings = st.builds(lambda content, size: head(2, len(content), size) + content, contents, sizes)
text_strings = st.builds(lambda content, size: head(3, len(content), size) + content, contents, sizes)
chunked = st.one_of(
    st.lists(byte_strings, max_size=3).map(lambda chunks: b"\x5f" + b"".join(chunks) + b"\xff"),
    st.lists(text_strings, max_size=3).map(lambda chunks: b"\x7f" + b"".join(chunks) + b"\xff"),
)
simples = st.one_of(
    st.integers(0, 23).map(lambda number: bytes([0xE0 + number])),
    st.integers(32, 255).map(lambda number: bytes([0xF8, number])),
)
special_floats = st.sampled_from(
    [
        bytes.fromhex(text)
        for text in (
            "f97e00", "f97e01", "f9fe00", "f97c01", "f98000", "f9fc00", "fa7fc00000", "fa7fc00001",
            "faffc00000", "fa7f800001", "fa80000000", "fa7f800000", "fb7ff8000000000000",
            "fb7ff8000000000001", "fbfff8000000000000", "fb7ff0000000000001", "fb8000000000000000",
            "fbfff0000000000000", "fb0000000000000001", "fa00000001",
        )
    ]
)  # fmt: skip
floats = st.one_of(
    special_floats,
    st.binary(min_size=2, max_size=2).map(lambda bits: b"\xf9" + bits),
    st.binary(min_size=4, max_size=4).map(lambda bits: b"\xfa" + bits),
    st.binary(min_size=8, max_size=8).map(lambda bits: b"\xfb" + bits),
    st.floats(width=16).map(lambda value: b"\xfb" + struct.pack(">d", value)),
)
uuids = st.builds(
    lambda content, outer, inner: head(6, 37, outer) + head(2, 16, inner) + content,
    st.binary(min_size=16, max_size=16),
    sizes,
    sizes,
)
leaves = st.one_of(integers, byte_strings, text_strings, chunked, simples, floats, uuids)


def _containers(children: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    elements = st.lists(children, max_size=5)
    pairs = st.lists(st.tuples(children, children).map(b"".join), max_size=4)
    tags = st.one_of(st.sampled_from([0, 1, 2, 3, 4, 24, 37, 121, 122, 123, 1001, 55799]), arguments)
    return st.one_of(
        st.builds(lambda items, size: head(4, len(items), size) + b"".join(items), elements, sizes),
        st.builds(lambda items, size: head(5, len(items), size) + b"".join(items), pairs, sizes),
        elements.map(lambda items: b"\x9f" + b"".join(items) + b"\xff"),
        pairs.map(lambda items: b"\xbf" + b"".join(items) + b"\xff"),
        st.builds(lambda number, size, content: head(6, number, size) + content, tags, sizes, children),
    )


encodings = st.recursive(leaves, _containers, max_leaves=16)
"""Any well-formed item in any of its encodings."""
