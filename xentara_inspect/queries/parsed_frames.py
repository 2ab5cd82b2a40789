"""Frames of the journal parsed again, for what tables do not hold."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from typing import Final, NamedTuple

from xentara_inspect.queries.summaries import Shown
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.packets import Packet

_KEPT: Final = 64


class ParsedFrame(NamedTuple):
    """A frame and its packets by position."""

    id: int
    session_id: int
    time: int
    from_client: bool
    is_text: bool
    payload: bytes
    packets: dict[int, Packet]


class Messages:
    """Frames by id, parsed; the last few are kept, since lists ask for neighbours."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._parsed: OrderedDict[int, ParsedFrame] = OrderedDict()

    def frame(self, frame_id: int) -> ParsedFrame | None:
        """A frame; None if there is none. Raises sqlite3.Error."""
        parsed = self._parsed.get(frame_id)
        if parsed is not None:
            self._parsed.move_to_end(frame_id)
            return parsed
        row = self._connection.execute(
            "SELECT session_id, time, from_client, is_text, payload FROM frames WHERE id = ?", (frame_id,)
        ).fetchone()
        if row is None:
            return None
        session_id, time, from_client, is_text, payload = row
        found = [packets.text_message()] if is_text else packets.parse(payload).packets
        by_position = {packet.position: packet for packet in found}
        parsed = ParsedFrame(
            frame_id, session_id, time, bool(from_client), bool(is_text), payload, by_position
        )
        self._parsed[frame_id] = parsed
        if len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return parsed

    def shown(self, frame_id: int | None, position: int | None) -> Shown | None:
        """A packet with its bytes; None if it is not there."""
        frame = self.frame(frame_id) if frame_id is not None else None
        if frame is None or position not in frame.packets:
            return None
        return Shown(frame.packets[position], frame.payload)
