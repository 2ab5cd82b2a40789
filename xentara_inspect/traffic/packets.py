"""From the items of a message to packets.

A message is an outer array of packets, each an array of its own (packaging page). Whatever is not
so is still shown: as a `Malformed` packet that says why, or as a problem of the whole message.
Never raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Document, Item
from xentara_inspect.frames import LAST_POSITION
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


class Request(NamedTuple):
    """A request. position: its place in the message, from 1; item: its array. body: the parameters."""

    position: int
    item: Item
    message_id: int
    opcode: int
    body: Item | None = None

    @property
    def kind(self) -> Kind:
        """What it is called."""
        return Kind.REQUEST


class Response(NamedTuple):
    """The answer to a request. body: the result or the error object; None where it is left out."""

    position: int
    item: Item
    message_id: int
    body: Item | None = None
    is_error: bool = False

    @property
    def kind(self) -> Kind:
        """What it is called."""
        return Kind.ERROR if self.is_error else Kind.SUCCESS


class Event(NamedTuple):
    """An event. body: the event object."""

    position: int
    item: Item
    event_type: int
    body: Item

    @property
    def kind(self) -> Kind:
        """What it is called."""
        return Kind.EVENT


class Malformed(NamedTuple):
    """What stands in the place of a packet.

    position: 0 for a message that is malformed as a whole. item: None where there is none. code: that
    of the finding; message: what was seen and what is asked for.
    """

    position: int
    item: Item | None
    code: str
    message: str

    @property
    def kind(self) -> Kind:
        """What it is called."""
        return Kind.MALFORMED


Packet = Request | Response | Event | Malformed


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
    error: cbor.Malformed | None
    document: Document


def parse(payload: bytes, last_position: int = LAST_POSITION) -> Message:
    """The packets of a binary message. What can be read before an error counts; never raises.

    last_position: the highest that can be told; from there on the message is one malformed packet.
    """
    document = cbor.decode(payload)
    first = document.items[0]
    trailing = document.items[1:]
    error = document.error
    is_array = first.kind == cbor.ARRAY
    bare = False
    packets: Sequence[Packet]
    if error is not None and (not trailing or not is_array):
        # A receiver cannot decode any of it, so none of its packets counts as sent.
        packets = (Malformed(0, first, "malformed-cbor", f"not well-formed CBOR at {error}"),)
    elif not is_array:
        what = f"the message is {cbor.kind_phrase(first.kind)}, not an array of packets"
        packets = (Malformed(0, first, "not-an-array", what),)
    elif not first.children:
        packets = (Malformed(0, first, "empty-message", "the outer array holds no packet"),)
    elif first.children[0].kind <= cbor.NINT:
        bare = True
        packets = (_packet(1, first),)
    else:
        packets = _packets(first.children, last_position)
    return Message(packets, bare, is_array, trailing, error, document)


def text_message() -> Malformed:
    """What stands for the packets of a text message, which the protocol does not know."""
    why = "a text message; every message is binary CBOR (packaging page)"
    return Malformed(0, None, "text-message", why)


def _packets(items: Sequence[Item], last_position: int) -> Sequence[Packet]:
    if isinstance(items, list) and len(items) <= last_position:
        return [_packet(position, item) for position, item in enumerate(items, 1)]
    too_many = len(items) - last_position + 1

    def packet(place: int, item: Item) -> Packet:
        if place + 1 == last_position and too_many > 1:
            return _malformed(last_position, item, f"{too_many} packets from here on are too many")
        return _packet(place + 1, item)

    return cbor.Made(items, range(min(len(items), last_position)), packet)


def _packet(position: int, item: Item) -> Packet:
    """The packet in `item`, whatever it is. This runs once for every packet: keep it short."""
    children = item.children
    if item.kind != cbor.ARRAY:
        return _malformed(position, item, f"it is {cbor.kind_phrase(item.kind)}, not an array")
    if not children:
        return _malformed(position, item, "its array is empty")
    packet_type = cbor.integer(children[0])
    if packet_type is None:
        why = f"its type is {cbor.kind_phrase(children[0].kind)}, not an unsigned integer"
        return _malformed(position, item, why)
    layout = identifiers.PACKET_LAYOUTS.get(packet_type)
    if layout is None:
        why = f"packet type {packet_type} is unknown; known are {_KNOWN_TYPES}"
        return _malformed(position, item, why, "unknown-packet-type")
    length = len(children)
    if not identifiers.MINIMUM_LENGTHS[packet_type] <= length <= len(layout) + 1:
        why = f"{_article(packet_type)} packet of {length} elements; its layout is {_layout(packet_type)}"
        return _malformed(position, item, why)
    number = cbor.integer(children[1])
    if number is None:
        return _malformed(position, item, _no_integer(layout[0], children[1]))
    if packet_type == identifiers.REQUEST:
        opcode = cbor.integer(children[2])
        if opcode is None:
            return _malformed(position, item, _no_integer(layout[1], children[2]))
        return Request(position, item, number, opcode, children[3] if length > 3 else None)
    if packet_type == identifiers.EVENT:
        return Event(position, item, number, children[2])
    body = children[2] if length > 2 else None
    return Response(position, item, number, body, packet_type == identifiers.ERROR)


_KNOWN_TYPES: Final = ", ".join(f"{number} {kind}" for number, kind in KIND_OF_TYPE.items())


def _malformed(position: int, item: Item, why: str, code: str = "bad-packet-shape") -> Malformed:
    return Malformed(position, item, code, f"packet {position}: {why}")


def _no_integer(name: str, item: Item) -> str:
    return f"its {name} is {cbor.kind_phrase(item.kind)}, not an integer"


def _article(packet_type: int) -> str:
    name = KIND_OF_TYPE[packet_type]
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _layout(packet_type: int) -> str:
    return "[" + ", ".join((str(packet_type), *identifiers.PACKET_LAYOUTS[packet_type])) + "]"
