"""Large messages in portions, so that whoever stores them need not hold everything at once.

Where a portion ends follows from the message alone: decoding that goes on at the end of any of them
gives what it would have given without the stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from xentara_inspect.frames import position_in
from xentara_inspect.traffic.packets import Packet
from xentara_inspect.traffic.plain_events import PlainEvent
from xentara_inspect.traffic.records import BEGINNING, Decoded, Reached
from xentara_inspect.traffic.rules import finding

PACKETS: Final = 500
"""Packets of one portion, at most."""

BYTES: Final = 32 << 10
"""Bytes from which a portion ends with the packet that reaches them."""

FINDINGS: Final = 100
"""Findings of one code in one message; how many more there are is said once."""

AnyPacket = TypeVar("AnyPacket", Packet, PlainEvent)


def is_small(packets: Sequence[Packet | PlainEvent], size: int) -> bool:
    """Whether a message of so many bytes is one portion."""
    return len(packets) <= 1 or (len(packets) <= PACKETS and size <= BYTES)


def portions(packets: Sequence[AnyPacket], behind: int) -> Iterator[tuple[Sequence[AnyPacket], bool]]:
    """The packets of a message that is not small, in portions, each with whether it is the last.

    behind: begin behind the packet at this position, the end of an earlier portion.
    """
    portion: list[AnyPacket] = []
    start = 0
    for packet in packets:
        if packet.position > behind:
            if len(portion) == PACKETS or (portion and _end(portion[-1]) - start > BYTES):
                start = _end(portion[-1])
                yield portion, False
                portion = []
            portion.append(packet)
        elif packet.position == behind:
            start = _end(packet)
    yield portion, True


def size_of(packet: Packet | PlainEvent, payload: bytes) -> int:
    """Bytes of a packet. payload: of its message."""
    if isinstance(packet, PlainEvent):
        return packet.end - packet.start
    return packet.item.end - packet.item.start if packet.item is not None else len(payload)


def _end(packet: Packet | PlainEvent) -> int:
    if isinstance(packet, PlainEvent):
        return packet.end
    return packet.item.end if packet.item is not None else 0


class Tally:
    """Counts the findings of a message, of which only the first few are kept."""

    def __init__(self, reached: Reached, whole: int) -> None:
        """whole: address of the message."""
        self._counts = dict(reached.findings)
        self._whole = whole

    def settle(self, decoded: Decoded, *, is_last: bool) -> None:
        """Take from a portion the findings that are too many; say with the last how many these were."""
        decoded.findings = [found for found in decoded.findings if self._is_kept(found.code)]
        if is_last:
            for code, count in self._counts.items():
                if count > FINDINGS:
                    more = f"{count - FINDINGS} more findings of this kind in this message"
                    decoded.findings.append(finding((code, more), self._whole))
        else:
            decoded.reached = Reached(position_in(decoded.packets[-1].address), dict(self._counts))

    def _is_kept(self, code: str) -> bool:
        count = self._counts[code] = self._counts.get(code, 0) + 1
        return count <= FINDINGS


def with_few_findings(decoded: Decoded, whole: int) -> Decoded:
    """What was decoded of a small message, with no more findings of a kind than are kept."""
    if len(decoded.findings) > FINDINGS:
        Tally(BEGINNING, whole).settle(decoded, is_last=True)
    return decoded
