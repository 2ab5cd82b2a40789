"""Packets as structure, for programs: names beside numbers, nothing rounded.

Numbers that mean something are {"value", "name"}, UUIDs {"uuid"} with what is known of them, objects have
their fields' names for keys. What JSON has no form for is an object of one key that says what it is:
{"bytes"}, {"time"}, {"tag", "value"}, {"entries"} of a map. How items were encoded is for the notation.
"""

from __future__ import annotations

from typing import Any, Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.error_codes import ERROR_NAMES
from xentara_inspect.protocol.shape_types import (
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Integer,
    MapOf,
    Object,
    Shape,
    Uuid,
    UuidRole,
)
from xentara_inspect.queries.values import json_integer
from xentara_inspect.queries.words import attribute_text
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.packets import Event, Malformed, Packet, Request, Response
from xentara_inspect.traffic.readings import attribute_key, attribute_number, float_value
from xentara_inspect.traffic.time_points import TimePoint, time_point, time_text

_ANYTHING: Final = Anything()
_SIMPLE: Final[dict[int, Any]] = {
    cbor.FALSE: False,
    cbor.TRUE: True,
    cbor.NULL: None,
    cbor.UNDEFINED: {"simple": "undefined"},
}


def decoded_packet(packet: Packet, payload: bytes, names: Names, opcode: int | None = None) -> dict[str, Any]:
    """A packet. opcode: the command that a response answers."""
    return Decoder(payload, names, opcode).packet(packet)


def _named(number: int, names: Any) -> dict[str, Any]:
    return {"value": json_integer(number), "name": names.get(number)}


