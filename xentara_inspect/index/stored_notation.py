"""Which packets are stored with their notation; that of the others is written on demand."""

from __future__ import annotations

from typing import Final

from xentara_inspect.frames import Frame
from xentara_inspect.index.rows import Notation
from xentara_inspect.notation.messages import annotate_packet
from xentara_inspect.notation.packets import Context
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.portions import size_of
from xentara_inspect.traffic.records import PacketRecord

_LARGE: Final = 64 << 10
"""Bytes of a packet whose notation takes more room than it saves time."""


def notation_for(frame: Frame, names: Names, *, with_events: bool) -> Notation:
    """What writes the notation of the packets of a frame, as they are stored."""
    payload = frame.payload
    may_be_large = len(payload) >= _LARGE

    def notation(record: PacketRecord) -> str | None:
        if may_be_large and size_of(record.packet, payload) >= _LARGE:
            return None
        if record.kind is Kind.EVENT:
            return annotate_packet(record.packet, payload, names=names) if with_events else None
        context = Context(record.opcode, record.element)
        return annotate_packet(record.packet, payload, context=context, names=names)

    return notation
