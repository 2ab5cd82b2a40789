"""Blanking head by head, in runs and in mixed runs gives what blanking by the definition of CBOR gives."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import encodings
from xentara_inspect.traffic.blanking import Blanker
from xentara_inspect.traffic.heads import UndecodableError
from xentara_inspect.traffic.modes import Mode

BREAK: Final = 0xFF


class Definition:
    """RFC 8949 section 3 and nothing else: an item at a time, by recursion."""

    def __init__(self, payload: bytes, mode: Mode) -> None:
        self.payload, self.mode = payload, mode
        self.blanked = bytearray(payload)
        self.strings: list[bytes] = []

    def item(self, pos: int) -> int:
        """Blank in the item at `pos`. Returns where it ends; raises IndexError where it is none."""
        major, info = self.payload[pos] >> 5, self.payload[pos] & 31
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
        if 28 <= info <= 30 or (info == 31 and not 2 <= major <= 5):
            raise IndexError
        end = pos + 1 + width
        argument = int.from_bytes(self.payload[pos + 1 : end], "big") if width else info
        if end > len(self.payload) or (major == 7 and info == 24 and argument < 32):
            raise IndexError
        if info == 31:
            return self.endless(major, end)
        if major in (2, 3):
            return self.string(end, end + argument)
        if major == 6:
            self.blank(pos + 1, end, width >= self.mode.tag)
            return self.item(end)
        if major in (4, 5):
            for _ in range(argument * (major - 3)):
                end = self.item(end)
            return end
        self.blank(pos + 1, end, width >= self.mode.number)
        return end

    def string(self, start: int, end: int) -> int:
        if end > len(self.payload):
            raise IndexError
        self.blank(start, end, self.mode.strings)
        self.strings.append(self.payload[start:end])
        return end

    def endless(self, major: int, pos: int) -> int:
        count, before = 0, len(self.strings)
        while self.payload[pos] != BREAK:
            if major in (2, 3) and (self.payload[pos] >> 5 != major or self.payload[pos] & 31 == 31):
                raise IndexError
            pos = self.item(pos)
            count += 1
        if major == 5 and count % 2:
            raise IndexError
        if major in (2, 3):
            self.strings[before:] = [b"".join(self.strings[before:])]
        return pos + 1

    def blank(self, start: int, end: int, is_secret: bool) -> None:
        if is_secret:
            self.blanked[start:end] = b"*" * (end - start)


class Listening(Blanker):
    """Remembers what it is told."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload)
        self.strings: list[bytes] = []

    def told(self, pieces: object) -> None:
        assert isinstance(pieces, list)
        self.strings.append(b"".join(self.payload[start:end] for start, end in pieces))


MODES = [
    Mode(),
    Mode(strings=True),
    Mode(told=True),
    Mode(strings=True, number=1, tag=4, told=True),
    Mode(strings=True, number=4, tag=4),
]
SMALL = [
    bytes.fromhex(text)
    for text in ("0c", "6178", "18ff", "f5", "82 0c 6178", "a1 0c f5", "82 82 80 20 62 7878")
]
repeated = st.builds(
    lambda parts, times: (len(parts) * times, b"".join(parts) * times),
    st.one_of(
        st.lists(st.sampled_from(SMALL), min_size=2, max_size=8),
        st.lists(st.one_of(encodings, st.sampled_from(SMALL)), min_size=1, max_size=8),
    ),
    st.one_of(st.integers(1, 40), st.integers(100, 300)),
)
"""How many items, and their bytes: those of a few, again and again."""


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=60)
@given(repeated, st.sampled_from([b"\x9f", b"\x9a", b"\x81\x81\x9a", b"\x9f\x9a", b"\xba"]), st.data())
def test_it_blanks_what_the_definition_says(
    mode: Mode, items: tuple[int, bytes], opening: bytes, data: st.DataObject
) -> None:
    count, content = items
    if opening.endswith(b"\xba"):
        content *= 2
    if opening.endswith((b"\x9a", b"\xba")):
        opening += count.to_bytes(4, "big")
    payload = opening + content + b"\xff" * opening.count(b"\x9f", 0, 1)
    cut = data.draw(st.one_of(st.just(0), st.integers(0, 40)))
    payload = payload[: len(payload) - cut]
    expected, found = Definition(payload, mode), Listening(payload)
    try:
        end = expected.item(0)
    except IndexError:
        with pytest.raises(UndecodableError) as error:
            found.scan(0, 1, mode)
        assert found.result[: error.value.offset] == expected.blanked[: error.value.offset]
        return
    assert found.scan(0, 1, mode) == end
    assert found.result == expected.blanked
    if mode.told:
        assert [text for text in found.strings if len(text) >= 4] == [
            text for text in expected.strings if len(text) >= 4
        ]


def test_mixed_items_are_blanked_and_counted_as_they_are_one_by_one() -> None:
    unit = bytes.fromhex("82 0c 82 61 78 18 ff")
    payload = b"\x82\x9a\x00\x00\x27\x10" + unit * 10_000 + b"\x65Plant"
    assert Blanker(payload).scan(0, 1, Mode()) == len(payload)
    blanker = Blanker(payload)
    assert blanker.scan(0, 1, Mode(strings=True, number=1)) == len(payload)
    assert blanker.result == payload.replace(b"x\x18\xff", b"*\x18*").replace(b"Plant", b"*****")
