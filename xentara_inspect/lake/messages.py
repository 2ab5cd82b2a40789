"""Messages made of the packets that a lake has, as far as lists need them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Status

_ARRAY: Final = 0x80
"""Of CBOR, with the number of packets; from 24 on that comes behind."""
_NOTHING: Final = b"\xf6"
"""In the place of a packet that is not asked for."""


class Packet(NamedTuple):
    """A packet of an exchange. told: message id, opcode, key of the element; content: its bytes."""

    id: int
    kind: str
    session: int
    time: int
    told: tuple[Any, Any, int | None]
    content: bytes | None


def requests(rows: Sequence[Sequence[Any]], contents: Sequence[bytes | None]) -> Iterator[Packet]:
    """The requests of rows of `exchanges`."""
    for (place, session, *told, _, _, _, requested, _, _, _), content in zip(rows, contents, strict=True):
        if requested is not None:
            message_id, opcode, element = told
            yield Packet(
                place, Kind.REQUEST.value, session, requested, (message_id, opcode, element), content
            )


def responses(rows: Sequence[Sequence[Any]], contents: Sequence[bytes | None]) -> Iterator[Packet]:
    """The responses of rows of `exchanges`."""
    for (_, session, *told, status, _, _, _, responded, _, place), content in zip(
        rows, contents, strict=True
    ):
        if place is not None:
            message_id, opcode, element = told
            kind = Kind.ERROR if status == Status.ERROR.value else Kind.SUCCESS
            yield Packet(place, kind.value, session, responded, (message_id, opcode, element), content)


def messages(packets: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows of `frames` out of staged packets in their order."""
    for frame, group in groupby(packets, key=lambda packet: frame_of(packet[0])):
        found = list(group)
        _, session, time, _ = found[0]
        yield frame, session, time, 0, 0, 0, _message({position_in(row[0]): row[3] for row in found})


def _message(packets: Mapping[int, bytes | None]) -> bytes:
    """A message that has packets at their positions; empty where the bytes of none are there."""
    there = {position: packet for position, packet in packets.items() if packet is not None}
    last = max(there, default=0)
    head = bytes([_ARRAY | last]) if last < 24 else bytes([_ARRAY | 26]) + last.to_bytes(4, "big")
    return head + b"".join(there.get(position, _NOTHING) for position in range(1, last + 1)) if there else b""
