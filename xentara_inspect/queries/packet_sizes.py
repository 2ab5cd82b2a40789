"""Bytes of packets, without reading each of them: most look like one that was read before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.frames import LAST_POSITION, POSITION_BITS, address, frame_of
from xentara_inspect.queries.databases import Database
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.portions import size_of

ALONE: Final = "CASE substr({0}.payload, 1, 1) WHEN x'81' THEN length({0}.payload) - 1 END"
"""Bytes, in SQL, of a packet that is alone in its frame, behind the head of an array of one; else NULL."""

MAY_BE_ALONE: Final = f"CASE {{0}} & {LAST_POSITION} WHEN 1 THEN {{0}} >> {POSITION_BITS} END"
"""The frame, in SQL, of the packet at an address, if it is the first there; else NULL: no search."""

_HEAD: Final = re.compile(rb"[\x80-\x97]|\x98.|\x99..", re.DOTALL)
_NUMBER: Final = (
    rb"(?:[\x00-\x17\x20-\x37\xe0-\xf7]|[\x18\x38].|[\x19\x39\xf9]..|[\x1a\x3a\xfa].{4}|[\x1b\x3b\xfb].{8})"
)
_TEXT: Final = b"(?:%s)" % b"|".join(rb"\x%02x.{%d}" % (0x60 + size, size) for size in range(24))
_LOOKS: Final = 32
"""Looks that are tried at most before a message is read."""
_ITEMS: Final = 64
"""Items of a packet whose look is kept."""
_KEPT: Final = 1 << 16
"""Sizes that are remembered: requests and their responses are asked for in turn."""


class PacketSizes(dict[int, int]):
    """Sizes of the packets of a file by address, found when they are asked for. Raises StoreError.

    A dict, because millions are asked for, most of them of a frame that was looked at before.
    """

    def __init__(self, file: Database) -> None:
        super().__init__()
        self._file = file
        self._looks: list[re.Pattern[bytes]] = []

    def __missing__(self, place: int) -> int:
        """The size of a packet whose frame was not looked at; of all in its frame it is remembered."""
        if len(self) >= _KEPT:
            self.clear()
        self._look_at(frame_of(place))
        size = self.get(place)
        if size is None:
            row = self._file.row("SELECT length(packet) AS size FROM carried_requests WHERE id = ?", place)
            size = self[place] = int(row["size"]) if row is not None else 0
        return size

    def _look_at(self, frame: int) -> None:
        row = self._file.row("SELECT payload FROM frames WHERE id = ? AND NOT is_text", frame)
        if row is not None:
            payload = row["payload"]
            sizes = self._by_looks(payload)
            self.update(enumerate(sizes, address(frame, 1)))
            if not sizes:
                self.update((address(frame, position), size) for position, size in self._read(payload))

    def _by_looks(self, payload: bytes) -> list[int]:
        """Sizes, if all packets look like some that were read; else none."""
        head = _HEAD.match(payload)
        if head is None:
            return []
        pos = head.end()
        count = int.from_bytes(payload[1:pos], "big") if pos > 1 else payload[0] - 0x80
        sizes: list[int] = []
        while len(sizes) < count:
            found = self._found(payload, pos)
            if found is None:
                return []
            # Most often all of the rest is alike; not to look through it too often, that is tried where
            # the number of packets has doubled.
            made = len(sizes) + 1
            rest = list(map(len, found.re.findall(payload, pos))) if not made & (made - 1) else []
            if rest and sum(rest) == len(payload) - pos:
                return (sizes + rest)[:count]
            sizes.append(found.end() - pos)
            pos = found.end()
        return sizes

    def _found(self, payload: bytes, start: int) -> re.Match[bytes] | None:
        """A packet that looks like one that was read."""
        for number, look in enumerate(self._looks):
            found = look.match(payload, start)
            if found is not None:
                if number:  # it is likely to come again
                    self._looks.insert(0, self._looks.pop(number))
                return found
        return None

    def _read(self, payload: bytes) -> Iterator[tuple[int, int]]:
        for packet in packets.parse(payload).packets:
            item = packet.item
            yield packet.position, size_of(packet, payload)
            if item is not None and not any(
                look.fullmatch(payload, item.start, item.end) for look in self._looks
            ):
                look = _look(item, payload)
                if look is not None:
                    self._looks = [look, *self._looks[: _LOOKS - 1]]


def _look(item: Item, payload: bytes) -> re.Pattern[bytes] | None:
    """What matches items with the same heads, whatever their numbers and short texts are.

    Each part takes one item, and never a part of one: so the end of a match is that of the item. Only
    arrays have looks: a message of anything else may be a packet without the array around it.
    """
    if item.kind != cbor.ARRAY:
        return None
    parts: list[bytes] = []
    for part in cbor.walk(item):
        if len(parts) == _ITEMS or part.info == cbor.INDEFINITE or part.kind == cbor.BROKEN:
            return None
        is_short = part.end - part.start <= 24
        if part.kind in (cbor.UINT, cbor.NINT, cbor.FLOAT):
            parts.append(_NUMBER)
        elif part.kind == cbor.TEXT and is_short:
            parts.append(_TEXT)
        elif part.kind in (cbor.TEXT, cbor.BYTES):
            behind = part.start + 1 + cbor.WIDTHS.get(part.info, 0)
            parts.append(re.escape(payload[part.start : behind]) + b".{%d}" % (part.end - behind))
        else:
            behind = part.children[0].start if part.children else part.end
            parts.append(re.escape(payload[part.start : behind]))
    return re.compile(b"".join(parts), re.DOTALL)