class Decoder:
    """Items of one packet to JSON values; who compares packets has others for what does not count."""

    def __init__(self, payload: bytes, names: Names, opcode: int | None) -> None:
        self.opcode = opcode
        self._payload = payload
        self._names = names
        self._element = b""

    def packet(self, packet: Packet) -> dict[str, Any]:
        """The whole packet."""
        found: dict[str, Any]
        match packet:
            case Request(_, _, message_id, asked, body):
                command = commands.COMMANDS.get(asked)
                self.opcode = asked
                found = {"type": "request", "message_id": json_integer(message_id)}
                found["opcode"] = _named(asked, commands.COMMAND_NAMES)
                if body is not None:
                    found["parameters"] = self.value(body, (command and command.parameters) or _ANYTHING)
            case Response(_, _, message_id, body, is_error):
                command = commands.COMMANDS.get(self.opcode) if self.opcode is not None else None
                found = {"type": packet.kind.value, "message_id": json_integer(message_id)}
                if body is not None and is_error:
                    found["error"] = self.value(body, objects.ERROR_OBJECT)
                elif body is not None:
                    found["result"] = self.value(body, (command and command.result) or _ANYTHING)
            case Event(_, _, event_type, body):
                found = {"type": "event", "event_type": _named(event_type, identifiers.EVENT_TYPES)}
                found["event"] = self.value(body, objects.EVENTS.get(event_type, _ANYTHING))
            case Malformed(_, item, code, message):
                found = {"type": "malformed", "code": code, "message": message}
                if item is not None:
                    found["item"] = self.value(item, _ANYTHING)
        return found

    def value(self, item: Item, shape: Shape) -> Any:
        """The value of an item that should have a shape; it may well have another."""
        if item.kind in (cbor.BROKEN, cbor.NESTED):
            return {"notation": literal(item, self._payload)}
        if item.kind == cbor.ARRAY:
            inner = shape.element if isinstance(shape, ArrayOf) else _ANYTHING
            return [self.value(child, inner) for child in item.children]
        if item.kind == cbor.MAP:
            return self._map(item, shape)
        if item.kind == cbor.TAG:
            return self._tagged(item, shape)
        number = cbor.integer(item)
        if number is not None:
            return self._number(number, shape)
        if item.kind == cbor.FLOAT:
            return self.float(item.value)
        if item.kind == cbor.TEXT:
            return item.value if isinstance(item.value, str) else {"invalid_text": item.value.hex()}
        if item.kind == cbor.BYTES:
            return {"bytes": bytes(item.value).hex()}
        return _SIMPLE.get(item.value, {"simple": item.value})

    def integer(self, number: int) -> Any:
        """An integer without a meaning of its own."""
        return json_integer(number)

    def float(self, value: float) -> Any:
        """A float."""
        return float_value(value)

    def time(self, point: TimePoint) -> Any:
        """A point in time."""
        return {"time": time_text(point)}

    def _number(self, number: int, shape: Shape) -> Any:
        if isinstance(shape, AttributeId):
            return _named(number, identifiers.ATTRIBUTES)
        if not isinstance(shape, Integer) or shape.values is None:
            return self.integer(number)
        found = _named(number, shape.values)
        if shape.values is ERROR_NAMES:
            found["name"] = commands.error_name(number, self.opcode)
        return found

    def _map(self, item: Item, shape: Shape) -> Any:
        if isinstance(shape, Object):
            return self._object(item, shape)
        key_shape, value_shape = (
            (shape.key, shape.value) if isinstance(shape, MapOf) else (_ANYTHING, _ANYTHING)
        )
        entries = []
        for key, value in cbor.pairs(item):
            attribute = attribute_key(key) if isinstance(key_shape, AttributeId) else None
            known = _value_shape(attribute)
            shown = self._alternative(value, value_shape, known)
            entries.append({"key": self.value(key, key_shape), "value": shown})
        return {"entries": entries}

    def _object(self, item: Item, shape: Object) -> Any:
        found: dict[str, Any] = {}
        attribute = None
        for key, value in cbor.pairs(item):
            field = shape.by_key.get(key.value) if key.kind <= cbor.NINT else None
            name = field.name if field is not None else literal(key, self._payload)
            if name in found:
                return self._map(item, _ANYTHING)
            inner = field.shape if field is not None else _ANYTHING
            if isinstance(inner, Uuid) and inner.role is UuidRole.ELEMENT:
                self._element = cbor.uuid_bytes(value) or b""
            elif isinstance(inner, AttributeId):
                attribute = attribute_key(value)
            elif isinstance(inner, Anything):
                inner = _value_shape(attribute)
            found[name] = self.value(value, inner)
        return found

    def _tagged(self, item: Item, shape: Shape) -> Any:
        uuid = cbor.uuid_bytes(item) if item.value == identifiers.TAG_UUID else None
        if uuid is not None:
            return self.uuid(uuid, shape)
        point = time_point(item)
        if point is not None:
            return self.time(point)
        number = cbor.integer(item)
        if number is not None:
            return self._number(number, shape)
        return self._alternative(item, shape, _ANYTHING)

    def _alternative(self, item: Item, shape: Shape, known: Shape) -> Any:
        """A tagged value. known: the shape of what may be anything."""
        if item.kind != cbor.TAG or not isinstance(shape, Alternatives):
            if item.kind != cbor.TAG or cbor.uuid_bytes(item) is not None or time_point(item) is not None:
                return self.value(item, known)
            return {"tag": item.value, "value": self.value(item.children[0], _ANYTHING)}
        option = shape.by_tag.get(item.value)
        if option is None:
            return {"tag": item.value, "value": self.value(item.children[0], _ANYTHING)}
        inner = known if isinstance(option.shape, Anything) else option.shape
        return {"tag": item.value, "name": option.name, "value": self.value(item.children[0], inner)}

    def uuid(self, uuid: bytes, shape: Shape) -> Any:
        """A UUID."""
        found: dict[str, Any] = {"uuid": uuid_text(uuid)}
        if isinstance(shape, AttributeId):
            found["name"] = attribute_text(uuid, self._names, self._element)
        elif self._names.is_element(uuid):
            found["element"] = self._names.element(uuid)
        elif uuid in self._names.subscriptions:
            found["elements"] = [
                self._names.element(element) or uuid_text(element)
                for element in self._names.subscriptions[uuid]
            ]
        return found


def _value_shape(attribute: int | bytes | None) -> Shape:
    """What the value of an attribute is, as far as that is known."""
    known = attribute_number(attribute) if attribute is not None else None
    return objects.ATTRIBUTE_VALUE_SHAPES.get(known, _ANYTHING) if isinstance(known, int) else _ANYTHING
