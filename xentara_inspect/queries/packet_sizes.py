"""Bytes of packets, without reading each of them: most look like one that was read before."""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.queries.databases import Database
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.portions import size_of

ALONE: Final = "CASE substr({0}.payload, 1, 1) WHEN x'81' THEN length({0}.payload) - 1 END"
"""Bytes, in SQL, of a packet that is alone in its frame, behind the head of an array of one; else NULL."""

_HEAD: Final = re.compile(rb"[\x80-\x97]|\x98.|\x99..", re.DOTALL)
_NUMBER: Final = (
    rb"(?:[\x00-\x17\x20-\x37\xe0-\xf7]|[\x18\x38].|[\x19\x39\xf9]..|[\x1a\x3a\xfa].{4}|[\x1b\x3b\xfb].{8})"
)
_TEXT: Final = b"(?:%s)" % b"|".join(rb"\x%02x.{%d}" % (0x60 + size, size) for size in range(24))
_LOOKS: Final = 32
"""Looks that are tried at most before a message is read."""
_ITEMS: Final = 64
"""Items of a packet whose look is kept."""
_KEPT: Final = 8
"""Frames that are remembered: requests and their responses are asked for in turn."""


class PacketSizes:
    """Sizes of the packets of a file by address. Raises StoreError."""

    def __init__(self, file: Database) -> None:
        self._file = file
        self._looks: list[re.Pattern[bytes]] = []
        self._frames: dict[int, dict[int, int]] = {}

    def of(self, place: int | None) -> int:
        """The size of the packet at an address; 0 for none."""
        if place is None:
            return 0
        frame = frame_of(place)
        if frame not in self._frames:
            kept = list(self._frames.items())[1 - _KEPT :]
            self._frames = dict(kept) | {frame: self._in_frame(frame)}
        size = self._frames[frame].get(position_in(place))
        if size is not None:
            return size
        row = self._file.row("SELECT length(packet) AS size FROM carried_requests WHERE id = ?", place)
        return int(row["size"]) if row is not None else 0

    def _in_frame(self, frame: int) -> dict[int, int]:
        """The sizes of its packets by position."""
        row = self._file.row("SELECT payload FROM frames WHERE id = ? AND NOT is_text", frame)
        if row is None:
            return {}
        payload = row["payload"]
        return self._by_looks(payload) or self._read(payload)

    def _by_looks(self, payload: bytes) -> dict[int, int]:
        """Sizes, if all packets look like some that were read; else nothing."""
        head = _HEAD.match(payload)
        if head is None:
            return {}
        pos = head.end()
        count = int.from_bytes(payload[1:pos], "big") if pos > 1 else payload[0] - 0x80
        sizes = {}
        for position in range(1, count + 1):
            end = self._end(payload, pos)
            if not end:
                return {}
            sizes[position] = end - pos
            pos = end
        return sizes

    def _end(self, payload: bytes, start: int) -> int:
        """Where a packet ends that looks like one that was read; 0 for others."""
        for number, look in enumerate(self._looks):
            found = look.match(payload, start)
            if found is not None:
                if number:  # it is likely to come again
                    self._looks.insert(0, self._looks.pop(number))
                return found.end()
        return 0

    def _read(self, payload: bytes) -> dict[int, int]:
        sizes = {}
        for packet in packets.parse(payload).packets:
            item = packet.item
            sizes[packet.position] = size_of(packet, payload)
            if item is not None and not any(
                look.fullmatch(payload, item.start, item.end) for look in self._looks
            ):
                look = _look(item, payload)
                if look is not None:
                    self._looks = [look, *self._looks[: _LOOKS - 1]]
        return sizes


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
