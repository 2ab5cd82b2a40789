"""Frames of the journal parsed again, for what tables do not hold."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.queries.databases import Database
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.packets import Packet

_KEPT: Final = 64


class Shown(NamedTuple):
    """A packet, and the bytes that its items were decoded from."""

    packet: Packet
    payload: bytes


class ParsedFrame(NamedTuple):
    """A frame and its packets by position."""

    id: int
    session_id: int
    time: int
    from_client: bool
    is_text: bool
    payload: bytes
    packets: dict[int, Packet]


class ParsedFrames:
    """Frames by id, parsed; the last few are kept, since lists ask for neighbours."""

    def __init__(self, file: Database) -> None:
        self._file = file
        self._parsed: OrderedDict[int, ParsedFrame] = OrderedDict()

    def frame(self, frame_id: int) -> ParsedFrame | None:
        """A frame; None if there is none. Raises StoreError."""
        parsed = self._parsed.get(frame_id)
        if parsed is not None:
            self._parsed.move_to_end(frame_id)
            return parsed
        row = self._file.row(
            "SELECT session_id, time, from_client, is_text, payload FROM frames WHERE id = ?", frame_id
        )
        if row is None:
            return None
        payload = row["payload"]
        found = [packets.text_message()] if row["is_text"] else packets.parse(payload).packets
        parsed = ParsedFrame(
            frame_id,
            row["session_id"],
            row["time"],
            bool(row["from_client"]),
            bool(row["is_text"]),
            payload,
            {packet.position: packet for packet in found},
        )
        self._parsed[frame_id] = parsed
        if len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return parsed

    def packet(self, address: int | None) -> Shown | None:
        """A packet with its bytes; None if it is not there. Raises StoreError."""
        frame = self.frame(frame_of(address)) if address is not None else None
        if frame is None or address is None or position_in(address) not in frame.packets:
            return None
        return Shown(frame.packets[position_in(address)], frame.payload)
