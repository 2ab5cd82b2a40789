"""Hypothesis strategies for data change events: plain ones, and such as differ from them a little."""

from __future__ import annotations

from hypothesis import strategies as st

from benchmarks.notation import event
from tests.encodings import encodings

ELEMENT = b"\x11" * 16
TIME = bytes.fromhex("d903e9a104c482281b17979cfe3d85cd15")
SCALARS = [
    bytes.fromhex(text)
    for text in (
        "00", "17", "1818", "1864", "190100", "1900ff", "1a00010000", "1b0000000100000000", "20", "3863",
        "f4", "f5", "f6", "f7", "e0", "f820", "f93e00", "f97e00", "f97e01", "fa3fc00000", "fa3dcccccd",
        "fa7f800000", "fb3ff8000000000000", "fb3fb999999999999a", "fb7ff8000000000001", "fbfff0000000000000",
        "60", "6161", "61ff", "611b", "780161", "4101", "80", "a0", "c101", "d82550" + "11" * 16, "5fff",
    )
]  # fmt: skip
values = st.one_of(st.sampled_from([*SCALARS, TIME]), encodings)
attributes = st.tuples(st.integers(0, 25).map(lambda key: bytes([key])), values).map(
    lambda pair: pair[0] + b"\xd8\x79" + pair[1]
)
events = st.lists(attributes, min_size=1, max_size=4).map(
    lambda found: (
        b"\x83\x08\x00\xa3\x00" + TIME + b"\x01" + bytes.fromhex("d82550") + b"\x11" * 16 + b"\x02"
        + bytes([0xA0 + len(found)]) + b"".join(found)
    )
)  # fmt: skip
messages = st.lists(events, min_size=1, max_size=3).map(
    lambda found: bytes([0x80 + len(found)]) + b"".join(found)
)


@st.composite
def changed_messages(draw: st.DrawFn) -> bytes:
    """Two plain events with up to three bytes changed."""
    changed = bytearray(b"\x82" + event(draw(st.integers(1, 3))) + event(3))
    for _ in range(draw(st.integers(0, 3))):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)
