"""From the items of a message to packets.

A message is an outer array of packets, each an array of its own (packaging page). Whatever is not
so is still shown: as a `malformed` packet with its problem, or as a problem of the whole message.
Never raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Document, Item, Malformed
from xentara_inspect.protocol import identifiers


class Kind(StrEnum):
    """What a packet is; the value stored in the database."""

    REQUEST = "request"
    SUCCESS = "success"
    ERROR = "error"
    EVENT = "event"
    MALFORMED = "malformed"


KIND_OF_TYPE: Final = {
    identifiers.REQUEST: Kind.REQUEST,
    identifiers.SUCCESS: Kind.SUCCESS,
    identifiers.ERROR: Kind.ERROR,
    identifiers.EVENT: Kind.EVENT,
}


class Problem(NamedTuple):
    """Why something is not a packet. code: that of the finding; message: what was seen and wanted."""

    code: str
    message: str


class Packet(NamedTuple):
    """A packet, or what stands in the place of one.

    position: its place in the message, from 1; 0 for a message that is malformed as a whole.
    item: the packet's array, None where the message has no item there.
    number: the message id of a request or response, the event type of an event.
    opcode: a request's; responses get theirs from pairing.
    body: parameters, result, error object or event object; None where left out.
    problem: set if and only if kind is MALFORMED.
    """

    position: int
    kind: Kind
    item: Item | None
    number: int | None = None
    opcode: int | None = None
    body: Item | None = None
    problem: Problem | None = None


class Message(NamedTuple):
    """What a frame's bytes turned out to be.

    packets: in wire order. bare: a single packet without the outer array around it.
    is_array: whether the first item is an array at all. trailing: items behind the first one.
    error: where the bytes stop being well-formed CBOR.
    """

    packets: Sequence[Packet]
    bare: bool
    is_array: bool
    trailing: Sequence[Item]
    error: Malformed | None
    document: Document


def parse(payload: bytes) -> Message:
    """The packets of a binary message. What can be read before an error counts; never raises."""
    document = cbor.decode(payload)
    first = document.items[0]
    trailing = document.items[1:]
    error = document.error
    is_array = first.kind == cbor.ARRAY
    bare = False
    packets: Sequence[Packet]
    if error is not None and (not trailing or not is_array):
        # A receiver cannot decode any of it, so none of its packets counts as sent.
        packets = (_whole(first, "malformed-cbor", f"not well-formed CBOR at {error}"),)
    elif not is_array:
        what = cbor.kind_phrase(first)
        packets = (_whole(first, "not-an-array", f"the message is {what}, not an array of packets"),)
    elif not first.children:
        packets = (_whole(first, "empty-message", "the outer array holds no packet"),)
    elif first.children[0].kind <= cbor.NINT:
        bare = True
        packets = (_packet(1, first),)
    else:
        packets = [_packet(position, child) for position, child in enumerate(first.children, 1)]
    return Message(packets, bare, is_array, trailing, error, document)


def text_message() -> Packet:
    """What stands for the packets of a text message, which the protocol does not know."""
    return _whole(None, "text-message", "a text message; every message is binary CBOR (packaging page)")


def _whole(item: Item | None, code: str, message: str) -> Packet:
    return Packet(0, Kind.MALFORMED, item, problem=Problem(code, message))


def _packet(position: int, item: Item) -> Packet:
    """The packet in `item`, whatever it is. This runs once for every packet: keep it short."""
    children = item.children
    if item.kind != cbor.ARRAY:
        return _malformed(position, item, f"it is {cbor.kind_phrase(item)}, not an array")
    if not children:
        return _malformed(position, item, "its array is empty")
    packet_type = cbor.integer(children[0])
    if packet_type is None:
        return _malformed(
            position, item, f"its type is {cbor.kind_phrase(children[0])}, not an unsigned integer"
        )
    kind = KIND_OF_TYPE.get(packet_type)
    if kind is None:
        return _malformed(
            position,
            item,
            f"packet type {packet_type} is unknown; known are 0 request, 1 success, 2 error, 8 event",
            code="unknown-packet-type",
        )
    layout = identifiers.PACKET_LAYOUTS[packet_type]
    length = len(children)
    if not identifiers.MINIMUM_LENGTHS[packet_type] <= length <= len(layout) + 1:
        return _malformed(
            position, item, f"{_article(kind)} of {length} elements; its layout is {_layout(packet_type)}"
        )
    number = cbor.integer(children[1])
    if number is None:
        return _malformed(
            position, item, f"its {layout[0]} is {cbor.kind_phrase(children[1])}, not an integer"
        )
    if kind is Kind.REQUEST:
        opcode = cbor.integer(children[2])
        if opcode is None:
            return _malformed(
                position, item, f"its OpCode is {cbor.kind_phrase(children[2])}, not an integer"
            )
        return Packet(position, kind, item, number, opcode, children[3] if length > 3 else None)
    return Packet(position, kind, item, number, None, children[2] if length > 2 else None)


def _malformed(position: int, item: Item, why: str, code: str = "bad-packet-shape") -> Packet:
    return Packet(position, Kind.MALFORMED, item, problem=Problem(code, f"packet {position}: {why}"))


def _article(kind: Kind) -> str:
    return f"{'an' if kind in (Kind.ERROR, Kind.EVENT) else 'a'} {kind} packet"


def _layout(packet_type: int) -> str:
    return "[" + ", ".join((str(packet_type), *identifiers.PACKET_LAYOUTS[packet_type])) + "]"
