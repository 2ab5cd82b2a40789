"""Bytes of packets."""

from __future__ import annotations

from typing import Final

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.parsed_frames import ParsedFrames

ALONE: Final = "CASE substr({0}.payload, 1, 1) WHEN x'81' THEN length({0}.payload) - 1 END"
"""Bytes, in SQL, of a packet that is alone in its frame, behind the head of an array of one; else NULL."""


class PacketSizes:
    """Sizes of the packets of a file by address. Raises StoreError."""

    def __init__(self, file: Database) -> None:
        self._file = file
        self._frames = ParsedFrames(file)

    def of(self, place: int | None) -> int:
        """The size of the packet at an address; 0 for none."""
        if place is None:
            return 0
        shown = self._frames.packet(place)
        if shown is not None:
            item = shown.packet.item
            return item.end - item.start if item is not None else len(shown.payload)
        row = self._file.row("SELECT length(packet) AS size FROM carried_requests WHERE id = ?", place)
        return int(row["size"]) if row is not None else 0
