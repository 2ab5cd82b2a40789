"""Exchanges and events in a short line for people: what was asked about, and what came of it.

Such as `Plant.Tank 1.Level: Value = 42.5`, `Plant.Valve: access denied`, `3 elements`. Both follow from
the shapes in the tables of commands. Text from the network is escaped; a line is never longer than
`LIMIT` characters and an ellipsis.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.escape import quoted, safe
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import (
    Alternatives,
    Anything,
    ArrayOf,
    Command,
    Field,
    Integer,
    MapOf,
    Object,
    Shape,
    Text,
    Uuid,
    UuidRole,
)
from xentara_inspect.queries.named import Named, named_by
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.queries.words import (
    attribute_text,
    attribute_value,
    attribute_values,
    element_text,
    error_text,
    value_text,
)
from xentara_inspect.traffic.fields import array, entries, number, text, uuid
from xentara_inspect.traffic.names import NIL, Names, uuid_text
from xentara_inspect.traffic.packets import Event, Request, Response
from xentara_inspect.traffic.readings import attribute_key, error_object

LIMIT: Final = 200
_ELEMENTS_SHOWN: Final = 3
_LEAST, _MOST = "minimum_", "maximum_"


def of_exchange(opcode: int | None, request: Shown | None, response: Shown | None, names: Names) -> str:
    """A line for an exchange, or for the one half of it that there is."""
    named = Named()
    subject = outcome = ""
    if request is not None and isinstance(request.packet, Request):
        named = named_by(request.packet, names)
        subject = _subject(request.packet, request.payload, named, names)
    if response is not None and isinstance(response.packet, Response):
        outcome = _outcome(opcode, response.packet, response.payload, named.texts(names), names)
    return _shortened(_joined(subject, outcome))


def of_event(event: Shown, names: Names) -> str:
    """A line for an event."""
    packet, payload = event
    if not isinstance(packet, Event):
        return ""
    shape = objects.EVENTS.get(packet.event_type)
    if shape is None:
        name = identifiers.EVENT_TYPES.get(packet.event_type) or f"event type {packet.event_type}"
        return _shortened(f"{name}: {value_text(literal(packet.body, payload))}")
    named = entries(packet.body, shape)
    element = uuid(_first(named, shape, Uuid))
    values = attribute_values(_first(named, shape, MapOf), payload, names)
    subject = element_text(element, names)
    return _shortened(_joined(subject, values))


def _joined(subject: str, said: str) -> str:
    return f"{subject}: {said}" if subject and said else subject or said


def _shortened(line: str) -> str:
    return line if len(line) <= LIMIT else f"{line[:LIMIT]}…"


def _first(named: Mapping[str, Item], shape: Object, kind: type[Shape]) -> Item | None:
    """The item of the first field of a kind."""
    return next((named.get(field.name) for field in shape.fields if isinstance(field.shape, kind)), None)


# What was asked about


def _subject(request: Request, payload: bytes, named: Named, names: Names) -> str:
    command = commands.COMMANDS.get(request.opcode)
    if command is None or command.parameters is None:
        return ""
    given = entries(request.body, command.parameters)
    about = _elements(named, names) or _about(given, command.parameters)
    assignment = _assignment(given, command.parameters, payload, named, names)
    return _joined(about, assignment)


def _elements(named: Named, names: Names) -> str:
    """The first elements that a request names, and how many more there are."""
    called = [safe(name) for name in named.texts(names)]
    more = len(called) - _ELEMENTS_SHOWN
    return ", ".join(called[:_ELEMENTS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _about(given: Mapping[str, Item], shape: Object) -> str:
    """What a request that names no element is about: the first of its parameters that says it."""
    for field in shape.fields:
        item = given.get(field.name)
        said = _about_field(item, field.shape) if item is not None else ""
        if said:
            return said
    return _numbers(given, shape)


def _about_field(item: Item, shape: Shape) -> str:
    match shape:
        case Uuid():
            found = uuid(item)
            if found is None:
                return ""
            if shape.role is UuidRole.ELEMENT:
                return "whole tree" if found == NIL else ""
            return f"{shape.role} {uuid_text(found)}"
        case Text(secret=False):
            said = text(item)
            return safe(said) if said is not None else ""
        case Alternatives():
            alternative = shape.by_tag.get(item.value) if item.kind == cbor.TAG else None
            if alternative is None:
                return ""
            inner = alternative.shape
            public = _about(entries(item.children[0], inner), inner) if isinstance(inner, Object) else ""
            return f"{alternative.name} {quoted(public)}" if public else alternative.name
    return ""


def _numbers(given: Mapping[str, Item], shape: Object) -> str:
    """The integers among parameters, bounds of one thing together: `protocol version 1 to 2`."""
    said: list[str] = []
    for field in shape.fields:
        value = number(given.get(field.name))
        if not isinstance(field.shape, Integer) or value is None:
            continue
        thing = field.name.removeprefix(_LEAST)
        most = number(given.get(_MOST + thing))
        if thing != field.name and most is not None:
            # The most of a rate that is given as a time is the shortest one.
            least, most = (most, value) if field.shape.unit else (value, most)
            said.append(f"{_title(thing)} {least}" + ("" if least == most else f" to {most}"))
        elif not (field.name.startswith(_MOST) and _LEAST + field.name.removeprefix(_MOST) in given):
            said.append(f"{_title(field.name)} {value}")
    return ", ".join(said)


def _assignment(given: Mapping[str, Item], shape: Object, payload: bytes, named: Named, names: Names) -> str:
    """`Value = 42` of a request that gives an attribute a value."""
    value = _first(given, shape, Anything)
    if shape.attribute_key is None or value is None:
        return ""
    identifier = given.get(shape.by_key[shape.attribute_key].name)
    attribute = attribute_key(identifier) if identifier is not None else None
    if attribute is None:
        return ""
    element = named.elements[0] if named.elements else b""
    return f"{attribute_text(attribute, names, element)} = {attribute_value(attribute, value, payload)}"


# What came of it


def _outcome(
    opcode: int | None, response: Response, payload: bytes, said: Collection[str], names: Names
) -> str:
    """said: names that the line has already, and that need not be said again."""
    if response.is_error:
        return error_text(*error_object(response.body), opcode)
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if response.body is None or command is None or command.result is None:
        return ""
    return _result(response.body, command, payload, said, names)


def _result(item: Item, command: Command, payload: bytes, said: Collection[str], names: Names) -> str:
    shape = command.result
    match shape:
        case ArrayOf():
            return _counted(item, shape.name)
        case MapOf():
            return attribute_values(item, payload, names, command.opcode)
        case Object():
            return ", ".join(_fields(item, shape, payload, said))
        case Uuid():
            found = uuid(item)
            # Nothing but unsubscribe ever names a subscription, and that is shown by its elements.
            return uuid_text(found) if found is not None and shape.role is not UuidRole.SUBSCRIPTION else ""
        case Integer():
            return _meaning(item, shape, payload)
    return value_text(literal(item, payload))


def _fields(item: Item, shape: Object, payload: bytes, said: Collection[str]) -> Iterator[str]:
    for name, value in entries(item, shape).items():
        field = next(field for field in shape.fields if field.name == name)
        if isinstance(field.shape, ArrayOf):
            inner = field.shape.element
            yield _counted(value, field.shape.name or (inner.name if isinstance(inner, Object) else ""))
        elif isinstance(field.shape, Integer) and field.shape.values is not None:
            yield _meaning(value, field.shape, payload)
        elif text(value) not in said:
            yield f"{_field_title(field)} = {value_text(literal(value, payload))}"


def _counted(item: Item, name: str) -> str:
    count = len(array(item))
    noun = name.lower().removesuffix("s") or "item"
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _meaning(item: Item, shape: Integer, payload: bytes) -> str:
    value = number(item)
    meaning = shape.values.get(value) if shape.values is not None and value is not None else None
    if meaning is not None:
        return meaning
    return f"{shape.enumeration.lower()} {value_text(literal(item, payload))}".lstrip()


def _field_title(field: Field) -> str:
    return field.title or _title(field.name)


def _title(name: str) -> str:
    return name.replace("_", " ")
